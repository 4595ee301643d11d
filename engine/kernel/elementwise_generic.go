package kernel

func addGo(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func mulGo(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func mulAddGo(dst, a, b []float32) {
	for i := range dst {
		dst[i] = fma(a[i], b[i], dst[i])
	}
}

func axpyGo(dst, x []float32, alpha float32) {
	for i := range dst {
		dst[i] = fma(alpha, x[i], dst[i])
	}
}

func scaleGo(dst, x []float32, alpha float32) {
	for i := range dst {
		dst[i] = alpha * x[i]
	}
}

func scaleShiftGo(dst, x, scale, shift []float32) {
	for i := range dst {
		dst[i] = fma(x[i], scale[i], shift[i])
	}
}

func lerpGo(dst, x []float32, t float32) {
	for i := range dst {
		dst[i] = fma(t, x[i]-dst[i], dst[i])
	}
}

func combineGo(dst, x, y, a, b, c []float32) {
	for i := range dst {
		dst[i] = fma(a[i], x[i], fma(b[i], y[i], c[i]))
	}
}
