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
		b.Run(fmt.Sprintf("%d×%d×%d", s.m, s.k, s.n), func(b *testing.B) {
			for b.Loop() {
				Multiply(s.m, x, s.k, w, bias, y, w.Out, Epilogue{}, nil)
			}
			b.ReportMetric(2*float64(s.m)*float64(s.n)*float64(s.k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}
