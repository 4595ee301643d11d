package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// halves returns n random float16 numbers between −2 and 2.
func halves(seed uint64, n int) []uint16 {
	r := rand.New(rand.NewPCG(seed, 0))
	x := make([]uint16, n)
	for i := range x {
		x[i] = uint16(r.IntN(0x4000)) | uint16(r.IntN(2))<<15
	}
	return x
}

// BenchmarkMultiply measures products with float16 weights as a U-Net step has
// them.
func BenchmarkMultiply(b *testing.B) {
	for _, s := range []struct {
		m, k, n int
		gated   bool
	}{
		{8192, 320, 320, false},
		{8192, 320, 2560, true},
		{8192, 1280, 320, false},
		{2048, 640, 640, false},
		{2048, 640, 5120, true},
		{2048, 2560, 640, false},
		{512, 1280, 1280, false},
		{512, 1280, 10240, true},
		{512, 5120, 1280, false},
		{128, 1280, 1280, false},
		{154, 768, 1280, false},
		{77, 768, 3072, false},
		{2, 1280, 1280, false},
	} {
		x, y := noise(1, s.m*s.k), make([]float32, s.m*s.n)
		w := NewWeights(s.n, s.k, 1, Float16, nil, halves(2, s.n*s.k), s.gated)
		bias := noise(3, s.n)
		for _, precision := range []string{"float32", "bfloat16"} {
			if precision == "bfloat16" {
				w.Pair()
			}
			b.Run(fmt.Sprintf("%d×%d×%d/%s", s.m, s.k, s.n, precision), func(b *testing.B) {
				for b.Loop() {
					Multiply(s.m, x, s.k, w, bias, y, w.Out, Epilogue{}, nil)
				}
				b.ReportMetric(2*float64(s.m)*float64(s.n)*float64(s.k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
			})
		}
	}
}

// TestMultiply compares products with weights, and what is done to them, at every
// level with plain float32 arithmetic, one element after the other.
func TestMultiply(t *testing.T) {
	acts := []struct {
		name  string
		apply func(dst, x []float32)
	}{{"none", nil}, {"SiLU", SiLU}}
	for _, s := range []struct {
		m, k, n int
		gated   bool
	}{{1, 5, 3, false}, {13, 33, 40, false}, {30, 350, 70, false}, {2, 64, 96, false}, {25, 40, 100, true}, {14, 31, 64, true}} {
		for _, format := range []Format{Float32, Float16, BFloat16} {
			for _, paired := range []bool{false, true} {
				for _, act := range acts {
					name := fmt.Sprintf("%d×%d×%d, format %d, paired %v, %s", s.m, s.k, s.n, format, paired, act.name)
					var w *Weights
					if format == Float32 {
						w = NewWeights(s.n, s.k, 1, format, noise(2, s.n*s.k), nil, s.gated)
					} else {
						w = NewWeights(s.n, s.k, 1, format, nil, halves(2, s.n*s.k), s.gated)
					}
					if paired {
						w.Pair()
					}
					x, bias := noise(1, s.m*s.k), noise(3, s.n)
					e := Epilogue{Activation: act.apply, Residual: noise(4, s.m*w.Out), ResidualRow: w.Out}
					if s.gated {
						e = Epilogue{}
					} else {
						e.Scale = 0.7
					}
					want := w.multiplied(s.m, x, bias, e)
					for _, f := range levels() {
						use(t, f)
						got := make([]float32, s.m*w.Out)
						Multiply(s.m, x, s.k, w, bias, got, w.Out, e, nil)
						if d := differ(got, want); d != "" {
							t.Errorf("%s at level %s: %s", name, f.level, d)
						}
					}
				}
			}
		}
	}
}

// TestPairError compares products of pairs with exact ones: rounding to 8 bits
// leaves an error of some 2^-9 in each factor.
func TestPairError(t *testing.T) {
	const m, k, n = 20, 700, 70
	x := noise(1, m*k)
	w := NewWeights(n, k, 1, Float16, nil, halves(2, n*k), false)
	exact, paired := make([]float32, m*n), make([]float32, m*n)
	Multiply(m, x, k, w, nil, exact, n, Epilogue{}, nil)
	w.Pair()
	Multiply(m, x, k, w, nil, paired, n, Epilogue{}, nil)
	want := make([]float64, len(exact))
	for i, v := range exact {
		want[i] = float64(v)
	}
	if e := relative(paired, want); e < 1e-4 || e > 4e-3 {
		t.Errorf("relative error %g", e)
	}
}

// multiplied is Multiply by its definition.
func (w *Weights) multiplied(m int, x, bias []float32, e Epilogue) []float32 {
	k := w.Depth()
	dot := func(r, panelNumber, j int, sum float32) float32 {
		wide := make([]float32, (k+1)*panel)
		if w.pairs == nil {
			b := w.block(wide, panelNumber, 0, k)
			for i := range k {
				sum = fma(x[r*k+i], b[i*panel+j], sum)
			}
			return sum
		}
		// pairs, the second number of each first
		b := w.block(wide, panelNumber, 0, roundUp(k, 2))
		var half [2]uint16
		for i := 0; i < k; i += 2 {
			pair := []float32{x[r*k+i], 0}
			if i+1 < k {
				pair[1] = x[r*k+i+1]
			}
			narrowBrainGo(half[:], pair)
			widenBrainGo(pair, half[:])
			sum = fma(pair[1], b[i*panel+j], sum)
			sum = fma(pair[0], b[(i+1)*panel+j], sum)
		}
		return sum
	}
	y := make([]float32, m*w.Out)
	for i := range y {
		r, c := i/w.Out, i%w.Out
		v := [1]float32{}
		if w.Gated {
			g := [1]float32{dot(r, c/panel*2+1, c%panel, bias[w.Out+c])}
			v[0] = dot(r, c/panel*2, c%panel, bias[c])
			geluGo(g[:], g[:])
			v[0] *= g[0]
		} else {
			v[0] = dot(r, c/panel, c%panel, bias[c])
		}
		if e.Scale != 0 {
			v[0] = float32(v[0] * e.Scale)
		}
		if e.Activation != nil {
			siluGo(v[:], v[:])
		}
		if e.Residual != nil {
			v[0] += e.Residual[i]
		}
		y[i] = v[0]
	}
	return y
}
