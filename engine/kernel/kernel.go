// Package kernel is the float32 arithmetic behind everything: matrix products,
// convolutions seen as matrix products, elementwise functions, reductions and
// the optimiser's step, on plain slices.
//
// Every element of every result is a fixed chain of float32 operations. The
// chain depends neither on the width of the processor's vectors, nor on block
// sizes, nor on the number of threads, so AVX-512, AVX2 with FMA, NEON and plain Go
// agree bit for bit and the same seed gives the same picture everywhere:
//
//   - an element of a matrix product is one chain of fused multiply-adds over
//     the inner dimension in order;
//   - a reduction runs in 16 lanes (element i goes to lane i mod 16, each lane
//     in order) that a fixed tree joins: 8+8, 4+4, 2+2, 1+1;
//   - exp, erf and their relatives are polynomials with a fixed order of
//     evaluation.
//
// Mismatched lengths are programming errors and panic.
package kernel

//go:generate go run -C asm . -family matrix -out ../matrix_amd64.s -stubs ../matrix_amd64.go -pkg kernel
//go:generate go run -C asm . -family elementwise -out ../elementwise_amd64.s -stubs ../elementwise_amd64.go -pkg kernel
//go:generate go run -C asm . -family reduce -out ../reduce_amd64.s -stubs ../reduce_amd64.go -pkg kernel
//go:generate go run -C asm . -arch arm64 -family matrix -out ../matrix_arm64.s -stubs ../matrix_arm64.go -pkg kernel
//go:generate go run -C asm . -arch arm64 -family elementwise -out ../elementwise_arm64.s -stubs ../elementwise_arm64.go -pkg kernel
//go:generate go run -C asm . -arch arm64 -family reduce -out ../reduce_arm64.s -stubs ../reduce_arm64.go -pkg kernel

import (
	"fmt"
	"os"
)

// functions is everything one level of the processor has to offer; the fields
// of all levels compute the same bits.
type functions struct {
	level      string
	rows, cols int // size of the matrix product's register tile

	// tile computes a rows × cols tile of c over packed panels a and b of the
	// given depth; the chains start from c if load is set and from 0 if not.
	tile func(depth int, a, b, c []float32, ldc int, load bool)
	// tileHalf computes the left half of the tile.
	tileHalf func(depth int, a, b, c []float32, ldc int, load bool)
	// transpose writes dst[k*stride+r] = src[r][k] for r < rows, k < depth. It
	// takes up to lanes rows, and src has to have that many in any case.
	transpose func(dst []float32, stride int, src [][]float32, rows, depth int)
	lanes     int
	// copyRows writes dst[r*dstStride+i] = src[r*srcStride+i] for i < width, r < count.
	copyRows func(dst []float32, dstStride int, src []float32, srcStride, width, count int)

	add           func(dst, a, b []float32)
	mul           func(dst, a, b []float32)
	axpy          func(dst, x []float32, alpha float32)
	mulAdd        func(dst, a, b []float32)
	scale         func(dst, x []float32, alpha float32)
	scaleShift    func(dst, x, scale, shift []float32)
	lerp          func(dst, x []float32, t float32)
	exp           func(dst, x []float32)
	sigmoid       func(dst, x []float32)
	silu          func(dst, x []float32)
	siluGrad      func(dx, x, dy []float32)
	gelu          func(dst, x []float32)
	geluGrad      func(dx, x, dy []float32)
	quickGELU     func(dst, x []float32)
	quickGELUGrad func(dx, x, dy []float32)
	adamW         func(w, m, v, g []float32, o *[adamConstants]float32)

	// The reductions work on whole groups of 16 elements and leave the lanes.
	sumLanes func(lanes *[16]float32, x []float32)
	dotLanes func(lanes *[16]float32, a, b []float32)
	maxLanes func(lanes *[16]float32, x []float32)
	// expSumLanes writes exp(scale·(x−shift)) over x and adds it to the lanes.
	expSumLanes func(lanes *[16]float32, x []float32, shift, scale float32)
	columnDots  func(sum, dot, a, b []float32, rows int)

	// peak runs a loop of independent multiply-adds and returns their number.
	peak func(rounds int) int
}

// active is the level in use.
var active = choose(os.Getenv("DARKROOM_KERNEL"))

// Level names the arithmetic in use: "avx512", "avx2", "neon" or "go". It is the
// best the processor has unless the environment variable DARKROOM_KERNEL names
// another one that it has too.
func Level() string { return active.level }

// choose returns the level of the given name, or the best one.
func choose(name string) *functions {
	all := levels()
	for _, f := range all {
		if f.level == name {
			return f
		}
	}
	return all[0]
}

// same panics unless all lengths are n.
func same(name string, n int, lengths ...int) {
	for _, l := range lengths {
		if l != n {
			panic(fmt.Sprintf("kernel.%s: slices of %d and %d elements; want equal lengths", name, n, l))
		}
	}
}
