package main

// The transforms of Winograd's convolution, some channels at a time, operation
// by operation those of package kernel's winograd_generic.go. A two-dimensional
// transform of 6 × 6 numbers does not fit into the registers; the rows of its
// first half come in pairs that share work, so that pair after pair is taken
// through both halves.
func winograd(l level) {
	winogradInput(l)
	winogradWeights(l)
	winogradOutput(l, "winogradOutput", false)
	winogradOutput(l, "winogradOutputAdd", true)
	winogradSpread(l)
}

// pairs are the numbers of a transform's result that share work.
var pairs = [][2]int{{1, 2}, {3, 4}, {0, 5}}

// winogradInput writes V = Bᵀ·d·B.
func winogradInput(l level) {
	var v grid
	l.channels("winogradInput", "dst []float32, stride int, src *[36][]float32, channels int",
		"transforms a 6 × 6 patch of channels, a multiple of 16: number i of the result goes to dst[i*stride].", "channels", func(p program) {
			p.slices("dst")
			p.strides("stride")
			p.tables("src")
			v = p.grid("dst", "stride", 6)
		}, func(p program) {
			bothWays(p, 6, func(i, j int) value { return p.readAt(p.row("src", 6*i+j)) }, inputPair, v)
		})
}

// bothWays transforms the columns of what is read, and then the rows of that, to 6 × 6
// numbers.
func bothWays(p program, columns int, read func(i, j int) value, half func(p program, first int, of func(i int) value) (a, b value), result grid) {
	for _, pair := range pairs {
		var rows [2][6]value
		for j := range columns {
			rows[0][j], rows[1][j] = half(p, pair[0], func(i int) value { return read(i, j) })
		}
		for k, i := range pair {
			to := result.row(i)
			for _, columns := range pairs {
				x, y := half(p, columns[0], func(j int) value { return rows[k][j] })
				p.storeAt(to(columns[0]), x)
				p.storeAt(to(columns[1]), y)
			}
		}
	}
}

// inputPair is two of the six numbers of Bᵀ·d, by the first one's place.
func inputPair(p program, first int, d func(i int) value) (a, b value) {
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
func winogradWeights(l level) {
	var u, taps grid
	l.channels("winogradWeights", "dst []float32, stride int, src []float32, tap, n int",
		"transforms n filters of 3 × 3, a multiple of 16: tap i is at src[i*tap], number i of the result goes to dst[i*stride].", "n", func(p program) {
			p.slices("dst", "src")
			p.strides("stride", "tap")
			u, taps = p.grid("dst", "stride", 6), p.grid("src", "tap", 3)
		}, func(p program) {
			for _, pair := range pairs {
				var rows [2][3]value
				for j := range 3 {
					from := taps.column(j)
					var g [3]value
					for i := range g {
						g[i] = p.readAt(from(i))
					}
					rows[0][j], rows[1][j] = weightPair(p, pair[0], g)
				}
				for k, i := range pair {
					to := u.row(i)
					for _, columns := range pairs {
						x, y := weightPair(p, columns[0], rows[k])
						p.storeAt(to(columns[0]), x)
						p.storeAt(to(columns[1]), y)
					}
				}
			}
		})
}

// weightPair is two of the six numbers of G·g, by the first one's place.
func weightPair(p program, first int, g [3]value) (a, b value) {
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
func winogradOutput(l level, name string, add bool) {
	others, doc := "", ""
	if add {
		others, doc = ", add", " and adds"
	}
	var m grid
	l.channels(name, "dst"+others+" *[16][]float32, src []float32, stride int, bias []float32, channels int",
		"transforms channels, a multiple of 16, of 36 products, number i at src[i*stride], to 4 × 4 pixels"+doc+".", "channels", func(p program) {
			p.tables("dst")
			if add {
				p.tables("add")
			}
			p.slices("src", "bias")
			p.strides("stride")
			m = p.grid("src", "stride", 6)
		}, func(p program) {
			for first := range 2 { // rows 0 and 2, then 1 and 3
				var rows [2][6]value
				for j := range 6 {
					from := m.column(j)
					rows[0][j], rows[1][j] = outputPair(p, first,
						func(i int) value { return p.readAt(from(i)) }, func(i int) operand { return p.inAt(from(i)) })
				}
				for k := range rows {
					of := func(j int) value { return rows[k][j] }
					for column := range 2 {
						a, b := outputPair(p, column, of, func(j int) operand { return of(j) })
						for c, v := range []value{a, b} {
							at := 4*(first+2*k) + column + 2*c
							v = p.add(v, p.in("bias"))
							if add {
								v = p.add(v, p.inAt(p.row("add", at)))
							}
							p.storeAt(p.row("dst", at), v)
						}
					}
				}
			}
		})
}

// outputPair is numbers 0 and 2 of the four of Aᵀ·m, or 1 and 3. It reads m into
// registers or, with in, where it is.
func outputPair(p program, first int, m func(i int) value, in func(i int) operand) (a, b value) {
	if first == 0 {
		near := p.add(m(1), in(2))
		far := p.add(m(3), in(4))
		return p.add(p.add(near, in(0)), far), p.fma(far, p.constant("four"), near)
	}
	near := p.sub(m(1), in(2))
	far := p.sub(m(3), in(4))
	return p.fma(far, p.constant("two"), near), p.add(p.fma(far, p.constant("eight"), near), in(5))
}

// winogradSpread writes M = A·y·Aᵀ, what winogradOutput's gradient is.
func winogradSpread(l level) {
	var m grid
	l.channels("winogradSpread", "dst []float32, stride int, src *[16][]float32, channels int",
		"spreads 4 × 4 pixels of channels, a multiple of 16, to 36 numbers: number i goes to dst[i*stride].", "channels", func(p program) {
			p.slices("dst")
			p.strides("stride")
			p.tables("src")
			m = p.grid("dst", "stride", 6)
		}, func(p program) {
			bothWays(p, 4, func(i, j int) value { return p.readAt(p.row("src", 4*i+j)) }, spreadPair, m)
		})
}

// spreadPair is two of the six numbers of A·y, by the first one's place.
func spreadPair(p program, first int, y func(i int) value) (a, b value) {
	switch first {
	case 1:
		even := p.add(y(0), y(2))
		odd := p.add(y(1), y(3))
		return p.add(even, odd), p.sub(even, odd)
	case 3:
		y0, y1, y2, y3 := y(0), y(1), y(2), y(3)
		even := p.fma(y2, p.constant("four"), y0)
		odd := p.fma(y3, p.constant("four"), y1)
		return p.fma(odd, p.constant("two"), even), p.fma(odd, p.constant("-two"), even)
	}
	return y(0), y(3)
}
