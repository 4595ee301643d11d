package main

import (
	"log"
	"math"
	"slices"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
)

// neon writes functions in NEON, whose vectors have 4 lanes, to a file.
type neon struct{ *ir.File }

// neonProgram is a program in NEON.
type neonProgram struct {
	*routine
	regs     int  // registers in a value
	single   bool // the current element is one alone, in the tail of a slice
	pointers map[string]general
	current  []string           // the slices, whose pointers move on
	apart    map[string]general // strides in bytes
	offset   general            // of the current channels, in bytes
	address  general            // of a number of theirs

	// The constants are four to a register, loaded at the line prologue.
	constants []string
	table     []*vector
	prologue  int
}

// number is a lane of a vector, for all lanes of the other operands.
type number struct {
	v    *vector
	lane int
}

func (n number) Asm() string { return n.v.lane(n.lane).Asm() }

func (n number) names() []*vector { return []*vector{n.v} }

func (n neon) elementwise(name, params, doc string, slices []string, _ length, prepare, body func(p program)) {
	n.most(func(regs int) *neonProgram {
		p := newNEONProgram(name, doc, "("+params+")", slices)
		count := p.count(slices[0])
		if prepare != nil {
			prepare(p)
		}
		p.prologue = len(p.lines)
		if regs > 1 {
			p.loop("unrolled", count, regs, body)
		}
		p.loop("loop", count, 1, body)
		p.single = true
		p.loop("single", count, 1, body)
		p.write("RET")
		return p
	})
}

func (n neon) reduction(name, params, doc string, slices []string, _ length, prepare func(p program), step func(p program, acc lanes)) {
	p := newNEONProgram(name, doc, "(lanes *[16]float32, "+params+")", slices)
	count := p.count(slices[0])
	home := p.param("lanes")
	if prepare != nil {
		prepare(p)
	}
	acc := make(lanes, 4)
	for i := range acc {
		v := newVector()
		p.write("FMOVQ", place{home, 16 * i}, v)
		acc[i] = v
	}
	p.prologue = len(p.lines)
	p.loop("loop", count, len(acc), func(p program) { step(p, acc) })
	for i := range acc {
		p.write("FMOVQ", acc[i], place{home, 16 * i})
	}
	p.write("RET")
	p.must(n.File)
}

// most writes a function that has as many registers in a value as there are
// registers for, four at most.
func (n neon) most(write func(regs int) *neonProgram) {
	for regs := 4; ; regs-- {
		p := write(regs)
		if regs == 1 {
			p.must(n.File)
			return
		}
		if p.finish(n.File) {
			return
		}
	}
}

// newNEONProgram loads the addresses of slices.
func newNEONProgram(name, doc, params string, slices []string) *neonProgram {
	p := &neonProgram{routine: newRoutine(name+"NEON", doc, params), pointers: map[string]general{}, apart: map[string]general{}}
	p.slices(slices...)
	return p
}

func (p *neonProgram) slices(names ...string) {
	p.tables(names...)
	p.current = append(p.current, names...)
}

// finish adds the function to a file, and its constants, if there are enough
// registers.
func (p *neonProgram) finish(file *ir.File) bool {
	numbers := p.loadConstants()
	if !p.allocate() {
		return false
	}
	file.AddSection(p.Function)
	if numbers != nil {
		file.AddSection(numbers)
	}
	return true
}

// must is finish for a function that there have to be enough registers for.
func (p *neonProgram) must(file *ir.File) {
	if !p.finish(file) {
		log.Fatalf("asm: %s takes too many registers", p.Name)
	}
}

// loadConstants makes a global of the constants and loads it at the prologue.
func (p *neonProgram) loadConstants() *ir.Global {
	if p.table == nil {
		return nil
	}
	g := ir.NewStaticGlobal(p.Name + "Constants")
	g.Attributes = attr.RODATA | attr.NOPTR
	for _, name := range p.constants {
		g.Append(U32(math.Float32bits(constantOf(name))))
	}
	g.Grow(16 * len(p.table))
	body := slices.Clone(p.lines[p.prologue:])
	p.lines = p.lines[:p.prologue]
	address := p.general()
	p.write("MOVD", symbol{g}, address)
	for i, v := range p.table {
		p.write("FMOVQ", place{address, 16 * i}, v)
	}
	p.lines = append(p.lines, body...)
	return g
}

// loop repeats body on regs registers at a time, or on a single element, as long
// as all of them are there, and takes them off n.
func (p *neonProgram) loop(name string, n general, regs int, body func(p program)) {
	p.regs = regs
	step := 4 * regs
	if p.single {
		step = 1
	}
	p.repeat(name, n, step, func() {
		body(p)
		for _, s := range p.current {
			p.write("ADD", Imm(uint64(4*step)), p.pointers[s])
		}
	})
}

// each writes instructions for every register of a new value.
func (p *neonProgram) each(write func(i int, v *vector)) value {
	out := make(value, p.regs)
	for i := range out {
		v := newVector()
		write(i, v)
		out[i] = v
	}
	return out
}

// access is the instruction that reads or writes the current elements.
func (p *neonProgram) access() string {
	if p.single {
		return "FMOVS"
	}
	return "FMOVQ"
}

func (p *neonProgram) read(slice string) value {
	return p.each(func(i int, v *vector) { p.write(p.access(), place{p.pointers[slice], 16 * i}, v) })
}

func (p *neonProgram) in(slice string) operand { return p.read(slice) }

func (p *neonProgram) store(slice string, v value) {
	for i := range p.regs {
		p.write(p.access(), v.part(i), place{p.pointers[slice], 16 * i})
	}
}

func (p *neonProgram) scalar(name string) value {
	v := newVector()
	p.write("FMOVS", parameter(p.Signature.Params().Lookup(name)), v)
	return value{number{v, 0}}
}

func (p *neonProgram) numbers(name string, n int) []value {
	from := p.param(name)
	out := make([]value, n)
	var v *vector
	for i := range out {
		if i%4 == 0 {
			v = newVector()
			p.write("FMOVQ", place{from, 4 * i}, v)
		}
		out[i] = value{number{v, i % 4}}
	}
	return out
}

func (p *neonProgram) constant(name string) operand { return p.load(name) }

func (p *neonProgram) load(name string) value {
	i := slices.Index(p.constants, name)
	if i < 0 {
		i = len(p.constants)
		p.constants = append(p.constants, name)
		if i%4 == 0 {
			p.table = append(p.table, newVector())
		}
	}
	return value{number{p.table[i/4], i % 4}}
}

// whole is x in whole registers: a number fills one.
func (p *neonProgram) whole(x operand) operand {
	n, ok := x.part(0).(number)
	if !ok {
		return x
	}
	v := newVector()
	p.fill(v, n)
	return value{v}
}

// fill copies a number, or a vector, to a vector.
func (p *neonProgram) fill(v *vector, from Op) {
	switch from := from.(type) {
	case number:
		p.write("VDUP", from, v.floats())
	case *vector:
		p.move(from, v)
	}
}

// binary writes an instruction of two operands.
func (p *neonProgram) binary(e encoding, a, b operand) value {
	a, b = p.whole(a), p.whole(b)
	return p.each(func(i int, v *vector) { p.word(e, v, a.part(i).(*vector), b.part(i).(*vector)) })
}

func (p *neonProgram) unary(e encoding, a value) value {
	return p.each(func(i int, v *vector) { p.word(e, v, a.part(i).(*vector)) })
}

func (p *neonProgram) add(a value, b operand) value { return p.binary(fadd, a, b) }

func (p *neonProgram) sub(a value, b operand) value { return p.binary(fsub, a, b) }

func (p *neonProgram) div(a value, b operand) value { return p.binary(fdiv, a, b) }

func (p *neonProgram) sqrt(a value) value { return p.unary(fsqrt, a) }

func (p *neonProgram) abs(a value) value { return p.unary(fabs, a) }

func (p *neonProgram) neg(a value) value { return p.unary(fneg, a) }

func (p *neonProgram) max(a value, b operand) value {
	b = p.whole(b)
	return p.choose(a, greater, b, a, b.(value))
}

// factors puts a number, if there is one, second, where an instruction takes it
// from its lane.
func (p *neonProgram) factors(a, b operand) (operand, operand) {
	if _, ok := a.part(0).(number); ok {
		a, b = b, a
	}
	return p.whole(a), b
}

func (p *neonProgram) mul(a value, b operand) value {
	x, y := p.factors(a, b)
	return p.each(func(i int, v *vector) {
		if n, ok := y.part(i).(number); ok {
			p.wordLane(fmulLane, v, x.part(i).(*vector), n)
		} else {
			p.word(fmul, v, x.part(i).(*vector), y.part(i).(*vector))
		}
	})
}

func (p *neonProgram) fma(a value, b, c operand) value {
	x, y := p.factors(a, b)
	return p.each(func(i int, v *vector) {
		p.fill(v, c.part(i))
		p.accumulate(v, x.part(i).(*vector), y.part(i))
	})
}

// accumulate adds a·b to v.
func (r *routine) accumulate(v, a *vector, b Op) {
	switch b := b.(type) {
	case number:
		r.wordLane(fmlaLane, v, a, b)
	case *vector:
		r.write("VFMLA", b.floats(), a.floats(), v.floats())
	}
}

func (p *neonProgram) raise(a, t value) value {
	return p.each(func(i int, v *vector) {
		p.write("VSHL", Imm(23), t.part(i).(*vector).floats(), v.floats())
		p.write("VADD", a.part(i).(*vector).floats(), v.floats(), v.floats())
	})
}

// choose compares into the result's register, where VBSL then has its mask.
// What is not ordered is not equal to itself.
func (p *neonProgram) choose(a value, c comparison, b, yes operand, no value) value {
	b, yes = p.whole(b), p.whole(yes)
	return p.each(func(i int, v *vector) {
		x, y := a.part(i).(*vector), b.part(i).(*vector)
		one, other := yes.part(i).(*vector), no.part(i).(*vector)
		switch {
		case c == greater:
			p.word(fcmgt, v, x, y)
		case c == less:
			p.word(fcmgt, v, y, x)
		case c == unordered && x == y:
			p.word(fcmeq, v, x, x)
			one, other = other, one
		default:
			log.Fatalf("asm: %s: NEON has no comparison %#x", p.Name, uint64(c))
		}
		p.write("VBSL", other.bytes(), one.bytes(), v.bytes())
	})
}

func (p *neonProgram) addTo(acc lanes, x operand) {
	for i := range p.regs {
		v := acc.of(i).(*vector)
		p.word(fadd, v, v, x.part(i).(*vector))
	}
}

func (p *neonProgram) fmaTo(acc lanes, a value, b operand) {
	for i := range p.regs {
		p.accumulate(acc.of(i).(*vector), a.part(i).(*vector), b.part(i))
	}
}

// maxTo does without FMAX, which would keep a NaN and prefers 0 to −0.
func (p *neonProgram) maxTo(acc lanes, x operand) {
	for i := range p.regs {
		keep, v, u := newVector(), acc.of(i).(*vector), x.part(i).(*vector)
		p.word(fcmgt, keep, v, u)
		p.write("VBIF", keep.bytes(), u.bytes(), v.bytes())
	}
}

// columnDots keeps a strip of columns in registers for all rows: of 16, of 4 or
// of one.
func (n neon) columnDots() {
	p := newNEONProgram("columnDots", "adds the columns of a and of a · b, matrices of the given rows, to sum and dot.",
		"(sum, dot, a, b []float32, rows int)", []string{"sum", "dot", "a", "b"})
	columns := p.count("sum")
	rows := p.param("rows")
	stride, left := p.general(), p.general()
	p.write("LSL", Imm(2), columns, stride)
	a, b := p.pointers["a"], p.pointers["b"]
	x, y := p.general(), p.general()

	strip := func(name string, regs int) {
		p.loop(name, columns, regs, func(program) {
			sums, dots := lanes(p.read("sum")), lanes(p.read("dot"))
			p.write("MOVD", a, x)
			p.write("MOVD", b, y)
			p.write("MOVD", rows, left)
			p.label(name + "Rows")
			p.pointers["a"], p.pointers["b"] = x, y
			v := p.read("a")
			p.addTo(sums, v)
			p.fmaTo(dots, v, p.read("b"))
			p.pointers["a"], p.pointers["b"] = a, b
			p.write("ADD", stride, x)
			p.write("ADD", stride, y)
			p.write("SUBS", Imm(1), left)
			p.write("BNE", LabelRef(name+"Rows"))
			p.store("sum", value(sums))
			p.store("dot", value(dots))
		})
	}
	strip("four", 4)
	strip("one", 1)
	p.single = true
	strip("single", 1)
	p.write("RET")
	p.must(n.File)
}
