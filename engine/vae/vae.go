// Package vae is the autoencoder between pictures and latents: diffusers'
// AutoencoderKL.
package vae

import (
	"fmt"

	"darkroom/engine/nn"

	"gorgonia.org/tensor"
)

// Config is what vae/config.json of a model folder says.
type Config struct {
	InChannels     int     `json:"in_channels"`
	OutChannels    int     `json:"out_channels"`
	Latent         int     `json:"latent_channels"`
	Channels       []int   `json:"block_out_channels"`
	LayersPerBlock int     `json:"layers_per_block"`
	Groups         int     `json:"norm_num_groups"`
	Scaling        float64 `json:"scaling_factor"`
	SampleSize     int     `json:"sample_size"`
	// Preview is a linear map from a scaled latent to the colour of its place, −1 … 1:
	// a row [red,green,blue] for each channel, and one that is added. Without it, one is
	// fitted when it is needed.
	Preview [][3]float64 `json:"latent_rgb,omitempty"`
}

// Validate names what in the configuration this program can't build.
func (cfg Config) Validate() error {
	switch {
	case len(cfg.Channels) == 0 || cfg.InChannels != 3 || cfg.OutChannels != 3:
		return fmt.Errorf("vae config: block_out_channels must be given, in_channels and out_channels be 3")
	case cfg.Latent < 1 || cfg.Latent > 64 || cfg.LayersPerBlock < 1 || cfg.LayersPerBlock > 8:
		return fmt.Errorf("vae config: latent_channels is %d (expected 1 to 64), layers_per_block %d (expected 1 to 8)", cfg.Latent, cfg.LayersPerBlock)
	case len(cfg.Preview) != 0 && len(cfg.Preview) != cfg.Latent+1:
		return fmt.Errorf("vae config: latent_rgb has %d rows, expected %d: one for each of the %d latent_channels, and one that is added", len(cfg.Preview), cfg.Latent+1, cfg.Latent)
	case !(cfg.Scaling > 0):
		return fmt.Errorf("vae config: scaling_factor is %g, expected a positive number", cfg.Scaling)
	}
	for i, ch := range cfg.Channels {
		if cfg.Groups < 1 || ch < 1 || ch > 1<<14 || ch%cfg.Groups != 0 {
			return fmt.Errorf("vae config: block %d has %d channels, which must be a multiple of norm_num_groups %d", i, ch, cfg.Groups)
		}
	}
	return nil
}

// Factor is how many pixels in a row make one latent.
func (cfg Config) Factor() int { return 1 << (len(cfg.Channels) - 1) }

const normEps = 1e-6 // ldm/modules/diffusionmodules/model.py

// Model is encoder and decoder.
type Model struct {
	Config  Config
	encoder *encoder
	decoder *decoder
	moments *nn.Linear // quant_conv
	unquant *nn.Linear // post_quant_conv
}

// New builds the autoencoder with parameters from p.
func New(p nn.Params, cfg Config) (*Model, error) {
	if cfg.Scaling == 0 {
		cfg.Scaling = 0.18215 // diffusers' default, Stable Diffusion 1 and 2
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m := &Model{
		Config:  cfg,
		encoder: newEncoder(p.Sub("encoder"), cfg),
		decoder: newDecoder(p.Sub("decoder"), cfg),
		moments: nn.NewPointwise(p.Sub("quant_conv"), 2*cfg.Latent, 2*cfg.Latent),
		unquant: nn.NewPointwise(p.Sub("post_quant_conv"), cfg.Latent, cfg.Latent),
	}
	return m, p.Err()
}

// Moments maps pictures [N,H,W,3] in −1 … 1 to the mean and log-variance of
// their latents, unscaled: [N,H/f,W/f,2·latent].
func (m *Model) Moments(c *nn.Context, x *tensor.Dense) *tensor.Dense {
	h := m.encoder.forward(c, x)
	y := m.moments.Forward(c, h)
	c.Free(h)
	return y
}

// Encode maps pictures to scaled latents [N,H/f,W/f,latent], taking the mean.
func (m *Model) Encode(c *nn.Context, x *tensor.Dense) *tensor.Dense {
	h := m.encoder.forward(c, x)
	moments := m.moments.Scaled(c, h, float32(m.Config.Scaling))
	c.Free(h)
	s := moments.Shape()
	n := s[3] / 2
	y := c.New(s[0], s[1], s[2], n)
	src, dst := nn.Data(moments), nn.Data(y)
	for i := range dst {
		dst[i] = src[i/n*2*n+i%n]
	}
	c.Free(moments)
	return y
}

// Decode maps scaled latents [N,h,w,latent] to pictures [N,h·f,w·f,3], about
// −1 … 1.
func (m *Model) Decode(c *nn.Context, z *tensor.Dense) *tensor.Dense {
	raw := c.New(z.Shape()...)
	scale := float32(1 / m.Config.Scaling)
	for i, v := range nn.Data(z) {
		nn.Data(raw)[i] = v * scale
	}
	y := m.Reconstruct(c, raw)
	c.Free(raw)
	return y
}

// Reconstruct is Decode for unscaled latents, as the encoder gives them.
func (m *Model) Reconstruct(c *nn.Context, z *tensor.Dense) *tensor.Dense {
	h := m.unquant.Forward(c, z)
	y := m.decoder.forward(c, h)
	c.Free(h)
	return y
}

// middle is the pair of residual blocks with attention between, at the lowest
// resolution.
type middle struct {
	first, second *nn.Resnet
	norm          *nn.GroupNorm
	attention     *nn.Attention
}

func newMiddle(p nn.Params, ch, groups int) *middle {
	return &middle{
		first:     nn.NewResnet(p.Sub("resnets.0"), ch, ch, 0, groups, normEps),
		norm:      nn.NewGroupNorm(p.Sub("attentions.0.group_norm"), ch, groups, normEps, false),
		attention: nn.NewAttention(p.Sub("attentions.0"), ch, ch, 1, true),
		second:    nn.NewResnet(p.Sub("resnets.1"), ch, ch, 0, groups, normEps),
	}
}

// forward consumes x.
func (m *middle) forward(c *nn.Context, x *tensor.Dense) *tensor.Dense {
	h := m.first.Consume(c, x, nil)
	s := h.Shape()
	n := m.norm.Forward(c, h)
	tokens := nn.Reshape(c, h, s[0], s[1]*s[2], s[3])
	a := m.attention.Plus(c, nn.Reshape(c, n, s[0], s[1]*s[2], s[3]), nil, tokens)
	c.Free(n, h)
	return m.second.Consume(c, nn.Reshape(c, a, s...), nil)
}

// largePicture is how many pixels a picture may have before its memory counts more
// than its time. Stable Diffusion's activations take 950 MB at this size; made
// like those of a large picture they take 40 % of what they would, and a third
// more time.
var largePicture = 768 * 768

// level is one resolution's residual blocks and the change that ends it.
type level struct {
	resnets []*nn.Resnet
	sample  *nn.Conv2D
}

// forward consumes x.
func (l *level) forward(c *nn.Context, x *tensor.Dense, enlarge bool) *tensor.Dense {
	return l.end(c, l.blocks(c, x), enlarge)
}

// blocks consumes x.
func (l *level) blocks(c *nn.Context, x *tensor.Dense) *tensor.Dense {
	for _, r := range l.resnets {
		x = r.Consume(c, x, nil)
	}
	return x
}

// end changes the size. It consumes x.
func (l *level) end(c *nn.Context, x *tensor.Dense, enlarge bool) *tensor.Dense {
	if l.sample == nil {
		return x
	}
	var y *tensor.Dense
	if enlarge {
		y = l.sample.Enlarged(c, x)
	} else {
		y = l.sample.Forward(c, x)
	}
	c.Free(x)
	return y
}

// replace is blocks at a large picture's full size. It consumes x.
func replace(c *nn.Context, resnets []*nn.Resnet, x *tensor.Dense) *tensor.Dense {
	for _, r := range resnets {
		x = r.Replace(c, x)
	}
	return x
}

type encoder struct {
	in, out *nn.Conv2D
	levels  []*level
	mid     *middle
	norm    *nn.GroupNorm
}

func newEncoder(p nn.Params, cfg Config) *encoder {
	width := cfg.Channels[0]
	e := &encoder{in: nn.NewConv2D(p.Sub("conv_in"), 3, width, 3, 1)}
	for i, ch := range cfg.Channels {
		l, q := &level{}, p.Subf("down_blocks.%d", i)
		for j := range cfg.LayersPerBlock {
			l.resnets = append(l.resnets, nn.NewResnet(q.Subf("resnets.%d", j), width, ch, 0, cfg.Groups, normEps))
			width = ch
		}
		if i < len(cfg.Channels)-1 {
			l.sample = nn.NewDownsample(q.Sub("downsamplers.0.conv"), width, false)
		}
		e.levels = append(e.levels, l)
	}
	e.mid = newMiddle(p.Sub("mid_block"), width, cfg.Groups)
	e.norm = nn.NewGroupNorm(p.Sub("conv_norm_out"), width, cfg.Groups, normEps, true)
	e.out = nn.NewConv2D(p.Sub("conv_out"), width, 2*cfg.Latent, 3, 1)
	return e
}

func (e *encoder) forward(c *nn.Context, x *tensor.Dense) *tensor.Dense {
	h := e.in.Forward(c, x)
	for i, l := range e.levels {
		if s := x.Shape(); i == 0 && s[1]*s[2] > largePicture {
			h = l.end(c, replace(c, l.resnets, h), false)
		} else {
			h = l.forward(c, h, false)
		}
	}
	h = e.mid.forward(c, h)
	y := e.out.Normalised(c, e.norm, h)
	c.Free(h)
	return y
}

type decoder struct {
	in, out *nn.Conv2D
	levels  []*level
	mid     *middle
	norm    *nn.GroupNorm
}

func newDecoder(p nn.Params, cfg Config) *decoder {
	last := len(cfg.Channels) - 1
	width := cfg.Channels[last]
	d := &decoder{
		in:  nn.NewConv2D(p.Sub("conv_in"), cfg.Latent, width, 3, 1),
		mid: newMiddle(p.Sub("mid_block"), width, cfg.Groups),
	}
	for i := range cfg.Channels {
		l, q := &level{}, p.Subf("up_blocks.%d", i)
		ch := cfg.Channels[last-i]
		for j := range cfg.LayersPerBlock + 1 {
			l.resnets = append(l.resnets, nn.NewResnet(q.Subf("resnets.%d", j), width, ch, 0, cfg.Groups, normEps))
			width = ch
		}
		if i < last {
			l.sample = nn.NewConv2D(q.Sub("upsamplers.0.conv"), width, width, 3, 1)
		}
		d.levels = append(d.levels, l)
	}
	d.norm = nn.NewGroupNorm(p.Sub("conv_norm_out"), width, cfg.Groups, normEps, true)
	d.out = nn.NewConv2D(p.Sub("conv_out"), width, 3, 3, 1)
	return d
}

func (d *decoder) forward(c *nn.Context, z *tensor.Dense) *tensor.Dense {
	h := d.mid.forward(c, d.in.Forward(c, z))
	if s := z.Shape(); len(d.levels) > 1 && s[1]*s[2]<<(2*len(d.levels)-2) > largePicture {
		h = d.large(c, h)
	} else {
		for _, l := range d.levels {
			h = l.forward(c, h, true)
		}
	}
	y := d.out.Normalised(c, d.norm, h)
	c.Free(h)
	return y
}

// large is all levels for a large picture: little is in memory at its full size, for
// the price of making the last enlargement three times and some other
// convolutions twice. It consumes h.
func (d *decoder) large(c *nn.Context, h *tensor.Dense) *tensor.Dense {
	last := len(d.levels) - 1
	for _, l := range d.levels[:last-1] {
		h = l.forward(c, h, true)
	}
	half, full := d.levels[last-1], d.levels[last]
	h = full.resnets[0].Enlarge(c, half.sample, half.blocks(c, h))
	return replace(c, full.resnets[1:], h)
}
