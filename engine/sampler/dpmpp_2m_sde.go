package sampler

import (
	"math"

	"darkroom/engine/noise/elementary"
)

// dpmpp2MSDE is DPM-Solver++(2M) for the stochastic equation, whose noise comes
// from a Brownian motion (k-diffusion's sample_dpmpp_2m_sde, "midpoint"). With
// h = ln σ − ln σ', g = (1+η)·h, and D the slope of the estimates in ln σ:
//
//	x' = e⁻ᵍ·x + (1−e⁻ᵍ)·(x₀ + h/2·D) + σ'·√(1−e^(−2ηh))·noise
func dpmpp2MSDE(s *step) []float32 {
	return s.sde2M(func(g float64) float64 { return -elementary.Expm1(-g) / 2 })
}

// dpmpp2MSDEHeun weighs D as if it were a line through both estimates ("heun"):
// (1−e⁻ᵍ)/(−g)+1 in the place of (1−e⁻ᵍ)/2.
func dpmpp2MSDEHeun(s *step) []float32 { return s.sde2M(phi2) }

func (s *step) sde2M(weigh func(g float64) float64) []float32 {
	from, to := s.levels()
	x0 := s.estimate(s.Latent, from)
	if to == 0 {
		s.remember(1, x0)
		return x0
	}
	g, keep, up := s.sdeStep(from, to)
	terms := []term{{keep, s.Latent}, {-elementary.Expm1(-g), x0}}
	if s.Step > 0 {
		w := weigh(g) * logRatio(from, to) / s.fall(1)
		terms = append(terms, term{w, x0}, term{-w, s.History[0]})
	}
	s.remember(1, x0)
	return s.addBetween(sum(terms...), up, from, to)
}

// sdeStep is how far the stochastic equation goes in ln σ, g = (1+η)·h, what it
// keeps of x, e⁻ᵍ, and the deviation of the noise it adds, σ'·√(1−e^(−2ηh)).
func (s *step) sdeStep(from, to float64) (g, keep, up float64) {
	h := logRatio(from, to)
	g = h * (1 + s.Options.Eta)
	return g, elementary.Exp(-g), to * math.Sqrt(-elementary.Expm1(-2*s.Options.Eta*h))
}

// phi2 is (e⁻ᵍ−1)/g + 1, the weight of a line's slope.
func phi2(g float64) float64 { return elementary.Expm1(-g)/g + 1 }
