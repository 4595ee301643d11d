package kernel

import (
	"fmt"
	"math"
	"runtime"
	"testing"
)

// matrix is an operand with its definition, element by element.
type matrix struct {
	operand    any // Left, Right or both
	rows, cols int
	at         func(i, k int) float32
}

// byRows is a rows × cols matrix whose rows are contiguous, byColumns one whose
// columns are, and spread one where neither is.
func byRows(seed uint64, rows, cols int) matrix { return stridedMatrix(seed, rows, cols, cols+3, 1) }

func byColumns(seed uint64, rows, cols int) matrix { return stridedMatrix(seed, rows, cols, 1, rows+5) }

func spread(seed uint64, rows, cols int) matrix { return stridedMatrix(seed, rows, cols, 2, 2*rows+1) }

func stridedMatrix(seed uint64, rows, cols, row, col int) matrix {
	x := noise(seed, (rows-1)*row+(cols-1)*col+1)
	return matrix{Strided{x, row, col}, rows, cols, func(i, k int) float32 { return x[i*row+k*col] }}
}

// conv describes a convolution.
type conv struct {
	n, h, w, in, out         int
	kh, kw, stride           int
	top, left, bottom, right int
}

func (v conv) size() (oh, ow int) {
	return (v.h+v.top+v.bottom-v.kh)/v.stride + 1, (v.w+v.left+v.right-v.kw)/v.stride + 1
}

func (v conv) patches(x []float32) Patches {
	oh, ow := v.size()
	return Patches{Data: x, N: v.n, H: v.h, W: v.w, C: v.in, KH: v.kh, KW: v.kw, Stride: v.stride, PadTop: v.top, PadLeft: v.left, OH: oh, OW: ow}
}

func (v conv) input() matrix {
	x := noise(1, v.n*v.h*v.w*v.in)
	oh, ow := v.size()
	return matrix{v.patches(x), v.n * oh * ow, v.kh * v.kw * v.in, func(i, k int) float32 {
		n, oy, ox := i/(oh*ow), i/ow%oh, i%ow
		ky, kx, c := k/(v.kw*v.in), k/v.in%v.kw, k%v.in
		y, xx := oy*v.stride+ky-v.top, ox*v.stride+kx-v.left
		if y < 0 || y >= v.h || xx < 0 || xx >= v.w {
			return 0
		}
		return x[((n*v.h+y)*v.w+xx)*v.in+c]
	}}
}

var (
	odd      = conv{2, 7, 9, 5, 6, 3, 3, 1, 1, 1, 1, 1}
	strided  = conv{1, 10, 11, 20, 7, 3, 3, 2, 0, 0, 1, 1}
	lopsided = conv{1, 6, 5, 3, 16, 2, 3, 2, 2, 0, 1, 3}
	point    = conv{3, 4, 5, 17, 40, 1, 1, 1, 0, 0, 0, 0}
)

// gemmCases are small products of all kinds of operands.
func gemmCases() map[string][2]matrix {
	cases := map[string][2]matrix{
		"narrow":      {byRows(1, 300, 40), byColumns(2, 3, 40)},
		"flat":        {byRows(1, 3, 70), byColumns(2, 300, 70)},
		"two blocks":  {byRows(1, 13, 10), byColumns(2, 5*panel+7, 10)},
		"deep":        {byColumns(1, 14, 4*512+3), byRows(2, 33, 4*512+3)},
		"rows × rows": {byRows(1, 70, 65), byRows(2, 45, 65)},
		"spread":      {spread(1, 30, 21), spread(2, 50, 21)},
	}
	for _, s := range [][3]int{{1, 1, 1}, {12, 32, 4}, {6, 16, 5}, {11, 31, 3}, {13, 33, 2}, {65, 67, 9}, {24, 48, 7}, {12, 24, 6}, {7, 41, 11}, {5, 6, 8}} {
		cases[fmt.Sprint(s)] = [2]matrix{byRows(1, s[0], s[2]), byColumns(2, s[1], s[2])}
	}
	for name, v := range map[string]conv{"odd": odd, "strided": strided, "lopsided": lopsided, "point": point} {
		x := v.input()
		cases[name+" convolution"] = [2]matrix{x, byColumns(3, v.out, x.cols)}
	}
	return cases
}

// TestGemm compares all levels, one thread and two, and GemmSerial with the
// definition: one chain of fma an element, bit by bit.
func TestGemm(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for name, c := range gemmCases() {
		t.Run(name, func(t *testing.T) {
			a, b := c[0], c[1]
			m, n, depth := a.rows, b.rows, a.cols
			ldc := n + 2
			for _, accumulate := range []bool{false, true} {
				begin := noise(9, m*ldc)
				want := clone(begin)
				for i := range m {
					for j := range n {
						var sum float32
						var exact, size float64
						if accumulate {
							sum = begin[i*ldc+j]
							exact, size = float64(sum), math.Abs(float64(sum))
						}
						for k := range depth {
							x, y := a.at(i, k), b.at(j, k)
							sum = fma(x, y, sum)
							exact += float64(x) * float64(y)
							size += math.Abs(float64(x) * float64(y))
						}
						if e := math.Abs(float64(sum) - exact); e > size*float64(depth)*0x1p-24 {
							t.Fatalf("reference of element (%d,%d) is %g, %g off", i, j, sum, e)
						}
						want[i*ldc+j] = sum
					}
				}
				for _, f := range levels() {
					for _, procs := range []int{1, 2} {
						runtime.GOMAXPROCS(procs)
						for run, gemm := range map[string]func(m, n, k int, a Left, b Right, c []float32, ldc int, accumulate bool){"Gemm": Gemm, "GemmSerial": GemmSerial} {
							use(t, f)
							got := clone(begin)
							gemm(m, n, depth, a.operand.(Left), b.operand.(Right), got, ldc, accumulate)
							if d := differ(got, want); d != "" {
								t.Errorf("%s at level %s on %d threads, accumulate %v: %s", run, f.level, procs, accumulate, d)
							}
						}
					}
				}
			}
		})
	}
}

func TestGemmWithoutDepth(t *testing.T) {
	c := []float32{1, 2, 3, 4}
	Gemm(2, 1, 0, Strided{}, Strided{}, c, 2, true)
	if d := differ(c, []float32{1, 2, 3, 4}); d != "" {
		t.Error(d)
	}
	Gemm(2, 1, 0, Strided{}, Strided{}, c, 2, false)
	if d := differ(c, []float32{0, 2, 0, 4}); d != "" {
		t.Error(d)
	}
}

// TestGemmAllocations makes sure that a warm product takes its memory from the
// pools; the race detector empties them at random.
func TestGemmAllocations(t *testing.T) {
	x, y, c := noise(1, 64*64), noise(2, 64*64), make([]float32, 64*64)
	a, b := Left(Strided{x, 64, 1}), Right(Strided{y, 1, 64})
	allocations := testing.AllocsPerRun(100, func() { GemmSerial(64, 64, 64, a, b, c, 64, false) })
	if allocations > 0 && !raceEnabled {
		t.Errorf("%.0f allocations a product", allocations)
	}
}

// BenchmarkGemm measures a square product and that of a convolution.
func BenchmarkGemm(b *testing.B) {
	const channels, pixels = 128, 2 * 64 * 64
	v := conv{2, 64, 64, channels, channels, 3, 3, 1, 1, 1, 1, 1}
	x := v.patches(noise(1, pixels*channels))
	for _, c := range []struct {
		name    string
		m, n, k int
		a       Left
		b       Right
	}{
		{"square", 2048, 2048, 2048, Strided{noise(1, 2048*2048), 2048, 1}, Strided{noise(2, 2048*2048), 1, 2048}},
		{"convolution", pixels, channels, 9 * channels, x, Strided{noise(2, 9*channels*channels), 1, channels}},
	} {
		out := make([]float32, c.m*c.n)
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				Gemm(c.m, c.n, c.k, c.a, c.b, out, c.n, false)
			}
			b.ReportMetric(2*float64(c.m)*float64(c.n)*float64(c.k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}

func BenchmarkPeak(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(PeakFMA(), "FMA-GFLOP/s")
		b.ReportMetric(PeakGEMM(), "GEMM-GFLOP/s")
	}
}
