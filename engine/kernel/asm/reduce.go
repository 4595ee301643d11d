package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// reduction writes a function over whole groups of 16 elements that keeps the 16
// lanes in registers: step takes them further by the current elements, which are in
// unroll registers as long as there are enough of them.
func reduction(w width, name, params, doc string, slices []string, unroll int, prepare func(p *program), step func(p *program, lanes lanes)) {
	TEXT(name+w.name, NOSPLIT, "func(lanes *[16]float32, "+params+")")
	Pragma("noescape")
	Doc(name + w.name + " " + doc)
	p := newProgram(w, slices)
	n := Load(Param(slices[0]).Len(), GP64())
	home := Load(Param("lanes"), GP64())
	if prepare != nil {
		prepare(p)
	}
	acc := make(lanes, 16/w.lanes)
	for i := range acc {
		acc[i] = w.vector()
		VMOVUPS(at(home, i*w.bytes()), acc[i])
	}
	body := func(p *program) { step(p, acc) }
	if unroll > len(acc) {
		p.loop("unrolled", n, unroll, w.lanes, body)
	}
	p.loop("loop", n, len(acc), w.lanes, body)
	for i := range acc {
		VMOVUPS(acc[i], at(home, i*w.bytes()))
	}
	VZEROUPPER()
	RET()
}

// lanes is the 16 lanes of a reduction in registers.
type lanes value

// of is the register of lanes that register i of a value belongs to.
func (l lanes) of(i int) reg.VecVirtual { return l[i%len(l)] }

func reductions(w width) {
	reduction(w, "sumLanes", "x []float32", "adds x to the lanes.", []string{"x"}, 2, nil, func(p *program, acc lanes) {
		for i := range p.regs {
			VADDPS(p.address("x", i), acc.of(i), acc.of(i))
		}
	})
	reduction(w, "dotLanes", "a, b []float32", "adds a · b to the lanes.", []string{"a", "b"}, 2, nil, func(p *program, acc lanes) {
		for i, v := range p.read("a") {
			VFMADD231PS(p.address("b", i), v, acc.of(i))
		}
	})
	// VMAXPS keeps the lane only where it is greater than the element.
	reduction(w, "maxLanes", "x []float32", "puts the greater of each lane and x into the lanes.", []string{"x"}, 2, nil, func(p *program, acc lanes) {
		for i := range p.regs {
			VMAXPS(p.address("x", i), acc.of(i), acc.of(i))
		}
	})
	var shift, scale value
	reduction(w, "pow2SumLanes", "x []float32, scale, shift float32", "writes 2^(scale·x+shift), for exponents up to 1, over x and adds it to the lanes.", []string{"x"}, w.lanes/4, func(p *program) {
		shift, scale = p.scalar("shift"), p.scalar("scale")
	}, func(p *program, acc lanes) {
		e := p.pow2(p.fma(p.read("x"), scale, shift))
		p.store("x", e)
		for i, v := range e {
			VADDPS(v, acc.of(i), acc.of(i))
		}
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
		sums, dots := make(value, regs), make(value, regs)
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
