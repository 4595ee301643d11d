package nn

import (
	"slices"

	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// Linear is y = x·W + b over the last dimension.
type Linear struct {
	W *tensor.Dense // [in,out], nil where the weights are packed
	B *tensor.Dense // [out], or nil

	packed *kernel.Weights
	op     Op
}

// NewLinear takes name.weight [out,in] and, with bias, name.bias [out].
func NewLinear(p Params, in, out int, bias bool) *Linear {
	return newLinear(p, in, out, bias, false)
}

// newLinear makes a layer whose result may be gated: the first half of the out
// columns by GELU of the second.
func newLinear(p Params, in, out int, bias, gated bool) *Linear {
	l := &Linear{op: OpLinear}
	l.W, l.packed = p.weight(linear, fanIn(in), gated, true, out, in)
	if bias {
		l.B = p.get("bias", plain, fanIn(in), out)
	}
	return l
}

// NewPointwise is a Linear whose file form is a 1×1 convolution,
// [out,in,1,1]: the same arithmetic, channels last.
func NewPointwise(p Params, in, out int) *Linear {
	l := &Linear{op: OpConv1}
	l.W, l.packed = p.weight(conv, fanIn(in), false, true, out, in, 1, 1)
	l.B = p.get("bias", plain, fanIn(in), out)
	return l
}

// Forward maps x [...,in] to [...,out].
func (l *Linear) Forward(c *Context, x *tensor.Dense) *tensor.Dense {
	if l.packed != nil {
		return l.multiply(c, x, kernel.Epilogue{}, nil)
	}
	m, in := rows(x)
	n := l.W.Size() / in
	y := c.like(x, n)
	c.count(2 * float64(m*n*in))
	if c.idle() {
		return y
	}
	fillRows(Data(y), l.B, n)
	kernel.Gemm(m, n, in,
		kernel.Strided{Data: Data(x), Row: in, Col: 1},
		kernel.Strided{Data: Data(l.W), Row: 1, Col: n},
		Data(y), n, l.B != nil)

	c.record(y, func(dy []float32) {
		t := c.Tape
		if dx, acc := t.into(x); dx != nil {
			kernel.Gemm(m, in, n,
				kernel.Strided{Data: dy, Row: n, Col: 1},
				kernel.Strided{Data: Data(l.W), Row: n, Col: 1},
				dx, in, acc)
		}
		if dw, acc := t.into(l.W); dw != nil {
			kernel.Outer(in, n, m, kernel.Strided{Data: Data(x), Row: in, Col: 1}, dy, n, dw, n, acc)
		}
		t.addColumns(l.B, dy, n)
	}, x, l.W, l.B)
	return y
}

// Plus is Forward(x) + residual.
func (l *Linear) Plus(c *Context, x, residual *tensor.Dense) *tensor.Dense {
	if l.packed != nil {
		return l.multiply(c, x, kernel.Epilogue{}, residual)
	}
	h := l.Forward(c, x)
	y := Add(c, h, residual)
	c.Free(h)
	return y
}

// Then is a.Forward of Forward(x).
func (l *Linear) Then(c *Context, x *tensor.Dense, a Activation) *tensor.Dense {
	if l.packed != nil {
		return l.multiply(c, x, kernel.Epilogue{Activation: a.forward}, nil)
	}
	h := l.Forward(c, x)
	y := a.Forward(c, h)
	c.Free(h)
	return y
}

// Scaled is Forward(x) times a number. It is for inference: no gradients pass it.
func (l *Linear) Scaled(c *Context, x *tensor.Dense, scale float32) *tensor.Dense {
	if l.packed != nil {
		return l.multiply(c, x, kernel.Epilogue{Scale: scale}, nil)
	}
	y := l.Forward(c, x)
	if !c.idle() {
		kernel.Scale(Data(y), scale, Data(y))
	}
	return y
}

// gated is GEGLU of Forward(x), for a layer made as gated.
func (l *Linear) gated(c *Context, x *tensor.Dense) *tensor.Dense {
	if l.packed != nil {
		return l.multiply(c, x, kernel.Epilogue{}, nil)
	}
	h := l.Forward(c, x)
	y := GEGLU(c, h)
	c.Free(h)
	return y
}

// multiply is the product with packed weights, and what is done to it while it
// is in the cache.
func (l *Linear) multiply(c *Context, x *tensor.Dense, e kernel.Epilogue, residual *tensor.Dense) *tensor.Dense {
	m, in := rows(x)
	y := c.like(x, l.packed.Out)
	columns := l.packed.Out
	if l.packed.Gated {
		columns *= 2
	}
	flop := 2 * float64(m*columns) * float64(in)
	c.count(flop)
	if c.idle() {
		return y
	}
	if residual != nil {
		mustMatch("sum of a layer and what goes round it", y, residual)
		e.Residual, e.ResidualRow = Data(residual), l.packed.Out
	}
	start := c.begin()
	kernel.Multiply(m, Data(x), in, l.packed, bias(l.B), Data(y), l.packed.Out, e, c.stop)
	c.end(l.op, start, flop)
	return y
}

// rows is Forward of some rows x [m,in], with packed weights.
func (l *Linear) rows(c *Context, x, y []float32) {
	flop := 2 * float64(len(y)) * float64(l.packed.In)
	c.count(flop)
	if c.idle() {
		return
	}
	start := c.begin()
	kernel.Multiply(len(x)/l.packed.In, x, l.packed.In, l.packed, bias(l.B), y, l.packed.Out, kernel.Epilogue{}, c.stop)
	c.end(l.op, start, flop)
}

// bias is the values of a bias, if there is one.
func bias(b *tensor.Dense) []float32 {
	if b == nil {
		return nil
	}
	return Data(b)
}

// fillRows writes the bias to every row, where the product then accumulates.
func fillRows(y []float32, bias *tensor.Dense, n int) {
	if bias == nil {
		return
	}
	b := Data(bias)
	eachChunk(len(y)/n, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			copy(y[r*n:(r+1)*n], b)
		}
	})
}

// addColumns adds the column sums of dy [rows,n] to the gradient of bias.
func (t *Tape) addColumns(bias *tensor.Dense, dy []float32, n int) {
	if bias == nil || t.grads[bias] == nil {
		return
	}
	sum, _ := columnStats(dy, dy, 1, len(dy)/n, n)
	t.addTotals(bias, sum)
}

// addTotals adds totals [n,c] over their rows to the gradient of x [c].
func (t *Tape) addTotals(x *tensor.Dense, totals []float64) {
	dx := t.zeroed(x)
	if dx == nil {
		return
	}
	for i, v := range totals {
		dx[i%len(dx)] += float32(v)
	}
}

// statsRows is how many rows one partial sum covers; fixed, so that the order
// of every sum is the same on any number of processors.
const statsRows = 128

// columnSums is a sum of columns under way.
type columnSums struct {
	sum, dot []float64 // [n,c]: Σ a and Σ a·b over the rows of each of n blocks
	partial  []float32
	// prepare, if there is one, makes elements [lo,hi) of a before they are added up.
	prepare func(lo, hi int)

	a, b           []float32
	first, n, rows int // blocks that are being added to, and rows for each
	ch, wide       int // columns, and those that are added up at a time: of several rows, where they are few
	parts          int
}

var columnSumsPool kernel.FreeList[columnSums]

// newSums begins sums of n blocks of c columns. They are to be given back.
func newSums(n, c int) *columnSums {
	s := columnSumsPool.Get()
	const wide = 64
	s.ch, s.wide = c, c*max(1, wide/c)
	s.sum = slices.Grow(s.sum[:0], n*c)[:n*c]
	s.dot = slices.Grow(s.dot[:0], n*c)[:n*c]
	clear(s.sum)
	clear(s.dot)
	return s
}

func (s *columnSums) giveBack() {
	s.prepare = nil
	columnSumsPool.Put(s)
}

// add adds to n blocks from number first on: a and b are [n,rows,c]. Partial sums
// of statsRows rows are float32; they are added up in float64, in order. So rows
// that come in several calls give the same bits as in one if each call but the
// last brings a multiple of statsRows.
func (s *columnSums) add(first int, a, b []float32, n, rows int) {
	s.a, s.b, s.first, s.n, s.rows = a, b, first, n, rows
	s.parts = (rows + statsRows - 1) / statsRows
	size := n * s.parts * 2 * s.wide
	s.partial = slices.Grow(s.partial[:0], size)[:size]
	kernel.Run(n*s.parts, s, nil)
	kernel.Run((n*s.ch+joinColumns-1)/joinColumns, (*joiningSums)(s), nil)
	s.a, s.b = nil, nil
}

// addUp is the sums of a and b [n,rows,c].
func addUp(a, b []float32, n, rows, c int) *columnSums {
	s := newSums(n, c)
	s.add(0, a, b, n, rows)
	return s
}

// Do adds up some rows.
func (s *columnSums) Do(i int) {
	r0 := i % s.parts * statsRows
	lo := (i/s.parts*s.rows + r0) * s.ch
	hi := lo + min(statsRows, s.rows-r0)*s.ch
	if s.prepare != nil {
		s.prepare(lo, hi)
	}
	p := s.partial[i*2*s.wide : (i+1)*2*s.wide]
	clear(p)
	for _, c := range [2]int{s.wide, s.ch} { // and then the rows that are left
		rows := (hi - lo) / c
		kernel.ColumnDots(p[:c], p[s.wide:s.wide+c], s.a[lo:lo+rows*c], s.b[lo:lo+rows*c], rows, c)
		lo += rows * c
	}
}

// joiningSums is sums whose parts are being joined, some columns at a time.
type joiningSums columnSums

const joinColumns = 64

func (s *joiningSums) Do(i int) {
	for j := i * joinColumns; j < min((i+1)*joinColumns, s.n*s.ch); j++ {
		at := j / s.ch * s.parts * 2 * s.wide
		to := s.first*s.ch + j
		sum, dot := s.sum[to], s.dot[to]
		for range s.parts {
			for k := j % s.ch; k < s.wide; k += s.ch {
				sum += float64(s.partial[at+k])
				dot += float64(s.partial[at+s.wide+k])
			}
			at += 2 * s.wide
		}
		s.sum[to], s.dot[to] = sum, dot
	}
}

// columnStats is addUp with results of their own.
func columnStats(a, b []float32, n, rows, c int) (sum, dot []float64) {
	s := addUp(a, b, n, rows, c)
	defer s.giveBack()
	return slices.Clone(s.sum), slices.Clone(s.dot)
}
