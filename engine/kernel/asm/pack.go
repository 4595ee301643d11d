package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sliceHeader is the size of a slice's header.
const sliceHeader = 24

// transpose writes dst[k*stride+r] = src[r][k] for depth (a multiple of 4)
// columns. Four columns of lanes rows become four vectors: vector s first
// collects, in its 128-bit part p, the four columns of row 4p+s; then every part
// is a 4 × 4 matrix to transpose across the four vectors.
func transpose(w width) {
	TEXT("transpose"+w.name, NOSPLIT, "func(dst []float32, stride int, src *[]float32, rows, depth int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("transpose%s writes dst[k*stride+r] = src[r][k] for r < rows ≤ %d and k < depth, a multiple of 4; src points to the first of %d rows.", w.name, w.lanes, w.lanes))
	dst := slice("dst")
	stride := Load(Param("stride"), GP64())
	src := Load(Param("src"), GP64())
	rows := Load(Param("rows"), GP64())
	depth := Load(Param("depth"), GP64())
	SHLQ(Imm(2), stride)
	offset := GP64()
	XORQ(offset, offset)

	var store func(v reg.VecVirtual)
	if w.wide() {
		mask := w.firstLanes(rows, 1)[0]
		store = func(v reg.VecVirtual) { w.storeMasked(v, mask, at(dst, 0)) }
	} else {
		// Six rows, as a panel of a has, or eight.
		CMPQ(rows, Imm(8))
		JNE(LabelRef("six"))
		store = func(v reg.VecVirtual) { VMOVUPS(v, at(dst, 0)) }
	}
	columns := func(quads int) {
		x := make([][4]reg.VecVirtual, quads)
		row := GP64()
		for s := range 4 {
			for part := range w.lanes / 4 {
				MOVQ(at(src, sliceHeader*(4*part+s)), row)
				for q := range x {
					from := Mem{Base: row, Index: offset, Scale: 1, Disp: 16 * q}
					switch {
					case part == 0 && w.wide():
						x[q][s] = w.vector()
						VBROADCASTF32X4(from, x[q][s])
					case part == 0:
						x[q][s] = w.vector()
						VBROADCASTF128(from, x[q][s])
					case w.wide():
						VINSERTF32X4(Imm(uint64(part)), from, x[q][s], x[q][s])
					default:
						VINSERTF128(Imm(uint64(part)), from, x[q][s], x[q][s])
					}
				}
			}
		}
		for _, v := range x {
			lo01, hi01, lo23, hi23, t := w.vector(), w.vector(), w.vector(), w.vector(), w.vector()
			VUNPCKLPS(v[1], v[0], lo01)
			VUNPCKHPS(v[1], v[0], hi01)
			VUNPCKLPS(v[3], v[2], lo23)
			VUNPCKHPS(v[3], v[2], hi23)
			for _, half := range [][2]reg.VecVirtual{{lo01, lo23}, {hi01, hi23}} {
				VUNPCKLPD(half[1], half[0], t)
				store(t)
				ADDQ(stride, dst)
				VUNPCKHPD(half[1], half[0], t)
				store(t)
				ADDQ(stride, dst)
			}
		}
		ADDQ(Imm(uint64(16*quads)), offset)
	}
	loops := func(suffix string) {
		SUBQ(Imm(16), depth)
		JLT(LabelRef("rest" + suffix))
		Label("sixteen" + suffix)
		if w.wide() {
			columns(4)
		} else {
			columns(2)
			columns(2)
		}
		SUBQ(Imm(16), depth)
		JGE(LabelRef("sixteen" + suffix))
		Label("rest" + suffix)
		ADDQ(Imm(16), depth)
		JEQ(LabelRef("end" + suffix))
		Label("four" + suffix)
		columns(1)
		SUBQ(Imm(4), depth)
		JNE(LabelRef("four" + suffix))
		Label("end" + suffix)
		VZEROUPPER()
		RET()
	}
	loops("")
	if !w.wide() {
		store = func(v reg.VecVirtual) {
			VMOVUPS(v.AsX(), at(dst, 0))
			high := XMM()
			VEXTRACTF128(Imm(1), v, high)
			VMOVLPS(high, at(dst, 16))
		}
		Label("six")
		loops("Six")
	}
}

// copyRows writes rows of a matrix under each other in another one's panel.
func copyRows(w width) {
	TEXT("copyRows"+w.name, NOSPLIT, "func(dst []float32, dstStride int, src []float32, srcStride, width, count int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("copyRows%s writes dst[r*dstStride+i] = src[r*srcStride+i] for i < width ≤ %d and r < count, which is positive.", w.name, 2*w.lanes))
	dst, src := slice("dst"), slice("src")
	dstStride := Load(Param("dstStride"), GP64())
	srcStride := Load(Param("srcStride"), GP64())
	n := Load(Param("width"), GP64())
	count := Load(Param("count"), GP64())
	SHLQ(Imm(2), dstStride)
	SHLQ(Imm(2), srcStride)
	masks := w.firstLanes(n, 2)
	Label("loop")
	for i, m := range masks {
		v := w.vector()
		w.loadMasked(at(src, i*w.bytes()), m, v)
		w.storeMasked(v, m, at(dst, i*w.bytes()))
	}
	ADDQ(srcStride, src)
	ADDQ(dstStride, dst)
	DECQ(count)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
