package nn

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// Pass names a run of a network on input of one size.
type Pass struct {
	Network string
	Size    [4]int // whatever the shapes of its tensors depend on
}

// Next begins a pass and returns true, or ends it and returns false:
//
//	for c.Next(pass) {
//		y = model.Forward(c, x)
//	}
//
// What the body asks New for is taken from one piece of memory, which is planned
// when a pass is met for the first time: the body runs once more then, with
// layers that do nothing but ask for memory. After that a pass allocates nothing.
// The body must always ask for the same tensors, and has to run to its end. What
// it has made is valid until another pass begins.
func (c *Context) Next(pass Pass) bool {
	switch {
	case c.plan == nil:
		c.Reset()
		c.pass = pass
		if c.plan = c.plans[pass]; c.plan == nil {
			c.plan = &plan{}
			c.planning = true
			return true
		}
		c.plan.bind(c)
	case c.pass != pass:
		panic(fmt.Sprintf("nn: pass %v begins inside of pass %v", pass, c.pass))
	case c.planning:
		c.planning = false
		c.plan.arrange()
		if c.rehearsal {
			c.need = max(c.need, 4*int64(c.plan.size))
			c.plan = nil
			return false
		}
		if len(c.plans) >= mostPlans {
			clear(c.plans)
		}
		c.plans[pass] = c.plan
		c.plan.bind(c)
	default:
		c.plan = nil
		return false
	}
	return true
}

// Rehearsal returns a Context whose passes are planned and not computed: what they
// make has no meaning, and takes next to no time. Need tells what they would take.
func Rehearsal(ctx context.Context) *Context {
	c := NewContext(ctx)
	c.rehearsal = true
	return c
}

// Need is the bytes that the passes of a rehearsal would take.
func (c *Context) Need() int64 { return c.need }

// Count returns the floating-point operations of the matrix products of body, a
// forward pass, from their shapes and with convolutions as direct ones. Nothing
// is computed.
func (c *Context) Count(body func()) float64 {
	before := c.work
	c.rehearse(body)
	return c.work - before
}

// Memory returns the bytes of activations that body, a forward pass, needs as a
// planned one. Nothing is computed.
func (c *Context) Memory(body func()) int {
	p := c.rehearse(body)
	p.arrange()
	return 4 * p.size
}

// rehearse runs body with layers that do nothing but ask for memory.
func (c *Context) rehearse(body func()) *plan {
	p := &plan{}
	c.plan, c.planning = p, true
	body()
	c.plan, c.planning = nil, false
	return p
}

// count is told of a product's operations.
func (c *Context) count(flop float64) {
	if c.planning {
		c.work += flop
	}
}

// largeArena is the size, in floats, from which memory is worth a sweep.
const largeArena = 1 << 24

// mostPlans is how many sizes are remembered before all are planned anew.
const mostPlans = 16

// plan is the memory of a pass.
type plan struct {
	slots []slot
	next  int // the slot that is asked for next
	now   int // counts what was asked for and given back, while planning
	size  int
	dummy []float32 // what planning tensors lie in, all in the same place
	arena *float32  // the memory the tensors were made for
}

// slot is one tensor of a pass.
type slot struct {
	x          *tensor.Dense
	shape      []int
	first, end int // when it is asked for and given back; 0 is never
	offset     int
	of         int // the slot whose memory a view shares, or its own number
}

// add plans a tensor.
func (p *plan) add(shape []int) *tensor.Dense {
	p.now++
	n := size(shape)
	if len(p.dummy) < n {
		p.dummy = make([]float32, n)
	}
	s := slot{shape: slices.Clone(shape), first: p.now, of: len(p.slots)}
	s.x = Wrap(p.dummy[:n], s.shape...)
	p.slots = append(p.slots, s)
	return s.x
}

// view plans another shape for x, and reports whether x is of this pass.
func (p *plan) view(x *tensor.Dense, shape []int) (*tensor.Dense, bool) {
	i := p.find(x)
	if i < 0 {
		return nil, false
	}
	y := p.add(shape)
	p.slots[len(p.slots)-1].of = p.slots[i].of
	return y, true
}

func (p *plan) find(x *tensor.Dense) int {
	for i := len(p.slots) - 1; i >= 0; i-- {
		if p.slots[i].x == x {
			return i
		}
	}
	return -1
}

// end plans that x is given back.
func (p *plan) end(x *tensor.Dense) {
	if i := p.find(x); i >= 0 {
		p.now++
		p.slots[p.slots[i].of].end = p.now
	}
}

// arrange gives every slot its place: the largest first, each as low as those
// allow that live at the same time.
func (p *plan) arrange() {
	p.dummy = nil
	order := make([]int, 0, len(p.slots))
	for i, s := range p.slots {
		if s.of == i {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return size(p.slots[b].shape) - size(p.slots[a].shape) })
	var placed []int // by offset
	for _, i := range order {
		s, at, where := &p.slots[i], 0, 0
		n := room(s)
		for k, j := range placed {
			o := &p.slots[j]
			if o.end != 0 && o.end < s.first || s.end != 0 && s.end < o.first {
				continue
			}
			if at+n <= o.offset {
				break
			}
			at, where = max(at, o.offset+room(o)), k+1
		}
		s.offset = at
		p.size = max(p.size, at+n)
		// where it belongs among those that begin before it
		for where < len(placed) && p.slots[placed[where]].offset <= at {
			where++
		}
		placed = slices.Insert(placed, where, i)
	}
	for i := range p.slots {
		p.slots[i].offset = p.slots[p.slots[i].of].offset
	}
}

// room is a slot's size in whole cache lines.
func room(s *slot) int { return (size(s.shape) + 15) / 16 * 16 }

// bind makes the tensors of a pass that begins.
func (p *plan) bind(c *Context) {
	p.next = 0
	if len(c.arena) < p.size {
		c.arena = nil
		for _, other := range c.plans {
			other.unbind()
		}
		if p.size > largeArena {
			// Let go before there is another, also of what other passes need while
			// they compute.
			kernel.ForgetScratch()
			debug.FreeOSMemory()
		}
		c.arena = make([]float32, p.size)
	}
	if p.size == 0 || p.arena == &c.arena[0] {
		return
	}
	p.arena = &c.arena[0]
	for i := range p.slots {
		s := &p.slots[i]
		s.x = Wrap(c.arena[s.offset:s.offset+size(s.shape)], s.shape...)
	}
}

// unbind lets go of the memory the tensors were made for.
func (p *plan) unbind() {
	p.arena = nil
	for i := range p.slots {
		p.slots[i].x = nil
	}
}

// take returns the tensor that was planned.
func (p *plan) take(shape []int) *tensor.Dense {
	if p.next == len(p.slots) || !slices.Equal(p.slots[p.next].shape, shape) {
		panic(fmt.Sprintf("nn: a pass asks for a tensor that it did not ask for when it was planned, number %d of %d", p.next+1, len(p.slots)))
	}
	p.next++
	return p.slots[p.next-1].x
}

// has tells whether x is a tensor of this pass.
func (p *plan) has(x *tensor.Dense) bool {
	for i := p.next - 1; i >= 0; i-- {
		if p.slots[i].x == x {
			return true
		}
	}
	return false
}
