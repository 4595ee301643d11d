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
	Doc(fmt.Sprintf("transpose%s writes dst[k*stride+r] = src[r][k] for r < rows and k < depth, a multiple of 4. Rows are %d or %d, and src points to the first of %d.", w.name, w.rows, w.lanes, w.lanes))
	dst := slice("dst")
	stride := Load(Param("stride"), GP64())
	src := Load(Param("src"), GP64())
	rows := Load(Param("rows"), GP64())
	depth := Load(Param("depth"), GP64())
	SHLQ(Imm(2), stride)
	offset := GP64()
	XORQ(offset, offset)

	// columns writes four columns quads times, from as many 128-bit parts as
	// there are fours of rows.
	columns := func(quads, parts int, store func(v reg.VecVirtual)) {
		x := make([][4]reg.VecVirtual, quads)
		row := GP64()
		for s := range 4 {
			for part := range parts {
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
	all := func(name string, parts int, store func(v reg.VecVirtual)) {
		SUBQ(Imm(16), depth)
		JLT(LabelRef(name + "Rest"))
		Label(name)
		for range 4 / w.quads() {
			columns(w.quads(), parts, store)
		}
		SUBQ(Imm(16), depth)
		JGE(LabelRef(name))
		Label(name + "Rest")
		ADDQ(Imm(16), depth)
		JEQ(LabelRef(name + "End"))
		Label(name + "Four")
		columns(1, parts, store)
		SUBQ(Imm(4), depth)
		JNE(LabelRef(name + "Four"))
		Label(name + "End")
		VZEROUPPER()
		RET()
	}
	whole := func(v reg.VecVirtual) { VMOVUPS(v, at(dst, 0)) }
	CMPQ(rows, Imm(uint64(w.lanes)))
	JEQ(LabelRef("whole"))
	// Fewer rows are those of a panel of the product's left operand.
	if w.wide() {
		mask := w.firstLanes(rows, 1)[0]
		all("panel", w.rows/4, func(v reg.VecVirtual) { w.storeMasked(v, mask, at(dst, 0)) })
	} else {
		all("panel", 2, func(v reg.VecVirtual) {
			high := XMM()
			VMOVUPS(v.AsX(), at(dst, 0))
			VEXTRACTF128(Imm(1), v, high)
			VMOVLPS(high, at(dst, 16))
		})
	}
	Label("whole")
	all("vector", w.lanes/4, whole)
}

// quads is how many times four columns transpose handles at once, for which
// there have to be registers.
func (w width) quads() int { return w.lanes / 4 }

// copyRows writes rows of a matrix under each other in another one's panel:
// whole vectors where it can, or one masked vector a row, or two.
func copyRows(w width) {
	TEXT("copyRows"+w.name, NOSPLIT, "func(dst []float32, dstStride int, src []float32, srcStride, width, count int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("copyRows%s writes dst[r*dstStride+i] = src[r*srcStride+i] for i < width ≤ %d and r < count.", w.name, 2*w.lanes))
	dst, src := slice("dst"), slice("src")
	dstStride := Load(Param("dstStride"), GP64())
	srcStride := Load(Param("srcStride"), GP64())
	n := Load(Param("width"), GP64())
	count := Load(Param("count"), GP64())
	SHLQ(Imm(2), dstStride)
	SHLQ(Imm(2), srcStride)

	loop := func(name string, unroll int, row func()) {
		steps := func(label string, rows int) {
			SUBQ(Imm(uint64(rows)), count)
			JLT(LabelRef(label + "Rest"))
			Label(label)
			for range rows {
				row()
				ADDQ(srcStride, src)
				ADDQ(dstStride, dst)
			}
			SUBQ(Imm(uint64(rows)), count)
			JGE(LabelRef(label))
			Label(label + "Rest")
			ADDQ(Imm(uint64(rows)), count)
		}
		steps(name+"Unrolled", unroll)
		steps(name, 1)
		VZEROUPPER()
		RET()
	}
	masked := func(regs int) func() {
		masks := w.firstLanes(n, regs)
		return func() {
			for i, m := range masks {
				v := w.vector()
				w.loadMasked(at(src, i*w.bytes()), m, v)
				w.storeMasked(v, m, at(dst, i*w.bytes()))
			}
		}
	}
	CMPQ(n, Imm(uint64(2*w.lanes)))
	JEQ(LabelRef("whole"))
	CMPQ(n, Imm(uint64(w.lanes)))
	JLE(LabelRef("narrow"))
	loop("wide", 2, masked(2))
	Label("narrow")
	loop("one", 4, masked(1))
	Label("whole")
	loop("two", 4, func() {
		low, high := w.vector(), w.vector()
		VMOVUPS(at(src, 0), low)
		VMOVUPS(at(src, w.bytes()), high)
		VMOVUPS(low, at(dst, 0))
		VMOVUPS(high, at(dst, w.bytes()))
	})
}
