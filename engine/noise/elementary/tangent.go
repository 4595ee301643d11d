package elementary

import "math"

// Tan is the tangent of x radians, made for |x| < 10⁶.
func Tan(x float64) float64 { return Sin(x) / Cos(x) }

// Atan is the angle in radians, from −π/2 to π/2, whose tangent is x.
func Atan(x float64) float64 {
	switch {
	case x < 0:
		return -Atan(-x)
	case x > 1:
		return math.Pi/2 - Atan(1/x)
	case math.IsNaN(x):
		return x
	}
	// Twice: atan x = 2·atan(x/(1+√(1+x²))).
	for range 2 {
		x /= 1 + math.Sqrt(1+float64(x*x))
	}
	return 4 * float64(x*polynomial(atanTerms, float64(x*x)))
}
