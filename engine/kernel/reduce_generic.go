package kernel

func sumLanesGo(lanes *[16]float32, x []float32) {
	for i, v := range x {
		lanes[i%16] += v
	}
}

func dotLanesGo(lanes *[16]float32, a, b []float32) {
	for i, v := range a {
		lanes[i%16] = fma(v, b[i], lanes[i%16])
	}
}

func maxLanesGo(lanes *[16]float32, x []float32) {
	for i, v := range x {
		if !(lanes[i%16] > v) {
			lanes[i%16] = v
		}
	}
}

func pow2SumLanesGo(lanes *[16]float32, x []float32, scale, shift float32) {
	for i, v := range x {
		x[i] = pow2(fma(v, scale, shift))
		lanes[i%16] += x[i]
	}
}

func columnDotsGo(sum, dot, a, b []float32, rows int) {
	c := len(sum)
	for r := range rows {
		x, y := a[r*c:r*c+c], b[r*c:r*c+c]
		for j, v := range x {
			sum[j] += v
			dot[j] = fma(v, y[j], dot[j])
		}
	}
}
