package nn

import (
	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// Activation is an elementwise non-linearity.
type Activation struct {
	forward  func(dst, x []float32)
	backward func(dx, x, dy []float32) // adds to dx
}

// The activations of Stable Diffusion's networks.
var (
	SiLU      = Activation{kernel.SiLU, kernel.SiLUGrad}
	GELU      = Activation{kernel.GELU, kernel.GELUGrad}           // exact, by erf
	QuickGELU = Activation{kernel.QuickGELU, kernel.QuickGELUGrad} // x·σ(1.702x), CLIP ViT-L
)

// Forward applies a to every value of x.
func (a Activation) Forward(c *Context, x *tensor.Dense) *tensor.Dense {
	y := c.New(x.Shape()...)
	if c.cancelled() {
		return y
	}
	eachChunk(x.Size(), func(lo, hi int) { a.forward(Data(y)[lo:hi], Data(x)[lo:hi]) })
	c.record(y, func(dy []float32) {
		dx := c.Tape.zeroed(x)
		eachChunk(len(dy), func(lo, hi int) { a.backward(dx[lo:hi], Data(x)[lo:hi], dy[lo:hi]) })
	}, x)
	return y
}

// Add returns a + b, of one shape.
func Add(c *Context, a, b *tensor.Dense) *tensor.Dense {
	mustMatch("add", a, b)
	y := c.New(a.Shape()...)
	if c.cancelled() {
		return y
	}
	eachChunk(a.Size(), func(lo, hi int) { kernel.Add(Data(y)[lo:hi], Data(a)[lo:hi], Data(b)[lo:hi]) })
	c.record(y, func(dy []float32) {
		c.Tape.add(a, dy)
		c.Tape.add(b, dy)
	}, a, b)
	return y
}

// add adds dy to the gradient of x, if wanted.
func (t *Tape) add(x *tensor.Dense, dy []float32) {
	dx, accumulate := t.into(x)
	if dx == nil {
		return
	}
	eachChunk(len(dy), func(lo, hi int) {
		if accumulate {
			kernel.Add(dx[lo:hi], dx[lo:hi], dy[lo:hi])
		} else {
			copy(dx[lo:hi], dy[lo:hi])
		}
	})
}

// AddPerChannel adds e [N,C] to every pixel of x [N,H,W,C].
func AddPerChannel(c *Context, x, e *tensor.Dense) *tensor.Dense {
	n := x.Shape()[0]
	m, ch := rows(x)
	pixels := m / n
	y := c.New(x.Shape()...)
	if c.cancelled() {
		return y
	}
	eachBlock(n, pixels, ch, func(i, lo, hi int) {
		v := Data(e)[i*ch : (i+1)*ch]
		for r := (i*pixels + lo) * ch; r < (i*pixels+hi)*ch; r += ch {
			kernel.Add(Data(y)[r:r+ch], Data(x)[r:r+ch], v)
		}
	})
	c.record(y, func(dy []float32) {
		c.Tape.add(x, dy)
		sum, _ := columnStats(dy, dy, n, pixels, ch)
		c.Tape.addTotals(e, sum)
	}, x, e)
	return y
}

// AddPositions adds p [T,C] to every sequence of x [N,T,C].
func AddPositions(c *Context, x, p *tensor.Dense) *tensor.Dense {
	y := c.New(x.Shape()...)
	if c.cancelled() {
		return y
	}
	n := p.Size()
	for at := 0; at < x.Size(); at += n {
		kernel.Add(Data(y)[at:at+n], Data(x)[at:at+n], Data(p))
	}
	c.record(y, func(dy []float32) {
		c.Tape.add(x, dy)
		if dp := c.Tape.zeroed(p); dp != nil {
			for at := 0; at < len(dy); at += n {
				kernel.Add(dp, dp, dy[at:at+n])
			}
		}
	}, x, p)
	return y
}

// Concat joins a [...,A] and b [...,B] to [...,A+B].
func Concat(c *Context, a, b *tensor.Dense) *tensor.Dense {
	m, ca := rows(a)
	_, cb := rows(b)
	ch := ca + cb
	y := c.New(withLast(a, ch)...)
	if c.cancelled() {
		return y
	}
	eachBlock(1, m, ch, func(_, lo, hi int) {
		for r := lo; r < hi; r++ {
			copy(Data(y)[r*ch:], Data(a)[r*ca:(r+1)*ca])
			copy(Data(y)[r*ch+ca:], Data(b)[r*cb:(r+1)*cb])
		}
	})
	c.record(y, func(dy []float32) {
		da, db := c.Tape.zeroed(a), c.Tape.zeroed(b)
		eachBlock(1, m, ch, func(_, lo, hi int) {
			for r := lo; r < hi; r++ {
				if da != nil {
					kernel.Add(da[r*ca:(r+1)*ca], da[r*ca:(r+1)*ca], dy[r*ch:r*ch+ca])
				}
				if db != nil {
					kernel.Add(db[r*cb:(r+1)*cb], db[r*cb:(r+1)*cb], dy[r*ch+ca:(r+1)*ch])
				}
			}
		})
	}, a, b)
	return y
}

// GEGLU gates the first half of x's channels by GELU of the second
// (Shazeer 2020): [...,2d] → [...,d].
func GEGLU(c *Context, x *tensor.Dense) *tensor.Dense {
	m, ch := rows(x)
	d := ch / 2
	y := c.New(withLast(x, d)...)
	if c.cancelled() {
		return y
	}
	eachBlock(1, m, ch, func(_, lo, hi int) {
		for r := lo; r < hi; r++ {
			out := Data(y)[r*d : (r+1)*d]
			kernel.GELU(out, Data(x)[r*ch+d:(r+1)*ch])
			kernel.Mul(out, out, Data(x)[r*ch:r*ch+d])
		}
	})
	c.record(y, func(dy []float32) {
		dx := c.Tape.zeroed(x)
		eachBlock(1, m, ch, func(_, lo, hi int) {
			tmp := borrow(d)
			defer giveBack(tmp)
			for r := lo; r < hi; r++ {
				value, gate, g := Data(x)[r*ch:r*ch+d], Data(x)[r*ch+d:(r+1)*ch], dy[r*d:(r+1)*d]
				kernel.GELU(*tmp, gate)
				kernel.MulAdd(dx[r*ch:r*ch+d], *tmp, g)
				kernel.Mul(*tmp, value, g)
				kernel.GELUGrad(dx[r*ch+d:(r+1)*ch], gate, *tmp)
			}
		})
	}, x)
	return y
}

// Reshape returns x's values under another shape, sharing memory.
func Reshape(c *Context, x *tensor.Dense, shape ...int) *tensor.Dense {
	y := Wrap(Data(x), shape...)
	c.record(y, func(dy []float32) { c.Tape.add(x, dy) }, x)
	return y
}
