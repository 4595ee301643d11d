package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tile writes the inner loop of the matrix product: a tile of c, some registers
// wide, stays in registers while the depth runs through the panels.
func tile(w width, name string, regs int) {
	panel := w.regs * w.lanes
	TEXT(name+w.name, NOSPLIT, "func(depth int, a, b, c []float32, ldc int, load bool)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s%s computes a %d × %d tile of a matrix product.", name, w.name, w.rows, regs*w.lanes))
	depth := Load(Param("depth"), GP64())
	a, b, c := slice("a"), slice("b"), slice("c")
	ldc := Load(Param("ldc"), GP64())
	load := Load(Param("load"), GP8())
	SHLQ(Imm(2), ldc)

	acc := make([][]reg.VecVirtual, w.rows)
	for i := range acc {
		acc[i] = make([]reg.VecVirtual, regs)
		for j := range acc[i] {
			acc[i][j] = w.vector()
			w.zero(acc[i][j])
		}
	}
	TESTB(load, load)
	JEQ(LabelRef("begin"))
	row := GP64()
	MOVQ(c, row)
	for i := range acc {
		for j := range acc[i] {
			VMOVUPS(at(row, j*w.bytes()), acc[i][j])
		}
		if i+1 < len(acc) {
			ADDQ(ldc, row)
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
			VBROADCASTSS(at(a, 4*(u*w.rows+i)), x)
			for j := range bs {
				VFMADD231PS(bs[j], x, acc[i][j])
			}
		}
	}
	const unroll = 4
	Label("begin")
	SUBQ(Imm(unroll), depth)
	JLT(LabelRef("rest"))
	Label("loop")
	for u := range unroll {
		step(u)
	}
	ADDQ(U32(4*unroll*w.rows), a)
	ADDQ(U32(4*unroll*panel), b)
	SUBQ(Imm(unroll), depth)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(unroll), depth)
	JEQ(LabelRef("end"))
	Label("single")
	step(0)
	ADDQ(Imm(uint64(4*w.rows)), a)
	ADDQ(U32(4*panel), b)
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
