package kernel

// tileGo computes a 4 × 4 tile, a row of it at a time; its chains of fma are
// written out.
func tileGo(depth int, a, b, c []float32, ldc int, load bool) {
	b = b[:4*depth]
	for r := range 4 {
		to := c[r*ldc : r*ldc+4 : r*ldc+4]
		var c0, c1, c2, c3 float64
		if load {
			c0, c1, c2, c3 = float64(to[0]), float64(to[1]), float64(to[2]), float64(to[3])
		}
		for k := 0; k+4 <= len(b); k += 4 {
			x, y := float64(a[k+r]), b[k:k+4:k+4]
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
		to[0], to[1], to[2], to[3] = float32(c0), float32(c1), float32(c2), float32(c3)
	}
}

// tileHalfGo computes a 4 × 2 tile.
func tileHalfGo(depth int, a, b, c []float32, ldc int, load bool) {
	for r := range 4 {
		to := c[r*ldc : r*ldc+2 : r*ldc+2]
		var c0, c1 float32
		if load {
			c0, c1 = to[0], to[1]
		}
		for k := range depth {
			c0 = fma(a[4*k+r], b[4*k], c0)
			c1 = fma(a[4*k+r], b[4*k+1], c1)
		}
		to[0], to[1] = c0, c1
	}
}
