package nn

import (
	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// Linear is y = x·W + b over the last dimension.
type Linear struct {
	W *tensor.Dense // [in,out]
	B *tensor.Dense // [out], or nil
}

// NewLinear takes name.weight [out,in] and, with bias, name.bias [out].
func NewLinear(p Params, in, out int, bias bool) *Linear {
	l := &Linear{W: p.get("weight", linear, fanIn(in), out, in)}
	if bias {
		l.B = p.get("bias", plain, fanIn(in), out)
	}
	return l
}

// NewPointwise is a Linear whose file form is a 1×1 convolution,
// [out,in,1,1]: the same arithmetic, channels last.
func NewPointwise(p Params, in, out int) *Linear {
	l := &Linear{W: p.get("weight", conv, fanIn(in), out, in, 1, 1)}
	l.B = p.get("bias", plain, fanIn(in), out)
	return l
}

// Forward maps x [...,in] to [...,out].
func (l *Linear) Forward(c *Context, x *tensor.Dense) *tensor.Dense {
	m, in := rows(x)
	out := Data(l.W)
	n := len(out) / in
	y := c.New(withLast(x, n)...)
	if c.cancelled() {
		return y
	}
	c.Work += 2 * float64(m*n*in)
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
			kernel.Gemm(in, n, m,
				kernel.Strided{Data: Data(x), Row: 1, Col: in},
				kernel.Strided{Data: dy, Row: 1, Col: n},
				dw, n, acc)
		}
		t.addColumns(l.B, dy, n)
	}, x, l.W, l.B)
	return y
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

// columnStats returns Σ a and Σ a·b over the rows of each of n blocks, per
// column: a and b are [n,rows,c], the results [n,c]. Partial sums of statsRows
// rows are float32; they are added up in float64, in order.
func columnStats(a, b []float32, n, rows, c int) (sum, dot []float64) {
	parts := (rows + statsRows - 1) / statsRows
	partial := borrow(n * parts * 2 * c)
	defer giveBack(partial)
	p := *partial
	clear(p)
	kernel.Parallel(n*parts, func(i int) {
		r0 := i % parts * statsRows
		count := min(statsRows, rows-r0)
		at := (i/parts*rows + r0) * c
		s := p[i*2*c : (i+1)*2*c]
		kernel.ColumnDots(s[:c], s[c:], a[at:at+count*c], b[at:at+count*c], count, c)
	})
	sum, dot = make([]float64, n*c), make([]float64, n*c)
	for i := range n * parts {
		at := i / parts * c
		s := p[i*2*c : (i+1)*2*c]
		for j := range c {
			sum[at+j] += float64(s[j])
			dot[at+j] += float64(s[c+j])
		}
	}
	return sum, dot
}
