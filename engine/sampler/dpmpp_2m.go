package sampler

import "darkroom/engine/noise/elementary"

// dpmpp2M is DPM-Solver++(2M): exact for the linear part of the differential
// equation, second order for the rest by the line through this estimate and
// the last (Lu et al. 2022, algorithm 2; k-diffusion's sample_dpmpp_2m). With
// h = ln σ − ln σ' and k = h/(2·h_last):
//
//	x' = (σ'/σ)·x + (1−σ'/σ)·((1+k)·x₀ − k·x₀_last)
//
// The first step and the one to 0 have no such line and use x₀ alone.
func dpmpp2M(s *step) []float32 {
	from, to := s.levels()
	x0 := s.estimate(s.Latent, from)
	extrapolated := x0
	if s.Step > 0 && to > 0 {
		k := logRatio(from, to) / (2 * s.fall(1))
		extrapolated = mix(1+k, x0, -k, s.History[0])
	}
	s.remember(1, x0)
	return toward(s.Latent, extrapolated, from, to)
}

// logRatio is ln a − ln b.
func logRatio(a, b float64) float64 { return elementary.Log(a / b) }
