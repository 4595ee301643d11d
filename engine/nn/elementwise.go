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

// pointwise is elementwise work under way, a chunk at a time.
type pointwise struct {
	unary   func(dst, x []float32)
	binary  func(dst, a, b []float32)
	y, a, b []float32
}

var pointwises kernel.FreeList[pointwise]

// Do does one chunk.
func (p *pointwise) Do(i int) {
	lo, hi := i*chunk, min((i+1)*chunk, len(p.y))
	if p.unary != nil {
		p.unary(p.y[lo:hi], p.a[lo:hi])
	} else {
		p.binary(p.y[lo:hi], p.a[lo:hi], p.b[lo:hi])
	}
}

// run does all of it.
func (p pointwise) run(c *Context) {
	task := pointwises.Get()
	*task = p
	kernel.Run((len(p.y)+chunk-1)/chunk, task, c.stop)
	*task = pointwise{}
	pointwises.Put(task)
}

// Forward applies a to every value of x.
func (a Activation) Forward(c *Context, x *tensor.Dense) *tensor.Dense {
	y := c.New(x.Shape()...)
	if c.idle() {
		return y
	}
	start := c.begin()
	pointwise{unary: a.forward, y: Data(y), a: Data(x)}.run(c)
	c.end(OpActivation, start, 0)
	if c.Tape != nil {
		c.record(y, func(dy []float32) {
			dx := c.Tape.zeroed(x)
			eachChunk(len(dy), func(lo, hi int) { a.backward(dx[lo:hi], Data(x)[lo:hi], dy[lo:hi]) })
		}, x)
	}
	return y
}

// Add returns a + b, of one shape.
func Add(c *Context, a, b *tensor.Dense) *tensor.Dense {
	mustMatch("add", a, b)
	y := c.New(a.Shape()...)
	if c.idle() {
		return y
	}
	start := c.begin()
	pointwise{binary: kernel.Add, y: Data(y), a: Data(a), b: Data(b)}.run(c)
	c.end(OpMove, start, 0)
	if c.Tape != nil {
		c.record(y, func(dy []float32) {
			c.Tape.add(a, dy)
			c.Tape.pass(b)
		}, a, b)
	}
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
	if c.idle() {
		return y
	}
	eachBlock(n, pixels, ch, func(i, lo, hi int) {
		v := Data(e)[i*ch : (i+1)*ch]
		for r := (i*pixels + lo) * ch; r < (i*pixels+hi)*ch; r += ch {
			kernel.Add(Data(y)[r:r+ch], Data(x)[r:r+ch], v)
		}
	})
	c.record(y, func(dy []float32) {
		sum, _ := columnStats(dy, dy, n, pixels, ch)
		c.Tape.addTotals(e, sum)
		c.Tape.pass(x)
	}, x, e)
	return y
}

// AddPositions adds p [T,C] to every sequence of x [N,T,C].
func AddPositions(c *Context, x, p *tensor.Dense) *tensor.Dense {
	y := c.New(x.Shape()...)
	if c.idle() {
		return y
	}
	n := p.Size()
	for at := 0; at < x.Size(); at += n {
		kernel.Add(Data(y)[at:at+n], Data(x)[at:at+n], Data(p))
	}
	c.record(y, func(dy []float32) {
		if dp := c.Tape.zeroed(p); dp != nil {
			for at := 0; at < len(dy); at += n {
				kernel.Add(dp, dp, dy[at:at+n])
			}
		}
		c.Tape.pass(x)
	}, x, p)
	return y
}

// joining is a Concat or Spread under way, some rows at a time.
type joining struct {
	y, a, b    []float32
	ca, cb     int
	rows, step int
}

var joinings kernel.FreeList[joining]

// Do copies some rows; a source that has fewer is used again from its beginning.
func (j *joining) Do(i int) {
	ch := j.ca + j.cb
	ra, rb := len(j.a)/j.ca, 1
	if j.cb > 0 {
		rb = len(j.b) / j.cb
	}
	for r := i * j.step; r < min((i+1)*j.step, j.rows); r++ {
		row := j.y[r*ch : (r+1)*ch]
		copy(row[:j.ca], j.a[r%ra*j.ca:])
		if j.cb > 0 {
			copy(row[j.ca:], j.b[r%rb*j.cb:])
		}
	}
}

func (j joining) run(c *Context) {
	start := c.begin()
	task := joinings.Get()
	*task = j
	task.rows = len(j.y) / (j.ca + j.cb)
	task.step = max(1, chunk/(j.ca+j.cb))
	kernel.Run((task.rows+task.step-1)/task.step, task, c.stop)
	*task = joining{}
	joinings.Put(task)
	c.end(OpMove, start, 0)
}

// Concat joins a [N,...,A] and b [N,...,B] to [N,...,A+B].
func Concat(c *Context, a, b *tensor.Dense) *tensor.Dense {
	m, ca := rows(a)
	_, cb := rows(b)
	ch := ca + cb
	y := c.like(a, ch)
	if c.idle() {
		return y
	}
	joining{y: Data(y), a: Data(a), b: Data(b), ca: ca, cb: cb}.run(c)
	if c.Tape != nil {
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
	}
	return y
}

// Spread returns x [N,...] for n pictures: itself if N is n or, if N is 1, n times
// over. It is for inference: no gradients pass it.
func Spread(c *Context, x *tensor.Dense, n int) *tensor.Dense {
	if x.Shape()[0] == n {
		return x
	}
	var room [4]int
	s := append(room[:0], x.Shape()...)
	s[0] = n
	y := c.New(s...)
	if c.idle() {
		return y
	}
	_, ch := rows(x)
	joining{y: Data(y), a: Data(x), ca: ch}.run(c)
	return y
}

// Keep copies x to dst, of as many numbers, to outlive the pass.
func Keep(c *Context, x *tensor.Dense, dst []float32) {
	if !c.idle() {
		copy(dst, Data(x))
	}
}

// Recall returns what Keep has kept, as a tensor of the pass.
func Recall(c *Context, kept []float32, shape ...int) *tensor.Dense {
	y := c.New(shape...)
	if !c.idle() {
		copy(Data(y), kept)
	}
	return y
}

// GEGLU gates the first half of x's channels by GELU of the second
// (Shazeer 2020): [...,2d] → [...,d].
func GEGLU(c *Context, x *tensor.Dense) *tensor.Dense {
	m, ch := rows(x)
	d := ch / 2
	y := c.like(x, d)
	if c.idle() {
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
	if c.planning {
		if y, ok := c.plan.view(x, shape); ok {
			return y
		}
	} else if c.plan != nil && c.plan.has(x) {
		return c.plan.take(shape)
	}
	y := Wrap(Data(x), append([]int(nil), shape...)...)
	if c.Tape != nil {
		c.record(y, func([]float32) { c.Tape.pass(x) }, x)
	}
	return y
}
