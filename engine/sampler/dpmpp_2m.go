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
func dpmpp2M(s *State, x0 []float32) []float32 {
	from, to := s.levels()
	if s.Step == 0 || to == 0 {
		return euler(s, x0)
	}
	h := elementary.Log(from / to)
	last := elementary.Log(s.Sigmas[s.Step-1] / from)
	k := h / (2 * last)
	extrapolated := mix(1+k, x0, -k, s.History[0])
	return mix(to/from, s.Latent, 1-to/from, extrapolated)
}
