package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"image"
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
	if err := p.fitsSkip(&r); err != nil {
		return r, err
	}
	if err := p.fitsTask(&r); err != nil {
		return r, err
	}
	own := [2]int{p.size, p.size}
	if r.Image != "" {
		if own[0], own[1], err = shaped(r.Image, p.size, p.Networks().Unit()); err != nil {
			return r, err
		}
	}
	r.Width, r.Height = cmp.Or(r.Width, own[0]), cmp.Or(r.Height, own[1])
	return r, p.Networks().Fits(r.Width, r.Height)
}

// Paint draws a resolved request, from noise or from a moment (see resume). It
// returns ctx.Err() within one layer of a cancellation. step is nil where nobody
// watches: then nothing is shown of the steps.
func (p *Pipeline) Paint(ctx context.Context, r engine.Request, from engine.Moment, step func(engine.Progress)) (engine.Result, error) {
	begin := time.Now()
	stages := engine.Stages{Load: p.loadTime.Seconds()}
	p.loadTime = 0
	c := p.context(ctx)

	d, err := dialect.Parse(r.Dialect)
	if err != nil {
		return engine.Result{}, err
	}
	if err := p.adapt(ctx, r); err != nil {
		return engine.Result{}, err
	}
	by, err := p.steer(c, r, d.Guidance(r.Sampler, r.Guidance))
	if err != nil {
		return engine.Result{}, err
	}
	stages.Text = time.Since(begin).Seconds()

	mark := time.Now()
	start, err := p.begin(r, from)
	if err != nil {
		return engine.Result{}, err
	}
	state, done := &start.State, start.Done
	by.shared.kept = start.Features
	at, call, calls := -1, 0, d.Calls(r.Sampler)
	denoise := func(x *tensor.Dense, sigma float64) (sampler.Estimate, error) {
		if n := done + state.Step; n != at {
			at, call = n, 0
		}
		call++
		by.shared.step = at
		return p.denoise(c, x, sigma, d.Timestep(r, p.Schedule.SigmaToTimestep(sigma)), by, at*calls+min(call, calls))
	}
	var previewing time.Duration
	for !state.Done() {
		x0, err := state.Next(denoise)
		if err != nil {
			return engine.Result{}, err
		}
		if step == nil {
			continue
		}
		at := time.Now()
		seen, err := p.Preview(c, x0)
		if err != nil {
			return engine.Result{}, err
		}
		previewing += time.Since(at)
		m := moment{Request: r, Done: done, State: *state, Estimate: nn.Data(x0), Features: by.shared.needed()}
		step(engine.Progress{
			Step: done + state.Step, Steps: done + state.Steps(), Level: state.Level(), Latent: x0, Preview: seen, Moment: m.encode,
		})
	}
	stages.Denoise = (time.Since(mark) - previewing).Seconds()

	mark = time.Now()
	latent := state.Dense()
	if end := d.EndScale(r.Sampler, state.Level()); end != 1 {
		kernel.Scale(nn.Data(latent), float32(end), nn.Data(latent))
	}
	picture, err := p.Decode(c, latent)
	if err != nil {
		return engine.Result{}, err
	}
	stages.Decode = (time.Since(mark) + previewing).Seconds()
	stages.Total = time.Since(begin).Seconds() + stages.Load
	return engine.Result{Picture: picture, Stages: stages, Notes: append(p.notes(), by.notes...)}, nil
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
	state.Options = d.Options(state.Options, r)
	if sampler.NeedsTraining(r.Sampler) {
		state.Training = p.Schedule.Sigmas
	}
	return state, nil
}

// Decode turns a latent [1,h,w,c] into a picture.
func (p *Pipeline) Decode(c *nn.Context, latent *tensor.Dense) (*image.RGBA, error) {
	if p.adapted.tiny != nil {
		return p.decodeWith(c, "decode", p.adapted.tiny, latent)
	}
	return p.decodeWith(c, "decode", p.VAE, latent)
}

// decoder turns latents [n,h,w,c] into pictures.
type decoder interface {
	Decode(c *nn.Context, z *tensor.Dense) *tensor.Dense
}

// decodeWith is Decode with one of the decoders, whose passes go by a name.
func (p *Pipeline) decodeWith(c *nn.Context, network string, by decoder, latent *tensor.Dense) (*image.RGBA, error) {
	var y *tensor.Dense
	for c.Next(nn.Pass{Network: network, Size: [4]int(latent.Shape())}) {
		y = by.Decode(c, latent)
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
