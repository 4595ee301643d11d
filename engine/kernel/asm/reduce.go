package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func reductions(l level) {
	l.reduction("sumLanes", "x []float32", "adds x to the lanes.", []string{"x"}, short, nil, func(p program, acc lanes) {
		p.addTo(acc, p.in("x"))
	})
	l.reduction("dotLanes", "a, b []float32", "adds a · b to the lanes.", []string{"a", "b"}, short, nil, func(p program, acc lanes) {
		p.fmaTo(acc, p.read("a"), p.in("b"))
	})
	l.reduction("maxLanes", "x []float32", "puts the greater of each lane and x into the lanes.", []string{"x"}, short, nil, func(p program, acc lanes) {
		p.maxTo(acc, p.in("x"))
	})
	var shift, scale value
	l.reduction("pow2SumLanes", "x []float32, scale, shift float32", "writes 2^(scale·x+shift), for exponents up to 1, over x and adds it to the lanes.", []string{"x"}, long, func(p program) {
		shift, scale = p.scalar("shift"), p.scalar("scale")
	}, func(p program, acc lanes) {
		e := pow2(p, p.fma(p.read("x"), scale, shift))
		p.store("x", e)
		p.addTo(acc, e)
	})
	l.columnDots()
}

// columnDots writes the sums down the columns of two matrices: a strip of
// columns stays in registers for all rows.
func (w width) columnDots() {
	TEXT("columnDots"+w.name, NOSPLIT, "func(sum, dot, a, b []float32, rows int)")
	Pragma("noescape")
	Doc("columnDots" + w.name + " adds the columns of a and of a · b, matrices of the given rows, to sum and dot.")
	sum, dot, a, b := slice("sum"), slice("dot"), slice("a"), slice("b")
	c := Load(Param("sum").Len(), GP64())
	rows := Load(Param("rows"), GP64())
	stride := GP64()
	MOVQ(c, stride)
	SHLQ(Imm(2), stride)

	// strip adds a strip of some registers, or of one with a mask.
	strip := func(name string, regs int, mask reg.Register) {
		load := func(from Mem, v reg.VecVirtual) {
			if mask == nil {
				VMOVUPS(from, v)
			} else {
				w.loadMasked(from, mask, v)
			}
		}
		sums, dots := make([]reg.VecVirtual, regs), make([]reg.VecVirtual, regs)
		for i := range sums {
			sums[i], dots[i] = w.vector(), w.vector()
			load(at(sum, i*w.bytes()), sums[i])
			load(at(dot, i*w.bytes()), dots[i])
		}
		x, y, left := GP64(), GP64(), GP64()
		MOVQ(a, x)
		MOVQ(b, y)
		MOVQ(rows, left)
		Label(name)
		for i := range sums {
			v, u := w.vector(), w.vector()
			load(at(x, i*w.bytes()), v)
			load(at(y, i*w.bytes()), u)
			VADDPS(v, sums[i], sums[i])
			VFMADD231PS(u, v, dots[i])
		}
		ADDQ(stride, x)
		ADDQ(stride, y)
		DECQ(left)
		JNE(LabelRef(name))
		for i := range sums {
			for _, out := range []struct {
				v  Op
				to reg.Register
			}{{sums[i], sum}, {dots[i], dot}} {
				if mask == nil {
					VMOVUPS(out.v, at(out.to, i*w.bytes()))
				} else {
					w.storeMasked(out.v, mask, at(out.to, 0))
				}
			}
		}
	}
	whole := func(name string, regs int) {
		Label(name)
		SUBQ(Imm(uint64(regs*w.lanes)), c)
		JLT(LabelRef(name + "Rest"))
		strip(name+"Rows", regs, nil)
		for _, p := range []reg.Register{sum, dot, a, b} {
			ADDQ(U32(uint32(regs*w.bytes())), p)
		}
		JMP(LabelRef(name))
		Label(name + "Rest")
		ADDQ(Imm(uint64(regs*w.lanes)), c)
	}
	whole("four", 4)
	whole("one", 1)
	TESTQ(c, c)
	JEQ(LabelRef("end"))
	strip("tailRows", 1, w.firstLanes(c, 1)[0])
	Label("end")
	VZEROUPPER()
	RET()
}
