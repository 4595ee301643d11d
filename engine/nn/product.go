package nn

import (
	"slices"

	"darkroom/engine/kernel"
)

// Product is the packed weights of a linear layer or a convolution, over which a
// change can be laid: a LoRA's, say. The weights of the file stay beside it.
type Product struct {
	Name  string // of the layer, as in a diffusers or transformers file
	Shape []int  // [out,in] or [out,in,kh,kw]

	weights *kernel.Weights // the layer's
	base    *kernel.Weights // what the file has, while something lies over it
}

// Products lists the products of a packed network, in order.
func (p Params) Products() []*Product { return p.store.products }

// Patcher lays changes over weights. It keeps the memory that takes from one to the
// next.
type Patcher struct {
	wide []float32
	half []uint16
}

// Patch lays a change over the weights of the file, instead of any that was there.
// change is told them, in the file's order, and may write to them; the result is
// rounded to the format that the weights have. A pass must not be under way.
func (t *Patcher) Patch(p *Product, change func(w []float32)) {
	if p.base == nil {
		base := *p.weights
		p.base = &base
	}
	n := p.base.Count()
	t.wide, t.half = slices.Grow(t.wide[:0], n)[:n], slices.Grow(t.half[:0], n)[:n]
	p.base.Unpack(t.wide)
	change(t.wide)
	*p.weights = *p.base.Repacked(t.wide, t.half)
}

// Restore takes the change away.
func (p *Product) Restore() {
	if p.base != nil {
		*p.weights, p.base = *p.base, nil
	}
}
