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
	TEXT("transpose"+w.name, NOSPLIT, "func(dst []float32, stride int, src *[]float32, depth int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("transpose%s writes dst[k*stride+r] = src[r][k] for r < %d and k < depth, a multiple of 4; src points to the first of %[2]d rows.", w.name, w.lanes))
	dst := slice("dst")
	stride := Load(Param("stride"), GP64())
	src := Load(Param("src"), GP64())
	depth := Load(Param("depth"), GP64())
	SHLQ(Imm(2), stride)
	offset := GP64()
	XORQ(offset, offset)

	// columns writes four columns quads times.
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
				VMOVUPS(t, at(dst, 0))
				ADDQ(stride, dst)
				VUNPCKHPD(half[1], half[0], t)
				VMOVUPS(t, at(dst, 0))
				ADDQ(stride, dst)
			}
		}
		ADDQ(Imm(uint64(16*quads)), offset)
	}
	SUBQ(Imm(16), depth)
	JLT(LabelRef("rest"))
	Label("loop")
	for range 4 / w.quads() {
		columns(w.quads())
	}
	SUBQ(Imm(16), depth)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(16), depth)
	JEQ(LabelRef("end"))
	Label("four")
	columns(1)
	SUBQ(Imm(4), depth)
	JNE(LabelRef("four"))
	Label("end")
	VZEROUPPER()
	RET()
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

// addRows writes sums of rows of two matrices, in whole vectors and a masked one.
func addRows(w width) {
	TEXT("addRows"+w.name, NOSPLIT, "func(dst []float32, ldd int, a []float32, lda int, b []float32, ldb, width, count int)")
	Pragma("noescape")
	Doc("addRows" + w.name + " writes dst[r*ldd+i] = a[r*lda+i] + b[r*ldb+i] for i < width and r < count.")
	dst, a, b := slice("dst"), slice("a"), slice("b")
	ldd := Load(Param("ldd"), GP64())
	lda := Load(Param("lda"), GP64())
	ldb := Load(Param("ldb"), GP64())
	n := Load(Param("width"), GP64())
	count := Load(Param("count"), GP64())
	for _, ld := range []reg.Register{ldd, lda, ldb} {
		SHLQ(Imm(2), ld)
	}
	whole, tail := GP64(), GP64()
	MOVQ(n, whole)
	ANDQ(I32(int32(-w.lanes)), whole)
	MOVQ(n, tail)
	SUBQ(whole, tail)
	SHLQ(Imm(2), whole)
	mask := w.firstLanes(tail, 1)[0]
	Label("row")
	i := GP64()
	XORQ(i, i)
	Label("vector")
	CMPQ(i, whole)
	JEQ(LabelRef("tail"))
	element := func(p reg.Register) Mem { return Mem{Base: p, Index: i, Scale: 1} }
	v := w.vector()
	VMOVUPS(element(a), v)
	VADDPS(element(b), v, v)
	VMOVUPS(v, element(dst))
	ADDQ(Imm(uint64(w.bytes())), i)
	JMP(LabelRef("vector"))
	Label("tail")
	TESTQ(tail, tail)
	JEQ(LabelRef("next"))
	u, t := w.vector(), w.vector()
	w.loadMasked(element(a), mask, u)
	w.loadMasked(element(b), mask, t)
	VADDPS(t, u, u)
	w.storeMasked(u, mask, element(dst))
	Label("next")
	ADDQ(ldd, dst)
	ADDQ(lda, a)
	ADDQ(ldb, b)
	DECQ(count)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// widen writes the functions that turn 16-bit numbers into float32, 16 at a time.
func widen(w width) {
	function := func(name, doc string, load func(from Mem, v reg.VecVirtual)) {
		TEXT(name+w.name, NOSPLIT, "func(dst []float32, src []uint16)")
		Pragma("noescape")
		Doc(name + w.name + " widens " + doc + " numbers, a multiple of 16.")
		dst, src := slice("dst"), slice("src")
		n := Load(Param("src").Len(), GP64())
		SHRQ(Imm(4), n)
		JEQ(LabelRef("end"))
		Label("loop")
		for i := range 16 / w.lanes {
			v := w.vector()
			load(at(src, 2*i*w.lanes), v)
			VMOVUPS(v, at(dst, i*w.bytes()))
		}
		ADDQ(Imm(32), src)
		ADDQ(Imm(64), dst)
		DECQ(n)
		JNE(LabelRef("loop"))
		Label("end")
		VZEROUPPER()
		RET()
	}
	function("widenHalf", "float16", func(from Mem, v reg.VecVirtual) { VCVTPH2PS(from, v) })
	function("widenBrain", "bfloat16", func(from Mem, v reg.VecVirtual) {
		VPMOVZXWD(from, v)
		VPSLLD(Imm(16), v, v)
	})
}

// prefetch writes a function that asks for memory to be brought into the cache.
func prefetch(w width) {
	TEXT("prefetch"+w.name, NOSPLIT, "func(x []float32)")
	Pragma("noescape")
	Doc("prefetch" + w.name + " asks for x to be brought into the second-level cache.")
	x := slice("x")
	n := Load(Param("x").Len(), GP64())
	ADDQ(Imm(15), n)
	SHRQ(Imm(4), n)
	JEQ(LabelRef("end"))
	Label("loop")
	PREFETCHT1(at(x, 0))
	ADDQ(Imm(cacheLine), x)
	DECQ(n)
	JNE(LabelRef("loop"))
	Label("end")
	RET()
}

// narrow writes the function that rounds float32 to bfloat16, to the nearest and
// halfway to the even one, 16 at a time. It is done with integers: the processor's
// own instruction is one that few have.
func narrow(w width) {
	TEXT("narrowBrain"+w.name, NOSPLIT, "func(dst []uint16, src []float32)")
	Pragma("noescape")
	Doc("narrowBrain" + w.name + " rounds numbers, a multiple of 16, to bfloat16.")
	dst, src := slice("dst"), slice("src")
	n := Load(Param("src").Len(), GP64())
	half, one := w.vector(), w.vector()
	w.fill(globalBits("belowHalf", 1<<15-1), half)
	w.fill(globalBits("lowest", 1), one)
	SHRQ(Imm(4), n)
	JEQ(LabelRef("end"))
	Label("loop")
	rounded := make([]reg.VecVirtual, 16/w.lanes)
	for i := range rounded {
		v, odd := w.vector(), w.vector()
		VMOVUPS(at(src, i*w.bytes()), v)
		VPSRLD(Imm(16), v, odd)
		w.and(one, odd, odd)
		VPADDD(half, v, v)
		VPADDD(odd, v, v)
		VPSRLD(Imm(16), v, v)
		rounded[i] = v
	}
	if w.wide() {
		VPMOVDW(rounded[0], at(dst, 0))
	} else {
		// packs within 128 bits, whose halves are then in the wrong order
		VPACKUSDW(rounded[1], rounded[0], rounded[0])
		VPERMQ(Imm(0b11011000), rounded[0], rounded[0])
		VMOVDQU(rounded[0], at(dst, 0))
	}
	ADDQ(Imm(64), src)
	ADDQ(Imm(32), dst)
	DECQ(n)
	JNE(LabelRef("loop"))
	Label("end")
	VZEROUPPER()
	RET()
}

// fill repeats a number in memory over a register.
func (w width) fill(from Mem, v reg.VecVirtual) { VBROADCASTSS(from, v) }

func (w width) and(a, b, v reg.VecVirtual) {
	if w.wide() {
		VPANDD(a, b, v)
	} else {
		VPAND(a, b, v)
	}
}
