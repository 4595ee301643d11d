package pipeline

import (
	"fmt"
	"slices"

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
	*Pipeline
	rows      []*conditioning // one for each prediction of a step
	negatives int             // how many of them, from the first, are of the negative prompt
	perturbed int             // how many, to the last, are of the prompt again, with perturbed attention
	guidance  float64
	request   engine.Request
	beside    *tensor.Dense // [1 or n,h,w,k] what the U-Net sees beside the latent; nil for a model that draws
	// combine makes one prediction of those of the rows, in the first's place, as
	// guidance says.
	combine func(out []float32, size int, guidance float64)
	alone   bool // the prompt's row is all of the prediction where nothing guides

	chosen []int // the texts of passes
	guides bool  // whether they are guided
	passes []pass
	shared cache
	notes  []string // what of the request had no effect
}

// pass is a run of the U-Net for rows whose texts are equally long.
type pass struct {
	context   *tensor.Dense // [n,T,D]
	added     *unet.Added
	beside    *tensor.Dense
	perturbed int // rows, to the last
}

// steer reads the texts and pictures of a resolved request that is guided by
// guidance, and encodes all that any of its steps will listen to.
func (p *Pipeline) steer(c *nn.Context, r engine.Request, guidance float64) (*steering, error) {
	s := &steering{Pipeline: p, guidance: guidance, request: r, combine: func([]float32, int, float64) {}, shared: cache{interval: r.CacheInterval}}
	words, negative, err := p.read(r)
	if err != nil {
		return nil, err
	}
	rules, err := Rules(r)
	if err != nil {
		return nil, err
	}
	parts := words.Parts
	whole := len(parts) == 1 && parts[0].Weight == 1
	s.alone = whole && p.Task != family.Editing && !sampler.NeedsUnguided(r.Sampler)
	guided := (!whole || guidance != 1 || sampler.NeedsUnguided(r.Sampler)) && !p.guided
	edits := p.Task == family.Editing && (guided || r.ImageGuidance != 1)
	switch {
	case p.guided && !whole:
		return nil, fmt.Errorf("%w: this model guides itself and hears one prompt: leave out AND and a weight behind the prompt", engine.ErrInvalid)
	case p.Task == family.Editing && len(parts) > 1:
		return nil, fmt.Errorf("%w: this model changes a picture by one prompt: leave out AND", engine.ErrInvalid)
	case edits || guided:
		parts = append(parts[:len(parts):len(parts)], negative.Parts[0])
	}
	e := encoder{Pipeline: p, skip: max(1, r.ClipSkip), emphasis: rules.Emphasis}
	made, err := e.condition(c, parts)
	if err != nil {
		return nil, err
	}
	heard := made[:len(words.Parts)]
	level(heard, p.width())
	if edits || guided {
		none := &made[len(made)-1]
		if r.Negative == "" && p.zeroEmpty {
			none.zero()
		}
		s.rows = append(s.rows, none)
		s.negatives = 1
	}
	switch {
	case edits:
		// without the words and the picture, without the words, and with both
		// (Brooks et al. 2022, equation 3)
		s.rows = append(s.rows, s.rows[0])
		s.negatives = 2
		weight := parts[0].Weight
		s.combine = func(out []float32, size int, guidance float64) {
			without, picture, both := out[:size], out[size:2*size], out[2*size:]
			g, k := float32(weight*guidance), float32(r.ImageGuidance)
			for i, u := range without {
				without[i] = u + float32(g*(both[i]-picture[i])) + float32(k*(picture[i]-u))
			}
		}
	case guided:
		s.combine = func(out []float32, size int, guidance float64) {
			weights := make([]float64, len(heard))
			for i, part := range heard {
				weights[i] = part.part.Weight * guidance
			}
			guide(out, size, weights)
		}
	}
	for i := range heard {
		s.rows = append(s.rows, &heard[i])
	}
	if r.PerturbedAttention != 0 {
		s.perturbed = len(heard)
		s.rows = append(s.rows, s.rows[s.negatives:]...)
	}
	switch p.Task {
	case family.Inpainting:
		s.beside, err = p.masked(c, r)
	case family.Editing:
		s.beside, err = p.edited(c, r, edits)
	}
	s.notes = append(unheard(r, words, negative), s.idle()...)
	return s, err
}

// guide is classifier-free guidance (Ho & Salimans 2022) away from the first of
// the predictions in out, of size numbers each, and towards each of the others
// by its weight (Liu et al. 2022): u + Σ wᵢ·(cᵢ − u).
func guide(out []float32, size int, weights []float64) {
	u := out[:size]
	sum := u
	if len(weights) > 1 {
		sum = slices.Clone(u)
	}
	kernel.Lerp(sum, out[size:2*size], float32(weights[0]))
	for i, weight := range weights[1:] {
		w := float32(weight)
		for k, c := range out[(i+2)*size:][:size] {
			sum[k] += float32(w * (c - u[k]))
		}
	}
	copy(u, sum)
}

// at is how the U-Net is run in a step, counted from 1: once, or once for each
// length if the negative prompt is longer or shorter than the prompt; for the prompt
// alone where nothing guides. It is valid until the next call.
func (s *steering) at(step int, guides bool) []pass {
	chosen := make([]int, len(s.rows))
	for i, row := range s.rows {
		chosen[i] = row.at(step)
	}
	if slices.Equal(chosen, s.chosen) && guides == s.guides {
		return s.passes
	}
	s.chosen, s.guides, s.passes = chosen, guides, nil
	width := s.width()
	plain := len(chosen) - s.perturbed // rows
	first, end := 0, len(chosen)
	if !guides {
		end = plain
	}
	if s.alone && !guides {
		first = end - 1
	}
	for i := first; i < end; {
		var context, pooled []float32
		from, size := i, len(s.rows[i].texts[chosen[i]].context)
		for ; i < end && len(s.rows[i].texts[chosen[i]].context) == size; i++ {
			text := s.rows[i].texts[chosen[i]]
			context, pooled = append(context, text.context...), append(pooled, text.pooled...)
		}
		n := i - from
		p := pass{context: nn.Wrap(context, n, size/width, width), beside: s.beside, perturbed: min(n, max(0, i-plain))}
		if s.beside != nil && s.beside.Shape()[0] > 1 {
			b := s.beside.Shape()
			one := s.beside.Size() / b[0]
			p.beside = nn.Wrap(nn.Data(s.beside)[from*one:i*one], n, b[1], b[2], b[3])
		}
		if pooled != nil || s.guided {
			p.added = s.added(pooled, n, max(0, s.negatives-from))
		}
		s.passes = append(s.passes, p)
	}
	return s.passes
}

// The aesthetic scores that Stability's pipelines tell a refiner to aim at, and to
// keep away from.
const (
	wantedScore   = 6
	unwantedScore = 2.5
)

// added is what the U-Net is told beside the words of a pass of n rows, of which the
// first are of the negative prompt.
func (s *steering) added(pooled []float32, n, negatives int) *unet.Added {
	a := &unet.Added{Guidance: s.guidance}
	if pooled == nil {
		return a
	}
	a.Pooled = nn.Wrap(pooled, n, len(pooled)/n)
	for i := range n {
		h, w := float64(s.request.Height), float64(s.request.Width)
		a.Sizes = append(a.Sizes, h, w, 0, 0)
		switch {
		case s.Family != family.Refiner:
			a.Sizes = append(a.Sizes, h, w)
		case i >= negatives:
			a.Sizes = append(a.Sizes, wantedScore)
		default:
			a.Sizes = append(a.Sizes, unwantedScore)
		}
	}
	return a
}

// denoise estimates the noise-free latent x0 of x [1,h,w,c] at noise level sigma,
// known to the model as timestep, in a step of a prompt, counted from 1: as it is
// steered, and from the first prediction alone.
func (p *Pipeline) denoise(c *nn.Context, x *tensor.Dense, sigma, timestep float64, by *steering, step int) (e sampler.Estimate, err error) {
	s := x.Shape()
	size := x.Size()
	timesteps := [1]float64{timestep}
	guidance := by.guidance
	guides := sigma >= by.request.GuidanceLow && (by.request.GuidanceHigh == 0 || sigma <= by.request.GuidanceHigh)
	if !guides {
		guidance = 1
	}
	passes := by.at(step, guides)
	by.shared.begin(passes, by.chosen, guides)
	var out []float32
	for i, pass := range passes {
		n, t := pass.context.Shape()[0], pass.context.Shape()[1]
		deep, network := by.shared.of(i)
		if pass.perturbed > 0 {
			network += ", perturbed"
		}
		var y *tensor.Dense
		for c.Next(nn.Pass{Network: network, Size: [4]int{n, s[1], s[2], t}}) {
			in := c.New(1, s[1], s[2], s[3])
			kernel.Scale(nn.Data(in), float32(schedule.InputScale(sigma)), nn.Data(x))
			if pass.beside != nil {
				in = nn.Concat(c, nn.Spread(c, in, pass.beside.Shape()[0]), pass.beside)
			}
			y = p.UNet.Vary(c, in, timesteps[:], pass.context, pass.added, unet.Variant{Deep: deep, Perturbed: pass.perturbed})
		}
		if err := c.Err(); err != nil {
			return e, err
		}
		if len(passes) == 1 {
			out = nn.Data(y)
		} else { // the next pass writes over it
			out = append(out, nn.Data(y)...)
		}
	}
	first := nn.Wrap(out[:size:size], s...)
	if len(out) > size {
		if by.negatives > 0 {
			if e.Unguided, err = p.Schedule.ToDenoised(x, first, sigma); err != nil {
				return e, err
			}
		}
		var prompted []float32
		if by.request.GuidanceRescale != 0 {
			prompted = slices.Clone(out)
			by.combine(prompted, size, 1)
		}
		by.combine(out, size, guidance)
		if guides {
			by.perturb(out, size)
		}
		if prompted != nil {
			rescale(out[:size], prompted[:size], by.request.GuidanceRescale)
		}
	}
	if e.Guided, err = p.Schedule.ToDenoised(x, first, sigma); err != nil {
		return e, err
	}
	if e.Unguided != nil {
		mimic(nn.Data(e.Guided), nn.Data(e.Unguided), s[3], guidance, by.request.MimicGuidance)
	}
	threshold(nn.Data(e.Guided), by.request.ThresholdRatio, by.request.ThresholdMax)
	return e, nil
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

// fitsTask says what is wrong with the pictures and the guidance of a request for the
// model's task, and fills in how strongly the pictures count.
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
	case p.Task == family.Editing && r.PerturbedAttention != 0:
		return fmt.Errorf("%w: perturbed_attention is for models that draw or paint over a part: leave it out", engine.ErrInvalid)
	case r.PerturbedAttention != 0 && !p.UNet.Perturbable():
		return fmt.Errorf("%w: this model has no attention in its middle that could be perturbed: leave out perturbed_attention", engine.ErrInvalid)
	case p.Task != family.Editing && r.ImageGuidance != 0:
		return fmt.Errorf("%w: image_guidance is for models that edit a picture: leave it out", engine.ErrInvalid)
	case p.Task == family.Editing && r.ImageGuidance == 0:
		r.ImageGuidance = engine.DefaultImageGuidance
	}
	return nil
}
