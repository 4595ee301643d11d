package kernel

import (
	"runtime"
	"time"
)

// PeakGEMM measures the speed of Gemm in GFLOP/s, on square matrices that are
// large enough to show it: the best run within 0.3 s.
func PeakGEMM() float64 {
	n := 1024
	if active == &goLevel {
		n = 256
	}
	a, b, c := make([]float32, n*n), make([]float32, n*n), make([]float32, n*n)
	for i := range a {
		a[i], b[i] = float32(i%7), float32(i%5)
	}
	return best(func() float64 {
		Gemm(n, n, n, Strided{a, n, 1}, Strided{b, 1, n}, c, n, false)
		return 2 * float64(n) * float64(n) * float64(n)
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
