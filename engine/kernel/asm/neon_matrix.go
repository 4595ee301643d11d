package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
)

func (n neon) matrix() {
	for _, rows := range []int{6, 4, 2, 1} {
		for _, regs := range []int{4, 2} {
			n.tile(rows, regs, byRows)
			n.tile(rows, regs, byColumns)
		}
	}
	n.peak()
	n.widen("widenHalf", "float16", fcvtl, fcvtl2)
	n.widen("widenBrain", "bfloat16", shll, shll2)
}

// tile writes the inner loop of the matrix product for some rows of a and some
// registers of columns. 24 registers for the sums of six rows and 16 columns
// leave one for the next four elements of each row, of which every instruction
// takes one lane, and two for b. By columns, two registers have an element of every
// row.
func (n neon) tile(rows, regs int, of kind) {
	p := newNEONProgram(fmt.Sprintf("%s%dx%d", of.name, rows, 4*regs), fmt.Sprintf("computes a %d × %d tile of a matrix product%s.", rows, 4*regs, of.doc),
		"(depth int, a []float32, lda int, b, c []float32, ldc int, from []float32, ldf int)", nil)
	depth := p.param("depth")
	a := make([]general, rows)
	a[0] = p.param("a")
	stride := p.param("lda")
	p.write("LSL", Imm(2), stride)
	for r := 1; r < rows && of == byRows; r++ {
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
	apart := p.general()
	p.write("MOVD", parameter(p.Signature.Params().Lookup("ldf")), apart)
	p.write("LSL", Imm(2), apart)
	each(func(v *vector, j int) { p.write("FMOVQ", place{from, 16 * j}, v) }, func() { p.write("ADD", apart, from) })
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
	// column does one step with a column of a.
	column := func() {
		x := make([]number, 0, rows)
		for r := 0; r < rows; {
			v, load, count := newVector(), "FMOVS", 1
			switch {
			case rows-r >= 4:
				load, count = "FMOVQ", 4
			case rows-r >= 2:
				load, count = "FMOVD", 2
			}
			p.write(load, place{a[0], 4 * r}, v)
			for lane := range count {
				x = append(x, number{v, lane})
			}
			r += count
		}
		p.write("ADD", stride, a[0])
		for j := range regs {
			y := newVector()
			p.write("FMOVQ", place{b, 16 * j}, y)
			for r := range x {
				p.accumulate(acc[r][j], y, x[r])
			}
		}
		p.write("ADD", Imm(4*panel), b)
	}
	if of == byColumns {
		p.repeat("one", depth, 1, column)
	} else {
		p.repeat("four", depth, 4, func() { steps("FMOVQ", 4) })
		p.repeat("one", depth, 1, func() { steps("FMOVS", 1) })
	}

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
