package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
)

func (n neon) matrix() {
	for _, rows := range []int{6, 4, 2, 1} {
		n.tile(rows, 4)
		n.tile(rows, 2)
	}
	n.peak()
	n.widen("widenHalf", "float16", fcvtl, fcvtl2)
	n.widen("widenBrain", "bfloat16", shll, shll2)
}

// tile writes the inner loop of the matrix product for some rows of a and some
// registers of columns. 24 registers for the sums of six rows and 16 columns
// leave one for the next four elements of each row, of which every instruction
// takes one lane, and two for b.
func (n neon) tile(rows, regs int) {
	p := newNEONProgram(fmt.Sprintf("tile%dx%d", rows, 4*regs), fmt.Sprintf("computes a %d × %d tile of a matrix product.", rows, 4*regs),
		"(depth int, a []float32, lda int, b, c []float32, ldc int, from []float32, ldf int)", nil)
	depth := p.param("depth")
	a := make([]general, rows)
	a[0] = p.param("a")
	stride := p.param("lda")
	p.write("LSL", Imm(2), stride)
	for r := 1; r < rows; r++ {
		a[r] = p.general()
		p.write("ADD", stride, a[r-1], a[r])
	}
	b := p.param("b")

	acc := make([][]*vector, rows)
	each := func(do func(v *vector, j int), next func()) {
		for r := range acc {
			for j, v := range acc[r] {
				do(v, j)
			}
			if r < rows-1 {
				next()
			}
		}
	}
	for r := range acc {
		for range regs {
			acc[r] = append(acc[r], newVector())
		}
	}
	each(func(v *vector, _ int) { p.write("VEOR", v.bytes(), v.bytes(), v.bytes()) }, func() {})
	from := p.param("from")
	p.write("CBZ", from, LabelRef("begin"))
	p.write("MOVD", parameter(p.Signature.Params().Lookup("ldf")), stride)
	p.write("LSL", Imm(2), stride)
	each(func(v *vector, j int) { p.write("FMOVQ", place{from, 16 * j}, v) }, func() { p.write("ADD", stride, from) })
	p.label("begin")

	// steps does some steps along the depth, whose elements of a come in one
	// register a row.
	steps := func(load string, count int) {
		x := make([]*vector, rows)
		for r := range x {
			x[r] = newVector()
			p.write(load+".P", place{a[r], 4 * count}, x[r])
		}
		fetch := func(i int) *vector {
			v := newVector()
			p.write("FMOVQ", place{b, 4*panel*(i/regs) + 16*(i%regs)}, v)
			return v
		}
		next := fetch(0)
		for i := range count * regs {
			y := next
			if i+1 < count*regs {
				next = fetch(i + 1)
			}
			for r := range x {
				p.accumulate(acc[r][i%regs], y, number{x[r], i / regs})
			}
		}
		p.write("ADD", Imm(uint64(4*panel*count)), b)
	}
	p.repeat("four", depth, 4, func() { steps("FMOVQ", 4) })
	p.repeat("one", depth, 1, func() { steps("FMOVS", 1) })

	c := p.param("c")
	p.write("MOVD", parameter(p.Signature.Params().Lookup("ldc")), stride)
	p.write("LSL", Imm(2), stride)
	each(func(v *vector, j int) { p.write("FMOVQ", v, place{c, 16 * j}) }, func() { p.write("ADD", stride, c) })
	p.write("RET")
	p.must(n.File)
}

// peak writes a loop of independent multiply-adds, as many as a tile has.
func (n neon) peak() {
	const chains = 24
	p := newNEONProgram("peak", fmt.Sprintf("runs rounds of %d independent multiply-adds of vectors and returns the number of multiply-adds.", chains), "(rounds int) int", nil)
	rounds := p.param("rounds")
	count, factor := p.general(), p.general()
	p.write("MOVD", Imm(4*chains), factor)
	p.write("MUL", factor, rounds, count)
	p.write("MOVD", count, parameter(p.Signature.Results().At(0)))
	zero := func() *vector {
		v := newVector()
		p.write("VEOR", v.bytes(), v.bytes(), v.bytes())
		return v
	}
	x := zero()
	acc := make([]*vector, chains)
	for i := range acc {
		acc[i] = zero()
	}
	p.label("loop")
	for _, v := range acc {
		p.accumulate(v, x, x)
	}
	p.write("SUBS", Imm(1), rounds)
	p.write("BNE", LabelRef("loop"))
	p.write("RET")
	p.must(n.File)
}

// widen writes a function that turns 16-bit numbers into float32, by an
// instruction each for the lower four of eight and for the upper ones.
func (n neon) widen(name, kind string, low, high encoding) {
	p := newNEONProgram(name, "widens "+kind+" numbers, a multiple of 16.", "(dst []float32, src []uint16)", []string{"dst", "src"})
	count := p.count("src")
	dst, src := p.pointers["dst"], p.pointers["src"]
	p.repeat("loop", count, 8, func() {
		x, y := newVector(), newVector()
		p.write("FMOVQ.P", place{src, 16}, x)
		p.word(low, y, x)
		p.write("FMOVQ.P", y, place{dst, 16})
		y = newVector()
		p.word(high, y, x)
		p.write("FMOVQ.P", y, place{dst, 16})
	})
	p.write("RET")
	p.must(n.File)
}
