package main

import . "github.com/mmcloughlin/avo/operand"

func (n neon) channels(name, params, doc, count string, prepare, body func(p program)) {
	p := newNEONProgram(name, doc, "("+params+")", nil)
	p.offset, p.address = p.general(), p.general()
	p.write("MOVD", Imm(0), p.offset)
	prepare(p)
	channels := p.param(count)
	p.prologue = len(p.lines)
	p.loop("loop", channels, 1, func(program) {
		body(p)
		p.write("ADD", Imm(16), p.offset)
	})
	p.write("RET")
	p.must(n.File)
}

func (p *neonProgram) strides(names ...string) {
	for _, n := range names {
		p.apart[n] = p.param(n)
		p.write("LSL", Imm(2), p.apart[n])
	}
}

func (p *neonProgram) tables(names ...string) {
	for _, n := range names {
		p.pointers[n] = p.param(n)
	}
}

func (p *neonProgram) row(table string, i int) Op {
	p.write("MOVD", place{p.pointers[table], sliceHeader * i}, p.address)
	p.write("ADD", p.offset, p.address)
	return place{p.address, 0}
}

// neonGrid is a grid whose base moves on with the channels.
type neonGrid struct {
	p            *neonProgram
	base, stride general
	columns      int
}

func (p *neonProgram) grid(slice, stride string, columns int) grid {
	return &neonGrid{p, p.pointers[slice], p.apart[stride], columns}
}

func (g *neonGrid) row(i int) addresses { return func(j int) Op { return g.at(i, j) } }

func (g *neonGrid) column(j int) addresses { return func(i int) Op { return g.at(i, j) } }

func (g *neonGrid) at(i, j int) Op {
	p := g.p
	p.write("MOVD", Imm(uint64(i*g.columns+j)), p.address)
	p.write("MADD", p.address, g.base, g.stride, p.address)
	return place{p.address, 0}
}

func (p *neonProgram) readAt(address Op) value {
	return p.each(func(_ int, v *vector) { p.write("FMOVQ", address, v) })
}

func (p *neonProgram) inAt(address Op) operand { return p.readAt(address) }

func (p *neonProgram) storeAt(address Op, v value) { p.write("FMOVQ", v[0], address) }
