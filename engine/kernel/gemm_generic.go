package kernel

// tileRowsGo is the plain Go tile of any number of rows: 4 columns, a row of
// them at a time; its chains of fma are written out.
func tileRowsGo(rows int) tile {
	return func(depth int, a []float32, lda int, b, c []float32, ldc int, from []float32, ldf int) {
		b = b[:(depth-1)*panel+4]
		for r := range rows {
			var c0, c1, c2, c3 float64
			if from != nil {
				f := from[r*ldf : r*ldf+4]
				c0, c1, c2, c3 = float64(f[0]), float64(f[1]), float64(f[2]), float64(f[3])
			}
			for k, v := range a[r*lda : r*lda+depth] {
				x, y := float64(v), b[k*panel:k*panel+4:k*panel+4]
				p0, p1, p2, p3 := x*float64(y[0]), x*float64(y[1]), x*float64(y[2]), x*float64(y[3])
				s0, s1, s2, s3 := p0+c0, p1+c1, p2+c2, p3+c3
				if hard(s0) {
					s0 = toOdd(s0, p0, c0)
				}
				if hard(s1) {
					s1 = toOdd(s1, p1, c1)
				}
				if hard(s2) {
					s2 = toOdd(s2, p2, c2)
				}
				if hard(s3) {
					s3 = toOdd(s3, p3, c3)
				}
				c0, c1, c2, c3 = float64(float32(s0)), float64(float32(s1)), float64(float32(s2)), float64(float32(s3))
			}
			to := c[r*ldc : r*ldc+4 : r*ldc+4]
			to[0], to[1], to[2], to[3] = float32(c0), float32(c1), float32(c2), float32(c3)
		}
	}
}

// outerRowsGo is the plain Go tile of any number of rows that are columns in memory: 4
// columns, turned round first.
func outerRowsGo(rows int) tile {
	by := tileRowsGo(rows)
	return func(depth int, a []float32, lda int, b, c []float32, ldc int, from []float32, ldf int) {
		turned := make([]float32, rows*depth)
		for k := range depth {
			for r, v := range a[k*lda:][:rows] {
				turned[r*depth+k] = v
			}
		}
		by(depth, turned, depth, b, c, ldc, from, ldf)
	}
}
