package nn

import (
	"math"

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
	n := x.Shape()[0]
	m, ch := rows(x)
	pixels := m / n
	y := c.New(x.Shape()...)
	if c.cancelled() {
		return y
	}
	mean, rstd := l.stats(Data(x), n, pixels, ch)
	// y = x·scale + shift, per picture and channel
	scale, shift := c.buffer(n*ch), c.buffer(n*ch)
	gamma, beta := Data(l.Gamma), Data(l.Beta)
	for i := range n * ch {
		g := i / (ch / l.groups)
		s := float64(gamma[i%ch]) * rstd[g]
		scale[i] = float32(s)
		shift[i] = float32(float64(beta[i%ch]) - float64(mean[g]*s))
	}
	normalise := func(dst []float32, i, lo, hi int) { // rows lo … hi of picture i
		at := (i*pixels + lo) * ch
		end := (i*pixels + hi) * ch
		kernel.ScaleShiftRows(dst, Data(x)[at:end], scale[i*ch:(i+1)*ch], shift[i*ch:(i+1)*ch], hi-lo, ch)
	}
	eachBlock(n, pixels, ch, func(i, lo, hi int) {
		dst := Data(y)[(i*pixels+lo)*ch : (i*pixels+hi)*ch]
		normalise(dst, i, lo, hi)
		if l.silu {
			kernel.SiLU(dst, dst)
		}
	})
	if c.Tape == nil {
		c.release(scale)
		c.release(shift)
		return y
	}
	c.record(y, func(dy []float32) {
		dz := dy
		if l.silu {
			dz = c.buffer(len(dy))
			clear(dz)
			eachBlock(n, pixels, ch, func(i, lo, hi int) {
				z := borrow((hi - lo) * ch)
				normalise(*z, i, lo, hi)
				at, end := (i*pixels+lo)*ch, (i*pixels+hi)*ch
				kernel.SiLUGrad(dz[at:end], *z, dy[at:end])
				giveBack(z)
			})
			defer c.release(dz)
		}
		l.backward(c.Tape, x, dz, mean, rstd, n, pixels, ch)
	}, x, l.Gamma, l.Beta)
	return y
}

// stats returns mean and 1/√(variance+ε) of each picture's groups, [n·groups].
func (l *GroupNorm) stats(x []float32, n, pixels, ch int) (mean, rstd []float64) {
	sum, square := columnStats(x, x, n, pixels, ch)
	size := ch / l.groups
	mean, rstd = make([]float64, n*l.groups), make([]float64, n*l.groups)
	for g := range mean {
		var s, q float64
		for i := g * size; i < (g+1)*size; i++ {
			s += sum[i]
			q += square[i]
		}
		count := float64(size * pixels)
		mean[g] = s / count
		variance := q/count - float64(mean[g]*mean[g])
		rstd[g] = 1 / math.Sqrt(max(variance, 0)+l.eps)
	}
	return mean, rstd
}

// backward sends dz, the gradient by the normalised and scaled values, on.
// With x̂ = (x−mean)·rstd and a group of m values:
// dx = rstd·(γ·dz − Σγdz/m − x̂·Σγdz·x̂/m).
func (l *GroupNorm) backward(t *Tape, x *tensor.Dense, dz []float32, mean, rstd []float64, n, pixels, ch int) {
	size := ch / l.groups
	count := float64(size * pixels)
	gamma := Data(l.Gamma)
	sum, dot := columnStats(dz, Data(x), n, pixels, ch)
	for i := range dot { // Σ dz·x → Σ dz·x̂
		g := i / size
		dot[i] = (dot[i] - mean[g]*sum[i]) * rstd[g]
	}
	t.addTotals(l.Gamma, dot)
	t.addTotals(l.Beta, sum)
	dx := t.zeroed(x)
	if dx == nil {
		return
	}
	// dx += dz·a + x·b + k, per picture and channel
	coef := borrow(3 * n * ch)
	defer giveBack(coef)
	a, b, k := (*coef)[:n*ch], (*coef)[n*ch:2*n*ch], (*coef)[2*n*ch:]
	for g := range mean {
		var s, d float64
		for i := g * size; i < (g+1)*size; i++ {
			s += float64(gamma[i%ch]) * sum[i]
			d += float64(gamma[i%ch]) * dot[i]
		}
		for i := g * size; i < (g+1)*size; i++ {
			a[i] = float32(float64(gamma[i%ch]) * rstd[g])
			b[i] = float32(-rstd[g] * rstd[g] * d / count)
			k[i] = float32(rstd[g] * (rstd[g]*mean[g]*d - s) / count)
		}
	}
	eachBlock(n, pixels, ch, func(i, lo, hi int) {
		at, end := (i*pixels+lo)*ch, (i*pixels+hi)*ch
		tmp := borrow(end - at)
		kernel.ScaleShiftRows(*tmp, Data(x)[at:end], b[i*ch:(i+1)*ch], k[i*ch:(i+1)*ch], hi-lo, ch)
		kernel.Add(dx[at:end], dx[at:end], *tmp)
		for r := at; r < end; r += ch {
			kernel.MulAdd(dx[r:r+ch], dz[r:r+ch], a[i*ch:(i+1)*ch])
		}
		giveBack(tmp)
	})
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
	if c.cancelled() {
		return y
	}
	mean, rstd := c.buffer(m), c.buffer(m)
	gamma, beta := Data(l.Gamma), Data(l.Beta)
	eachBlock(1, m, ch, func(_, lo, hi int) {
		for r := lo; r < hi; r++ {
			row, out := Data(x)[r*ch:(r+1)*ch], Data(y)[r*ch:(r+1)*ch]
			mu := kernel.Sum(row) / float32(ch)
			for j, v := range row {
				out[j] = v - mu
			}
			variance := float64(kernel.Dot(out, out)) / float64(ch)
			mean[r], rstd[r] = mu, float32(1/math.Sqrt(variance+l.eps))
			kernel.Scale(out, rstd[r], out)
			kernel.ScaleShift(out, out, gamma, beta)
		}
	})
	if c.Tape == nil {
		c.release(mean)
		c.release(rstd)
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
				kernel.Mul(*g, dy[r*ch:(r+1)*ch], gamma)
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
