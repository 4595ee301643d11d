package pipeline

import "math"

// rescale brings a guided prediction back to the standard deviation of the one for
// the prompt alone, by the part φ of the way (Lin et al. 2023, equations 14 to 16).
// That one is u + (y − u)/g.
func rescale(guided, unguided []float32, guidance, phi float64) {
	if phi == 0 || guidance == 0 || guidance == 1 {
		return
	}
	prompted := make([]float32, len(guided))
	part := float32(1 / guidance)
	for i, u := range unguided {
		prompted[i] = u + float32(part*(guided[i]-u))
	}
	_, wide := spread(guided)
	if wide == 0 {
		return
	}
	_, own := spread(prompted)
	factor := float32(phi*(own/wide) + (1 - phi))
	for i := range guided {
		guided[i] *= factor
	}
}

// mimic keeps each of ch channels of a guided estimate within the range that it
// would have with another guidance m: about its mean, it is scaled to the largest
// deviation there would be then, if it is larger (dynamic thresholding, Saharia et
// al. 2022, for latents, whose range is not known beforehand). unguided is u, and the
// estimate u + g·(c − u).
func mimic(guided, unguided []float32, ch int, guidance, m float64) {
	if m == 0 || guidance <= m {
		return
	}
	part := m / guidance
	for k := range ch {
		var sum, mimicked float64
		for i := k; i < len(guided); i += ch {
			u := float64(unguided[i])
			sum += float64(guided[i])
			mimicked += u + float64(part*(float64(guided[i])-u))
		}
		n := float64(len(guided) / ch)
		mean, meanThen := sum/n, mimicked/n
		var most, mostThen float64
		for i := k; i < len(guided); i += ch {
			u := float64(unguided[i])
			most = max(most, math.Abs(float64(guided[i])-mean))
			mostThen = max(mostThen, math.Abs(u+float64(part*(float64(guided[i])-u))-meanThen))
		}
		if most <= mostThen {
			continue
		}
		factor := mostThen / most
		for i := k; i < len(guided); i += ch {
			guided[i] = float32(mean + float64(factor*(float64(guided[i])-mean)))
		}
	}
}

// spread is the mean and the standard deviation, of n − 1 as PyTorch's, of x.
func spread(x []float32) (mean, deviation float64) {
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	var squares float64
	for _, v := range x {
		d := float64(v) - mean
		squares += float64(d * d)
	}
	return mean, math.Sqrt(squares / float64(max(1, len(x)-1)))
}
