package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// use runs the rest of a test at the given level.
func use(t testing.TB, f *functions) {
	before := active
	active = f
	t.Cleanup(func() { active = before })
}

// threads are the numbers of threads that long tests try. The race detector needs
// just some.
func threads() []int {
	if testing.Short() || raceEnabled {
		return []int{3}
	}
	return []int{1, 2, 3}
}

// noise returns n normal deviates.
func noise(seed uint64, n int) []float32 {
	r := rand.New(rand.NewPCG(seed, 0))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// wild returns n numbers of all magnitudes, special ones among them.
func wild(seed uint64, n int) []float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	special := []float32{
		0, float32(math.Copysign(0, -1)), 1, -1, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
		math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, 0x1p-126, expMax, expMin, 88.8, -88.8, -103, phiMax, -phiMax,
	}
	x := make([]float32, n)
	for i := range x {
		switch r.IntN(4) {
		case 0:
			x[i] = special[r.IntN(len(special))]
		case 1:
			x[i] = math.Float32frombits(r.Uint32())
		case 2:
			x[i] = float32(r.NormFloat64() * 40)
		default:
			x[i] = float32(r.NormFloat64())
		}
	}
	return x
}

// differ describes the first element where the bits of got and want differ; one
// NaN is as good as another.
func differ(got, want []float32) string {
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) && (got[i] == got[i] || want[i] == want[i]) {
			return fmt.Sprintf("element %d of %d is %g (%08x), want %g (%08x)", i, len(want), got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
	return ""
}

func clone(x []float32) []float32 { return append([]float32(nil), x...) }

// vectorCases are the functions on slices of one length, the first of which is
// the result; a number goes to its first element.
var vectorCases = []struct {
	name string
	args int // slices of the common length
	f    func(x [][]float32)
}{
	{"Add", 3, func(x [][]float32) { Add(x[0], x[1], x[2]) }},
	{"Mul", 3, func(x [][]float32) { Mul(x[0], x[1], x[2]) }},
	{"MulAdd", 3, func(x [][]float32) { MulAdd(x[0], x[1], x[2]) }},
	{"Axpy", 2, func(x [][]float32) { Axpy(x[0], 0.7, x[1]) }},
	{"Scale", 2, func(x [][]float32) { Scale(x[0], 0.7, x[1]) }},
	{"ScaleShift", 4, func(x [][]float32) { ScaleShift(x[0], x[1], x[2], x[3]) }},
	{"ScaleShiftSiLU", 4, func(x [][]float32) { ScaleShiftSiLU(x[0], x[1], x[2], x[3]) }},
	{"ScaleShiftSiLUGrad", 5, func(x [][]float32) { ScaleShiftSiLUGrad(x[0], x[1], x[2], x[3], x[4]) }},
	{"Combine", 6, func(x [][]float32) { Combine(x[0], x[1], x[2], x[3], x[4], x[5]) }},
	{"Lerp", 2, func(x [][]float32) { Lerp(x[0], x[1], 0.3) }},
	{"Exp", 2, func(x [][]float32) { Exp(x[0], x[1]) }},
	{"Sigmoid", 2, func(x [][]float32) { Sigmoid(x[0], x[1]) }},
	{"SiLU", 2, func(x [][]float32) { SiLU(x[0], x[1]) }},
	{"SiLUGrad", 3, func(x [][]float32) { SiLUGrad(x[0], x[1], x[2]) }},
	{"GELU", 2, func(x [][]float32) { GELU(x[0], x[1]) }},
	{"GELUGrad", 3, func(x [][]float32) { GELUGrad(x[0], x[1], x[2]) }},
	{"QuickGELU", 2, func(x [][]float32) { QuickGELU(x[0], x[1]) }},
	{"QuickGELUGrad", 3, func(x [][]float32) { QuickGELUGrad(x[0], x[1], x[2]) }},
	{"SameSlice", 1, func(x [][]float32) { SiLU(x[0], x[0]); MulAdd(x[0], x[0], x[0]) }},
	{"Sum", 1, func(x [][]float32) { x[0][0] = Sum(x[0]) }},
	{"Dot", 2, func(x [][]float32) { x[0][0] = Dot(x[0], x[1]) }},
	{"Max", 1, func(x [][]float32) { x[0][0] = greatest(new([16]float32), x[0]) }},
	{"Softmax", 1, func(x [][]float32) { Softmax(x[0], 0.125) }},
	{"AdamW", 4, func(x [][]float32) {
		for i, v := range x[2] {
			x[2][i] = float32(math.Abs(float64(v)))
		}
		AdamW(x[0], x[1], x[2], x[3], AdamWStep{LR: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Decay: 0.01, Correct1: 0.271, Correct2: 0.003})
	}},
}

// TestVectorsAgree compares the levels bit by bit, over lengths that leave all
// kinds of tails and memory around the slices that has to stay as it is.
func TestVectorsAgree(t *testing.T) {
	for _, c := range vectorCases {
		t.Run(c.name, func(t *testing.T) {
			for n := 1; n <= 70; n++ {
				for _, fill := range []func(uint64, int) []float32{noise, wild} {
					run := func(f *functions) [][]float32 {
						use(t, f)
						all := make([][]float32, c.args)
						part := make([][]float32, c.args)
						for i := range all {
							all[i] = fill(uint64(100*n+i), n+32)
							part[i] = all[i][16 : 16+n : 16+n]
						}
						c.f(part)
						return all
					}
					want := run(&goLevel)
					for _, f := range levels() {
						for i, got := range run(f) {
							if d := differ(got, want[i]); d != "" {
								t.Fatalf("%s, slice %d of length %d: %s", f.level, i, n, d)
							}
						}
					}
				}
			}
		})
	}
}

// TestLongVectors compares what is spread over the processors with the same
// function on short pieces.
func TestLongVectors(t *testing.T) {
	const n = 2*chunk + 12345
	for _, c := range vectorCases[:18] {
		whole, pieces := make([][]float32, c.args), make([][]float32, c.args)
		for i := range whole {
			whole[i] = noise(uint64(i), n)
			pieces[i] = clone(whole[i])
		}
		c.f(whole)
		for at := 0; at < n; at += 1000 {
			part := make([][]float32, c.args)
			for i := range part {
				part[i] = pieces[i][at:min(at+1000, n)]
			}
			c.f(part)
		}
		if d := differ(whole[0], pieces[0]); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

// Factors are used from their beginning again whenever they end.
func TestFactorsAreRepeated(t *testing.T) {
	const period, n = 50, 7*50 + 13
	x, scale, shift := noise(1, n), noise(2, period), noise(3, period)
	got, want := make([]float32, n), make([]float32, n)
	ScaleShift(got, x, scale, shift)
	for i, v := range x {
		want[i] = fma(v, scale[i%period], shift[i%period])
	}
	if d := differ(got, want); d != "" {
		t.Error(d)
	}
}

func TestColumnDotsAgree(t *testing.T) {
	for _, c := range []int{1, 3, 8, 15, 16, 17, 31, 40, 63, 64, 65, 100, 130} {
		for _, rows := range []int{0, 1, 2, 7} {
			a, b := noise(1, rows*c), noise(2, rows*c)
			run := func(f *functions) []float32 {
				use(t, f)
				out := noise(3, 2*c+8)
				ColumnDots(out[:c], out[c:2*c], a, b, rows, c)
				return out
			}
			want := run(&goLevel)
			for _, f := range levels() {
				if d := differ(run(f), want); d != "" {
					t.Errorf("%s, %d × %d: %s", f.level, rows, c, d)
				}
			}
		}
	}
}

func BenchmarkVectors(b *testing.B) {
	const n = 4096
	for _, c := range vectorCases {
		for _, f := range levels() {
			b.Run(c.name+"/"+f.level, func(b *testing.B) {
				use(b, f)
				x := make([][]float32, c.args)
				for i := range x {
					x[i] = noise(uint64(i), n)
				}
				b.SetBytes(int64(4 * n * c.args))
				for b.Loop() {
					c.f(x)
				}
			})
		}
	}
}
