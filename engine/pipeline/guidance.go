package pipeline

import (
	"math"
	"slices"
)

// perturb moves the prediction that stands first in out, of size numbers as each of the
// rows', away from those with perturbed attention: y + s·Σ wᵢ·(cᵢ − pᵢ), of which the
// sum is over the prompt's parts (Ahn et al. 2024).
func (s *steering) perturb(out []float32, size int) {
	plain := len(s.rows) - s.perturbed
	for i := range s.perturbed {
		row := s.negatives + i
		w := float32(s.request.PerturbedAttention * s.rows[row].part.Weight)
		c, p := out[row*size:][:size], out[(plain+i)*size:][:size]
		for k, v := range p { // c may be y
			out[k] += float32(w * (c[k] - v))
		}
	}
}

// rescale brings a guided prediction back to the standard deviation of the one for
// the prompt alone, by the part φ of the way (Lin et al. 2023, equations 14 to 16).
func rescale(guided, prompted []float32, phi float64) {
	_, wide := spread(guided)
	if wide == 0 {
		return
	}
	_, own := spread(prompted)
	factor := float32(float64(phi*(own/wide)) + (1 - phi))
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

// threshold clips an estimate to ±s and divides it by s, the quantile of its numbers'
// sizes that ratio of them are below, between two of them in proportion, but at least
// 1 and at most most, if that isn't 0 (Saharia et al. 2022, section 2.3; diffusers'
// sample_max_value is most).
func threshold(x []float32, ratio, most float64) {
	if ratio == 0 {
		return
	}
	sizes := make([]float64, len(x))
	for i, v := range x {
		sizes[i] = math.Abs(float64(v))
	}
	slices.Sort(sizes)
	place := float64(ratio * float64(len(sizes)-1))
	below := int(place)
	s := sizes[below]
	if part := place - float64(below); part > 0 {
		s += float64(part * (sizes[below+1] - s))
	}
	if s = max(s, 1); most > 0 {
		s = min(s, most)
	}
	for i, v := range x {
		x[i] = float32(min(max(float64(v), -s), s) / s)
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
