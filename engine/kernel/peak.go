package kernel

import (
	"runtime"
	"time"
)

// PeakGEMM measures the speed of our own product of large matrices in GFLOP/s, with
// weights that were packed before, as those of a model are: the best run within
// 0.3 s.
func PeakGEMM() float64 {
	m, n, k := 4*blocking.rows, 2048, 1280
	if active == &goLevel {
		m, n, k = 96, 128, 128
	}
	a, b, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
	for i := range a {
		a[i] = float32(i % 7)
	}
	for i := range b {
		b[i] = float32(i % 5)
	}
	w := NewWeights(n, k, 1, Float32, b, nil, false)
	return best(func() float64 {
		Multiply(m, a, k, w, nil, c, n, Epilogue{}, nil)
		return 2 * float64(m) * float64(n) * float64(k)
	})
}

// PeakFMA measures the speed of fused multiply-adds on registers alone in
// GFLOP/s, on all processors: what Gemm can hope for.
func PeakFMA() float64 {
	const rounds = 100_000
	procs := runtime.GOMAXPROCS(0)
	return best(func() float64 {
		counts := make([]int, procs)
		Parallel(procs, func(i int) { counts[i] = active.peak(rounds) })
		total := 0.0
		for _, n := range counts {
			total += 2 * float64(n)
		}
		return total
	})
}

// best runs work, which returns its number of operations, for 0.3 s and returns
// the best rate in 10⁹ a second.
func best(work func() float64) float64 {
	rate := 0.0
	for begin := time.Now(); time.Since(begin) < 300*time.Millisecond; {
		start := time.Now()
		n := work()
		rate = max(rate, n/float64(time.Since(start).Nanoseconds()))
	}
	return rate
}

// peakGo does what the levels' loops of multiply-adds do, in plain Go.
func peakGo(rounds int) int {
	var s0, s1, s2, s3 float32
	for range rounds {
		s0, s1 = fma(s0, 0.5, 1), fma(s1, 0.5, 1)
		s2, s3 = fma(s2, 0.5, 1), fma(s3, 0.5, 1)
	}
	// Looking at the sums keeps them from being optimised away.
	if s0+s1+s2+s3 < 0 {
		return 0
	}
	return 4 * rounds
}
