package nn

import (
	"math"

	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// PlusHiding is Plus for a context of nil, in which no token looks at those that are
// hidden, of all [N,T] in x. No gradients pass it. It is for short texts: a sequence's
// scores are in memory at once.
func (l *Attention) PlusHiding(c *Context, x, residual *tensor.Dense, hidden []bool) *tensor.Dense {
	q, k, v := l.Q.Forward(c, x), l.K.Forward(c, x), l.V.Forward(c, x)
	n, t, ch := x.Shape()[0], x.Shape()[1], x.Shape()[2]
	y := c.New(n, t, ch)
	flop := 4 * float64(n*t*t) * float64(ch)
	c.count(flop)
	if !c.idle() {
		start := c.begin()
		d := ch / l.heads
		a := &attention{
			n: n, heads: l.heads, tq: t, tk: t, ch: ch, d: d, scale: float32(1 / math.Sqrt(float64(d))), causal: l.causal,
			q: Data(q), k: Data(k), v: Data(v), hidden: hidden,
		}
		kernel.Parallel(n*l.heads, func(h int) {
			p := make([]float32, t*t)
			a.probabilities(p, h, 0, t)
			kernel.GemmSerial(t, d, t, kernel.Strided{Data: p, Row: t, Col: 1}, a.sequence(a.v, h, t).columns(), Data(y)[a.at(h, t, 0):], ch, false)
		})
		c.end(OpAttention, start, flop)
	}
	c.Free(q, k, v)
	out := l.Out.Plus(c, y, residual)
	c.Free(y)
	return out
}
