package kernel

// The following take rows of numbers, with factors for every column. The factors may be
// those of several rows, one after the other, so that narrow rows make long loops: they
// are used from their beginning again whenever they end.

// ScaleShift computes dst = fma(x, scale, shift).
func ScaleShift(dst, x, scale, shift []float32) {
	same("ScaleShift", len(dst), len(x))
	same("ScaleShift", len(scale), len(shift))
	again(len(dst), len(scale), func(i, n int) { active.scaleShift(dst[i:i+n], x[i:i+n], scale[:n], shift[:n]) })
}

// ScaleShiftSiLU computes dst = SiLU(z) for z = fma(x, scale, shift).
func ScaleShiftSiLU(dst, x, scale, shift []float32) {
	same("ScaleShiftSiLU", len(dst), len(x))
	same("ScaleShiftSiLU", len(scale), len(shift))
	again(len(dst), len(scale), func(i, n int) { active.scaleShiftSiLU(dst[i:i+n], x[i:i+n], scale[:n], shift[:n]) })
}

// ScaleShiftSiLUGrad computes dz = dy·σ(z)·(1+z·(1−σ(z))), the gradient of SiLU, for
// z = fma(x, scale, shift).
func ScaleShiftSiLUGrad(dz, dy, x, scale, shift []float32) {
	same("ScaleShiftSiLUGrad", len(dz), len(dy), len(x))
	same("ScaleShiftSiLUGrad", len(scale), len(shift))
	again(len(dz), len(scale), func(i, n int) { active.scaleShiftSiLUGrad(dz[i:i+n], dy[i:i+n], x[i:i+n], scale[:n], shift[:n]) })
}

// Combine computes dst = fma(a, x, fma(b, y, c)), a, b and c being the factors.
func Combine(dst, x, y, a, b, c []float32) {
	same("Combine", len(dst), len(x), len(y))
	same("Combine", len(a), len(b), len(c))
	again(len(dst), len(a), func(i, n int) { active.combine(dst[i:i+n], x[i:i+n], y[i:i+n], a[:n], b[:n], c[:n]) })
}

// again calls f for runs of up to period of n numbers.
func again(n, period int, f func(i, n int)) {
	for i := 0; i < n; i += period {
		f(i, min(period, n-i))
	}
}
