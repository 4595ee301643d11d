package vae

import (
	"fmt"

	"darkroom/engine/nn"

	"gorgonia.org/tensor"
)

// TinyConfig is what the config.json of a tiny autoencoder says; the zero value
// of a field is TAESD's.
type TinyConfig struct {
	Latent          int   `json:"latent_channels"`
	EncoderChannels []int `json:"encoder_block_out_channels"` // all the same
	DecoderChannels []int `json:"decoder_block_out_channels"` // all the same
	EncoderBlocks   []int `json:"num_encoder_blocks"`         // residual blocks per resolution
	DecoderBlocks   []int `json:"num_decoder_blocks"`

	NoEncoder, NoDecoder bool `json:"-"` // a half that is not there, and can't be used
}

// TAESD is the geometry of madebyollin's tiny autoencoders for Stable Diffusion
// 1, 2 and XL.
var TAESD = TinyConfig{
	Latent: 4, EncoderChannels: []int{64, 64, 64, 64}, DecoderChannels: []int{64, 64, 64, 64},
	EncoderBlocks: []int{1, 3, 3, 3}, DecoderBlocks: []int{3, 3, 3, 1},
}

// EncoderLayers is how many layers the file numbers in the encoder.
func (cfg TinyConfig) EncoderLayers() int {
	n := len(cfg.EncoderBlocks) + 1 // the convolution that begins each resolution, and the last
	for _, blocks := range cfg.EncoderBlocks {
		n += blocks
	}
	return n
}

// Factor is how many pixels on a side one latent stands for.
func (cfg TinyConfig) Factor() int { return 1 << (len(cfg.withDefaults().DecoderBlocks) - 1) }

func (cfg TinyConfig) withDefaults() TinyConfig {
	if cfg.Latent == 0 {
		cfg.Latent = TAESD.Latent
	}
	for _, f := range []struct{ is, or *[]int }{
		{&cfg.EncoderChannels, &TAESD.EncoderChannels},
		{&cfg.DecoderChannels, &TAESD.DecoderChannels},
		{&cfg.EncoderBlocks, &TAESD.EncoderBlocks},
		{&cfg.DecoderBlocks, &TAESD.DecoderBlocks},
	} {
		if len(*f.is) == 0 {
			*f.is = *f.or
		}
	}
	return cfg
}

// Validate names what in the configuration this program can't build.
func (cfg TinyConfig) Validate() error {
	if cfg.Latent < 1 || cfg.Latent > 64 {
		return fmt.Errorf("tiny autoencoder config: latent_channels is %d, expected 1 to 64", cfg.Latent)
	}
	for _, half := range []struct {
		name             string
		channels, blocks []int
	}{
		{"encoder", cfg.EncoderChannels, cfg.EncoderBlocks},
		{"decoder", cfg.DecoderChannels, cfg.DecoderBlocks},
	} {
		if len(half.channels) != len(half.blocks) || len(half.channels) == 0 {
			return fmt.Errorf("tiny autoencoder config: %s_block_out_channels has %d numbers and num_%s_blocks %d, expected as many",
				half.name, len(half.channels), half.name, len(half.blocks))
		}
		for i, ch := range half.channels {
			if n := half.blocks[i]; ch < 1 || ch > 1<<14 || ch != half.channels[0] || n < 1 || n > 64 {
				return fmt.Errorf("tiny autoencoder config: %s_block_out_channels is %v and num_%s_blocks %v, expected one width for all and 1 to 64 blocks",
					half.name, half.channels, half.name, half.blocks)
			}
		}
	}
	return nil
}

// Tiny is a small autoencoder with the latents of a large one, for previews:
// diffusers' AutoencoderTiny, after madebyollin's TAESD. No gradients pass between
// its pictures' scale, −1 … 1, and the networks', 0 … 1.
type Tiny struct {
	Config TinyConfig

	encoder, decoder []tinyLayer
}

// NewTiny builds the autoencoder with parameters from p.
func NewTiny(p nn.Params, cfg TinyConfig) (*Tiny, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m := &Tiny{Config: cfg}
	if !cfg.NoEncoder {
		m.encoder = tinyEncoder(p.Sub("encoder"), cfg)
	}
	if !cfg.NoDecoder {
		m.decoder = tinyDecoder(p.Sub("decoder"), cfg)
	}
	return m, p.Err()
}

// Encode maps pictures [N,H,W,3] in −1 … 1 to scaled latents [N,H/8,W/8,latent].
func (m *Tiny) Encode(c *nn.Context, x *tensor.Dense) *tensor.Dense {
	h := c.New(x.Shape()...)
	affine(nn.Data(h), nn.Data(x), 0.5, 0.5)
	return run(c, m.encoder, h)
}

// Decode maps scaled latents [N,h,w,latent] to pictures [N,h·8,w·8,3], about
// −1 … 1. Latents are first bent to within ±3, as 3·tanh(z/3).
func (m *Tiny) Decode(c *nn.Context, z *tensor.Dense) *tensor.Dense {
	y := run(c, m.decoder, nn.SoftClamp(c, z, 3))
	affine(nn.Data(y), nn.Data(y), 2, -1)
	return y
}

func affine(dst, x []float32, scale, shift float32) {
	for i, v := range x {
		dst[i] = float32(v*scale) + shift
	}
}

// tinyLayer is one step of the chain that each half is.
type tinyLayer func(c *nn.Context, x *tensor.Dense) *tensor.Dense

// run consumes x.
func run(c *nn.Context, layers []tinyLayer, x *tensor.Dense) *tensor.Dense {
	for _, layer := range layers {
		y := layer(c, x)
		c.Free(x)
		x = y
	}
	return x
}

// chain numbers the layers it is given as the file does.
type chain struct {
	p      nn.Params
	layers []tinyLayer
}

func (s *chain) next() nn.Params    { return s.p.Subf("layers.%d", len(s.layers)) }
func (s *chain) add(l ...tinyLayer) { s.layers = append(s.layers, l...) }
func (s *chain) blocks(n, ch int) {
	for range n {
		s.add(newTinyBlock(s.next(), ch).forward)
	}
}

func tinyEncoder(p nn.Params, cfg TinyConfig) []tinyLayer {
	ch := cfg.EncoderChannels[0]
	s := &chain{p: p}
	for i, n := range cfg.EncoderBlocks {
		if i == 0 {
			s.add(nn.NewConv2D(s.next(), 3, ch, 3, 1).Forward)
		} else {
			s.add(nn.NewUnbiasedConv2D(s.next(), ch, ch, 3, 2).Forward)
		}
		s.blocks(n, ch)
	}
	s.add(nn.NewConv2D(s.next(), ch, cfg.Latent, 3, 1).Forward)
	return s.layers
}

func tinyDecoder(p nn.Params, cfg TinyConfig) []tinyLayer {
	ch := cfg.DecoderChannels[0]
	s := &chain{p: p}
	s.add(nn.NewConv2D(s.next(), cfg.Latent, ch, 3, 1).Forward, nn.ReLU.Forward)
	for i, n := range cfg.DecoderBlocks {
		s.blocks(n, ch)
		if i < len(cfg.DecoderBlocks)-1 {
			s.add(nn.Upsample)
			s.add(nn.NewUnbiasedConv2D(s.next(), ch, ch, 3, 1).Forward)
		}
	}
	s.add(nn.NewConv2D(s.next(), ch, 3, 3, 1).Forward)
	return s.layers
}

// tinyBlock is three convolutions beside a shortcut.
type tinyBlock [3]*nn.Conv2D

func newTinyBlock(p nn.Params, ch int) *tinyBlock {
	b := &tinyBlock{}
	for i := range b {
		b[i] = nn.NewConv2D(p.Subf("conv.%d", 2*i), ch, ch, 3, 1) // between them are the activations
	}
	return b
}

func (b *tinyBlock) forward(c *nn.Context, x *tensor.Dense) *tensor.Dense {
	h := x
	for i, conv := range b {
		y := conv.Forward(c, h)
		if h != x {
			c.Free(h)
		}
		if i == len(b)-1 { // the shortcut joins before the last activation
			h = nn.Add(c, y, x)
			c.Free(y)
			y = h
		}
		h = nn.ReLU.Forward(c, y)
		c.Free(y)
	}
	return h
}
