package elementary

// BetaQuantile is the number below which a beta-distributed one with shape a, b
// falls with probability p: the inverse of the regularised incomplete beta
// function. a and b are positive and of the order of 1; p is from 0 to 1.
func BetaQuantile(p, a, b float64) float64 {
	switch {
	case p <= 0:
		return 0
	case p >= 1:
		return 1
	}
	half := incompleteBeta(0.5, a, b)
	whole := half + incompleteBeta(0.5, b, a)
	switch below := float64(p * whole); {
	case below == half:
		return 0.5
	case below > half:
		return 1 - betaInverse(float64((1-p)*whole), b, a)
	default:
		return betaInverse(below, a, b)
	}
}

// betaInverse is the x ≤ ½ at which incompleteBeta is area, by halving.
func betaInverse(area, a, b float64) float64 {
	low, high := 0.0, 0.5
	for range 120 {
		middle := (low + high) / 2
		if middle == low || middle == high {
			break
		}
		if incompleteBeta(middle, a, b) < area {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// incompleteBeta is ∫₀ˣ tᵃ⁻¹(1−t)ᵇ⁻¹dt for x ≤ ½: xᵃ(1−x)ᵇ/a times its
// continued fraction (Abramowitz and Stegun 26.5.8), from the inside out.
func incompleteBeta(x, a, b float64) float64 {
	const terms = 60 // leaves less than 1e-16 behind up to x = ½
	fraction := 1.0
	for m := float64(terms); m >= 0; m-- {
		odd := -float64((a+m)*(a+b+m)*x) / float64((a+2*m)*(a+2*m+1))
		fraction = 1 + odd/fraction
		if m > 0 {
			even := float64(m*(b-m)*x) / float64((a+2*m-1)*(a+2*m))
			fraction = 1 + even/fraction
		}
	}
	return Exp(float64(a*Log(x))+float64(b*Log(1-x))) / float64(a*fraction)
}
