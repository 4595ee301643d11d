package kernel

// Exp computes dst = e^x to 2 ulp, 0 below the logarithm of the least normal
// number and +Inf above that of the greatest.
func Exp(dst, x []float32) {
	same("Exp", len(dst), len(x))
	chunked2(active.exp, dst, x)
}

// Sigmoid computes dst = σ(x) = 1/(1+e^−x).
func Sigmoid(dst, x []float32) {
	same("Sigmoid", len(dst), len(x))
	chunked2(active.sigmoid, dst, x)
}

// SiLU computes dst = x·σ(x).
func SiLU(dst, x []float32) {
	same("SiLU", len(dst), len(x))
	chunked2(active.silu, dst, x)
}

// SiLUGrad adds dy·σ(x)·(1+x·(1−σ(x))), the gradient of SiLU, to dx.
func SiLUGrad(dx, x, dy []float32) {
	same("SiLUGrad", len(dx), len(x), len(dy))
	chunked3(active.siluGrad, dx, x, dy)
}

// GELU computes dst = x·Φ(x), where Φ is the normal distribution function
// (1+erf(x/√2))/2, to an absolute error of 1e-7 in Φ.
func GELU(dst, x []float32) {
	same("GELU", len(dst), len(x))
	chunked2(active.gelu, dst, x)
}

// GELUGrad adds dy·(Φ(x)+x·φ(x)), the gradient of GELU, to dx; φ is the normal
// density e^(−x²/2)/√2π.
func GELUGrad(dx, x, dy []float32) {
	same("GELUGrad", len(dx), len(x), len(dy))
	chunked3(active.geluGrad, dx, x, dy)
}

// QuickGELU computes dst = x·σ(1.702·x), which CLIP's text encoder uses.
func QuickGELU(dst, x []float32) {
	same("QuickGELU", len(dst), len(x))
	chunked2(active.quickGELU, dst, x)
}

// QuickGELUGrad adds dy·σ(z)·(1+z·(1−σ(z))) with z = 1.702·x, the gradient of
// QuickGELU, to dx.
func QuickGELUGrad(dx, x, dy []float32) {
	same("QuickGELUGrad", len(dx), len(x), len(dy))
	chunked3(active.quickGELUGrad, dx, x, dy)
}
