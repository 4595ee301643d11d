package kernel

// Winograd's transforms F(4×4,3×3) (Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks", 2016, with the points 0, ±1, ±2 and ∞), in
// pairs of numbers that share work. All of it is the order of operations that
// every level keeps.

// inputPairs computes Bᵀ·d.
func inputPairs(d [6]float32) (v [6]float32) {
	even, odd := fma(d[2], -four, d[4]), fma(d[1], -four, d[3])
	v[1], v[2] = even+odd, even-odd
	even, odd = d[4]-d[2], d[3]-d[1]
	v[3], v[4] = fma(odd, two, even), fma(odd, -two, even)
	v[0] = fma(d[0], four, fma(d[2], -five, d[4]))
	v[5] = fma(d[1], four, fma(d[3], -five, d[5]))
	return v
}

// weightPairs computes G·g.
func weightPairs(g [3]float32) (u [6]float32) {
	even := g[0] + g[2]
	u[1], u[2] = float32((even+g[1])*-sixth), float32((even-g[1])*-sixth)
	even = fma(g[2], sixth, float32(g[0]*twentyFourth))
	odd := float32(g[1] * twelfth)
	u[3], u[4] = even+odd, even-odd
	u[0], u[5] = float32(g[0]*quarter), g[2]
	return u
}

// outputPairs computes Aᵀ·m.
func outputPairs(m [6]float32) (y [4]float32) {
	near, far := m[1]+m[2], m[3]+m[4]
	y[0], y[2] = m[0]+near+far, fma(far, four, near)
	near, far = m[1]-m[2], m[3]-m[4]
	y[1], y[3] = fma(far, two, near), fma(far, eight, near)+m[5]
	return y
}

func winogradInputGo(dst []float32, stride int, src *[36][]float32, channels int) {
	for c := range channels {
		var half [6][6]float32 // by columns
		for j := range half {
			var d [6]float32
			for i := range d {
				d[i] = src[6*i+j][c]
			}
			half[j] = inputPairs(d)
		}
		for i := range 6 {
			v := inputPairs([6]float32{half[0][i], half[1][i], half[2][i], half[3][i], half[4][i], half[5][i]})
			for j := range v {
				dst[(6*i+j)*stride+c] = v[j]
			}
		}
	}
}

func winogradWeightsGo(dst []float32, stride int, src []float32, tap, n int) {
	for c := range n {
		var half [3][6]float32
		for j := range half {
			half[j] = weightPairs([3]float32{src[j*tap+c], src[(3+j)*tap+c], src[(6+j)*tap+c]})
		}
		for i := range 6 {
			u := weightPairs([3]float32{half[0][i], half[1][i], half[2][i]})
			for j := range u {
				dst[(6*i+j)*stride+c] = u[j]
			}
		}
	}
}

func winogradOutputGo(dst *[16][]float32, src []float32, stride int, bias []float32, channels int) {
	winogradOutputAddGo(dst, nil, src, stride, bias, channels)
}

func winogradOutputAddGo(dst, add *[16][]float32, src []float32, stride int, bias []float32, channels int) {
	for c := range channels {
		var half [6][4]float32
		for j := range half {
			var m [6]float32
			for i := range m {
				m[i] = src[(6*i+j)*stride+c]
			}
			half[j] = outputPairs(m)
		}
		for i := range 4 {
			y := outputPairs([6]float32{half[0][i], half[1][i], half[2][i], half[3][i], half[4][i], half[5][i]})
			for j, v := range y {
				v += bias[c]
				if add != nil {
					v += add[4*i+j][c]
				}
				dst[4*i+j][c] = v
			}
		}
	}
}

// spreadPairs computes A·y.
func spreadPairs(y [4]float32) (m [6]float32) {
	even, odd := y[0]+y[2], y[1]+y[3]
	m[1], m[2] = even+odd, even-odd
	even, odd = fma(y[2], four, y[0]), fma(y[3], four, y[1])
	m[3], m[4] = fma(odd, two, even), fma(odd, -two, even)
	m[0], m[5] = y[0], y[3]
	return m
}

func winogradSpreadGo(dst []float32, stride int, src *[16][]float32, channels int) {
	for c := range channels {
		var half [4][6]float32 // by columns
		for j := range half {
			half[j] = spreadPairs([4]float32{src[j][c], src[4+j][c], src[8+j][c], src[12+j][c]})
		}
		for i := range 6 {
			m := spreadPairs([4]float32{half[0][i], half[1][i], half[2][i], half[3][i]})
			for j := range m {
				dst[(6*i+j)*stride+c] = m[j]
			}
		}
	}
}
