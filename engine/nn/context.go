// Package nn holds the layers of the networks over *tensor.Dense, channels
// last: [N,H,W,C] for pictures and latents, [N,T,C] for tokens.
//
// A layer's forward pass is written once. With a Tape in its Context it also
// records how to send gradients back; without one it leaves nothing behind but
// its result.
package nn

import (
	"context"
	"fmt"
	"sync/atomic"

	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// Context carries one forward pass: its cancellation, its memory, and the tape
// that training records on. A Context is used by one goroutine at a time.
//
// A cancelled Context makes every layer return at once with meaningless
// values; whoever runs the network asks Err before using the result.
type Context struct {
	context.Context
	Tape *Tape
	// Profile, if any, is told how long each kind of layer takes.
	Profile *Profile

	stop   *atomic.Bool // becomes true when the context ends
	forget func() bool  // takes back that it does

	free map[int][][]float32 // by length
	used [][]float32

	arena    []float32 // the memory of planned passes, of which one is under way at most
	plans    map[Pass]*plan
	pass     Pass
	plan     *plan // of the pass under way, else nil
	planning bool

	rehearsal bool
	need      int64 // see Need

	work float64 // of the matrix products of passes that were planned
}

// NewContext returns a Context for inference, cancelled with ctx.
func NewContext(ctx context.Context) *Context {
	c := &Context{free: map[int][][]float32{}, plans: map[Pass]*plan{}}
	c.Attach(ctx)
	return c
}

// Attach makes c end with ctx instead of the context it had.
func (c *Context) Attach(ctx context.Context) {
	if c.forget != nil {
		c.forget()
	}
	stop := new(atomic.Bool)
	stop.Store(ctx.Err() != nil)
	c.Context, c.stop = ctx, stop
	c.forget = context.AfterFunc(ctx, func() { stop.Store(true) })
}

// Training returns a Context with an empty tape.
func Training(ctx context.Context) *Context {
	c := NewContext(ctx)
	c.Tape = &Tape{ctx: c, grads: map[*tensor.Dense]*gradient{}}
	return c
}

// New returns a tensor whose values are whatever its memory last held. It is
// valid until Reset, or the next pass.
func (c *Context) New(shape ...int) *tensor.Dense {
	switch {
	case c.planning:
		return c.plan.add(shape)
	case c.plan != nil:
		return c.plan.take(shape)
	}
	return Wrap(c.buffer(size(shape)), append([]int(nil), shape...)...)
}

// buffer hands out n floats of unspecified content until Reset or Free.
func (c *Context) buffer(n int) []float32 {
	var b []float32
	if list := c.free[n]; len(list) > 0 {
		b = list[len(list)-1]
		c.free[n] = list[:len(list)-1]
	} else {
		b = make([]float32, n)
	}
	c.used = append(c.used, b)
	return b
}

// Free returns the memory of intermediate results early, which keeps the peak
// of an inference low. With a tape it does nothing: the backward pass will
// want them.
func (c *Context) Free(xs ...*tensor.Dense) {
	if c.Tape != nil {
		return
	}
	for _, x := range xs {
		switch {
		case c.planning:
			c.plan.end(x)
		case c.plan == nil:
			c.release(Data(x))
		}
	}
}

func (c *Context) release(b []float32) {
	for i := len(c.used) - 1; i >= 0; i-- {
		if &c.used[i][0] == &b[0] {
			c.used[i] = c.used[len(c.used)-1]
			c.used = c.used[:len(c.used)-1]
			c.free[len(b)] = append(c.free[len(b)], b)
			return
		}
	}
}

// Reset takes back all memory handed out by New and clears the tape.
func (c *Context) Reset() {
	for _, b := range c.used {
		c.free[len(b)] = append(c.free[len(b)], b)
	}
	c.used = c.used[:0]
	if c.Tape != nil {
		c.Tape.reset()
	}
}

// Forget drops the plans of all passes, because a network has become another.
func (c *Context) Forget() { clear(c.plans) }

// idle tells layers to return at once: after the context's end, and while a pass
// is only planned.
func (c *Context) idle() bool { return c.planning || c.stop.Load() }

// Wrap makes a tensor over data without copying it, computed by our kernels.
func Wrap(data []float32, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data), tensor.WithEngine(kernel.Engine{}))
}

// Data returns the row-major values of x, not a copy.
func Data(x *tensor.Dense) []float32 { return x.Float32s() }

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// rows splits a tensor's shape into (all but the last) × last dimension.
func rows(x *tensor.Dense) (m, c int) {
	s := x.Shape()
	c = s[len(s)-1]
	return x.Size() / c, c
}

// like returns a new tensor of x's shape with another last dimension.
func (c *Context) like(x *tensor.Dense, last int) *tensor.Dense {
	var room [4]int
	s := append(room[:0], x.Shape()...)
	s[len(s)-1] = last
	return c.New(s...)
}

func mustMatch(what string, a, b *tensor.Dense) {
	if !a.Shape().Eq(b.Shape()) {
		panic(fmt.Sprintf("nn: %s: shapes %v and %v differ", what, a.Shape(), b.Shape()))
	}
}

// chunk is how many values one goroutine handles at a time in elementwise
// work: enough to outweigh handing it over, small enough to share evenly.
const chunk = 16384

// eachChunk calls body on consecutive ranges that cover [0,n).
func eachChunk(n int, body func(lo, hi int)) {
	kernel.Parallel((n+chunk-1)/chunk, func(i int) {
		body(i*chunk, min(n, (i+1)*chunk))
	})
}

// scratch lends short-lived buffers to concurrent bodies.
var scratch kernel.FreeList[[]float32]

func borrow(n int) *[]float32 {
	p := scratch.Get()
	if cap(*p) < n {
		*p = make([]float32, n)
	}
	*p = (*p)[:n]
	return p
}

func giveBack(p *[]float32) { scratch.Put(p) }
