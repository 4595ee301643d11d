package nn

import (
	"math"

	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// queryBlock is how many queries the backward pass scores at a time: the score
// matrix of a whole sequence is never in memory.
const queryBlock = 64

// attend computes softmax(q·kᵀ/√d)·v for each of l's heads (Vaswani et al. 2017).
// q is [N,Tq,heads·d], or [1,Tq,heads·d] for the same queries for all, k and v
// [N,Tk,heads·d]; the result is [N,Tq,heads·d]. With causal, query i sees keys
// 0 … i. In the last blind of N each token sees itself alone.
func attend(c *Context, q, k, v *tensor.Dense, l *Attention, blind int) *tensor.Dense {
	heads, causal := l.heads, l.causal
	n, tq, tk, ch := k.Shape()[0], q.Shape()[1], k.Shape()[1], q.Shape()[2]
	y := c.New(n, tq, ch)
	seeing := n - blind
	flop := 4 * float64(seeing*tq*tk) * float64(ch)
	c.count(flop)
	if c.idle() {
		return y
	}
	d := ch / heads
	scale := float32(1 / math.Sqrt(float64(d)))
	start := c.begin()
	if seeing > 0 {
		kernel.Attention{
			Q: Data(q), K: Data(k), V: Data(v), Y: Data(y), N: seeing, QN: min(q.Shape()[0], seeing), Heads: heads, D: d, TQ: tq, TK: tk,
			Scale: scale, Causal: causal, Rounded: l.rounded,
		}.Run(c.stop)
	}
	copy(Data(y)[seeing*tq*ch:], Data(v)[seeing*tk*ch:]) // softmax is the identity there, and tq is tk
	c.end(OpAttention, start, flop)
	if c.Tape != nil {
		a := &attention{n: n, heads: heads, tq: tq, tk: tk, ch: ch, d: d, scale: scale, causal: causal, q: Data(q), k: Data(k), v: Data(v)}
		c.record(y, func(dy []float32) {
			t := c.Tape
			dq, dk, dv := t.zeroed(q), t.zeroed(k), t.zeroed(v)
			kernel.Parallel(a.n*heads, func(h int) { a.backward(h, dy, dq, dk, dv) })
		}, q, k, v)
	}
	return y
}

// attention is one call's geometry; h counts heads over all N.
type attention struct {
	n, heads, tq, tk, ch, d int
	scale                   float32
	causal                  bool
	q, k, v                 []float32
	hidden                  []bool // [n,tk], what no query sees; nil for none
}

// at is where row r of head h begins in a [N,t,heads·d] tensor.
func (a *attention) at(h, t, r int) int {
	return (h/a.heads*t+r)*a.ch + h%a.heads*a.d
}

// strided is a [t,d] matrix inside a [N,t,heads·d] tensor.
type strided struct {
	data []float32
	ch   int
}

func (a *attention) sequence(x []float32, h, t int) strided {
	return strided{x[a.at(h, t, 0):], a.ch}
}

// rows gives element (token, channel), columns (channel, token).
func (s strided) rows() kernel.Strided    { return kernel.Strided{Data: s.data, Row: s.ch, Col: 1} }
func (s strided) columns() kernel.Strided { return kernel.Strided{Data: s.data, Row: 1, Col: s.ch} }

// probabilities writes softmax(q·kᵀ·scale) of nq queries from q0 to p [nq,tk].
func (a *attention) probabilities(p []float32, h, q0, nq int) {
	kernel.GemmSerial(nq, a.tk, a.d, strided{a.q[a.at(h, a.tq, q0):], a.ch}.rows(),
		a.sequence(a.k, h, a.tk).rows(), p, a.tk, false)
	for r := range nq {
		row := p[r*a.tk : (r+1)*a.tk]
		seen := a.tk
		if a.causal {
			seen = q0 + r + 1
			clear(row[seen:])
		}
		if a.hidden != nil {
			for i, hidden := range a.hidden[h/a.heads*a.tk:][:seen] {
				if hidden {
					row[i] = -1e30
				}
			}
		}
		kernel.Softmax(row[:seen], a.scale)
	}
}

// backward adds the gradients of head h; any of dq, dk, dv may be nil.
func (a *attention) backward(h int, dy, dq, dk, dv []float32) {
	pb, db := borrow(queryBlock*a.tk), borrow(queryBlock*a.tk)
	defer giveBack(pb)
	defer giveBack(db)
	p, ds := *pb, *db
	keys, values := a.sequence(a.k, h, a.tk), a.sequence(a.v, h, a.tk)
	for q0 := 0; q0 < a.tq; q0 += queryBlock {
		nq := min(queryBlock, a.tq-q0)
		at := a.at(h, a.tq, q0)
		queries, grads := strided{a.q[at:], a.ch}, strided{dy[at:], a.ch}
		a.probabilities(p, h, q0, nq)
		if dv != nil {
			kernel.OuterSerial(a.tk, a.d, nq, kernel.Strided{Data: p, Row: a.tk, Col: 1}, grads.data, a.ch, dv[a.at(h, a.tk, 0):], a.ch, true)
		}
		// dS = P∘(dP − Σ dP∘P)·scale, the derivative of a softmax
		kernel.GemmSerial(nq, a.tk, a.d, grads.rows(), values.rows(), ds, a.tk, false)
		for r := range nq {
			prob, d := p[r*a.tk:(r+1)*a.tk], ds[r*a.tk:(r+1)*a.tk]
			mean := kernel.Dot(prob, d)
			for j := range d {
				d[j] = prob[j] * (d[j] - mean) * a.scale
			}
		}
		if dq != nil {
			kernel.GemmSerial(nq, a.d, a.tk, kernel.Strided{Data: ds, Row: a.tk, Col: 1},
				keys.columns(), dq[at:], a.ch, true)
		}
		if dk != nil {
			kernel.OuterSerial(a.tk, a.d, nq, kernel.Strided{Data: ds, Row: a.tk, Col: 1}, queries.data, a.ch, dk[a.at(h, a.tk, 0):], a.ch, true)
		}
	}
}

// Attention is multi-head attention with its four projections.
type Attention struct {
	Q, K, V, Out *Linear

	heads   int
	causal  bool
	rounded bool // scores and weighted sums are products of the second precision, too
}

// NewAttention is diffusers' Attention: to_q, to_k, to_v without bias unless
// told, to_out.0 with. context is the width of what keys and values are made
// from.
func NewAttention(p Params, ch, context, heads int, bias bool) *Attention {
	return &Attention{
		Q:     NewLinear(p.Sub("to_q"), ch, ch, bias),
		K:     NewLinear(p.Sub("to_k"), context, ch, bias),
		V:     NewLinear(p.Sub("to_v"), context, ch, bias),
		Out:   NewLinear(p.Sub("to_out.0"), ch, ch, true),
		heads: heads, rounded: p.store.precision == BFloat16,
	}
}

// NewCausalAttention is CLIP's: q_proj, k_proj, v_proj, out_proj, each token
// seeing those before it.
func NewCausalAttention(p Params, ch, heads int) *Attention {
	return &Attention{
		Q:     NewLinear(p.Sub("q_proj"), ch, ch, true),
		K:     NewLinear(p.Sub("k_proj"), ch, ch, true),
		V:     NewLinear(p.Sub("v_proj"), ch, ch, true),
		Out:   NewLinear(p.Sub("out_proj"), ch, ch, true),
		heads: heads, causal: true, rounded: p.store.precision == BFloat16,
	}
}

// Forward lets the tokens of x [N,T,C] look at those of context [N,S,D], or
// at each other if context is nil. x may be [1,T,C], the same for all.
func (l *Attention) Forward(c *Context, x, context *tensor.Dense) *tensor.Dense {
	y := l.look(c, x, context, 0)
	out := l.Out.Forward(c, y)
	c.Free(y)
	return out
}

// Plus is Forward(x, context) + residual [N,T,C].
func (l *Attention) Plus(c *Context, x, context, residual *tensor.Dense) *tensor.Dense {
	return l.perturbed(c, x, context, residual, 0)
}

// perturbed is Plus in which each token of the last n of x [N,T,C] sees nothing but
// itself, for a context of nil. No gradients pass it then.
func (l *Attention) perturbed(c *Context, x, context, residual *tensor.Dense, n int) *tensor.Dense {
	y := l.look(c, x, context, n)
	out := l.Out.Plus(c, y, residual)
	c.Free(y)
	return out
}

// look is Forward before the last projection; the last blind see themselves alone.
func (l *Attention) look(c *Context, x, context *tensor.Dense, blind int) *tensor.Dense {
	if context == nil {
		context = x
	}
	q, k, v := l.Q.Forward(c, x), l.K.Forward(c, context), l.V.Forward(c, context)
	y := attend(c, q, k, v, l, blind)
	c.Free(q, k, v)
	return y
}
