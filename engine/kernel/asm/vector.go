package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// program is an elementwise computation, written once for all widths and for
// any number of registers at a time. Its methods write instructions.
type program struct {
	width
	regs     int // registers in a value
	pointers map[string]reg.Register
	index    reg.GPVirtual // byte offset of the current elements
	mask     reg.Register  // of the elements that are there, in the tail of a slice
}

// operand is a value, or a constant in memory.
type operand interface{ part(i int) Op }

// value is elements in some registers: the instructions for one register mix
// with those for the others, so that one long chain need not wait for another.
// A single register is the same for all.
type value []reg.VecVirtual

func (v value) part(i int) Op { return v[min(i, len(v)-1)] }

// memory is a number in memory, and as many copies of it after it as AVX2, which
// does not repeat it itself, wants.
type memory Mem

func (m memory) part(int) Op { return Mem(m) }

// elementwise writes a function whose slices are all of one length: body is the
// computation on the current elements, in unroll registers as long as there are
// enough of them, prepare what comes before the loops.
func elementwise(w width, name, params, doc string, slices []string, unroll int, prepare, body func(p *program)) {
	TEXT(name+w.name, NOSPLIT, "func("+params+")")
	Pragma("noescape")
	Doc(name + w.name + " " + doc)
	p := newProgram(w, slices)
	n := Load(Param(slices[0]).Len(), GP64())
	if prepare != nil {
		prepare(p)
	}
	if unroll > 1 {
		p.loop("unrolled", n, unroll, w.lanes, body)
	}
	p.loop("loop", n, 1, w.lanes, body)
	TESTQ(n, n)
	JEQ(LabelRef("end"))
	p.mask = w.firstLanes(n, 1)[0]
	body(p)
	Label("end")
	VZEROUPPER()
	RET()
}

// newProgram loads the addresses of slices.
func newProgram(w width, slices []string) *program {
	p := &program{width: w, pointers: map[string]reg.Register{}, index: GP64()}
	for _, s := range slices {
		p.pointers[s] = slice(s)
	}
	XORQ(p.index, p.index)
	return p
}

// loop repeats body on regs registers at a time as long as all of them are
// there, and takes them off n.
func (p *program) loop(name string, n reg.Register, regs, lanes int, body func(p *program)) {
	p.regs = regs
	step := uint64(regs * lanes)
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
func (p *program) address(slice string, i int) Mem {
	return Mem{Base: p.pointers[slice], Index: p.index, Scale: 1, Disp: i * p.bytes()}
}

// read reads the current elements of a slice.
func (p *program) read(slice string) value {
	return p.each(func(i int, v reg.VecVirtual) {
		if p.mask != nil {
			p.loadMasked(p.address(slice, i), p.mask, v)
		} else {
			VMOVUPS(p.address(slice, i), v)
		}
	})
}

// store writes the current elements of a slice.
func (p *program) store(slice string, v value) {
	for i := range p.regs {
		if p.mask != nil {
			p.storeMasked(v[i], p.mask, p.address(slice, i))
		} else {
			VMOVUPS(v[i], p.address(slice, i))
		}
	}
}

// each writes instructions for every register of a new value.
func (p *program) each(write func(i int, v reg.VecVirtual)) value {
	out := make(value, p.regs)
	for i := range out {
		out[i] = p.vector()
		write(i, out[i])
	}
	return out
}

// broadcast fills a register with the number at an address.
func (p *program) broadcast(from Op) value {
	v := p.vector()
	VBROADCASTSS(from, v)
	return value{v}
}

// scalar fills a register with a parameter.
func (p *program) scalar(name string) value {
	c, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.broadcast(c.Addr)
}

// constant is a constant of coefficients.go, or half, one, infinity or zero.
func (p *program) constant(name string) operand { return memory(global(name)) }

// load brings a constant into a register.
func (p *program) load(name string) value {
	return p.broadcast(global(name))
}

// instruction has a form whose first operand is one number in memory, for all
// lanes, which only AVX-512 has.
type instruction struct{ plain, broadcast func(...Op) }

func (p *program) write(in instruction, first operand, i int, others ...Op) {
	ops := append([]Op{first.part(i)}, others...)
	if _, ok := first.(memory); ok && p.wide() {
		in.broadcast(ops...)
	} else {
		in.plain(ops...)
	}
}

// binary writes an instruction of two operands.
func (p *program) binary(in instruction, a value, b operand) value {
	return p.each(func(i int, v reg.VecVirtual) { p.write(in, b, i, a.part(i), v) })
}

func (p *program) add(a value, b operand) value {
	return p.binary(instruction{VADDPS, VADDPS_BCST}, a, b)
}

func (p *program) sub(a value, b operand) value {
	return p.binary(instruction{VSUBPS, VSUBPS_BCST}, a, b)
}

func (p *program) mul(a value, b operand) value {
	return p.binary(instruction{VMULPS, VMULPS_BCST}, a, b)
}

func (p *program) div(a value, b operand) value {
	return p.binary(instruction{VDIVPS, VDIVPS_BCST}, a, b)
}

func (p *program) sqrt(a value) value {
	return p.each(func(i int, v reg.VecVirtual) { VSQRTPS(a.part(i), v) })
}

// fma returns a·b + c.
func (p *program) fma(a value, b, c operand) value {
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

// abs clears the sign. Logical operations on numbers take more than AVX-512F, so
// that those on integers serve.
func (p *program) abs(a value) value {
	return p.binary(instruction{VANDPS, VPANDD_BCST}, a, memory(globalBits("magnitude", 1<<31-1)))
}

// neg turns the sign.
func (p *program) neg(a value) value {
	return p.binary(instruction{VXORPS, VPXORD_BCST}, a, memory(globalBits("sign", 1<<31)))
}

// raise returns a·2^n, where n is in the low bits of t.
func (p *program) raise(a, t value) value {
	return p.each(func(i int, v reg.VecVirtual) {
		VPSLLD(Imm(23), t.part(i), v)
		VPADDD(a.part(i), v, v)
	})
}

// Ordered comparisons, as VCMPPS numbers them, and the one for NaN.
const (
	less      = 0x11
	greater   = 0x1e
	unordered = 0x03
)

// choose returns yes where a and b compare so, and no elsewhere.
func (p *program) choose(a value, comparison uint64, b, yes operand, no value) value {
	return p.each(func(i int, v reg.VecVirtual) {
		if p.wide() {
			k := K()
			if m, ok := b.(memory); ok {
				VCMPPS_BCST(Imm(comparison), Mem(m), a.part(i), k)
			} else {
				VCMPPS(Imm(comparison), b.part(i), a.part(i), k)
			}
			VMOVAPS(no.part(i), v)
			p.write(instruction{VMOVAPS, VBROADCASTSS}, yes, i, k, v)
		} else {
			m := p.vector()
			VCMPPS(Imm(comparison), b.part(i), a.part(i), m)
			VBLENDVPS(m, yes.part(i), no.part(i), v)
		}
	})
}
