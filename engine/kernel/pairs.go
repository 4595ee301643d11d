package kernel

import (
	"math"
	"unsafe"
)

// Paired weights are the second precision: the operands of a product are rounded
// to bfloat16, the sums stay float32. Two elements that follow each other in the
// depth are a pair in one word, as VDPBF16PS wants them. Where a processor lacks
// it, the pairs are taken apart again and multiplied as float32, the second of a
// pair first, which gives the same bits: a product of two bfloat16 numbers and a
// float32 sum are rounded once in either case. (Only results below 2^-126, which
// VDPBF16PS makes 0, could differ.)

// Pair rounds the weights to bfloat16 and turns them into pairs.
func (w *Weights) Pair() {
	depth := w.Depth()
	all := ceilDiv(depth, 2) * panel
	panels := max(len(w.wide), len(w.half)) / (depth * panel)
	w.pairs = make([]uint32, panels*all)
	Parallel(panels, func(j int) {
		buffer := borrow(2 * all)
		defer giveBack(buffer)
		numbers := *buffer
		clear(numbers[depth*panel:])
		copy(numbers, w.block(numbers, j, 0, depth)[:depth*panel])
		half := make([]uint16, 2*all)
		active.narrowBrain(half, numbers)
		to := w.pairs[j*all : (j+1)*all]
		for i := range to {
			at := i/panel*2*panel + i%panel
			to[i] = uint32(half[at]) | uint32(half[at+panel])<<16
		}
	})
	w.wide, w.half = nil, nil
}

// words is the 16-bit halves of pairs.
func words(pairs []uint32) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(pairs))), 2*len(pairs))
}

// apart writes the numbers of pairs, the second of each first.
func apart(dst []float32, pairs []uint32, stride int) {
	for i, p := range pairs {
		at := i/stride*2*stride + i%stride
		dst[at], dst[at+stride] = normal(p&^0xffff), normal(p<<16)
	}
}

// normal is the number of the given bits, or 0 below the least normal one, as
// VDPBF16PS takes it.
func normal(bits uint32) float32 {
	if bits<<1 < 1<<24 {
		return 0
	}
	return math.Float32frombits(bits)
}

// packPairs rounds rows from i0 on of the left operand to pairs.
func (p *product) packPairs(dst []uint32, ld, i0, rows int) {
	row := borrow(roundUp(p.k, 16))
	defer giveBack(row)
	clear((*row)[p.k:])
	for r := range rows {
		if p.left == nil {
			copy((*row)[:p.k], p.a[(i0+r)*p.lda:])
		} else {
			p.left.PackRows((*row)[:p.k], p.k, i0+r, 1, p.k)
		}
		active.narrowBrain(words(dst[r*ld:][:roundUp(p.k, 16)/2]), *row)
	}
}

// multiplyPairs is multiply for pairs.
func (f *functions) multiplyPairs(depth int, a []uint32, lda, rows int, b []uint32, c []float32, ldc, cols int, from []float32, ldf int) {
	for j := 0; j < cols; j += f.cols {
		tiles := &f.pairs
		if cols-j <= f.cols/2 {
			tiles = &f.pairHalves
		}
		for r := 0; r < rows; {
			height := min(rows-r, maxRows)
			for tiles[height] == nil {
				height--
			}
			start := from
			if start != nil {
				start = from[r*ldf+j:]
			}
			tiles[height](depth, a[r*lda:], lda, b[j:], c[r*ldc+j:], ldc, start, ldf)
			r += height
		}
	}
}
