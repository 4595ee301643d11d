package nn

import "darkroom/engine/kernel"

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

// Patched lays a change over the weights of the file, instead of any that was
// there. It is told them, in the file's order, and may write to them; the result
// is rounded to the format that the weights have. A pass must not be under way.
func (p *Product) Patched(change func(w []float32)) {
	if p.base == nil {
		base := *p.weights
		p.base = &base
	}
	wide := p.base.Unpack()
	change(wide)
	*p.weights = *p.base.Repacked(wide)
}

// Restore takes the change away.
func (p *Product) Restore() {
	if p.base != nil {
		*p.weights, p.base = *p.base, nil
	}
}
