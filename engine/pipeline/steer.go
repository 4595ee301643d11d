package pipeline

import (
	"fmt"

	"darkroom/engine"
	"darkroom/engine/family"
	"darkroom/engine/kernel"
	"darkroom/engine/nn"
	"darkroom/engine/sampler"
	"darkroom/engine/schedule"
	"darkroom/engine/unet"

	"gorgonia.org/tensor"
)

// steering is everything that a run's steps are steered by.
type steering struct {
	words  *tensor.Dense // [n,T,D], a row for each pass of a step
	added  *unet.Added
	beside *tensor.Dense // [1 or n,h,w,k] what the U-Net sees beside the latent; nil for a model that draws
	// combine makes one prediction of those of the n passes, in the first's place.
	combine func(out []float32, size int)
}

// steer reads the texts and pictures of a resolved request that is guided by
// guidance.
func (p *Pipeline) steer(c *nn.Context, r engine.Request, guidance float64) (*steering, error) {
	s := &steering{combine: func([]float32, int) {}}
	guided := (guidance != 1 || sampler.NeedsUnguided(r.Sampler)) && !p.guided
	edits := p.Task == family.Editing && (guided || r.ImageGuidance != 1)
	words, err := p.Encode(c, r.Prompt, r.Negative, guided || edits)
	if err != nil {
		return nil, err
	}
	switch {
	case edits:
		// without the words and the picture, without the words, and with both
		// (Brooks et al. 2022, equation 3)
		words = words.rows(0, 0, 1)
		s.combine = func(out []float32, size int) {
			without, picture, both := out[:size], out[size:2*size], out[2*size:]
			g, k := float32(guidance), float32(r.ImageGuidance)
			for i, u := range without {
				without[i] = u + float32(g*(both[i]-picture[i])) + float32(k*(picture[i]-u))
			}
		}
	case guided:
		// classifier-free guidance (Ho & Salimans 2022): u + g·(c − u)
		s.combine = func(out []float32, size int) { kernel.Lerp(out[:size], out[size:], float32(guidance)) }
	}
	s.words, s.added = words.Context, p.added(words, guidance, r.Width, r.Height)
	switch p.Task {
	case family.Inpainting:
		s.beside, err = p.masked(c, r)
	case family.Editing:
		s.beside, err = p.edited(c, r, edits)
	}
	return s, err
}

// denoise estimates the noise-free latent x0 of x [1,h,w,c] at noise level sigma,
// known to the model as timestep: as it is steered, and from the first pass alone.
func (p *Pipeline) denoise(c *nn.Context, x *tensor.Dense, sigma, timestep float64, by *steering) (e sampler.Estimate, err error) {
	n := by.words.Shape()[0]
	s := x.Shape()
	size := x.Size()
	timesteps := [1]float64{timestep}
	var y *tensor.Dense
	for c.Next(nn.Pass{Network: "unet", Size: [4]int{n, s[1], s[2], by.words.Shape()[1]}}) {
		in := c.New(1, s[1], s[2], s[3])
		kernel.Scale(nn.Data(in), float32(schedule.InputScale(sigma)), nn.Data(x))
		if by.beside != nil {
			in = nn.Concat(c, nn.Spread(c, in, by.beside.Shape()[0]), by.beside)
		}
		y = p.UNet.Forward(c, in, timesteps[:], by.words, by.added)
	}
	if err := c.Err(); err != nil {
		return e, err
	}
	out := nn.Data(y)
	first := nn.Wrap(out[:size:size], s...)
	if n > 1 {
		if e.Unguided, err = p.Schedule.ToDenoised(x, first, sigma); err != nil {
			return e, err
		}
		by.combine(out, size)
	}
	e.Guided, err = p.Schedule.ToDenoised(x, first, sigma)
	return e, err
}

// masked is what an inpainting U-Net sees beside the latent [1,h,w,1+c]: the mask, 1
// where it is to paint, and the latent of the picture with grey there. Without a
// picture all is to be painted.
func (p *Pipeline) masked(c *nn.Context, r engine.Request) (*tensor.Dense, error) {
	x := nn.Wrap(make([]float32, r.Width*r.Height*3), 1, r.Height, r.Width, 3)
	paint := func(int, int) bool { return true }
	if r.Image != "" {
		var err error
		if x, err = readPicture(r.Image, r.Width, r.Height); err != nil {
			return nil, err
		}
	}
	if r.Mask != "" {
		mask, err := readMask(r.Mask, r.Width, r.Height)
		if err != nil {
			return nil, err
		}
		paint = func(x, y int) bool { return mask.GrayAt(x, y).Y >= 128 }
	}
	for y := range r.Height {
		for i := range r.Width {
			if paint(i, y) {
				clear(nn.Data(x)[(y*r.Width+i)*3:][:3])
			}
		}
	}
	z, err := p.encode(c, x, float32(p.VAE.Config.Scaling))
	if err != nil {
		return nil, err
	}
	s := z.Shape()
	h, w, ch, f := s[1], s[2], s[3], p.VAE.Config.Factor()
	beside := make([]float32, h*w*(ch+1))
	for i := range h * w {
		if paint(i%w*f, i/w*f) {
			beside[i*(ch+1)] = 1
		}
		copy(beside[i*(ch+1)+1:(i+1)*(ch+1)], nn.Data(z)[i*ch:])
	}
	return nn.Wrap(beside, 1, h, w, ch+1), nil
}

// edited is what a U-Net that edits sees beside the latent: the picture's latent,
// not scaled and, with guidance, zeros for the pass without the picture.
func (p *Pipeline) edited(c *nn.Context, r engine.Request, guided bool) (*tensor.Dense, error) {
	x, err := readPicture(r.Image, r.Width, r.Height)
	if err != nil {
		return nil, err
	}
	z, err := p.encode(c, x, 1)
	if err != nil || !guided {
		return z, err
	}
	s := z.Shape()
	three := make([]float32, 3*z.Size())
	copy(three[z.Size():], nn.Data(z))
	copy(three[2*z.Size():], nn.Data(z))
	return nn.Wrap(three, 3, s[1], s[2], s[3]), nil
}

// encode is the mean latent of a picture, times scale, in memory of its own.
func (p *Pipeline) encode(c *nn.Context, x *tensor.Dense, scale float32) (*tensor.Dense, error) {
	var moments *tensor.Dense
	for c.Next(nn.Pass{Network: "encode", Size: [4]int(x.Shape())}) {
		moments = p.VAE.Moments(c, x)
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	s := moments.Shape()
	ch := s[3] / 2
	z := make([]float32, s[1]*s[2]*ch)
	for i := range z {
		z[i] = nn.Data(moments)[i/ch*2*ch+i%ch] * scale
	}
	return nn.Wrap(z, 1, s[1], s[2], ch), nil
}

// fitsTask says what is wrong with the pictures a request brings for the model's
// task, and fills in how strongly they count.
func (p *Pipeline) fitsTask(r *engine.Request) error {
	switch {
	case p.Task == family.Editing && r.Image == "":
		return fmt.Errorf("%w: this model changes a picture as the prompt says: give it one as image", engine.ErrInvalid)
	case p.Task == family.Editing && r.Mask != "":
		return fmt.Errorf("%w: this model changes a picture as a whole: leave out mask, or choose a model for inpainting", engine.ErrInvalid)
	case p.Task == family.Inpainting && r.Image != "" && r.Mask == "":
		return fmt.Errorf("%w: this model paints over a part of the picture: give it one as mask, white where it is to paint", engine.ErrInvalid)
	case p.Task == family.Drawing && r.Image != "":
		return fmt.Errorf("%w: this model draws from words alone: leave out image, or choose a model for inpainting or for editing", engine.ErrInvalid)
	case p.Task != family.Editing && r.ImageGuidance != 0:
		return fmt.Errorf("%w: image_guidance is for models that edit a picture: leave it out", engine.ErrInvalid)
	case p.Task == family.Editing && r.ImageGuidance == 0:
		r.ImageGuidance = engine.DefaultImageGuidance
	}
	return nil
}
