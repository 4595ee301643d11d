package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// width is a set of vector registers and what is made of them.
type width struct {
	name    string // suffix of the functions
	lanes   int    // float32 in a register
	regs    int    // registers in a row of the matrix product's tile
	heights []int  // rows of its tiles, the greatest first
}

var widths = []width{
	{name: "AVX2", lanes: 8, regs: 2, heights: []int{6, 4, 2, 1}},
	{name: "AVX512", lanes: 16, regs: 2, heights: []int{12, 8, 4, 2, 1}},
}

func (w width) wide() bool { return w.lanes == 16 }

func (w width) bytes() int { return 4 * w.lanes }

func (w width) matrix() {
	tiles(w)
	transpose(w)
	copyRows(w)
	addRows(w)
	widen(w)
	narrow(w)
	prefetch(w)
	peak(w)
}

// vector returns a fresh register.
func (w width) vector() reg.VecVirtual {
	if w.wide() {
		return ZMM()
	}
	return YMM()
}

// zero clears a register.
func (w width) zero(v reg.VecVirtual) {
	if w.wide() {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

// slice loads the address of a slice parameter's first element.
func slice(name string) reg.Register { return Load(Param(name).Base(), GP64()) }

func at(base reg.Register, disp int) Mem { return Mem{Base: base, Disp: disp} }
