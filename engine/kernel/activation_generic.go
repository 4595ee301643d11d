package kernel

import "math"

// exp1 is e^x; coefficients.go tells how.
func exp1(x float32) float32 {
	switch {
	case x > expMax:
		return float32(math.Inf(1))
	case x < expMin:
		return 0
	case x != x:
		return x
	}
	t := fma(x, log2E, expRound)
	n := t - expRound
	r := fma(n, -ln2High, x)
	r = fma(n, -ln2Low, r)
	q := fma(expQ4, r, expQ3)
	q = fma(q, r, expQ2)
	q = fma(q, r, expQ1)
	q = fma(q, r, expQ0)
	p := fma(float32(r*r), q, r) + 1
	return math.Float32frombits(math.Float32bits(p) + math.Float32bits(t)<<23)
}

// pow2 is 2^t for t up to 1; below pow2Min, and for NaN, it is 2^pow2Min.
func pow2(t float32) float32 {
	if !(t > pow2Min) {
		t = pow2Min
	}
	n := t + expRound
	f := t - (n - expRound)
	p := fma(pow2C5, f, pow2C4)
	p = fma(p, f, pow2C3)
	p = fma(p, f, pow2C2)
	p = fma(p, f, pow2C1)
	p = fma(p, f, pow2C0)
	return math.Float32frombits(math.Float32bits(p) + math.Float32bits(n)<<23)
}

// sigmoid1 is 1/(1+e^−x).
func sigmoid1(x float32) float32 { return 1 / (1 + exp1(-x)) }

// phi1 is the normal distribution function.
func phi1(x float32) float32 {
	a := float32(math.Abs(float64(x)))
	if a > phiMax {
		a = phiMax
	}
	t := fma(phiT8, a, phiT7)
	t = fma(t, a, phiT6)
	t = fma(t, a, phiT5)
	t = fma(t, a, phiT4)
	t = fma(t, a, phiT3)
	t = fma(t, a, phiT2)
	t = fma(t, a, phiT1)
	t = fma(t, a, phiT0)
	h := float32(0.5 * pow2(float32(t*a)))
	if x < 0 {
		return h
	}
	return 1 - h
}

// siluSlope is the derivative of x·σ(x).
func siluSlope(x float32) float32 {
	s := sigmoid1(x)
	return float32(s * fma(x, 1-s, 1))
}

func expGo(dst, x []float32) {
	for i := range dst {
		dst[i] = exp1(x[i])
	}
}

func sigmoidGo(dst, x []float32) {
	for i := range dst {
		dst[i] = sigmoid1(x[i])
	}
}

func siluGo(dst, x []float32) {
	for i := range dst {
		dst[i] = x[i] * sigmoid1(x[i])
	}
}

func scaleShiftSiLUGo(dst, x, scale, shift []float32) {
	for i := range dst {
		z := fma(x[i], scale[i], shift[i])
		dst[i] = z * sigmoid1(z)
	}
}

func scaleShiftSiLUGradGo(dz, dy, x, scale, shift []float32) {
	for i := range dz {
		dz[i] = dy[i] * siluSlope(fma(x[i], scale[i], shift[i]))
	}
}

func siluGradGo(dx, x, dy []float32) {
	for i := range dx {
		dx[i] = fma(dy[i], siluSlope(x[i]), dx[i])
	}
}

func geluGo(dst, x []float32) {
	for i := range dst {
		dst[i] = x[i] * phi1(x[i])
	}
}

func geluGradGo(dx, x, dy []float32) {
	for i := range dx {
		v := x[i]
		density := float32(invSqrt2Pi * exp1(float32(v*v)*-0.5))
		dx[i] = fma(dy[i], fma(v, density, phi1(v)), dx[i])
	}
}

func quickGELUGo(dst, x []float32) {
	for i := range dst {
		dst[i] = x[i] * sigmoid1(float32(quickScale*x[i]))
	}
}

func quickGELUGradGo(dx, x, dy []float32) {
	for i := range dx {
		dx[i] = fma(dy[i], siluSlope(float32(quickScale*x[i])), dx[i])
	}
}
