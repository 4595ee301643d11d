package pipeline

import (
	"context"
	"fmt"
	"image"
	"time"

	"darkroom/engine"
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
	name, err := sampler.Parse(r.Sampler)
	if err != nil {
		return r, fmt.Errorf("%w: %w", engine.ErrInvalid, err)
	}
	r.Sampler = name
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
	denoise := func(x *tensor.Dense, sigma float64) (*tensor.Dense, error) {
		return p.denoise(c, x, sigma, words.At(state.Step+1), r.Guidance)
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
	picture, err := p.Decode(c, state.Dense())
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

// Start is the state before the first step: pure noise at the highest level.
func (p *Pipeline) Start(r engine.Request) (*sampler.State, error) {
	sigmas, err := p.Schedule.Levels(p.curve, r.Steps)
	if err != nil {
		return nil, err
	}
	f := p.VAE.Config.Factor()
	stream := noise.Stream{Seed: r.Seed}
	start, err := sampler.Start(stream.Next(p.VAE.Config.Latent, r.Height/f, r.Width/f), sigmas[0])
	if err != nil {
		return nil, err
	}
	return sampler.New(r.Sampler, sigmas, start, stream)
}

// denoise estimates the noise-free latent x0 of x [1,h,w,c] at noise level
// sigma, pushed away from the negative prompt by classifier-free guidance
// (Ho & Salimans 2022), to each of the prompt's parts by its weight (Liu et al.
// 2022): u + Σ wᵢ·g·(cᵢ − u).
func (p *Pipeline) denoise(c *nn.Context, x *tensor.Dense, sigma float64, words *Steering, guidance float64) (*tensor.Dense, error) {
	s := x.Shape()
	timestep := [1]float64{p.Schedule.SigmaToTimestep(sigma)}
	var out []float32
	for _, context := range words.Contexts {
		n, t := context.Shape()[0], context.Shape()[1]
		var y *tensor.Dense
		for c.Next(nn.Pass{Network: "unet", Size: [4]int{n, s[1], s[2], t}}) {
			in := c.New(1, s[1], s[2], s[3])
			kernel.Scale(nn.Data(in), float32(schedule.InputScale(sigma)), nn.Data(x))
			y = p.UNet.Forward(c, in, timestep[:], context, nil)
		}
		if err := c.Err(); err != nil {
			return nil, err
		}
		if len(words.Contexts) == 1 {
			out = nn.Data(y)
		} else { // the next pass writes over it
			out = append(out, nn.Data(y)...)
		}
	}
	return p.Schedule.ToDenoised(x, nn.Wrap(words.mix(out, x.Size(), guidance), s...), sigma)
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
