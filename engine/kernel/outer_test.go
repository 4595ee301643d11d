package kernel

import (
	"fmt"
	"runtime"
	"testing"
)

// TestOuter compares all levels and numbers of threads with the definition: for each
// section one chain of fma an element, bit by bit.
func TestOuter(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, c := range []struct{ m, n, rows, sections int }{
		{1, 1, 1, 1}, {5, 3, 7, 1}, {12, 32, 4, 1}, {13, 48, 300, 1}, {150, 40, 21, 1}, {300, 270, 130, 1},
		{20, 7, 2100, 2}, {27, 16, 20000, mostSections},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			for _, apart := range []int{0, 3, 2*outerBlock + 5} { // in place, and packed
				lda, ldb, ldc := c.m+apart, c.n+1, c.n+2
				a, b, begin := noise(1, c.rows*lda), noise(2, c.rows*ldb), noise(3, c.m*ldc)
				for _, accumulate := range []bool{false, true} {
					want := clone(begin)
					for i := range c.m {
						for j := range c.n {
							var all float32
							for s := range c.sections {
								var sum float32
								for k := c.rows * s / c.sections; k < c.rows*(s+1)/c.sections; k++ {
									sum = fma(a[k*lda+i], b[k*ldb+j], sum)
								}
								all += sum
							}
							if accumulate {
								all += begin[i*ldc+j]
							}
							want[i*ldc+j] = all
						}
					}
					for _, f := range levels() {
						use(t, f)
						for _, procs := range threads() {
							runtime.GOMAXPROCS(procs)
							got := clone(begin)
							Outer(c.m, c.n, c.rows, Strided{a, lda, 1}, b, ldb, got, ldc, accumulate)
							if d := differ(got, want); d != "" {
								t.Errorf("level %s on %d threads, rows %d apart, accumulate %v: %s", f.level, procs, lda, accumulate, d)
							}
						}
						got := clone(begin)
						OuterSerial(c.m, c.n, c.rows, Strided{a, lda, 1}, b, ldb, got, ldc, accumulate)
						if d := differ(got, want); d != "" {
							t.Errorf("serial, level %s, accumulate %v: %s", f.level, accumulate, d)
						}
					}
				}
			}
		})
	}
}

// TestTrainedConv compares the gradients of convolutions with their definitions, in
// float64, and levels and numbers of threads with each other, bit by bit.
func TestTrainedConv(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	wide := conv{2, 9, 8, 40, 3, 3, 3, 1, 1, 1, 1, 1}
	even := conv{3, 12, 16, 16, 32, 3, 3, 2, 0, 0, 1, 1}
	for name, v := range map[string]conv{"odd": odd, "strided": strided, "lopsided": lopsided, "point": point, "wide": wide, "even": even} {
		t.Run(name, func(t *testing.T) {
			in := v.input()
			trained := TrainedConv{in.operand.(Patches), v.out}
			dy, w := noise(5, in.rows*v.out), noise(6, in.cols*v.out)
			// which input every element of the patches is, by giving each its number
			numbered := trained.Patches
			numbered.Data = make([]float32, len(trained.Data))
			for i := range numbered.Data {
				numbered.Data[i] = float32(i + 1)
			}
			numbers := make([]float32, in.rows*in.cols)
			numbered.PackRows(numbers, in.cols, 0, in.rows, 0, in.cols)
			dw, dx := make([]float64, len(w)), make([]float64, len(trained.Data))
			for i := range in.rows {
				for k := range in.cols {
					for o := range v.out {
						d := float64(dy[i*v.out+o])
						dw[k*v.out+o] += d * float64(in.at(i, k))
						if at := int(numbers[i*in.cols+k]); at > 0 {
							dx[at-1] += d * float64(w[k*v.out+o])
						}
					}
				}
			}
			var first [2][]float32
			for _, f := range levels() {
				use(t, f)
				for _, procs := range threads() {
					runtime.GOMAXPROCS(procs)
					for _, add := range []bool{false, true} {
						got := [2][]float32{noise(7, len(dw)), noise(8, len(dx))}
						before := [2][]float32{clone(got[0]), clone(got[1])}
						trained.WeightGradient(dy, got[0], add)
						trained.InputGradient(dy, w, got[1], add)
						for i, want := range [][]float64{dw, dx} {
							sum := append([]float64(nil), want...)
							for j := range sum {
								if add {
									sum[j] += float64(before[i][j])
								}
							}
							if e := deviations(got[i], sum); !(e <= exact) {
								t.Errorf("gradient %d, level %s, %d threads, add %v: the largest error is %.2g standard deviations", i, f.level, procs, add, e)
							}
						}
						if !add {
							continue
						}
						if first[0] == nil {
							first = got
						}
						for i := range got {
							if d := differ(got[i], first[i]); d != "" {
								t.Errorf("gradient %d, level %s, %d threads: %s", i, f.level, procs, d)
							}
						}
					}
				}
			}
		})
	}
}
