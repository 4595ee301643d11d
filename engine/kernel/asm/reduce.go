package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// reduction writes a function over whole groups of 16 elements that keeps the 16
// lanes in registers: step takes one register's lanes of a group further, with
// the elements at byte offset disp of its group.
func reduction(w width, name, params, doc string, slices []string, prepare func(p *program), step func(p *program, acc reg.VecVirtual, disp int)) {
	TEXT(name+w.name, NOSPLIT, "func(lanes *[16]float32, "+params+")")
	Pragma("noescape")
	Doc(name + w.name + " " + doc)
	p := &program{width: w, pointers: map[string]reg.Register{}}
	for _, s := range slices {
		p.pointers[s] = slice(s)
	}
	n := Load(Param(slices[0]).Len(), GP64())
	home := Load(Param("lanes"), GP64())
	if prepare != nil {
		prepare(p)
	}
	acc := make([]reg.VecVirtual, 16/w.lanes)
	for i := range acc {
		acc[i] = w.vector()
		VMOVUPS(at(home, i*w.bytes()), acc[i])
	}
	p.index = GP64()
	XORQ(p.index, p.index)
	SUBQ(Imm(16), n)
	JLT(LabelRef("end"))
	Label("loop")
	for i := range acc {
		step(p, acc[i], i*w.bytes())
	}
	ADDQ(Imm(64), p.index)
	SUBQ(Imm(16), n)
	JGE(LabelRef("loop"))
	Label("end")
	for i := range acc {
		VMOVUPS(acc[i], at(home, i*w.bytes()))
	}
	VZEROUPPER()
	RET()
}

func reductions(w width) {
	reduction(w, "sumLanes", "x []float32", "adds x to the lanes.", []string{"x"}, nil, func(p *program, acc reg.VecVirtual, disp int) {
		VADDPS(p.address("x").Offset(disp), acc, acc)
	})
	reduction(w, "dotLanes", "a, b []float32", "adds a · b to the lanes.", []string{"a", "b"}, nil, func(p *program, acc reg.VecVirtual, disp int) {
		v := p.vector()
		VMOVUPS(p.address("a").Offset(disp), v)
		VFMADD231PS(p.address("b").Offset(disp), v, acc)
	})
	// VMAXPS keeps the lane only where it is greater than the element.
	reduction(w, "maxLanes", "x []float32", "puts the greater of each lane and x into the lanes.", []string{"x"}, nil, func(p *program, acc reg.VecVirtual, disp int) {
		VMAXPS(p.address("x").Offset(disp), acc, acc)
	})
	var shift, scale reg.VecVirtual
	reduction(w, "expSumLanes", "x []float32, shift, scale float32", "writes e^(scale·(x−shift)) over x and adds it to the lanes.", []string{"x"}, func(p *program) {
		shift, scale = p.scalar("shift"), p.scalar("scale")
	}, func(p *program, acc reg.VecVirtual, disp int) {
		x := p.vector()
		VMOVUPS(p.address("x").Offset(disp), x)
		e := p.exp(p.mul(p.sub(x, shift), scale))
		VMOVUPS(e, p.address("x").Offset(disp))
		VADDPS(e, acc, acc)
	})
	columnDots(w)
}

// columnDots writes the sums down the columns of two matrices: a strip of
// columns stays in registers for all rows.
func columnDots(w width) {
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
				v  reg.VecVirtual
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
