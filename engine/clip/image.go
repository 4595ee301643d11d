package clip

import (
	"fmt"

	"darkroom/engine/nn"

	"gorgonia.org/tensor"
)

// ImageConfig describes the image encoder.
type ImageConfig struct {
	Channels []int `json:"block_out_channels"` // each block halves the picture
	Groups   int   `json:"norm_num_groups"`
	Embed    int   `json:"projection_dim"`
}

// Validate names what in the configuration this program can't build.
func (cfg ImageConfig) Validate() error {
	if len(cfg.Channels) == 0 || cfg.Embed < 1 || cfg.Groups < 1 {
		return fmt.Errorf("image encoder config: block_out_channels, norm_num_groups and projection_dim must be given and positive")
	}
	for i, ch := range cfg.Channels {
		if ch < 1 || ch%cfg.Groups != 0 {
			return fmt.Errorf("image encoder config: block %d has %d channels, which must be a multiple of norm_num_groups %d", i, ch, cfg.Groups)
		}
	}
	return nil
}

// Image maps a picture to the space that captions are mapped to, so that the
// two can be compared. It is a plain convolutional network: pictures here are
// small.
type Image struct {
	Config ImageConfig

	convs   []*nn.Conv2D
	norms   []*nn.GroupNorm
	project *nn.Linear
}

// NewImage builds the encoder with parameters from p.
func NewImage(p nn.Params, cfg ImageConfig) (*Image, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m := &Image{Config: cfg}
	width := 3
	for i, ch := range cfg.Channels {
		b := p.Subf("blocks.%d", i)
		m.convs = append(m.convs, nn.NewConv2D(b.Sub("conv"), width, ch, 3, 2))
		m.norms = append(m.norms, nn.NewGroupNorm(b.Sub("norm"), ch, cfg.Groups, 1e-5, true))
		width = ch
	}
	m.project = nn.NewLinear(p.Sub("visual_projection"), width, cfg.Embed, true)
	return m, p.Err()
}

// Forward maps x [N,H,W,3] in −1 … 1 to [N,Embed], not normalised.
func (m *Image) Forward(c *nn.Context, x *tensor.Dense) *tensor.Dense {
	for i, conv := range m.convs {
		x = m.norms[i].Forward(c, conv.Forward(c, x))
	}
	return m.project.Forward(c, nn.Mean(c, x))
}
