package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// panel is the width of a panel of the product's right operand, whatever the
// width of a tile.
const panel = 32

const cacheLine = 64 // bytes

// tiles writes the inner loops of the matrix product for every height that a
// level has, and for the whole and half of its width.
func tiles(w width) {
	for _, rows := range w.heights {
		for _, regs := range []int{w.regs, w.regs / 2} {
			tile(w, rows, regs, byRows)
			tile(w, rows, regs, byColumns)
			if w.wide() {
				tile(w, rows, regs, ofPairs)
			}
		}
	}
}

// kind is what a tile is made of.
type kind struct{ name, element, doc string }

var (
	byRows    = kind{"tile", "float32", ""}
	byColumns = kind{"outer", "float32", ", of whose left operand the columns are rows in memory"}
	ofPairs   = kind{"pairs", "uint32", " of pairs of bfloat16 numbers"}
)

// tile writes one: a tile of c, some rows by some registers, stays in registers
// while the depth runs through rows of a, or columns, and a panel of b.
func tile(w width, rows, regs int, of kind) {
	name, element, doc := fmt.Sprintf("%s%dx%d%s", of.name, rows, regs*w.lanes, w.name), of.element, of.doc
	TEXT(name, NOSPLIT, fmt.Sprintf("func(depth int, a []%s, lda int, b []%[1]s, c []float32, ldc int, from []float32, ldf int)", element))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s computes a %d × %d tile of a matrix product%s.", name, rows, regs*w.lanes, doc))
	depth := Load(Param("depth"), GP64())
	lda := Load(Param("lda"), GP64())
	b, c := slice("b"), slice("c")
	ldc := Load(Param("ldc"), GP64())
	SHLQ(Imm(2), lda)
	SHLQ(Imm(2), ldc)

	// Rows of a are addressed from every fourth of them.
	a := []reg.Register{slice("a")}
	for r := 4; r < rows && of != byColumns; r += 4 {
		next := GP64()
		LEAQ(Mem{Base: a[len(a)-1], Index: lda, Scale: 4}, next)
		a = append(a, next)
	}
	lda3 := GP64()
	if rows > 3 || of == byColumns {
		LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, lda3)
	}
	left := func(r, k int) Mem {
		m := Mem{Base: a[r/4%len(a)], Disp: 4 * k}
		if of == byColumns {
			m.Disp, r = 4*r, k
		}
		switch r % 4 {
		case 1:
			m.Index, m.Scale = lda, 1
		case 2:
			m.Index, m.Scale = lda, 2
		case 3:
			m.Index, m.Scale = lda3, 1
		}
		return m
	}

	acc := make([][]reg.VecVirtual, rows)
	for i := range acc {
		acc[i] = make([]reg.VecVirtual, regs)
		for j := range acc[i] {
			acc[i][j] = w.vector()
			w.zero(acc[i][j])
		}
	}
	// The result comes into the cache while the depth runs.
	row := GP64()
	MOVQ(c, row)
	for i := range acc {
		for j := 0; j < regs*w.bytes(); j += cacheLine {
			PREFETCHT0(at(row, j))
		}
		if i+1 < len(acc) {
			ADDQ(ldc, row)
		}
	}
	from := slice("from")
	TESTQ(from, from)
	JEQ(LabelRef("begin"))
	ldf := Load(Param("ldf"), GP64())
	SHLQ(Imm(2), ldf)
	for i := range acc {
		for j := range acc[i] {
			VMOVUPS(at(from, j*w.bytes()), acc[i][j])
		}
		if i+1 < len(acc) {
			ADDQ(ldf, from)
		}
	}

	step := func(u int) {
		bs := make([]reg.VecVirtual, regs)
		for j := range bs {
			bs[j] = w.vector()
			VMOVUPS(at(b, 4*u*panel+j*w.bytes()), bs[j])
		}
		for i := range acc {
			x := w.vector()
			VBROADCASTSS(left(i, u), x)
			for j := range bs {
				if of == ofPairs {
					VPDPWSSD(bs[j], x, acc[i][j]) // becomes VDPBF16PS, see spell
				} else {
					VFMADD231PS(bs[j], x, acc[i][j])
				}
			}
		}
	}
	advance := func(steps int) {
		switch {
		case of != byColumns:
			for _, p := range a {
				ADDQ(Imm(uint64(4*steps)), p)
			}
		case steps == 1:
			ADDQ(lda, a[0])
		default: // 4
			LEAQ(Mem{Base: a[0], Index: lda, Scale: 4}, a[0])
		}
		ADDQ(U32(uint32(4*steps*panel)), b)
	}
	const unroll = 4
	Label("begin")
	SUBQ(Imm(unroll), depth)
	JLT(LabelRef("rest"))
	Label("loop")
	for u := range unroll {
		step(u)
	}
	advance(unroll)
	SUBQ(Imm(unroll), depth)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(unroll), depth)
	JEQ(LabelRef("end"))
	Label("single")
	step(0)
	advance(1)
	DECQ(depth)
	JNE(LabelRef("single"))
	Label("end")
	for i := range acc {
		for j := range acc[i] {
			VMOVUPS(acc[i][j], at(c, j*w.bytes()))
		}
		if i+1 < len(acc) {
			ADDQ(ldc, c)
		}
	}
	VZEROUPPER()
	RET()
}

// peak writes a loop of independent multiply-adds.
func peak(w width) {
	chains := 12
	TEXT("peak"+w.name, NOSPLIT, "func(rounds int) int")
	Pragma("noescape")
	Doc(fmt.Sprintf("peak%s runs rounds of %d independent multiply-adds of vectors and returns the number of multiply-adds.", w.name, chains))
	rounds := Load(Param("rounds"), GP64())
	count := GP64()
	IMUL3Q(Imm(uint64(chains*w.lanes)), rounds, count)
	Store(count, ReturnIndex(0))
	x := w.vector()
	w.zero(x)
	acc := make([]reg.VecVirtual, chains)
	for i := range acc {
		acc[i] = w.vector()
		w.zero(acc[i])
	}
	Label("loop")
	for i := range acc {
		VFMADD231PS(x, x, acc[i])
	}
	DECQ(rounds)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
