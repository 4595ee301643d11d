package kernel

import (
	"fmt"
	"math"
	"strings"
)

// operator is what a case of the table is about: its sizes and kind, without its
// numbers. The exported fields are those that engine/golden/kernel.py reads.
type operator interface {
	fmt.Stringer
	flop() float64 // of the products, convolutions being counted as direct ones
	build() *operation
}

// operation is an operator with its numbers, which come from uniform.
type operation struct {
	run     func() // into y
	y       []float32
	width   int                   // of a row of y
	defined func(r int) []float64 // row r of y by the operator's definition
}

// uniform returns n numbers of −1 … 1 that need the given number of bits:
// SplitMix64's upper ones.
func uniform(seed uint64, n, bits int) []float32 {
	x, unit := make([]float32, n), float32(math.Ldexp(1, 1-bits))
	for i := range x {
		x[i] = float32(float32(splitMix(seed, i)>>(64-bits))*unit) - 1
	}
	return x
}

func splitMix(seed uint64, i int) uint64 {
	z := seed + uint64(i+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// The seeds of what an operator reads.
const (
	seedInput = iota + 1
	seedWeights
	seedBias
	seedResidual
	seedKeys
	seedValues
	seedPick
)

// fullBits is the precision of what is not weights.
const fullBits = 24

// kept names the format of weights, and whether they are in pairs.
func kept(format Format, pairs bool) string {
	return []string{"float32", "float16", "bfloat16"}[format] + flag(pairs, "pairs")
}

// newWeights returns weights [out,in,taps], rounded if they are in pairs, and packed.
func newWeights(out, in, taps int, format Format, pairs, gated bool) ([]float32, *Weights) {
	x := uniform(seedWeights, out*in*taps, []int{fullBits, 11, 8}[format])
	var half []uint16
	if format != Float32 {
		half = make([]uint16, len(x))
	}
	for i := range half {
		u := math.Float32bits(x[i])
		switch {
		case format == BFloat16:
			half[i] = uint16(u >> 16)
		case x[i] != 0: // 2^-10 or more, which is not subnormal
			half[i] = uint16(u>>16&0x8000 | (u&0x7fffffff-112<<23)>>13)
		}
	}
	w := NewWeights(out, in, taps, format, x, half, gated)
	if pairs {
		w.Pair()
		round(x)
	}
	return x, w
}

// round rounds to bfloat16, to the nearest and halfway to the even one.
func round(x []float32) {
	for i, v := range x {
		u := math.Float32bits(v)
		x[i] = math.Float32frombits((u + 0x7fff + u>>16&1) &^ 0xffff)
	}
}

// weighed is bias + a row times weights [out,depth] in float64.
func weighed(row, weights, bias []float32) []float64 {
	y := make([]float64, len(bias))
	Parallel(len(y), func(o int) {
		sum := float64(bias[o])
		for k, v := range row {
			sum += float64(v) * float64(weights[o*len(row)+k])
		}
		y[o] = sum
	})
	return y
}

func flag(set bool, name string) string {
	if !set {
		return ""
	}
	return "," + name
}

// productCase is epilogue(x[M,K]·w[K,N] + bias).
type productCase struct {
	M, K, N    int
	Format     Format
	Pairs      bool
	Gated      bool // of N columns the second half are gates
	Scale      float32
	Activation string // one of activations, or none
	Residual   bool
}

// activations are applied in place and have a definition.
var activations = map[string]struct {
	apply   func(dst, x []float32)
	defined func(x float64) float64
}{
	"SiLU":      {SiLU, accuracy[2].exact},
	"QuickGELU": {QuickGELU, accuracy[3].exact},
	"GELU":      {GELU, accuracy[4].exact},
}

func (c productCase) String() string {
	return fmt.Sprintf("product/%d×%d×%d,%s", c.M, c.K, c.N, kept(c.Format, c.Pairs)) +
		flag(c.Gated, "gated") + flag(c.Scale != 0, "scale") + flag(c.Activation != "", c.Activation) + flag(c.Residual, "residual")
}

func (c productCase) flop() float64 { return 2 * float64(c.M) * float64(c.K) * float64(c.N) }

func (c productCase) build() *operation {
	weights, packed := newWeights(c.N, c.K, 1, c.Format, c.Pairs, c.Gated)
	n := packed.Out
	x, bias, y := uniform(seedInput, c.M*c.K, fullBits), uniform(seedBias, c.N, fullBits), make([]float32, c.M*n)
	act := activations[c.Activation]
	e := Epilogue{Scale: c.Scale, Activation: act.apply}
	if c.Residual {
		e.Residual, e.ResidualRow = uniform(seedResidual, c.M*n, fullBits), n
	}
	return &operation{
		run:   func() { Multiply(c.M, x, c.K, packed, bias, y, n, e, nil) },
		y:     y,
		width: n,
		defined: func(r int) []float64 {
			row := clone(x[r*c.K : (r+1)*c.K])
			if c.Pairs {
				round(row)
			}
			sums := weighed(row, weights, bias)
			for i := range n {
				if c.Gated {
					sums[i] *= activations["GELU"].defined(sums[n+i])
				}
				if c.Scale != 0 {
					sums[i] *= float64(c.Scale)
				}
				if act.defined != nil {
					sums[i] = act.defined(sums[i])
				}
				if c.Residual {
					sums[i] += float64(e.Residual[r*n+i])
				}
			}
			return sums[:n]
		},
	}
}

// convolutionCase is a convolution of N pictures by filters of Size×Size pixels,
// done directly.
type convolutionCase struct {
	N, H, W, In, Out int
	Size, Stride     int
	Before, After    int // margins above and on the left, below and on the right
	Format           Format
	Pairs            bool
	Residual         bool
}

func (c convolutionCase) String() string {
	return fmt.Sprintf("convolution/%d×%d×%d×%d-%d,size=%d,stride=%d,margins=%d+%d,%s", c.N, c.H, c.W, c.In, c.Out,
		c.Size, c.Stride, c.Before, c.After, kept(c.Format, c.Pairs)) + flag(c.Residual, "residual")
}

func (c convolutionCase) flop() float64 {
	oh, ow := c.size()
	return 2 * float64(c.N*oh*ow) * float64(c.In*c.Size*c.Size) * float64(c.Out)
}

// size is the result's height and width.
func (c convolutionCase) size() (oh, ow int) {
	return (c.H+c.Before+c.After-c.Size)/c.Stride + 1, (c.W+c.Before+c.After-c.Size)/c.Stride + 1
}

func (c convolutionCase) build() *operation {
	taps := c.Size * c.Size
	weights, packed := newWeights(c.Out, c.In, taps, c.Format, c.Pairs, false)
	x, bias := uniform(seedInput, c.N*c.H*c.W*c.In, fullBits), uniform(seedBias, c.Out, fullBits)
	oh, ow := c.size()
	patches := Patches{
		Data: x, N: c.N, H: c.H, W: c.W, C: c.In, KH: c.Size, KW: c.Size, Stride: c.Stride,
		PadTop: c.Before, PadLeft: c.Before, OH: oh, OW: ow,
	}
	y := make([]float32, c.N*oh*ow*c.Out)
	var e Epilogue
	if c.Residual {
		e.Residual, e.ResidualRow = uniform(seedResidual, len(y), fullBits), c.Out
	}
	return &operation{
		run:   func() { Convolve(patches, packed, bias, y, e, nil) },
		y:     y,
		width: c.Out,
		defined: func(r int) []float64 {
			n, top, left := r/ow/oh, r/ow%oh*c.Stride-c.Before, r%ow*c.Stride-c.Before
			row := make([]float32, c.In*taps)
			for i := range row {
				py, px := top+i%taps/c.Size, left+i%c.Size
				if uint(py) < uint(c.H) && uint(px) < uint(c.W) {
					row[i] = x[((n*c.H+py)*c.W+px)*c.In+i/taps]
				}
			}
			if c.Pairs {
				round(row)
			}
			sums := weighed(row, weights, bias)
			if c.Residual {
				for i := range sums {
					sums[i] += float64(e.Residual[r*c.Out+i])
				}
			}
			return sums
		},
	}
}

// winogradCase is a 3×3 convolution by Winograd's method; H and W are the
// result's.
type winogradCase struct {
	N, H, W, In, Out int
	Format           Format
	Upsample         bool
	Biases           bool // one for each picture
	Residual         bool
}

func (c winogradCase) String() string {
	return fmt.Sprintf("winograd/%d×%d×%d×%d-%d,%s", c.N, c.H, c.W, c.In, c.Out, kept(c.Format, false)) +
		flag(c.Upsample, "upsample") + flag(c.Biases, "biases") + flag(c.Residual, "residual")
}

func (c winogradCase) flop() float64 {
	return 18 * float64(c.N*c.H*c.W) * float64(c.In) * float64(c.Out)
}

// convolution returns it with its numbers, and the weights [Out,In,9].
func (c winogradCase) convolution() (Conv3x3, []float32) {
	weights, packed := newWeights(c.Out, c.In, 9, c.Format, false, false)
	x := c.N * c.H * c.W * c.In
	if c.Upsample {
		x /= 4
	}
	v := Conv3x3{
		X: uniform(seedInput, x, fullBits), N: c.N, H: c.H, W: c.W, Upsample: c.Upsample,
		Weights: packed, Bias: uniform(seedBias, c.N*c.Out, fullBits), Y: make([]float32, c.N*c.H*c.W*c.Out),
	}
	if c.Biases {
		v.BiasRow = c.Out
	}
	if c.Residual {
		v.Add = uniform(seedResidual, len(v.Y), fullBits)
	}
	return v, weights
}

func (c winogradCase) build() *operation {
	v, weights := c.convolution()
	h, w, shift := c.H, c.W, 0
	if c.Upsample {
		h, w, shift = h/2, w/2, 1
	}
	return &operation{
		run:   func() { v.Run(nil) },
		y:     v.Y,
		width: c.Out,
		defined: func(r int) []float64 {
			n, top, left := r/c.W/c.H, r/c.W%c.H-1, r%c.W-1
			row := make([]float32, 9*c.In)
			for i := range row {
				py, px := top+i%9/3, left+i%3
				if uint(py) < uint(c.H) && uint(px) < uint(c.W) {
					row[i] = v.X[((n*h+py>>shift)*w+px>>shift)*c.In+i/9]
				}
			}
			sums := weighed(row, weights, v.Bias[n*v.BiasRow:][:c.Out])
			if c.Residual {
				for i := range sums {
					sums[i] += float64(v.Add[r*c.Out+i])
				}
			}
			return sums
		},
	}
}

// attentionCase is attention with Scale 1/√D.
type attentionCase struct {
	N, Heads, D, TQ, TK int
	Shared              bool // the same queries for all N
	Causal, Rounded     bool
}

func (c attentionCase) String() string {
	return fmt.Sprintf("attention/%d×%d×%d,%d-%d", c.N, c.Heads, c.D, c.TQ, c.TK) +
		flag(c.Shared, "shared") + flag(c.Causal, "causal") + flag(c.Rounded, "rounded")
}

func (c attentionCase) flop() float64 {
	return 4 * float64(c.N*c.TQ) * float64(c.TK) * float64(c.Heads*c.D)
}

func (c attentionCase) build() *operation {
	ch := c.Heads * c.D
	a := Attention{
		N: c.N, QN: c.N, Heads: c.Heads, D: c.D, TQ: c.TQ, TK: c.TK, Scale: float32(1 / math.Sqrt(float64(c.D))),
		Causal: c.Causal, Rounded: c.Rounded,
		K: uniform(seedKeys, c.N*c.TK*ch, fullBits), V: uniform(seedValues, c.N*c.TK*ch, fullBits), Y: make([]float32, c.N*c.TQ*ch),
	}
	if c.Shared {
		a.QN = 1
	}
	a.Q = uniform(seedInput, a.QN*c.TQ*ch, fullBits)
	for i := range a.Q {
		a.Q[i] *= 8 // lest all keys be looked at alike
	}
	q, k, v := a.Q, a.K, a.V
	if c.Rounded {
		q, k, v = clone(q), clone(k), clone(v)
		round(q)
		round(k)
		round(v)
	}
	return &operation{
		run:   func() { a.Run(nil) },
		y:     a.Y,
		width: ch,
		defined: func(r int) []float64 {
			n, i := r/c.TQ, r%c.TQ
			query := q[(n%a.QN*c.TQ+i)*ch:][:ch]
			seen := c.TK
			if c.Causal {
				seen = min(i+1, c.TK)
			}
			y := make([]float64, ch)
			Parallel(c.Heads, func(h int) {
				at := h * c.D
				p := make([]float64, seen)
				total := 0.0
				for j := range p {
					key := k[(n*c.TK+j)*ch+at:]
					for d := range c.D {
						p[j] += float64(query[at+d]) * float64(key[d])
					}
					p[j] = math.Exp(p[j] * float64(a.Scale))
					total += p[j]
				}
				for j := range p {
					value := v[(n*c.TK+j)*ch+at:]
					for d := range c.D {
						y[at+d] += p[j] / total * float64(value[d])
					}
				}
			})
			return y
		},
	}
}

// kind is the operator's name without its sizes.
func kind(o operator) string {
	name, _, _ := strings.Cut(o.String(), "/")
	return name
}
