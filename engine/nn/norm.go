package nn

import (
	"math"
	"slices"

	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// GroupNorm normalises each group of channels of each picture over all its
// pixels (Wu & He 2018), and applies SiLU to the result if told to, since in
// these networks one nearly always follows the other.
type GroupNorm struct {
	Gamma, Beta *tensor.Dense // [C]

	groups int
	eps    float64
	silu   bool
}

// NewGroupNorm takes weight and bias [channels].
func NewGroupNorm(p Params, channels, groups int, eps float64, silu bool) *GroupNorm {
	return &GroupNorm{
		Gamma:  p.get("weight", plain, start{constant: 1}, channels),
		Beta:   p.get("bias", plain, start{}, channels),
		groups: groups, eps: eps, silu: silu,
	}
}

// Forward maps x [N,...,C] to the same shape.
func (l *GroupNorm) Forward(c *Context, x *tensor.Dense) *tensor.Dense {
	return l.normalise(c, x, c.New(x.Shape()...))
}

// overwrite is Forward in x's own memory, where no gradients are wanted.
func (l *GroupNorm) overwrite(c *Context, x *tensor.Dense) *tensor.Dense {
	return l.normalise(c, x, x)
}

// normalise is Forward into y.
func (l *GroupNorm) normalise(c *Context, x, y *tensor.Dense) *tensor.Dense {
	n := x.Shape()[0]
	m, ch := rows(x)
	factors := c.New(2, n*period(ch))
	if c.idle() {
		c.Free(factors)
		return y
	}
	start := c.begin()
	t := grouped.Get()
	t.x, t.y, t.n, t.pixels, t.ch, t.silu = Data(x), Data(y), n, m/n, ch, l.silu
	t.block = max(1, chunk/ch)
	sums := addUp(t.x, t.x, n, t.pixels, ch)
	l.fit(t, sums, Data(factors))
	sums.giveBack()
	kernel.Run(n*t.parts(), t, c.stop)
	c.end(OpNorm, start, 0)
	if c.Tape != nil {
		kept := *t
		kept.mean, kept.rstd = slices.Clone(t.mean), slices.Clone(t.rstd)
		c.record(y, func(dy []float32) { l.backward(c.Tape, x, &kept, dy) }, x, l.Gamma, l.Beta)
	}
	t.x, t.y, t.scale, t.shift = nil, nil, nil, nil
	grouped.Put(t)
	c.Free(factors)
	return y
}

// groupedPixels is a GroupNorm under way, some pixels at a time.
type groupedPixels struct {
	x, y          []float32
	n, pixels, ch int
	block         int // pixels at a time
	silu          bool
	mean, rstd    []float64 // [n·groups]
	scale, shift  []float32 // [n·period(ch)]
}

// period is how many numbers the factors of ch channels are: those of several pixels,
// where there are few channels.
func period(ch int) int { return ch * max(1, 512/ch) }

var grouped kernel.FreeList[groupedPixels]

func (t *groupedPixels) parts() int { return (t.pixels + t.block - 1) / t.block }

// Do normalises some pixels.
func (t *groupedPixels) Do(i int) {
	lo, hi := t.span(i)
	scale, shift := t.factors(i / t.parts())
	if t.silu {
		kernel.ScaleShiftSiLU(t.y[lo:hi], t.x[lo:hi], scale, shift)
	} else {
		kernel.ScaleShift(t.y[lo:hi], t.x[lo:hi], scale, shift)
	}
}

// span is where block i of the pixels lies.
func (t *groupedPixels) span(i int) (lo, hi int) {
	first := i % t.parts() * t.block
	at := i / t.parts() * t.pixels
	return (at + first) * t.ch, (at + min(first+t.block, t.pixels)) * t.ch
}

// factors are those of picture i.
func (t *groupedPixels) factors(i int) (scale, shift []float32) {
	p := period(t.ch)
	return t.scale[i*p:][:p], t.shift[i*p:][:p]
}

// fit computes mean and 1/√(variance+ε) of each picture's groups from the sums of
// its pixels and their squares, and from them factors [2,n·period(ch)], which are the
// scales and shifts of its channels: y = x·scale + shift.
func (l *GroupNorm) fit(t *groupedPixels, sums *columnSums, factors []float32) {
	size := t.ch / l.groups
	count := float64(size * t.pixels)
	t.mean, t.rstd = t.mean[:0], t.rstd[:0]
	for g := range t.n * l.groups {
		var s, q float64
		for i := g * size; i < (g+1)*size; i++ {
			s += sums.sum[i]
			q += sums.dot[i]
		}
		m := s / count
		variance := q/count - float64(m*m)
		t.mean = append(t.mean, m)
		t.rstd = append(t.rstd, 1/math.Sqrt(max(variance, 0)+l.eps))
	}
	p := period(t.ch)
	t.scale, t.shift = factors[:t.n*p], factors[t.n*p:]
	gamma, beta := Data(l.Gamma), Data(l.Beta)
	for i := range t.n {
		scale, shift := t.factors(i)
		for c := range t.ch {
			g := (i*t.ch + c) / size
			s := float64(gamma[c]) * t.rstd[g]
			scale[c] = float32(s)
			shift[c] = float32(float64(beta[c]) - float64(t.mean[g]*s))
		}
		repeat(scale, t.ch)
		repeat(shift, t.ch)
	}
}

// repeat fills x with its first n numbers, again and again.
func repeat(x []float32, n int) {
	for ; n < len(x); n *= 2 {
		copy(x[n:], x[:n])
	}
}

// backward sends dy on. With z the normalised and scaled values before SiLU, dz
// their gradient, x̂ = (x−mean)·rstd and a group of m values:
// dx = rstd·(γ·dz − Σγdz/m − x̂·Σγdz·x̂/m).
func (l *GroupNorm) backward(t *Tape, x *tensor.Dense, of *groupedPixels, dy []float32) {
	mean, rstd, n, pixels, ch := of.mean, of.rstd, of.n, of.pixels, of.ch
	values := Data(x)
	sums := newSums(n, ch)
	defer sums.giveBack()
	dz := dy // in its place, since nobody needs it any more
	if l.silu {
		sums.prepare = func(lo, hi int) {
			scale, shift := of.factors(lo / (pixels * ch))
			kernel.ScaleShiftSiLUGrad(dz[lo:hi], dy[lo:hi], values[lo:hi], scale, shift)
		}
	}
	sums.add(0, dz, values, n, pixels)
	sum, dot := sums.sum, sums.dot
	size := ch / l.groups
	count := float64(size * pixels)
	gamma := Data(l.Gamma)
	for i := range dot { // Σ dz·x → Σ dz·x̂
		g := i / size
		dot[i] = (dot[i] - float64(mean[g]*sum[i])) * rstd[g]
	}
	t.addTotals(l.Gamma, dot)
	t.addTotals(l.Beta, sum)
	dx, wanted := t.soFar(x)
	if !wanted {
		return
	}
	// dz·a + x·b + k, per picture and channel
	p := period(ch)
	coef := borrow(3 * n * p)
	defer giveBack(coef)
	factors := func(i int) (a, b, k []float32) {
		return (*coef)[i*p:][:p], (*coef)[(n+i)*p:][:p], (*coef)[(2*n+i)*p:][:p]
	}
	for i := range n {
		a, b, k := factors(i)
		for g := range l.groups {
			of := i*l.groups + g
			var s, d float64
			for c := g * size; c < (g+1)*size; c++ {
				s += float64(float64(gamma[c]) * sum[i*ch+c])
				d += float64(float64(gamma[c]) * dot[i*ch+c])
			}
			for c := g * size; c < (g+1)*size; c++ {
				a[c] = float32(float64(gamma[c]) * rstd[of])
				b[c] = float32(-rstd[of] * rstd[of] * d / count)
				k[c] = float32(rstd[of] * (float64(rstd[of]*mean[of]*d) - s) / count)
			}
		}
		repeat(a, ch)
		repeat(b, ch)
		repeat(k, ch)
	}
	kernel.Parallel(n*of.parts(), func(i int) {
		lo, hi := of.span(i)
		a, b, k := factors(i / of.parts())
		kernel.Combine(dz[lo:hi], dz[lo:hi], values[lo:hi], a, b, k)
		if dx != nil {
			kernel.Add(dx[lo:hi], dx[lo:hi], dz[lo:hi])
		}
	})
	if dx == nil {
		t.pass(x)
	}
}

// layeredTokens is a LayerNorm under way, some tokens at a time.
type layeredTokens struct {
	x, y, gamma, beta []float32
	mean, rstd        []float32 // [tokens]
	ch, block         int
	eps               float64
}

var layered kernel.FreeList[layeredTokens]

// Do normalises some tokens.
func (t *layeredTokens) Do(i int) {
	lo, hi := i*t.block, min((i+1)*t.block, len(t.mean))
	kernel.NormaliseRows(t.y[lo*t.ch:hi*t.ch], t.x[lo*t.ch:hi*t.ch], t.gamma, t.beta, t.mean[lo:hi], t.rstd[lo:hi], t.eps)
}

// eachBlock covers the pixels of n pictures of ch channels in parallel blocks.
func eachBlock(n, pixels, ch int, body func(i, lo, hi int)) {
	block := max(1, chunk/ch)
	parts := (pixels + block - 1) / block
	kernel.Parallel(n*parts, func(j int) {
		lo := j % parts * block
		body(j/parts, lo, min(pixels, lo+block))
	})
}

// LayerNorm normalises each token over its channels (Ba et al. 2016).
type LayerNorm struct {
	Gamma, Beta *tensor.Dense // [C]

	eps float64
}

// NewLayerNorm takes weight and bias [channels].
func NewLayerNorm(p Params, channels int, eps float64) *LayerNorm {
	return &LayerNorm{
		Gamma: p.get("weight", plain, start{constant: 1}, channels),
		Beta:  p.get("bias", plain, start{}, channels),
		eps:   eps,
	}
}

// Forward maps x [...,C] to the same shape.
func (l *LayerNorm) Forward(c *Context, x *tensor.Dense) *tensor.Dense {
	m, ch := rows(x)
	y := c.New(x.Shape()...)
	stats := c.New(2, m)
	if c.idle() {
		c.Free(stats)
		return y
	}
	start := c.begin()
	mean, rstd := Data(stats)[:m], Data(stats)[m:]
	t := layered.Get()
	*t = layeredTokens{Data(x), Data(y), Data(l.Gamma), Data(l.Beta), mean, rstd, ch, max(1, chunk/ch), l.eps}
	kernel.Run((m+t.block-1)/t.block, t, c.stop)
	*t = layeredTokens{}
	layered.Put(t)
	c.end(OpNorm, start, 0)
	if c.Tape == nil {
		c.Free(stats)
		return y
	}
	c.record(y, func(dy []float32) {
		t := c.Tape
		// x̂ and γ·dy, then dx = rstd·(γdy − mean(γdy) − x̂·mean(γdy·x̂))
		xhat := c.buffer(m * ch)
		defer c.release(xhat)
		dx := t.zeroed(x)
		eachBlock(1, m, ch, func(_, lo, hi int) {
			g := borrow(ch)
			defer giveBack(g)
			for r := lo; r < hi; r++ {
				h := xhat[r*ch : (r+1)*ch]
				for j, v := range Data(x)[r*ch : (r+1)*ch] {
					h[j] = (v - mean[r]) * rstd[r]
				}
				if dx == nil {
					continue
				}
				kernel.Mul(*g, dy[r*ch:(r+1)*ch], Data(l.Gamma))
				s := kernel.Sum(*g) / float32(ch)
				d := kernel.Dot(*g, h) / float32(ch)
				for j, v := range *g {
					dx[r*ch+j] += (v - s - h[j]*d) * rstd[r]
				}
			}
		})
		sum, dot := columnStats(dy, xhat, 1, m, ch)
		t.addTotals(l.Gamma, dot)
		t.addTotals(l.Beta, sum)
	}, x, l.Gamma, l.Beta)
	return y
}
