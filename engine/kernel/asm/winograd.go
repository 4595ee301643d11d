package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The transforms of Winograd's convolution, some channels at a time, operation
// by operation those of package kernel's winograd_generic.go. A two-dimensional
// transform of 6 × 6 numbers does not fit into the registers; the rows of its
// first half come in pairs that share work, so that pair after pair is taken
// through both halves.
func winograd(w width) {
	winogradInput(w)
	winogradWeights(w)
	winogradOutput(w, "winogradOutput", false)
	winogradOutput(w, "winogradOutputAdd", true)
}

// channels writes a loop over channels, a multiple of 16.
func (p *program) channels(n reg.Register, body func()) {
	p.regs = 1
	Label("loop")
	body()
	ADDQ(Imm(uint64(p.bytes())), p.index)
	SUBQ(Imm(uint64(p.lanes)), n)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// from reads the current channels at an address.
func (p *program) from(m Mem) value {
	return p.each(func(_ int, v reg.VecVirtual) { VMOVUPS(m, v) })
}

// row is the current channels of row i of a table of slices.
func (p *program) row(table reg.Register, i int) Mem {
	base := GP64()
	MOVQ(at(table, sliceHeader*i), base)
	return Mem{Base: base, Index: p.index, Scale: 1}
}

// grid addresses the current channels of 6 × 6 numbers that lie a stride apart.
type grid struct {
	p             *program
	base          reg.Register
	one, three    reg.Register // strides between columns
	six, eighteen reg.Register // and between rows
}

func newGrid(p *program, base, stride reg.Register) *grid {
	g := &grid{p, base, stride, GP64(), GP64(), GP64()}
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, g.three)
	LEAQ(Mem{Base: g.three, Index: g.three, Scale: 1}, g.six)
	LEAQ(Mem{Base: g.six, Index: g.six, Scale: 2}, g.eighteen)
	return g
}

// column addresses the numbers of a column, row those of a row.
func (g *grid) column(j int) func(i int) Mem {
	return six(g.start(steps(j, g.one, g.three)), g.six, g.eighteen)
}

func (g *grid) row(i int) func(j int) Mem {
	return six(g.start(steps(i, g.six, g.eighteen)), g.one, g.three)
}

// start is the address of the current channels of the number that is parts away.
func (g *grid) start(parts []Mem) reg.Register {
	at := GP64()
	LEAQ(Mem{Base: g.base, Index: g.p.index, Scale: 1}, at)
	for _, m := range parts {
		m.Base = at
		LEAQ(m, at)
	}
	return at
}

// steps is i < 6 times a stride, as one or two addressing modes.
func steps(i int, one, three reg.Register) []Mem {
	switch i {
	case 0:
		return nil
	case 3:
		return []Mem{{Index: three, Scale: 1}}
	case 5:
		return []Mem{{Index: one, Scale: 1}, {Index: one, Scale: 4}}
	}
	return []Mem{{Index: one, Scale: uint8(i)}}
}

func six(base, one, three reg.Register) func(i int) Mem {
	var next reg.Register
	return func(i int) Mem {
		switch i {
		case 0:
			return at(base, 0)
		case 5:
			if next == nil {
				r := GP64()
				LEAQ(Mem{Base: base, Index: one, Scale: 1}, r)
				next = r
			}
			return Mem{Base: next, Index: one, Scale: 4}
		}
		m := steps(i, one, three)[0]
		m.Base = base
		return m
	}
}

// vector is the current channels in memory.
type vector Mem

func (m vector) part(int) Op { return Mem(m) }

// winogradInput writes V = Bᵀ·d·B.
func winogradInput(w width) {
	TEXT("winogradInput"+w.name, NOSPLIT, "func(dst []float32, stride int, src *[36][]float32, channels int)")
	Pragma("noescape")
	Doc("winogradInput" + w.name + " transforms a 6 × 6 patch of channels, a multiple of 16: number i of the result goes to dst[i*stride].")
	p := newProgram(w, nil)
	dst := slice("dst")
	stride := Load(Param("stride"), GP64())
	SHLQ(Imm(2), stride)
	src := Load(Param("src"), GP64())
	v := newGrid(p, dst, stride)
	p.channels(Load(Param("channels"), GP64()), func() {
		for _, pair := range [][2]int{{1, 2}, {3, 4}, {0, 5}} {
			var rows [2][6]value
			for j := range 6 {
				d := func(i int) value { return p.from(p.row(src, 6*i+j)) }
				rows[0][j], rows[1][j] = p.inputPair(pair[0], d)
			}
			for k, i := range pair {
				d := func(j int) value { return rows[k][j] }
				to := v.row(i)
				for _, columns := range [][2]int{{1, 2}, {3, 4}, {0, 5}} {
					x, y := p.inputPair(columns[0], d)
					VMOVUPS(x[0], to(columns[0]))
					VMOVUPS(y[0], to(columns[1]))
				}
			}
		}
	})
}

// inputPair is two of the six numbers of Bᵀ·d, by the first one's place.
func (p *program) inputPair(first int, d func(i int) value) (a, b value) {
	switch first {
	case 1:
		d1, d2, d3, d4 := d(1), d(2), d(3), d(4)
		even := p.fma(d2, p.constant("-four"), d4)
		odd := p.fma(d1, p.constant("-four"), d3)
		return p.add(even, odd), p.sub(even, odd)
	case 3:
		d1, d2, d3, d4 := d(1), d(2), d(3), d(4)
		even := p.sub(d4, d2)
		odd := p.sub(d3, d1)
		return p.fma(odd, p.constant("two"), even), p.fma(odd, p.constant("-two"), even)
	}
	d0, d2, d4 := d(0), d(2), d(4)
	a = p.fma(d0, p.constant("four"), p.fma(d2, p.constant("-five"), d4))
	d1, d3, d5 := d(1), d(3), d(5)
	b = p.fma(d1, p.constant("four"), p.fma(d3, p.constant("-five"), d5))
	return a, b
}

// winogradWeights writes U = G·g·Gᵀ.
func winogradWeights(w width) {
	TEXT("winogradWeights"+w.name, NOSPLIT, "func(dst []float32, stride int, src []float32, tap, n int)")
	Pragma("noescape")
	Doc("winogradWeights" + w.name + " transforms n filters of 3 × 3, a multiple of 16: tap i is at src[i*tap], number i of the result goes to dst[i*stride].")
	p := newProgram(w, nil)
	dst, src := slice("dst"), slice("src")
	stride := Load(Param("stride"), GP64())
	tap := Load(Param("tap"), GP64())
	SHLQ(Imm(2), stride)
	SHLQ(Imm(2), tap)
	u, taps := newGrid(p, dst, stride), newGrid(p, src, tap)
	p.channels(Load(Param("n"), GP64()), func() {
		for _, pair := range [][2]int{{1, 2}, {3, 4}, {0, 5}} {
			var rows [2][3]value
			for j := range 3 {
				// tap (i,j) of 3 × 3 is j and then 3·i strides away
				from := taps.start(steps(j, taps.one, taps.three))
				var g [3]value
				for i := range g {
					m := at(from, 0)
					switch i {
					case 1:
						m.Index, m.Scale = taps.three, 1
					case 2:
						m.Index, m.Scale = taps.three, 2
					}
					g[i] = p.from(m)
				}
				rows[0][j], rows[1][j] = p.weightPair(pair[0], g)
			}
			for k, i := range pair {
				to := u.row(i)
				for _, columns := range [][2]int{{1, 2}, {3, 4}, {0, 5}} {
					x, y := p.weightPair(columns[0], rows[k])
					VMOVUPS(x[0], to(columns[0]))
					VMOVUPS(y[0], to(columns[1]))
				}
			}
		}
	})
}

// weightPair is two of the six numbers of G·g, by the first one's place.
func (p *program) weightPair(first int, g [3]value) (a, b value) {
	switch first {
	case 1:
		even := p.add(g[0], g[2])
		return p.mul(p.add(even, g[1]), p.constant("-sixth")), p.mul(p.sub(even, g[1]), p.constant("-sixth"))
	case 3:
		even := p.fma(g[2], p.constant("sixth"), p.mul(g[0], p.constant("twentyFourth")))
		odd := p.mul(g[1], p.constant("twelfth"))
		return p.add(even, odd), p.sub(even, odd)
	}
	return p.mul(g[0], p.constant("quarter")), g[2]
}

// winogradOutput writes Y = Aᵀ·M·A + bias, and what is to be added.
func winogradOutput(w width, name string, add bool) {
	params := "func(dst *[16][]float32, src []float32, stride int, bias []float32, channels int)"
	doc := ""
	if add {
		params = "func(dst, add *[16][]float32, src []float32, stride int, bias []float32, channels int)"
		doc = " and adds"
	}
	TEXT(name+w.name, NOSPLIT, params)
	Pragma("noescape")
	Doc(name + w.name + " transforms channels, a multiple of 16, of 36 products, number i at src[i*stride], to 4 × 4 pixels" + doc + ".")
	p := newProgram(w, nil)
	dst := Load(Param("dst"), GP64())
	var others reg.Register
	if add {
		others = Load(Param("add"), GP64())
	}
	src, bias := slice("src"), slice("bias")
	stride := Load(Param("stride"), GP64())
	SHLQ(Imm(2), stride)
	m := newGrid(p, src, stride)
	p.channels(Load(Param("channels"), GP64()), func() {
		for first := range 2 { // rows 0 and 2, then 1 and 3
			var rows [2][6]value
			for j := range 6 {
				from := m.column(j)
				rows[0][j], rows[1][j] = p.outputPair(first,
					func(i int) value { return p.from(from(i)) }, func(i int) operand { return vector(from(i)) })
			}
			for k := range rows {
				of := func(j int) value { return rows[k][j] }
				for column := range 2 {
					a, b := p.outputPair(column, of, func(j int) operand { return of(j) })
					for c, v := range []value{a, b} {
						at := 4*(first+2*k) + column + 2*c
						v = p.add(v, vector(Mem{Base: bias, Index: p.index, Scale: 1}))
						if add {
							v = p.add(v, vector(p.row(others, at)))
						}
						VMOVUPS(v[0], p.row(dst, at))
					}
				}
			}
		}
	})
}

// outputPair is numbers 0 and 2 of the four of Aᵀ·m, or 1 and 3. It reads m into
// registers or, with in, where it is.
func (p *program) outputPair(first int, m func(i int) value, in func(i int) operand) (a, b value) {
	if first == 0 {
		near := p.add(m(1), in(2))
		far := p.add(m(3), in(4))
		return p.add(p.add(near, in(0)), far), p.fma(far, p.constant("four"), near)
	}
	near := p.sub(m(1), in(2))
	far := p.sub(m(3), in(4))
	return p.fma(far, p.constant("two"), near), p.add(p.fma(far, p.constant("eight"), near), in(5))
}
