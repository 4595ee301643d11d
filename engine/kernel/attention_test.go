package kernel

import (
	"fmt"
	"math"
	"runtime"
	"testing"
)

// defined is attention in float64 by its definition.
func (a Attention) defined() []float64 {
	ch := a.Heads * a.D
	y := make([]float64, a.N*a.TQ*ch)
	Parallel(a.N*a.TQ*a.Heads, func(i int) {
		n, q, at := i/a.Heads/a.TQ, i/a.Heads%a.TQ, i%a.Heads*a.D
		seen := a.TK
		if a.Causal {
			seen = min(q+1, a.TK)
		}
		query := a.Q[((n%a.QN)*a.TQ+q)*ch+at:]
		p := make([]float64, seen)
		peak, total := math.Inf(-1), 0.0
		for k := range p {
			for d := range a.D {
				p[k] += float64(query[d]) * float64(a.K[(n*a.TK+k)*ch+at+d]) * float64(a.Scale)
			}
			peak = max(peak, p[k])
		}
		for k := range p {
			p[k] = math.Exp(p[k] - peak)
			total += p[k]
		}
		for k := range p {
			for d := range a.D {
				y[(n*a.TQ+q)*ch+at+d] += p[k] / total * float64(a.V[(n*a.TK+k)*ch+at+d])
			}
		}
	})
	return y
}

func newAttention(n, qn, heads, d, tq, tk int, causal bool) Attention {
	ch := heads * d
	return Attention{
		Q: noise(1, qn*tq*ch), K: noise(2, n*tk*ch), V: noise(3, n*tk*ch), Y: make([]float32, n*tq*ch),
		N: n, QN: qn, Heads: heads, D: d, TQ: tq, TK: tk, Scale: float32(1 / math.Sqrt(float64(d))), Causal: causal,
	}
}

func (a Attention) rounded() Attention {
	a.Rounded = true
	return a
}

// TestAttention compares all levels and numbers of threads with plain Go on one,
// bit by bit, and that with the definition.
func TestAttention(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, a := range []Attention{
		newAttention(2, 2, 2, 40, 100, 77, false),
		newAttention(2, 1, 3, 64, 50, 77, false),
		newAttention(1, 1, 2, 8, 60, 2*keyBlock+5, false),
		newAttention(1, 1, 1, 512, 20, 33, false),
		newAttention(2, 2, 2, 80, 77, 77, true),
		newAttention(1, 1, 1, 20, keyBlock+30, keyBlock+30, true),
		newAttention(2, 1, 2, 40, 50, 77, false).rounded(),
		newAttention(1, 1, 1, 21, 49, keyBlock+77, false).rounded(),
		newAttention(1, 1, 2, 16, 77, 77, true).rounded(),
	} {
		t.Run(fmt.Sprintf("%dx%dx%d,%d-%d", a.N, a.Heads, a.D, a.TQ, a.TK), func(t *testing.T) {
			runtime.GOMAXPROCS(1)
			use(t, &goLevel)
			a.Run(nil)
			want := clone(a.Y)
			allowed := 1e-6
			if a.Rounded {
				allowed = 5e-3
			}
			if e := relative(want, a.defined()); e > allowed {
				t.Errorf("relative error %g", e)
			}
			for _, f := range levels() {
				for _, procs := range threads() {
					runtime.GOMAXPROCS(procs)
					use(t, f)
					clear(a.Y)
					a.Run(nil)
					if d := differ(a.Y, want); d != "" {
						t.Errorf("%s on %d threads: %s", f.level, procs, d)
					}
				}
			}
		})
	}
}

// BenchmarkAttention measures layers of Stable Diffusion at 512×512.
func BenchmarkAttention(b *testing.B) {
	for _, a := range []Attention{
		newAttention(2, 2, 8, 40, 4096, 4096, false), newAttention(2, 2, 8, 80, 1024, 1024, false), newAttention(2, 2, 8, 160, 256, 256, false),
		newAttention(2, 2, 8, 40, 4096, 4096, false).rounded(), newAttention(2, 2, 8, 80, 1024, 1024, false).rounded(),
		newAttention(1, 1, 1, 512, 4096, 4096, false), newAttention(2, 2, 8, 40, 4096, 77, false), newAttention(2, 2, 8, 160, 64, 77, false),
	} {
		b.Run(fmt.Sprintf("%d-%dx%d,rounded=%v", a.TQ, a.TK, a.D, a.Rounded), func(b *testing.B) {
			for b.Loop() {
				a.Run(nil)
			}
			b.ReportMetric(4*float64(a.N*a.TQ*a.Heads)*float64(a.TK*a.D)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}
