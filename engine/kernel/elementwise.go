package kernel

// Add computes dst = a + b. In all elementwise functions dst may be the same
// slice as a source. Long slices are spread over the processors.
func Add(dst, a, b []float32) {
	same("Add", len(dst), len(a), len(b))
	chunked3(active.add, dst, a, b)
}

// Mul computes dst = a · b.
func Mul(dst, a, b []float32) {
	same("Mul", len(dst), len(a), len(b))
	chunked3(active.mul, dst, a, b)
}

// MulAdd computes dst = fma(a, b, dst).
func MulAdd(dst, a, b []float32) {
	same("MulAdd", len(dst), len(a), len(b))
	chunked3(active.mulAdd, dst, a, b)
}

// Axpy computes dst = fma(alpha, x, dst).
func Axpy(dst []float32, alpha float32, x []float32) {
	same("Axpy", len(dst), len(x))
	chunkedScalar(active.axpy, dst, x, alpha)
}

// Scale computes dst = alpha · x.
func Scale(dst []float32, alpha float32, x []float32) {
	same("Scale", len(dst), len(x))
	chunkedScalar(active.scale, dst, x, alpha)
}

// ScaleShiftRows computes dst = fma(x, scale, shift) on each of rows rows of c
// elements, with the same c scales and shifts for all.
func ScaleShiftRows(dst, x, scale, shift []float32, rows, c int) {
	same("ScaleShiftRows", rows*c, len(dst), len(x))
	same("ScaleShiftRows", c, len(scale), len(shift))
	if len(dst) < 2*chunk {
		scaleShiftRows(dst, x, scale, shift, c)
		return
	}
	group := ceilDiv(chunk, c) * c
	Parallel(ceilDiv(len(dst), group), func(i int) {
		from, to := i*group, min(i*group+group, len(dst))
		scaleShiftRows(dst[from:to], x[from:to], scale, shift, c)
	})
}

func scaleShiftRows(dst, x, scale, shift []float32, c int) {
	for i := 0; i < len(dst); i += c {
		active.scaleShift(dst[i:i+c], x[i:i+c], scale, shift)
	}
}

// Lerp moves dst the fraction t of the way to x: dst = fma(t, x−dst, dst).
func Lerp(dst, x []float32, t float32) {
	same("Lerp", len(dst), len(x))
	chunkedScalar(active.lerp, dst, x, t)
}
