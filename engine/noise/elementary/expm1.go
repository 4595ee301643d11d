package elementary

import "math"

// (eʳ−1)/r in r: 1/(i+1)!, highest power first. |r| ≤ ln(2)/2 leaves 2e-19 behind.
var expm1Terms = []float64{
	1. / 87178291200, 1. / 6227020800, 1. / 479001600, 1. / 39916800, 1. / 3628800, 1. / 362880, 1. / 40320,
	1. / 5040, 1. / 720, 1. / 120, 1. / 24, 1. / 6, 1. / 2, 1,
}

// Expm1 is eˣ−1, exact where x is small too.
func Expm1(x float64) float64 {
	if math.Abs(x) <= math.Ln2/2 {
		return float64(x * polynomial(expm1Terms, x))
	}
	return Exp(x) - 1
}
