package main

// widenings writes what makes float32 of the halves of them that models are
// kept in.
func (n neon) widenings() {
	n.widen("widenFloat16", "float16", fcvtl, fcvtl2)
	n.widen("widenBFloat16", "bfloat16", shll, shll2)
}

func (n neon) widen(name, kind string, low, high encoding) {
	p := newNEONProgram(name, "writes the "+kind+" numbers of src as float32 to dst.", "(dst []float32, src []uint16)", []string{"dst", "src"})
	count := p.count("dst")
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
	bits := p.general()
	p.repeat("single", count, 1, func() {
		x, y := newVector(), newVector()
		p.write("MOVHU.P", place{src, 2}, bits)
		p.write("FMOVS", bits, x)
		p.word(low, y, x)
		p.write("FMOVS.P", y, place{dst, 4})
	})
	p.write("RET")
	p.must(n.File)
}
