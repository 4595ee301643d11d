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

// Lerp moves dst the fraction t of the way to x: dst = fma(t, x−dst, dst).
func Lerp(dst, x []float32, t float32) {
	same("Lerp", len(dst), len(x))
	chunkedScalar(active.lerp, dst, x, t)
}
