package pipeline

import (
	"fmt"

	"darkroom/engine"
	"darkroom/engine/clip"
	"darkroom/engine/nn"
	"darkroom/engine/unet"
	"darkroom/engine/vae"
)

// Networks is everything of a model that computes.
type Networks struct {
	Text []*clip.Text // SDXL has two
	UNet *unet.Model
	VAE  *vae.Model
	Tiny *vae.Tiny // nil if there is none
}

// Networks gives the networks of a model that was loaded.
func (p *Pipeline) Networks() *Networks {
	return &Networks{Text: p.Text, UNet: p.UNet, VAE: p.VAE}
}

// hiding is the networks with text encoders that look at some tokens only.
func (n *Networks) hiding(hidden []bool) *Networks {
	other := *n
	other.Text = nil
	for _, t := range n.Text {
		other.Text = append(other.Text, t.Hiding(hidden))
	}
	return &other
}

// Unit is what a picture's sides must be multiples of.
func (n *Networks) Unit() int { return n.VAE.Config.Factor() * n.UNet.Unit() }

// Fits says what is wrong with a size in pixels.
func (n *Networks) Fits(width, height int) error {
	unit := n.Unit()
	if width%unit == 0 && height%unit == 0 {
		return nil
	}
	return fmt.Errorf("%w: the size is %d×%d; with this model both sides must be multiples of %d, so try %d×%d",
		engine.ErrInvalid, width, height, unit, max(unit, width/unit*unit), max(unit, height/unit*unit))
}

// Random builds the networks with random weights, which take as long and as much
// memory as trained ones. The precision is the U-Net's, which takes nearly all of
// the time.
func (g Geometry) Random(seed uint64, precision nn.Precision) (n *Networks, err error) {
	params := func(p nn.Precision) nn.Params { return nn.Random(seed).Packed(p) }
	n = &Networks{}
	for _, cfg := range g.Text {
		text, err := clip.NewText(params(nn.Float32), cfg)
		if err != nil {
			return nil, err
		}
		n.Text = append(n.Text, text)
	}
	if n.UNet, err = unet.New(params(precision), g.UNet); err != nil {
		return nil, err
	}
	if n.VAE, err = vae.New(params(nn.Float32), g.VAE); err != nil {
		return nil, err
	}
	n.Tiny, err = vae.NewTiny(params(nn.Float32), g.Tiny)
	return n, err
}
