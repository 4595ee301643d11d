package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// program is an elementwise computation, written once for all widths. Its
// methods write instructions; values are registers or constants in memory.
type program struct {
	width
	pointers map[string]reg.Register
	index    reg.GPVirtual // byte offset of the current elements
	// In the tail of a slice, only some lanes are there.
	tail bool
	mask reg.Register
}

// elementwise writes a function whose slices are all of one length: body is the
// computation on one vector of elements, prepare what comes before the loop.
func elementwise(w width, name, params, doc string, slices []string, prepare, body func(p *program)) {
	TEXT(name+w.name, NOSPLIT, "func("+params+")")
	Pragma("noescape")
	Doc(name + w.name + " " + doc)
	p := &program{width: w, pointers: map[string]reg.Register{}}
	for _, s := range slices {
		p.pointers[s] = slice(s)
	}
	n := Load(Param(slices[0]).Len(), GP64())
	if prepare != nil {
		prepare(p)
	}
	p.index = GP64()
	XORQ(p.index, p.index)
	SUBQ(Imm(uint64(w.lanes)), n)
	JLT(LabelRef("tail"))
	Label("loop")
	body(p)
	ADDQ(Imm(uint64(w.bytes())), p.index)
	SUBQ(Imm(uint64(w.lanes)), n)
	JGE(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(uint64(w.lanes)), n)
	JEQ(LabelRef("end"))
	p.tail, p.mask = true, w.firstLanes(n, 1)[0]
	body(p)
	Label("end")
	VZEROUPPER()
	RET()
}

func (p *program) address(slice string) Mem {
	return Mem{Base: p.pointers[slice], Index: p.index, Scale: 1}
}

// read reads the current elements of a slice.
func (p *program) read(slice string) reg.VecVirtual {
	v := p.vector()
	if p.tail {
		p.loadMasked(p.address(slice), p.mask, v)
	} else {
		VMOVUPS(p.address(slice), v)
	}
	return v
}

// store writes the current elements of a slice.
func (p *program) store(slice string, v reg.VecVirtual) {
	if p.tail {
		p.storeMasked(v, p.mask, p.address(slice))
	} else {
		VMOVUPS(v, p.address(slice))
	}
}

func (w width) loadMasked(from Mem, mask reg.Register, v reg.VecVirtual) {
	if w.wide() {
		VMOVUPS_Z(from, mask, v)
	} else {
		VMASKMOVPS(from, mask, v)
	}
}

func (w width) storeMasked(v reg.VecVirtual, mask reg.Register, to Mem) {
	if w.wide() {
		VMOVUPS(v, mask, to)
	} else {
		VMASKMOVPS(v, mask, to)
	}
}

// firstLanes returns masks of the first n lanes of regs registers in a row.
func (w width) firstLanes(n reg.Register, regs int) []reg.Register {
	masks := make([]reg.Register, regs)
	if w.wide() {
		bits, part := GP64(), GP64()
		MOVQ(I32(-1), bits)
		BZHIQ(n, bits, bits)
		for i := range masks {
			k := K()
			MOVQ(bits, part)
			SHRQ(Imm(uint64(16*i)), part)
			KMOVW(part.As32(), k)
			masks[i] = k
		}
		return masks
	}
	// A lane's mask is the sign of its number minus n.
	low, limit := XMM(), YMM()
	MOVQ(n, low)
	VPBROADCASTD(low, limit)
	for i := range masks {
		m := YMM()
		VMOVDQU(laneNumbers().Offset(i*w.bytes()), m)
		VPSUBD(limit, m, m)
		masks[i] = m
	}
	return masks
}

var lanes Mem

// laneNumbers is 0, 1, … 15 in memory.
func laneNumbers() Mem {
	if lanes.Base == nil {
		lanes = GLOBL("lanes", RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(uint32(i)))
		}
	}
	return lanes
}

// broadcast fills a register with the number at an address.
func (w width) broadcast(from Op) reg.VecVirtual {
	v := w.vector()
	VBROADCASTSS(from, v)
	return v
}

// scalar fills a register with a parameter.
func (w width) scalar(name string) reg.VecVirtual {
	c, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return w.broadcast(c.Addr)
}

// constant is a constant of coefficients.go, or half, one, infinity or zero.
func (w width) constant(name string) Op { return global(name) }

// load brings a constant into a register.
func (w width) load(name string) reg.VecVirtual {
	v := w.vector()
	VMOVUPS(w.constant(name), v)
	return v
}

// The second operand of the following may be a constant in memory.

func (w width) add(a reg.VecVirtual, b Op) reg.VecVirtual {
	v := w.vector()
	VADDPS(b, a, v)
	return v
}

func (w width) sub(a reg.VecVirtual, b Op) reg.VecVirtual {
	v := w.vector()
	VSUBPS(b, a, v)
	return v
}

func (w width) mul(a reg.VecVirtual, b Op) reg.VecVirtual {
	v := w.vector()
	VMULPS(b, a, v)
	return v
}

func (w width) div(a reg.VecVirtual, b Op) reg.VecVirtual {
	v := w.vector()
	VDIVPS(b, a, v)
	return v
}

// from returns c − a for a constant c.
func (w width) from(c string, a reg.VecVirtual) reg.VecVirtual {
	return w.sub(w.load(c), a)
}

// over returns c / a for a constant c.
func (w width) over(c string, a reg.VecVirtual) reg.VecVirtual {
	return w.div(w.load(c), a)
}

func (w width) sqrt(a reg.VecVirtual) reg.VecVirtual {
	v := w.vector()
	VSQRTPS(a, v)
	return v
}

// fma returns a·b + c, of which b or c may be in memory.
func (w width) fma(a reg.VecVirtual, b, c Op) reg.VecVirtual {
	v := w.vector()
	if _, ok := c.(Mem); ok {
		VMOVAPS(a, v)
		VFMADD213PS(c, b, v)
	} else {
		VMOVAPS(c, v)
		VFMADD231PS(b, a, v)
	}
	return v
}

// abs clears the sign.
func (w width) abs(a reg.VecVirtual) reg.VecVirtual {
	return w.bits(a, globalBits("magnitude", 1<<31-1), VPANDD, VANDPS)
}

// neg turns the sign.
func (w width) neg(a reg.VecVirtual) reg.VecVirtual {
	return w.bits(a, globalBits("sign", 1<<31), VPXORD, VXORPS)
}

// bits applies a logical operation, which AVX-512F has for integers only.
func (w width) bits(a reg.VecVirtual, b Op, wide, narrow func(...Op)) reg.VecVirtual {
	v := w.vector()
	if w.wide() {
		wide(b, a, v)
	} else {
		narrow(b, a, v)
	}
	return v
}

// raise returns a·2^n, where n is in the low bits of t.
func (w width) raise(a, t reg.VecVirtual) reg.VecVirtual {
	v := w.vector()
	VPSLLD(Imm(23), t, v)
	VPADDD(a, v, v)
	return v
}

// Ordered comparisons, as VCMPPS numbers them, and the one for NaN.
const (
	less      = 0x11
	greater   = 0x1e
	unordered = 0x03
)

// choose returns yes where a and b compare so, and no elsewhere.
func (w width) choose(a reg.VecVirtual, comparison uint64, b, yes Op, no reg.VecVirtual) reg.VecVirtual {
	v := w.vector()
	if w.wide() {
		k := K()
		VCMPPS(Imm(comparison), b, a, k)
		VBLENDMPS(yes, no, k, v)
	} else {
		m := w.vector()
		VCMPPS(Imm(comparison), b, a, m)
		VBLENDVPS(m, yes, no, v)
	}
	return v
}
