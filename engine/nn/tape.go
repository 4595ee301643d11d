package nn

import (
	"gorgonia.org/tensor"
)

// Tape records a forward pass so that gradients can be sent back through it.
// Only what depends on a watched tensor is recorded.
type Tape struct {
	ctx     *Context
	watched []*tensor.Dense
	grads   map[*tensor.Dense]*gradient
	steps   []step
	current *gradient // of the result of the step that is under way back
}

type gradient struct {
	data    []float32 // nil until something flows back
	watched bool
}

type step struct {
	out      *tensor.Dense
	backward func(dy []float32)
}

// Watch asks for the gradients of parameters; it outlives Reset.
func (t *Tape) Watch(params ...*Param) {
	for _, p := range params {
		t.watched = append(t.watched, p.Value)
		t.grads[p.Value] = &gradient{watched: true}
	}
}

// WatchInput asks for the gradient of one tensor until the next Reset.
func (t *Tape) WatchInput(x *tensor.Dense) { t.grads[x] = &gradient{} }

func (t *Tape) reset() {
	clear(t.grads)
	for _, w := range t.watched {
		t.grads[w] = &gradient{watched: true}
	}
	clear(t.steps)
	t.steps = t.steps[:0]
}

// Grad returns d loss / d x after Backward, or nil if x had no part in it.
func (t *Tape) Grad(x *tensor.Dense) []float32 {
	if g := t.grads[x]; g != nil {
		return g.data
	}
	return nil
}

// Backward sends dy, the gradient of the loss by out, back to everything
// watched. Gradients of intermediate results are recycled on the way.
func (t *Tape) Backward(out *tensor.Dense, dy []float32) {
	g := t.grads[out]
	if g == nil {
		return
	}
	if g.data == nil {
		g.data = t.ctx.buffer(len(dy))
		copy(g.data, dy)
	} else {
		for i, v := range dy {
			g.data[i] += v
		}
	}
	for i := len(t.steps) - 1; i >= 0; i-- {
		s := t.steps[i]
		g := t.grads[s.out]
		if g.data == nil || t.ctx.idle() {
			continue
		}
		t.current = g
		s.backward(g.data)
		if g.data != nil && !g.watched {
			t.ctx.release(g.data)
			g.data = nil
		}
	}
	t.current = nil
}

// Seed adds dy to the gradient of x before Backward, for a loss with several
// outputs: seed all but one, and call Backward with that one.
func (t *Tape) Seed(x *tensor.Dense, dy []float32) {
	dx := t.zeroed(x)
	for i, v := range dy {
		dx[i] += v
	}
}

// record notes that out came from inputs. It is called by layers after their
// forward computation; backward gets d loss / d out, whose memory it may write to.
func (c *Context) record(out *tensor.Dense, backward func(dy []float32), inputs ...*tensor.Dense) {
	if c.Tape == nil {
		return
	}
	for _, x := range inputs {
		if x != nil && c.Tape.grads[x] != nil {
			c.Tape.grads[out] = &gradient{}
			c.Tape.steps = append(c.Tape.steps, step{out, backward})
			return
		}
	}
}

// into returns where to put the gradient of x: nil when nobody wants it. If
// accumulate is false the memory holds garbage and is to be overwritten.
func (t *Tape) into(x *tensor.Dense) (dx []float32, accumulate bool) {
	g := t.grads[x]
	if x == nil || g == nil {
		return nil, false
	}
	if g.data != nil {
		return g.data, true
	}
	g.data = t.ctx.buffer(x.Size())
	return g.data, false
}

// soFar returns the gradient of x that there is already, if any, and whether it is wanted.
func (t *Tape) soFar(x *tensor.Dense) (dx []float32, wanted bool) {
	g := t.grads[x]
	if g == nil {
		return nil, false
	}
	return g.data, true
}

// pass adds the gradient of the current step's result to that of x: it becomes that of x
// where there was none, so it is the last thing that a step does.
func (t *Tape) pass(x *tensor.Dense) {
	from, to := t.current, t.grads[x]
	if x == nil || to == nil {
		return
	}
	if to.data == nil && !from.watched {
		to.data, from.data = from.data, nil
		return
	}
	t.add(x, from.data)
}

// zeroed is into for those who can only add.
func (t *Tape) zeroed(x *tensor.Dense) []float32 {
	dx, accumulate := t.into(x)
	if dx != nil && !accumulate {
		clear(dx)
	}
	return dx
}
