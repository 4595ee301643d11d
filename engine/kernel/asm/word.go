package main

import "fmt"

// encoding is an instruction that Go's assembler lacks: its bits, with zeros for
// the registers, from the Arm Architecture Reference Manual for A-profile (DDI
// 0487), C7.2, and what it looks like there.
type encoding struct {
	bits uint32
	text string
}

var (
	fadd     = encoding{0x4e20d400, "FADD V%d.4S, V%d.4S, V%d.4S"}
	fsub     = encoding{0x4ea0d400, "FSUB V%d.4S, V%d.4S, V%d.4S"}
	fmul     = encoding{0x6e20dc00, "FMUL V%d.4S, V%d.4S, V%d.4S"}
	fdiv     = encoding{0x6e20fc00, "FDIV V%d.4S, V%d.4S, V%d.4S"}
	fcmgt    = encoding{0x6ea0e400, "FCMGT V%d.4S, V%d.4S, V%d.4S"}
	fcmeq    = encoding{0x4e20e400, "FCMEQ V%d.4S, V%d.4S, V%d.4S"}
	fmulLane = encoding{0x4f809000, "FMUL V%d.4S, V%d.4S, V%d.S[%d]"}
	fmlaLane = encoding{0x4f801000, "FMLA V%d.4S, V%d.4S, V%d.S[%d]"}
	fsqrt    = encoding{0x6ea1f800, "FSQRT V%d.4S, V%d.4S"}
	fabs     = encoding{0x4ea0f800, "FABS V%d.4S, V%d.4S"}
	fneg     = encoding{0x6ea0f800, "FNEG V%d.4S, V%d.4S"}
	fcvtl    = encoding{0x0e217800, "FCVTL V%d.4S, V%d.4H"}
	fcvtl2   = encoding{0x4e217800, "FCVTL2 V%d.4S, V%d.8H"}
	shll     = encoding{0x2e613800, "SHLL V%d.4S, V%d.4H, #16"}
	shll2    = encoding{0x6e613800, "SHLL2 V%d.4S, V%d.8H, #16"}
)

// word is an encoding with its registers: d, n and m of the manual.
type word struct {
	encoding
	vectors []*vector
	lane    []int // of m
}

// word writes an instruction: the result, then what it is made of.
func (r *routine) word(e encoding, d, n *vector, m ...*vector) {
	r.write("WORD", word{e, append([]*vector{d, n}, m...), nil})
}

// wordLane writes an instruction on one lane of m.
func (r *routine) wordLane(e encoding, d, n *vector, m number) {
	r.write("WORD", word{e, []*vector{d, n, m.v}, []int{m.lane}})
}

func (w word) names() []*vector { return w.vectors }

func (w word) Asm() string {
	bits := w.bits
	var args []any
	for i, shift := range []int{0, 5, 16}[:len(w.vectors)] {
		bits |= uint32(w.vectors[i].number) << shift
		args = append(args, w.vectors[i].number)
	}
	for _, lane := range w.lane {
		bits |= uint32(lane&1)<<21 | uint32(lane>>1)<<11
		args = append(args, lane)
	}
	return fmt.Sprintf("$0x%08x // "+w.text, append([]any{bits}, args...)...)
}
