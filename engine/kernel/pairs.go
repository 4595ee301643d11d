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
	pairs := make([]uint32, panels*all)
	Parallel(panels, func(j int) {
		wide := borrowTask(2 * all)
		pairPanel(pairs[j*all:(j+1)*all], w.block(*wide, j, 0, depth)[:depth*panel])
		giveBack(wide)
	})
	w.wide, w.half, w.pairs = nil, nil, pairs
}

// pairPanel rounds a panel [depth][32] to pairs.
func pairPanel(dst []uint32, src []float32) {
	buffer := borrowTask(len(dst))
	half := words(pairsOf(*buffer))[:2*len(dst)]
	active.narrowBrain(half, src)
	clear(half[len(src):])
	for len(dst) > 0 {
		low, high := half[:panel], half[panel:2*panel]
		for i := range panel {
			dst[i] = uint32(low[i]) | uint32(high[i])<<16
		}
		dst, half = dst[panel:], half[2*panel:]
	}
	giveBack(buffer)
}

// floatsOf is the memory of an even number of words as one of floats.
func floatsOf(x []uint16) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x)/2)
}

// pairsOf is the memory of floats as one for pairs.
func pairsOf(x []float32) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
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
	row := borrowTask(roundUp(p.k, 16))
	defer giveBack(row)
	clear((*row)[p.k:])
	for r := range rows {
		if p.left == nil {
			copy((*row)[:p.k], p.a[(i0+r)*p.lda:])
		} else {
			p.left.PackRows((*row)[:p.k], p.k, i0+r, 1, 0, p.k)
		}
		active.narrowBrain(words(dst[r*ld:][:roundUp(p.k, 16)/2]), *row)
	}
}

// multiplyRounded is multiply with operands that are rounded already and lie in
// words: pairs, if the processor has their product, else numbers taken apart, which
// are twice as many.
func (f *functions) multiplyRounded(depth int, a []float32, lda, rows int, b, c []float32, ldc, cols int, from []float32, ldf int) {
	if f.pairs[1] != nil {
		f.multiplyPairs(depth, pairsOf(a), lda, rows, pairsOf(b), c, ldc, cols, from, ldf)
	} else {
		f.multiply(2*depth, a, lda, rows, b, c, ldc, cols, from, ldf)
	}
}

// spread is by how much numbers take more room in words that are taken apart.
func (f *functions) spread() int {
	if f.pairs[1] != nil {
		return 1
	}
	return 2
}

// roundPanel writes a panel [depth][32] as multiplyRounded wants it.
func (f *functions) roundPanel(dst, src []float32) {
	n := ceilDiv(len(src), 2*panel) * panel
	if f.pairs[1] != nil {
		pairPanel(pairsOf(dst[:n]), src)
		return
	}
	buffer := borrowTask(n)
	pairs := pairsOf(*buffer)
	pairPanel(pairs, src)
	apart(dst, pairs, panel)
	giveBack(buffer)
}

// roundRow writes a row, whose length is a multiple of 16, as multiplyRounded
// wants it.
func (f *functions) roundRow(dst, src []float32) {
	n := len(src) / 2
	if f.pairs[1] != nil {
		f.narrowBrain(words(pairsOf(dst[:n])), src)
		return
	}
	buffer := borrowTask(n)
	pairs := pairsOf(*buffer)
	f.narrowBrain(words(pairs), src)
	apart(dst, pairs, 1)
	giveBack(buffer)
}

// multiplyPairs is multiply for pairs.
func (f *functions) multiplyPairs(depth int, a []uint32, lda, rows int, b []uint32, c []float32, ldc, cols int, from []float32, ldf int) {
	for j := 0; j < cols; j += f.cols {
		tiles := &f.pairs
		if cols-j <= f.cols/2 {
			tiles = &f.pairHalves
		}
		stack(tiles, depth, a, lda, lda, rows, b[j:], c[j:], ldc, after(from, j), ldf)
	}
}
