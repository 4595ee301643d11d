package nn

import "gorgonia.org/tensor"

// Resnet is the residual block of U-Net and autoencoder: two normalised 3×3
// convolutions beside a shortcut, told the noise level in between.
type Resnet struct {
	norm1, norm2 *GroupNorm
	conv1, conv2 *Conv2D
	time         *Linear // nil in the autoencoder
	shortcut     *Linear // nil when the width stays
}

// NewResnet is diffusers' ResnetBlock2D. time is the width of the noise-level
// embedding, 0 for none.
func NewResnet(p Params, in, out, time, groups int, eps float64) *Resnet {
	r := &Resnet{
		norm1: NewGroupNorm(p.Sub("norm1"), in, groups, eps, true),
		conv1: NewConv2D(p.Sub("conv1"), in, out, 3, 1),
		norm2: NewGroupNorm(p.Sub("norm2"), out, groups, eps, true),
		conv2: NewConv2D(p.Sub("conv2"), out, out, 3, 1),
	}
	if time > 0 {
		r.time = NewLinear(p.Sub("time_emb_proj"), time, out, true)
	}
	if in != out {
		r.shortcut = NewPointwise(p.Sub("conv_shortcut"), in, out)
	}
	return r
}

// Forward maps x [N,H,W,in] to [N,H,W,out]; activated is SiLU of the noise-level
// embedding [N,time], or [1,time] for one level for all, or nil.
func (r *Resnet) Forward(c *Context, x, activated *tensor.Dense) *tensor.Dense {
	h := r.norm1.Forward(c, x)
	h = r.branch(c, h, activated)
	if r.shortcut == nil {
		return r.join(c, h, x)
	}
	s := r.shortcut.Forward(c, x)
	y := r.join(c, h, s)
	c.Free(s)
	return y
}

// Consume is Forward that frees x, and uses its memory where that helps: at the
// autoencoder's full size nothing is larger than a block's input.
func (r *Resnet) Consume(c *Context, x, activated *tensor.Dense) *tensor.Dense {
	if c.Tape != nil || r.shortcut == nil {
		y := r.Forward(c, x, activated)
		c.Free(x)
		return y
	}
	if r.time == nil && r.conv1.inStrips(c) {
		return r.narrow(c, x)
	}
	s := r.shortcut.Forward(c, x)
	h := r.branch(c, r.norm1.overwrite(c, x), activated)
	y := r.join(c, h, s)
	c.Free(s)
	return y
}

// branch is the first convolution, told the noise level, and the second norm. It
// consumes h.
func (r *Resnet) branch(c *Context, h, activated *tensor.Dense) *tensor.Dense {
	var h1 *tensor.Dense
	if r.time != nil {
		e := r.time.Forward(c, activated)
		h1 = r.conv1.PlusPerChannel(c, h, e)
		c.Free(e)
	} else {
		h1 = r.conv1.Forward(c, h)
	}
	c.Free(h)
	h = r.norm2.Forward(c, h1)
	c.Free(h1)
	return h
}

// join is the second convolution, added to what went round. It consumes h.
func (r *Resnet) join(c *Context, h, shortcut *tensor.Dense) *tensor.Dense {
	y := r.conv2.Plus(c, h, shortcut)
	c.Free(h)
	return y
}
