package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vectorMemory is the current channels in memory.
type vectorMemory Mem

func (m vectorMemory) part(int) Op { return Mem(m) }

func (w width) channels(name, params, doc, count string, prepare, body func(p program)) {
	TEXT(name+w.name, NOSPLIT, "func("+params+")")
	Pragma("noescape")
	Doc(name + w.name + " " + doc)
	p := newProgram(w, nil)
	p.regs = 1
	prepare(p)
	n := Load(Param(count), GP64())
	Label("loop")
	body(p)
	ADDQ(Imm(uint64(p.bytes())), p.index)
	SUBQ(Imm(uint64(p.lanes)), n)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func (p *avx) strides(names ...string) {
	for _, n := range names {
		p.apart[n] = Load(Param(n), GP64())
	}
	for _, n := range names {
		SHLQ(Imm(2), p.apart[n])
	}
}

func (p *avx) tables(names ...string) {
	for _, n := range names {
		p.pointers[n] = Load(Param(n), GP64())
	}
}

func (p *avx) row(table string, i int) Op {
	base := GP64()
	MOVQ(at(p.pointers[table], sliceHeader*i), base)
	return Mem{Base: base, Index: p.index, Scale: 1}
}

func (p *avx) readAt(address Op) value {
	return p.each(func(_ int, v reg.VecVirtual) { VMOVUPS(address, v) })
}

func (p *avx) inAt(address Op) operand { return vectorMemory(address.(Mem)) }

func (p *avx) storeAt(address Op, v value) { VMOVUPS(v[0], address) }

// avxGrid is a grid, whose addresses are made of the strides between one and
// three columns, and between one and three rows.
type avxGrid struct {
	p                            *avx
	base                         reg.Register
	column1, column3, row1, row3 reg.Register
}

// grid makes one of 6 × 6 numbers, or of 3 × 3.
func (p *avx) grid(slice, stride string, columns int) grid {
	one, three, six, eighteen := p.apart[stride], GP64(), GP64(), GP64()
	LEAQ(Mem{Base: one, Index: one, Scale: 2}, three)
	LEAQ(Mem{Base: three, Index: three, Scale: 1}, six)
	LEAQ(Mem{Base: six, Index: six, Scale: 2}, eighteen)
	if columns == 3 {
		return &avxGrid{p, p.pointers[slice], one, three, three, nil}
	}
	return &avxGrid{p, p.pointers[slice], one, three, six, eighteen}
}

func (g *avxGrid) column(j int) addresses {
	return along(g.start(steps(j, g.column1, g.column3)), g.row1, g.row3)
}

func (g *avxGrid) row(i int) addresses {
	return along(g.start(steps(i, g.row1, g.row3)), g.column1, g.column3)
}

// start is the address of the current channels of the number that is parts away.
func (g *avxGrid) start(parts []Mem) reg.Register {
	at := GP64()
	LEAQ(Mem{Base: g.base, Index: g.p.index, Scale: 1}, at)
	for _, m := range parts {
		m.Base = at
		LEAQ(m, at)
	}
	return at
}

// steps is i < 6 times a stride, as one or two addressing modes.
func steps(i int, one, three reg.Register) []Mem {
	switch i {
	case 0:
		return nil
	case 3:
		return []Mem{{Index: three, Scale: 1}}
	case 5:
		return []Mem{{Index: one, Scale: 1}, {Index: one, Scale: 4}}
	}
	return []Mem{{Index: one, Scale: uint8(i)}}
}

// along addresses up to six numbers from one on.
func along(base, one, three reg.Register) addresses {
	var next reg.Register
	return func(i int) Op {
		switch i {
		case 0:
			return at(base, 0)
		case 5:
			if next == nil {
				r := GP64()
				LEAQ(Mem{Base: base, Index: one, Scale: 1}, r)
				next = r
			}
			return Mem{Base: next, Index: one, Scale: 4}
		}
		m := steps(i, one, three)[0]
		m.Base = base
		return m
	}
}
