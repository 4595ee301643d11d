// Package elementary has ln, exp, circular functions and quantiles of the beta
// distribution of float64 numbers in the same bits on every processor.
//
// The functions of package math are assembly on some processors and fused
// multiply-adds on others, so their last bit differs from machine to machine;
// a picture that starts from noise made with them would differ too. Here every
// function is one fixed polynomial: additions, products that are rounded at
// once (the explicit float64 conversions forbid fusing) and divisions, all of
// which IEEE 754 defines exactly. The error is below 4 units in the last place
// over the ranges the callers use.
package elementary

import "math"

// ln 2 in two parts: the high one ends in 21 zero bits, so k·ln2High is exact
// for |k| < 2²⁰.
const (
	ln2High = 0x1.62e42feep-1
	ln2Low  = math.Ln2 - ln2High
)

// π/2 in two parts: the high one ends in 22 zero bits, so k·halfPiHigh is
// exact for |k| < 2²¹.
const (
	halfPiHigh = 0x1.921fb544p0
	halfPiLow  = math.Pi/2 - halfPiHigh
)

// Taylor coefficients, highest power first.
var (
	// atanh(f)/f in f²: 1/(2i+1). |f| ≤ 3−2√2 leaves 6e-20 behind.
	atanhTerms = []float64{1. / 23, 1. / 21, 1. / 19, 1. / 17, 1. / 15, 1. / 13, 1. / 11, 1. / 9, 1. / 7, 1. / 5, 1. / 3, 1}
	// exp(r) in r: 1/i!. |r| ≤ ln(2)/2 leaves 4e-18 behind.
	expTerms = []float64{
		1. / 6227020800, 1. / 479001600, 1. / 39916800, 1. / 3628800, 1. / 362880, 1. / 40320,
		1. / 5040, 1. / 720, 1. / 120, 1. / 24, 1. / 6, 1. / 2, 1, 1,
	}
	// sin(r)/r and cos(r) in r². |r| ≤ π/4 leaves 1e-19 and 2e-18 behind.
	sinTerms = []float64{1. / 355687428096000, -1. / 1307674368000, 1. / 6227020800, -1. / 39916800, 1. / 362880, -1. / 5040, 1. / 120, -1. / 6, 1}
	// atan(x)/x in x². |x| ≤ tan(π/16) leaves 3e-19 behind.
	atanTerms = []float64{1. / 25, -1. / 23, 1. / 21, -1. / 19, 1. / 17, -1. / 15, 1. / 13, -1. / 11, 1. / 9, -1. / 7, 1. / 5, -1. / 3, 1}
	cosTerms  = []float64{1. / 20922789888000, -1. / 87178291200, 1. / 479001600, -1. / 3628800, 1. / 40320, -1. / 720, 1. / 24, -1. / 2, 1}
)

// polynomial is Horner's rule, each product rounded before it is added to.
func polynomial(terms []float64, x float64) float64 {
	sum := terms[0]
	for _, term := range terms[1:] {
		sum = float64(sum*x) + term
	}
	return sum
}

// Log is ln x: −∞ at 0, NaN below.
func Log(x float64) float64 {
	switch {
	case x == 0:
		return math.Inf(-1)
	case x < 0 || math.IsNaN(x):
		return math.NaN()
	case math.IsInf(x, 1):
		return x
	}
	// x = m·2ᵏ with m in [√½, √2), and ln m = 2·atanh((m−1)/(m+1)).
	m, k := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, k = 2*m, k-1
	}
	f := (m - 1) / (m + 1)
	lnM := float64(2 * f * polynomial(atanhTerms, float64(f*f)))
	return float64(float64(k)*ln2High) + (float64(float64(k)*ln2Low) + lnM)
}

// Exp is eˣ: 0 where that is too small for a float64, +∞ where it is too large.
func Exp(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	}
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := (x - float64(k*ln2High)) - float64(k*ln2Low)
	return math.Ldexp(polynomial(expTerms, r), int(k))
}

// Sin is the sine of x radians, made for |x| < 10⁶.
func Sin(x float64) float64 { return quarter(x, 0) }

// Cos is the cosine of x radians, made for |x| < 10⁶.
func Cos(x float64) float64 { return quarter(x, 1) }

// quarter is the sine of x + turns·π/2: it takes the nearest multiple of π/2
// off x and goes on in the quadrant that is left.
func quarter(x float64, turns int) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return math.NaN()
	}
	k := math.Floor(float64(x*(2/math.Pi)) + 0.5)
	r := (x - float64(k*halfPiHigh)) - float64(k*halfPiLow)
	square := float64(r * r)
	switch (int(math.Mod(k, 4)) + turns + 4) % 4 {
	case 0:
		return float64(r * polynomial(sinTerms, square))
	case 1:
		return polynomial(cosTerms, square)
	case 2:
		return -float64(r * polynomial(sinTerms, square))
	default:
		return -polynomial(cosTerms, square)
	}
}

// Acos is the angle of [0, π] whose cosine is x: NaN beyond −1 and 1.
func Acos(x float64) float64 {
	if x < 0 {
		return math.Pi - Acos(-x)
	}
	// cos 2a = (1 − tan²a)/(1 + tan²a) leaves a tangent of [0, 1], whose angle is
	// halved twice by tan(a/2) = tan a/(1 + √(1 + tan²a)).
	t := math.Sqrt((1 - x) / (1 + x))
	for range 2 {
		t /= 1 + math.Sqrt(1+float64(t*t))
	}
	return float64(8 * t * polynomial(atanTerms, float64(t*t)))
}
