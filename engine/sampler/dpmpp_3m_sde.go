package sampler

import "darkroom/engine/noise/elementary"

// dpmpp3MSDE is DPM-Solver++ of third order for the stochastic equation: as
// dpmpp_2m_sde, with a parabola through three estimates (k-diffusion's
// sample_dpmpp_3m_sde).
func dpmpp3MSDE(s *step) []float32 {
	from, to := s.levels()
	x0 := s.estimate(s.Latent, from)
	if to == 0 {
		s.remember(2, x0)
		return x0
	}
	g, keep, up := s.sdeStep(from, to)
	h := logRatio(from, to)
	terms := []term{{keep, s.Latent}, {-elementary.Expm1(-g), x0}}
	switch len(s.History) {
	case 1:
		w := phi2(g) * h / s.fall(1)
		terms = append(terms, term{w, x0}, term{-w, s.History[0]})
	case 2:
		// first and second divided differences of the estimates over ln σ
		r0, r1 := s.fall(1)/h, s.fall(2)/h
		phi3 := phi2(g)/g - 0.5
		curve := (float64(phi2(g)*r0) - phi3) / (r0 + r1)
		first, second := phi2(g)+curve, -curve
		terms = append(terms,
			term{first / r0, x0}, term{-first / r0, s.History[1]},
			term{second / r1, s.History[1]}, term{-second / r1, s.History[0]})
	}
	s.remember(2, x0)
	return s.addBetween(sum(terms...), up, from, to)
}
