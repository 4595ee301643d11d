package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx is a program in AVX2 or AVX-512.
type avx struct {
	width
	regs     int // registers in a value
	pointers map[string]reg.Register
	apart    map[string]reg.Register // strides in bytes
	index    reg.GPVirtual           // byte offset of the current elements
	mask     reg.Register            // of the elements that are there, in the tail of a slice
}

// memory is a number in memory, and as many copies of it after it as AVX2, which
// does not repeat it itself, wants.
type memory Mem

func (m memory) part(int) Op { return Mem(m) }

// elements are the current ones of a slice, in memory.
type elements struct {
	p     *avx
	slice string
}

func (e elements) part(i int) Op { return e.p.address(e.slice, i) }

func (w width) elementwise(name, params, doc string, slices []string, l length, prepare, body func(p program)) {
	TEXT(name+w.name, NOSPLIT, "func("+params+")")
	Pragma("noescape")
	Doc(name + w.name + " " + doc)
	p := newProgram(w, slices)
	n := Load(Param(slices[0]).Len(), GP64())
	if prepare != nil {
		prepare(p)
	}
	// Of long chains as many at a time as there are registers for.
	if l == long {
		p.loop("unrolled", n, w.lanes/4, body)
	}
	p.loop("loop", n, 1, body)
	TESTQ(n, n)
	JEQ(LabelRef("end"))
	p.mask = w.firstLanes(n, 1)[0]
	body(p)
	Label("end")
	VZEROUPPER()
	RET()
}

func (w width) reduction(name, params, doc string, slices []string, l length, prepare func(p program), step func(p program, acc lanes)) {
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
	body := func(p program) { step(p, acc) }
	unroll := 2
	if l == long {
		unroll = w.lanes / 4
	}
	if unroll > len(acc) {
		p.loop("unrolled", n, unroll, body)
	}
	p.loop("loop", n, len(acc), body)
	for i := range acc {
		VMOVUPS(acc[i], at(home, i*w.bytes()))
	}
	VZEROUPPER()
	RET()
}

// newProgram loads the addresses of slices.
func newProgram(w width, slices []string) *avx {
	p := &avx{width: w, pointers: map[string]reg.Register{}, apart: map[string]reg.Register{}, index: GP64()}
	p.slices(slices...)
	XORQ(p.index, p.index)
	return p
}

func (p *avx) slices(names ...string) {
	for _, n := range names {
		p.pointers[n] = slice(n)
	}
}

// loop repeats body on regs registers at a time as long as all of them are
// there, and takes them off n.
func (p *avx) loop(name string, n reg.Register, regs int, body func(p program)) {
	p.regs = regs
	step := uint64(regs * p.lanes)
	SUBQ(Imm(step), n)
	JLT(LabelRef(name + "Rest"))
	Label(name)
	body(p)
	ADDQ(U32(uint32(4*step)), p.index)
	SUBQ(Imm(step), n)
	JGE(LabelRef(name))
	Label(name + "Rest")
	ADDQ(Imm(step), n)
}

// address is that of the current elements that register i takes.
func (p *avx) address(slice string, i int) Mem {
	return Mem{Base: p.pointers[slice], Index: p.index, Scale: 1, Disp: i * p.bytes()}
}

func (p *avx) read(slice string) value {
	return p.each(func(i int, v reg.VecVirtual) {
		if p.mask != nil {
			p.loadMasked(p.address(slice, i), p.mask, v)
		} else {
			VMOVUPS(p.address(slice, i), v)
		}
	})
}

func (p *avx) in(slice string) operand { return elements{p, slice} }

func (p *avx) store(slice string, v value) {
	for i := range p.regs {
		if p.mask != nil {
			p.storeMasked(v[i], p.mask, p.address(slice, i))
		} else {
			VMOVUPS(v[i], p.address(slice, i))
		}
	}
}

// each writes instructions for every register of a new value.
func (p *avx) each(write func(i int, v reg.VecVirtual)) value {
	out := make(value, p.regs)
	for i := range out {
		v := p.vector()
		write(i, v)
		out[i] = v
	}
	return out
}

// broadcast fills a register with the number at an address.
func (p *avx) broadcast(from Op) value {
	v := p.vector()
	VBROADCASTSS(from, v)
	return value{v}
}

func (p *avx) scalar(name string) value {
	c, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.broadcast(c.Addr)
}

func (p *avx) numbers(name string, n int) []value {
	from := Load(Param(name), GP64())
	out := make([]value, n)
	for i := range out {
		out[i] = p.broadcast(at(from, 4*i))
	}
	return out
}

func (p *avx) constant(name string) operand { return memory(global(name)) }

func (p *avx) load(name string) value { return p.broadcast(global(name)) }

// instruction has a form whose first operand is one number in memory, for all
// lanes, which only AVX-512 has.
type instruction struct{ plain, broadcast func(...Op) }

func (p *avx) write(in instruction, first operand, i int, others ...Op) {
	ops := append([]Op{first.part(i)}, others...)
	if _, ok := first.(memory); ok && p.wide() {
		in.broadcast(ops...)
	} else {
		in.plain(ops...)
	}
}

// binary writes an instruction of two operands.
func (p *avx) binary(in instruction, a value, b operand) value {
	return p.each(func(i int, v reg.VecVirtual) { p.write(in, b, i, a.part(i), v) })
}

func (p *avx) add(a value, b operand) value {
	return p.binary(instruction{VADDPS, VADDPS_BCST}, a, b)
}

func (p *avx) sub(a value, b operand) value {
	return p.binary(instruction{VSUBPS, VSUBPS_BCST}, a, b)
}

func (p *avx) mul(a value, b operand) value {
	return p.binary(instruction{VMULPS, VMULPS_BCST}, a, b)
}

func (p *avx) div(a value, b operand) value {
	return p.binary(instruction{VDIVPS, VDIVPS_BCST}, a, b)
}

func (p *avx) sqrt(a value) value {
	return p.each(func(i int, v reg.VecVirtual) { VSQRTPS(a.part(i), v) })
}

func (p *avx) max(a value, b operand) value {
	return p.binary(instruction{VMAXPS, VMAXPS_BCST}, a, b)
}

func (p *avx) fma(a value, b, c operand) value {
	return p.each(func(i int, v reg.VecVirtual) {
		if _, ok := c.(memory); ok {
			VMOVAPS(a.part(i), v)
			p.write(instruction{VFMADD213PS, VFMADD213PS_BCST}, c, i, b.part(i), v)
		} else {
			VMOVAPS(c.part(i), v)
			p.write(instruction{VFMADD231PS, VFMADD231PS_BCST}, b, i, a.part(i), v)
		}
	})
}

// Logical operations on numbers take more than AVX-512F, so that those on
// integers serve in abs and neg.

func (p *avx) abs(a value) value {
	return p.binary(instruction{VANDPS, VPANDD_BCST}, a, memory(globalBits("magnitude", 1<<31-1)))
}

func (p *avx) neg(a value) value {
	return p.binary(instruction{VXORPS, VPXORD_BCST}, a, memory(globalBits("sign", 1<<31)))
}

func (p *avx) raise(a, t value) value {
	return p.each(func(i int, v reg.VecVirtual) {
		VPSLLD(Imm(23), t.part(i), v)
		VPADDD(a.part(i), v, v)
	})
}

func (p *avx) choose(a value, c comparison, b, yes operand, no value) value {
	return p.each(func(i int, v reg.VecVirtual) {
		if p.wide() {
			k := K()
			if m, ok := b.(memory); ok {
				VCMPPS_BCST(Imm(uint64(c)), Mem(m), a.part(i), k)
			} else {
				VCMPPS(Imm(uint64(c)), b.part(i), a.part(i), k)
			}
			VMOVAPS(no.part(i), v)
			p.write(instruction{VMOVAPS, VBROADCASTSS}, yes, i, k, v)
		} else {
			m := p.vector()
			VCMPPS(Imm(uint64(c)), b.part(i), a.part(i), m)
			VBLENDVPS(m, yes.part(i), no.part(i), v)
		}
	})
}

func (p *avx) addTo(acc lanes, x operand) {
	for i := range p.regs {
		VADDPS(x.part(i), acc.of(i), acc.of(i))
	}
}

func (p *avx) fmaTo(acc lanes, a value, b operand) {
	for i := range p.regs {
		VFMADD231PS(b.part(i), a.part(i), acc.of(i))
	}
}

// maxTo does with VMAXPS, which keeps the lane only where it is greater.
func (p *avx) maxTo(acc lanes, x operand) {
	for i := range p.regs {
		VMAXPS(x.part(i), acc.of(i), acc.of(i))
	}
}
