package pipeline

import (
	"context"
	"fmt"
	"image"
	"math"
	"time"

	"darkroom/engine"
	"darkroom/engine/dialect"
	"darkroom/engine/kernel"
	"darkroom/engine/nn"
	"darkroom/engine/noise"
	"darkroom/engine/prompt"
	"darkroom/engine/sampler"
	"darkroom/engine/schedule"

	"gorgonia.org/tensor"
)

var _ engine.Painter = (*Pipeline)(nil)

// Resolve fills in the model's own size and checks what only the model knows.
func (p *Pipeline) Resolve(r engine.Request) (engine.Request, error) {
	name, curve, err := sampler.Parse(r.Sampler)
	if err == nil && r.Schedule != "" {
		curve, err = schedule.Parse(r.Schedule)
	}
	if err != nil {
		return r, fmt.Errorf("%w: %w", engine.ErrInvalid, err)
	}
	r.Sampler, r.Schedule = name, curve
	d, err := dialect.Parse(r.Dialect)
	switch {
	case err != nil:
		return r, err
	case r.BatchSize > 1 && !d.Noise.Shared:
		return r, fmt.Errorf("%w: batch_size is %d, but the dialect %s draws each picture from a seed of its own; leave it out, or choose another dialect", engine.ErrInvalid, r.BatchSize, d.Name)
	}
	if r.Dialect = d.Name; d.Name == dialect.Native {
		r.Dialect = "" // its only name in recipes
	}
	if precision, err := nn.ParsePrecision(r.Precision); err != nil || precision != p.Precision {
		return r, fmt.Errorf("%w: precision is %q, but the model was loaded for %s; load it for the one asked for", engine.ErrInvalid, r.Precision, p.Precision)
	}
	if r.Exact() {
		r.Precision = "" // its only name in recipes
	}
	if _, err := prompt.ParseEmphasis(r.Emphasis); err != nil {
		return r, fmt.Errorf("%w: %w", engine.ErrInvalid, err)
	}
	if layers := p.Text.Config.Layers; r.ClipSkip > layers {
		return r, fmt.Errorf("%w: clip_skip is %d, but the model's text encoder has %d layers; choose a number from 1 to %d", engine.ErrInvalid, r.ClipSkip, layers, layers)
	}
	if r.ClipSkip == 1 {
		r.ClipSkip = 0 // its only name in recipes
	}
	own := p.UNet.Config.SampleSize * p.VAE.Config.Factor()
	if r.Width == 0 {
		r.Width = own
	}
	if r.Height == 0 {
		r.Height = own
	}
	return r, p.Networks().Fits(r.Width, r.Height)
}

// Paint draws a resolved request. It returns ctx.Err() within one layer of a
// cancellation.
func (p *Pipeline) Paint(ctx context.Context, r engine.Request, step func(engine.Progress)) (engine.Result, error) {
	begin := time.Now()
	stages := engine.Stages{Load: p.loadTime.Seconds()}
	p.loadTime = 0
	c := p.context(ctx)

	words, err := p.Words(c, r)
	if err != nil {
		return engine.Result{}, err
	}
	stages.Text = time.Since(begin).Seconds()

	mark := time.Now()
	state, err := p.Start(r)
	if err != nil {
		return engine.Result{}, err
	}
	d, err := dialect.Parse(r.Dialect)
	if err != nil {
		return engine.Result{}, err
	}
	guidance := d.Guidance(r.Sampler, r.Guidance)
	denoise := func(x *tensor.Dense, sigma float64) (sampler.Estimate, error) {
		return p.denoise(c, x, sigma, p.timestep(sigma, d.WholeTimesteps), words.At(state.Step+1), guidance)
	}
	var previewing time.Duration
	for !state.Done() {
		x0, err := state.Next(denoise)
		if err != nil {
			return engine.Result{}, err
		}
		at := time.Now()
		seen, err := p.Preview(c, x0)
		if err != nil {
			return engine.Result{}, err
		}
		previewing += time.Since(at)
		step(engine.Progress{Step: state.Step, Latent: x0, Preview: seen})
	}
	stages.Denoise = (time.Since(mark) - previewing).Seconds()

	mark = time.Now()
	latent := state.Dense()
	if end := d.EndScale(r.Sampler, state.Sigmas[len(state.Sigmas)-1]); end != 1 {
		kernel.Scale(nn.Data(latent), float32(end), nn.Data(latent))
	}
	picture, err := p.Decode(c, latent)
	if err != nil {
		return engine.Result{}, err
	}
	stages.Decode = (time.Since(mark) + previewing).Seconds()
	stages.Total = time.Since(begin).Seconds() + stages.Load
	return engine.Result{Picture: picture, Stages: stages}, nil
}

// context renews the pipeline's memory for a run that ends with ctx.
func (p *Pipeline) context(ctx context.Context) *nn.Context {
	if p.ctx == nil {
		p.ctx = nn.NewContext(ctx)
	}
	p.ctx.Attach(ctx)
	return p.ctx
}

// Start is the state before the first step: pure noise at the highest level, as
// the request's dialect makes it.
func (p *Pipeline) Start(r engine.Request) (*sampler.State, error) {
	d, err := dialect.Parse(r.Dialect)
	if err != nil {
		return nil, err
	}
	sigmas, err := d.Levels(p.Schedule, r, p.curve)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", engine.ErrInvalid, err)
	}
	f := p.VAE.Config.Factor()
	unit, stream := d.Noise.Begin(noise.Seeds{
		Seed: r.Seed, Delta: r.ENSD,
		Variation: r.VariationSeed, Strength: r.VariationStrength,
		Height: r.SeedResizeHeight / f, Width: r.SeedResizeWidth / f,
		Batch: r.BatchSize, Index: r.BatchIndex,
	}, p.VAE.Config.Latent, r.Height/f, r.Width/f)
	start, err := sampler.Start(unit, d.StartScale(r.Sampler, sigmas[0], p.Schedule.Max()))
	if err != nil {
		return nil, err
	}
	state, err := sampler.New(r.Sampler, sigmas, start, stream)
	if err != nil {
		return nil, err
	}
	setOptions(&state.Options, r)
	if sampler.NeedsTraining(r.Sampler) {
		state.Training = p.Schedule.Sigmas
	}
	return state, nil
}

// setOptions sets what the recipe says other than the sampler's usual.
func setOptions(o *sampler.Options, r engine.Request) {
	o.SChurn, o.STMin, o.STMax = r.SChurn, r.STMin, r.STMax
	if r.Eta != nil {
		o.Eta = *r.Eta
	}
	if r.SNoise != nil {
		o.SNoise = *r.SNoise
	}
}

// timestep is what the model knows noise level sigma as: in general between two
// timesteps of its training, or the nearest one.
func (p *Pipeline) timestep(sigma float64, whole bool) float64 {
	t := p.Schedule.SigmaToTimestep(sigma)
	if whole {
		return math.Round(t)
	}
	return t
}

// denoise estimates the noise-free latent x0 of x [1,h,w,c] at noise level
// sigma, known to the model as timestep, pushed away from the negative prompt by
// classifier-free guidance (Ho & Salimans 2022), to each of the prompt's parts by
// its weight (Liu et al. 2022), u + Σ wᵢ·g·(cᵢ − u); and u alone.
func (p *Pipeline) denoise(c *nn.Context, x *tensor.Dense, sigma, timestep float64, words *Steering, guidance float64) (e sampler.Estimate, err error) {
	s := x.Shape()
	size := x.Size()
	timesteps := [1]float64{timestep}
	var out []float32
	for _, context := range words.Contexts {
		n, t := context.Shape()[0], context.Shape()[1]
		var y *tensor.Dense
		for c.Next(nn.Pass{Network: "unet", Size: [4]int{n, s[1], s[2], t}}) {
			in := c.New(1, s[1], s[2], s[3])
			kernel.Scale(nn.Data(in), float32(schedule.InputScale(sigma)), nn.Data(x))
			y = p.UNet.Forward(c, in, timesteps[:], context, nil)
		}
		if err := c.Err(); err != nil {
			return e, err
		}
		if len(words.Contexts) == 1 {
			out = nn.Data(y)
		} else { // the next pass writes over it
			out = append(out, nn.Data(y)...)
		}
	}
	if words.Guided {
		if e.Unguided, err = p.Schedule.ToDenoised(x, nn.Wrap(out[:size:size], s...), sigma); err != nil {
			return e, err
		}
	}
	e.Guided, err = p.Schedule.ToDenoised(x, nn.Wrap(words.mix(out, size, guidance), s...), sigma)
	return e, err
}

// Decode turns a latent [1,h,w,c] into a picture.
func (p *Pipeline) Decode(c *nn.Context, latent *tensor.Dense) (*image.RGBA, error) {
	var y *tensor.Dense
	for c.Next(nn.Pass{Network: "decode", Size: [4]int(latent.Shape())}) {
		y = p.VAE.Decode(c, latent)
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	s := y.Shape()
	return Picture(nn.Data(y), s[2], s[1]), nil
}

// Picture turns values [h,w,3] of −1 … 1 into 8-bit colours.
func Picture(values []float32, w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		for k := range 3 {
			v := float32(values[i*3+k]*127.5) + 127.5
			img.Pix[i*4+k] = uint8(min(max(v, 0), 255) + 0.5)
		}
		img.Pix[i*4+3] = 255
	}
	return img
}
