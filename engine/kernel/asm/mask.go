package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// loadMasked reads the lanes of a mask and makes the others zero.
func (w width) loadMasked(from Mem, mask reg.Register, v reg.VecVirtual) {
	if w.wide() {
		VMOVUPS_Z(from, mask, v)
	} else {
		VMASKMOVPS(from, mask, v)
	}
}

// storeMasked writes the lanes of a mask.
func (w width) storeMasked(v Op, mask reg.Register, to Mem) {
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

var numbers Mem

// laneNumbers is 0, 1, … 15 in memory.
func laneNumbers() Mem {
	if numbers.Base == nil {
		numbers = GLOBL("lanes", RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(uint32(i)))
		}
	}
	return numbers
}
