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
//     the inner dimension in order (of pairs of bfloat16 numbers, the second first);
//   - a 3×3 convolution is Winograd's or a product, by its shape alone, and the
//     transforms have a fixed order of operations;
//   - attention's sums over keys are joined in blocks of a fixed size;
//   - a reduction runs in 16 lanes (element i goes to lane i mod 16, each lane
//     in order) that a fixed tree joins: 8+8, 4+4, 2+2, 1+1;
//   - exp, erf and their relatives are polynomials with a fixed order of
//     evaluation.
//
// Mismatched lengths are programming errors and panic.
package kernel

//go:generate go run -C asm . -family matrix -out ../matrix_amd64.s -stubs ../matrix_amd64.go -pkg kernel
//go:generate go run -C asm . -family winograd -out ../winograd_amd64.s -stubs ../winograd_amd64.go -pkg kernel
//go:generate go run -C asm . -family elementwise -out ../elementwise_amd64.s -stubs ../elementwise_amd64.go -pkg kernel
//go:generate go run -C asm . -family reduce -out ../reduce_amd64.s -stubs ../reduce_amd64.go -pkg kernel
//go:generate go run -C asm . -arch arm64 -family matrix -out ../matrix_arm64.s -stubs ../matrix_arm64.go -pkg kernel
//go:generate go run -C asm . -arch arm64 -family winograd -out ../winograd_arm64.s -stubs ../winograd_arm64.go -pkg kernel
//go:generate go run -C asm . -arch arm64 -family elementwise -out ../elementwise_arm64.s -stubs ../elementwise_arm64.go -pkg kernel
//go:generate go run -C asm . -arch arm64 -family reduce -out ../reduce_arm64.s -stubs ../reduce_arm64.go -pkg kernel

import (
	"fmt"
	"os"
)

// functions is everything one level of the processor has to offer; the fields
// of all levels compute the same bits.
type functions struct {
	level string

	// The matrix product's register tiles, and their width.
	cols  int
	tiles tiles
	// outers are tiles whose left operand's columns are rows in memory.
	outers tiles
	// transpose writes dst[k*stride+r] = src[r][k] for k < depth; src has lanes
	// rows.
	transpose func(dst []float32, stride int, src [][]float32, depth int)
	lanes     int
	// copyRows writes dst[r*dstStride+i] = src[r*srcStride+i] for
	// i < width ≤ 2·lanes, r < count.
	copyRows func(dst []float32, dstStride int, src []float32, srcStride, width, count int)
	// addRows writes dst[r*ldd+i] = a[r*lda+i] + b[r*ldb+i] for i < width, r < count.
	addRows func(dst []float32, ldd int, a []float32, lda int, b []float32, ldb, width, count int)
	// widenHalf and widenBrain turn float16 and bfloat16 numbers, a multiple of
	// 16, into float32.
	widenHalf, widenBrain func(dst []float32, src []uint16)

	// narrowBrain rounds a multiple of 16 numbers to bfloat16.
	narrowBrain func(dst []uint16, src []float32)
	// pairs are tiles for pairs of bfloat16 numbers, nil where the processor has
	// no such product; pairHalves are those of half the width.
	pairs, pairHalves [maxRows + 1]pairTile

	// prefetch asks for memory to be brought into the second-level cache.
	prefetch func(x []float32)

	// Winograd's transforms of channels, a multiple of 16: of 36 pixels, number
	// i of the result going to dst[i*stride]; of filters, tap i of which is at
	// src[i*tap]; and of 36 products, number i at src[i*stride], to 16 pixels,
	// without and with pixels to add.
	winogradInput     func(dst []float32, stride int, src *[36][]float32, channels int)
	winogradWeights   func(dst []float32, stride int, src []float32, tap, n int)
	winogradOutput    func(dst *[16][]float32, src []float32, stride int, bias []float32, channels int)
	winogradOutputAdd func(dst, add *[16][]float32, src []float32, stride int, bias []float32, channels int)
	// winogradSpread is the gradient of winogradOutput: of 16 pixels, number i of the
	// result going to dst[i*stride].
	winogradSpread func(dst []float32, stride int, src *[16][]float32, channels int)

	add                func(dst, a, b []float32)
	mul                func(dst, a, b []float32)
	axpy               func(dst, x []float32, alpha float32)
	mulAdd             func(dst, a, b []float32)
	scale              func(dst, x []float32, alpha float32)
	scaleShift         func(dst, x, scale, shift []float32)
	combine            func(dst, x, y, a, b, c []float32)
	lerp               func(dst, x []float32, t float32)
	exp                func(dst, x []float32)
	sigmoid            func(dst, x []float32)
	silu               func(dst, x []float32)
	siluGrad           func(dx, x, dy []float32)
	scaleShiftSiLU     func(dst, x, scale, shift []float32)
	scaleShiftSiLUGrad func(dz, dy, x, scale, shift []float32)
	gelu               func(dst, x []float32)
	geluGrad           func(dx, x, dy []float32)
	quickGELU          func(dst, x []float32)
	quickGELUGrad      func(dx, x, dy []float32)
	adamW              func(w, m, v, g []float32, o *[adamConstants]float32)

	// The reductions work on whole groups of 16 elements and leave the lanes.
	sumLanes func(lanes *[16]float32, x []float32)
	dotLanes func(lanes *[16]float32, a, b []float32)
	maxLanes func(lanes *[16]float32, x []float32)
	// pow2SumLanes writes 2^(scale·x+shift), for exponents up to 1, over x and
	// adds it to the lanes.
	pow2SumLanes func(lanes *[16]float32, x []float32, scale, shift float32)
	columnDots   func(sum, dot, a, b []float32, rows int)

	// peak runs a loop of independent multiply-adds and returns their number.
	peak func(rounds int) int
}

// tiles are by their number of rows, nil for a number that is made up of others, and
// those of half and a quarter of the width, for what is left at the end of a row.
type tiles struct{ whole, halves, quarters [maxRows + 1]tile }

// tileOf computes rows × columns of a product over one run of depth:
//
//	c[r*ldc+j] = from[r*ldf+j] + Σ_k a[r*lda+k]·b[k*panel+j]
//
// as one chain of fused multiply-adds, which begins at 0 if from is nil. Of outers the
// element (r,k) is a[k*lda+r].
type tileOf[T float32 | uint32] = func(depth int, a []T, lda int, b []T, c []float32, ldc int, from []float32, ldf int)

type (
	tile = tileOf[float32]
	// pairTile is a tile whose a and b are pairs of bfloat16 numbers, the first in
	// the low half. The chain takes the second product of a pair first, as
	// VDPBF16PS does, and then the first, each with one rounding.
	pairTile = tileOf[uint32]
)

// maxRows is the greatest number of rows of a tile.
const maxRows = 12

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
