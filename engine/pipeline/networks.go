package pipeline

import (
	"fmt"

	"darkroom/engine"
	"darkroom/engine/clip"
	"darkroom/engine/nn"
	"darkroom/engine/unet"
	"darkroom/engine/vae"

	"gorgonia.org/tensor"
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
	return &Networks{Text: []*clip.Text{p.Text}, UNet: p.UNet, VAE: p.VAE}
}

// Fits says what is wrong with a size in pixels.
func (n *Networks) Fits(width, height int) error {
	unit := n.VAE.Config.Factor() * n.UNet.Unit()
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

// Words is what the U-Net is steered by: the embeddings [n,T,D] of n texts and,
// for a model that wants more, their pooled form with the sizes it is told, the
// same for all (see unet.Added). There is a list of ids for each text encoder,
// rows of as many as it has positions; ends has the place in its row of the
// token that ends a text. The tensors are valid until c.Reset.
func (n *Networks) Words(c *nn.Context, ids [][]int, ends []int, sizes [6]float64) (*tensor.Dense, *unet.Added) {
	if len(n.Text) == 1 {
		return n.Text[0].Forward(c, ids[0]), nil
	}
	first, _ := n.Text[0].States(c, ids[0])
	second, last := n.Text[1].States(c, ids[1])
	added := &unet.Added{Pooled: n.Text[1].Pooled(c, last, ends)}
	for range ends {
		added.Sizes = append(added.Sizes, sizes[:]...)
	}
	return nn.Concat(c, first, second), added
}
