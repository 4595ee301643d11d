package nn

import (
	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// At the autoencoder's full size one activation is as large as all of a network's
// weights. What follows works through a picture in strips, from the top down, so
// that few of them are in memory as a whole. A norm needs its statistics first:
// its input is either kept or made twice. Both give the bits that whole
// activations give, since strips begin where Winograd's tiles do and hold whole
// partial sums.

// stripPixels is about how many pixels a strip has: enough work to share out, and
// little memory.
const stripPixels = 1 << 14

// lookahead is how many rows a convolution's input is ahead of its result: one
// would do, but it is made in whole tiles.
const lookahead = 4

// stripRows is the height of strips of pictures that are w pixels wide.
func stripRows(w int) int {
	unit := max(lookahead, statsRows/min(statsRows, w&-w)) // w&-w: the power of two in w
	return max(unit, stripPixels/w/unit*unit)
}

// rowSource is pictures [N,H,W,C], of which strips are asked for from the top down.
type rowSource interface {
	// rows returns rows [from,to) of picture i, valid until the next call: from is
	// 0 or where the last strip ended, and to a multiple of 4 or H.
	rows(c *Context, i, from, to int) []float32
}

// kept is pictures in memory: [N,H,W,C] as a whole, or [rows,W,C] the latest strip.
type kept struct{ x *tensor.Dense }

func (s *kept) rows(_ *Context, i, from, to int) []float32 {
	shape := s.x.Shape()
	if shape.Dims() == 4 {
		from, to = i*shape[1]+from, i*shape[1]+to
		shape = shape[1:]
	} else {
		from, to = 0, to-from
	}
	row := shape[1] * shape[2]
	return Data(s.x)[from*row : to*row]
}

// enlarged is a convolution of pictures of half the size.
type enlarged struct {
	conv *Conv2D
	of   kept
	to   kept
}

func (s *enlarged) rows(c *Context, i, from, to int) []float32 {
	h, w := 2*s.of.x.Shape()[1], 2*s.of.x.Shape()[2]
	above, below := min(1, from), min(1, h-to)
	y := s.to.rows(c, i, from, to)
	s.conv.rows(c, strip{x: s.of.rows(c, i, from/2-above, to/2+below), above: above, below: below, enlarge: true, h: h, w: w, y: y})
	return y
}

// projected is a linear layer of every pixel.
type projected struct {
	linear *Linear
	of     rowSource
	to     kept
}

func (s *projected) rows(c *Context, i, from, to int) []float32 {
	y := s.to.rows(c, i, from, to)
	s.linear.rows(c, s.of.rows(c, i, from, to), y)
	return y
}

// normalised is pictures that a GroupNorm is applied to, once it knows their
// statistics.
type normalised struct {
	norm       *GroupNorm
	of         rowSource
	n, h, w    int
	factors    *tensor.Dense // [2,N·period(C)]
	window     *tensor.Dense // [rows,W,C]
	first, end int           // the rows that it holds
	task       *groupedPixels
}

// begin learns the statistics, for which it reads all strips of a source [n,h,w,C].
func (s *normalised) begin(c *Context, norm *GroupNorm, of rowSource, n, h, w int) {
	ch := norm.Gamma.Size()
	*s = normalised{norm: norm, of: of, n: n, h: h, w: w, task: grouped.Get()}
	s.factors = c.New(2, n*period(ch))
	s.window = c.strip(h, w, ch)
	t := s.task
	t.n, t.pixels, t.ch, t.silu, t.block = n, h*w, ch, norm.silu, max(1, chunk/ch)
	sums := newSums(n, ch)
	defer sums.giveBack()
	step := stripRows(w)
	for i := range n {
		for from := 0; from < h; from += step {
			x := of.rows(c, i, from, min(from+step, h))
			if !c.idle() {
				start := c.begin()
				sums.add(i, x, x, 1, len(x)/ch)
				c.end(OpNorm, start, 0)
			}
		}
	}
	if !c.idle() {
		norm.fit(t, sums, Data(s.factors))
	}
}

// finish gives its memory back.
func (s *normalised) finish(c *Context) {
	s.task.x, s.task.y, s.task.scale, s.task.shift = nil, nil, nil, nil
	grouped.Put(s.task)
	c.Free(s.factors, s.window)
}

// rows returns rows [from,to), of which it takes from its source what the last
// strip did not have.
func (s *normalised) rows(c *Context, i, from, to int) []float32 {
	if from == 0 {
		s.first, s.end = 0, 0
	}
	row := s.w * s.task.ch
	window := Data(s.window)
	again, all := (s.end-from)*row, (to-from)*row
	if !c.idle() {
		copy(window[:again], window[(from-s.first)*row:])
	}
	if s.end < to {
		x := s.of.rows(c, i, s.end, to)
		if !c.idle() {
			s.apply(c, window[again:all], x, i)
		}
	}
	s.first, s.end = from, to
	return window[:all]
}

// apply normalises some of picture i.
func (s *normalised) apply(c *Context, y, x []float32, i int) {
	start := c.begin()
	t := s.task
	t.x, t.y, t.n, t.pixels = x, y, 1, len(x)/t.ch
	p := period(t.ch)
	factors := Data(s.factors)[i*p:]
	t.scale, t.shift = factors[:p], factors[s.n*p:][:p]
	kernel.Run(t.parts(), t, c.stop)
	c.end(OpNorm, start, 0)
}

// convolved is a convolution of normalised pictures, and what is added to it.
type convolved struct {
	conv *Conv2D
	of   *normalised
	plus rowSource // or nil
	to   kept
}

func (s *convolved) rows(c *Context, i, from, to int) []float32 {
	h, w := s.of.h, s.of.w
	above, below := min(1, from), min(1, h-to)
	x := s.of.rows(c, i, from-above, min(to+lookahead, h))
	x = x[:(above+to-from+below)*w*s.conv.packed.In]
	y := s.to.rows(c, i, from, to)
	var add []float32
	if s.plus != nil {
		add = s.plus.rows(c, i, from, to)
	}
	s.conv.rows(c, strip{x: x, above: above, below: below, h: h, w: w, add: add, y: y})
	return y
}

// all makes all strips.
func (s *convolved) all(c *Context) {
	step := stripRows(s.of.w)
	for i := range s.of.n {
		for from := 0; from < s.of.h; from += step {
			s.rows(c, i, from, min(from+step, s.of.h))
		}
	}
}

// strip returns memory for a strip of a picture [h,w,ch], with what lies ahead.
func (c *Context) strip(h, w, ch int) *tensor.Dense {
	return c.New(min(stripRows(w)+2*lookahead, h), w, ch)
}

// stages is a block in strips.
type stages struct {
	input          kept
	larger         enlarged
	round          projected
	first, second  normalised
	hidden, result convolved
}

var stagesPool kernel.FreeList[stages]

func (s *stages) giveBack() {
	*s = stages{}
	stagesPool.Put(s)
}

// inStrips tells whether the layer can work in strips.
func (l *Conv2D) inStrips(c *Context) bool { return c.Tape == nil && l.packed != nil }

// Normalised is Forward of norm.Forward(x), for a 3×3 convolution.
func (l *Conv2D) Normalised(c *Context, norm *GroupNorm, x *tensor.Dense) *tensor.Dense {
	if !l.inStrips(c) {
		h := norm.Forward(c, x)
		y := l.Forward(c, h)
		c.Free(h)
		return y
	}
	y := c.like(x, l.B.Size())
	s := stagesPool.Get()
	defer s.giveBack()
	s.input = kept{x}
	shape := x.Shape()
	s.first.begin(c, norm, &s.input, shape[0], shape[1], shape[2])
	s.result = convolved{conv: l, of: &s.first, to: kept{y}}
	s.result.all(c)
	s.first.finish(c)
	return y
}

// Replace is Consume without a noise level. Where the width stays, the result is in
// the memory of x and no other activation is in memory as a whole, for the price
// of one convolution more: the first is made for the second norm's statistics
// and then once more.
func (r *Resnet) Replace(c *Context, x *tensor.Dense) *tensor.Dense {
	if r.shortcut != nil || r.time != nil || !r.conv1.inStrips(c) {
		return r.Consume(c, x, nil)
	}
	shape := x.Shape()
	hidden := c.strip(shape[1], shape[2], shape[3])
	s := stagesPool.Get()
	defer s.giveBack()
	s.input = kept{x}
	r.strips(c, s, &s.input, hidden, x)
	c.Free(hidden)
	return x
}

// narrow is Consume for a block with a shortcut and without a noise level.
func (r *Resnet) narrow(c *Context, x *tensor.Dense) *tensor.Dense {
	y := c.like(x, r.conv1.B.Size())
	s := stagesPool.Get()
	defer s.giveBack()
	s.input = kept{x}
	r.strips(c, s, &s.input, y, y)
	c.Free(x)
	return y
}

// Enlarge is Consume, without a noise level, of up.Enlarged(c, x), which is never in
// memory as a whole, but made three times: for the first norm's statistics, for
// the first convolution, and for the shortcut. It consumes x.
func (r *Resnet) Enlarge(c *Context, up *Conv2D, x *tensor.Dense) *tensor.Dense {
	shape := x.Shape()
	n, h, w := shape[0], 2*shape[1], 2*shape[2]
	if r.time != nil || !up.inStrips(c) || !up.winograd(h, w) {
		y := up.Enlarged(c, x)
		c.Free(x)
		return r.Consume(c, y, nil)
	}
	y := c.New(n, h, w, r.conv1.B.Size())
	larger := c.strip(h, w, up.B.Size())
	s := stagesPool.Get()
	defer s.giveBack()
	s.larger = enlarged{conv: up, of: kept{x}, to: kept{larger}}
	r.strips(c, s, &s.larger, y, y)
	c.Free(larger, x)
	return y
}

// strips makes a block's result y [N,H,W,out] from its input. The first
// convolution's goes to hidden: y itself, or memory for a strip.
func (r *Resnet) strips(c *Context, s *stages, input rowSource, hidden, y *tensor.Dense) {
	shape := y.Shape()
	n, h, w := shape[0], shape[1], shape[2]
	s.hidden = convolved{conv: r.conv1, of: &s.first, to: kept{hidden}}
	s.first.begin(c, r.norm1, input, n, h, w)
	s.second.begin(c, r.norm2, &s.hidden, n, h, w)
	s.result = convolved{conv: r.conv2, of: &s.second, plus: input, to: kept{y}}
	if hidden == y {
		s.second.of = &s.hidden.to // all of it is there
	}
	if r.shortcut != nil {
		s.round = projected{linear: r.shortcut, of: input, to: kept{c.strip(h, w, shape[3])}}
		s.result.plus = &s.round
	}
	s.result.all(c)
	if r.shortcut != nil {
		c.Free(s.round.to.x)
	}
	s.second.finish(c)
	s.first.finish(c)
}
