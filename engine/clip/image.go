package clip

import (
	"fmt"

	"darkroom/engine/nn"

	"gorgonia.org/tensor"
)

// ImageConfig describes the image encoder.
type ImageConfig struct {
	Size     int   `json:"image_size"`         // height and width of the pictures it sees
	Channels []int `json:"block_out_channels"` // each block halves the picture
	Groups   int   `json:"norm_num_groups"`
	Embed    int   `json:"projection_dim"`
}

// Validate names what in the configuration this program can't build.
func (cfg ImageConfig) Validate() error {
	n := len(cfg.Channels)
	switch {
	case n < 2 || cfg.Embed < 1 || cfg.Groups < 1:
		return fmt.Errorf("image encoder config: block_out_channels (two or more), norm_num_groups and projection_dim must be given and positive")
	case n > 8 || cfg.Embed > 1<<14 || cfg.Size > 1<<12:
		return fmt.Errorf("image encoder config: %d blocks, pictures of %d pixels or a projection to %d are more than this program takes", n, cfg.Size, cfg.Embed)
	case cfg.Size < 1<<n || cfg.Size%(1<<n) != 0:
		return fmt.Errorf("image encoder config: image_size is %d, but %d blocks that halve it need a multiple of %d", cfg.Size, n, 1<<n)
	}
	for i, ch := range cfg.Channels {
		if ch < 1 || ch > 1<<14 || ch%cfg.Groups != 0 {
			return fmt.Errorf("image encoder config: block %d has %d channels, which must be a multiple of norm_num_groups %d", i, ch, cfg.Groups)
		}
	}
	return nil
}

// Image maps a picture to the space that captions are mapped to, so that the
// two can be compared. It is a convolutional network: pictures here are small.
// Before the last block it is told the places, of which the mean over them in the
// end would know nothing: captions speak of left and right.
type Image struct {
	Config ImageConfig

	blocks    []imageBlock
	positions *tensor.Dense // [places before the last block, channels]
	project   *nn.Linear
}

type imageBlock struct {
	conv   *nn.Conv2D
	norm   *nn.GroupNorm
	resnet *nn.Resnet // nil in the first, which is the largest, and in the last, which is the widest
}

// NewImage builds the encoder with parameters from p.
func NewImage(p nn.Params, cfg ImageConfig) (*Image, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	const eps = 1e-5
	m := &Image{Config: cfg}
	width, last := 3, len(cfg.Channels)-1
	for i, ch := range cfg.Channels {
		q := p.Subf("blocks.%d", i)
		b := imageBlock{conv: nn.NewConv2D(q.Sub("conv"), width, ch, 3, 2), norm: nn.NewGroupNorm(q.Sub("norm"), ch, cfg.Groups, eps, true)}
		if i > 0 && i < last {
			b.resnet = nn.NewResnet(q.Sub("resnet"), ch, ch, 0, cfg.Groups, eps)
		}
		m.blocks = append(m.blocks, b)
		width = ch
	}
	side := cfg.Size >> last
	m.positions = nn.NewTable(p.Sub("positions"), side*side, cfg.Channels[last-1])
	m.project = nn.NewLinear(p.Sub("visual_projection"), width, cfg.Embed, true)
	return m, p.Err()
}

// Forward maps x [N,Size,Size,3] in −1 … 1 to [N,Embed], not normalised.
func (m *Image) Forward(c *nn.Context, x *tensor.Dense) *tensor.Dense {
	for i, b := range m.blocks {
		if i == len(m.blocks)-1 {
			x = nn.AddPositions(c, x, m.positions)
		}
		x = b.norm.Forward(c, b.conv.Forward(c, x))
		if b.resnet != nil {
			x = b.resnet.Forward(c, x, nil)
		}
	}
	return m.project.Forward(c, nn.Mean(c, x))
}
