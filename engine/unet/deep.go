package unet

import (
	"darkroom/engine/nn"

	"gorgonia.org/tensor"
)

// Deep is what the U-Net's coarser levels have made of a latent, on its way into the
// finest level. It changes little from one step to the next, and a pass that goes by
// it computes the finest level alone (Ma et al. 2023, "DeepCache"; the branch that
// saves most).
type Deep struct {
	Features []float32
	Shape    [4]int // [N,H,W,C]; zero before the first pass has kept them
	Keeping  bool   // the pass keeps them; else it goes by them
}

// known reports whether a pass goes by d.
func (d *Deep) known() bool { return d != nil && !d.Keeping }

// keep keeps h, if d wants that.
func (d *Deep) keep(c *nn.Context, h *tensor.Dense) {
	if d == nil || !d.Keeping {
		return
	}
	d.Shape = [4]int(h.Shape())
	if n := h.Size(); len(d.Features) != n {
		d.Features = make([]float32, n)
	}
	nn.Keep(c, h, d.Features)
}
