package sampler

import "math"

// dpmpp2SAncestral is DPM-Solver++(2S) to less noise than the next level has,
// with fresh noise up to it (Lu et al. 2022, "DPM-Solver++", algorithm 1, at the
// middle of ln σ): two estimates a step, second order without noise.
func dpmpp2SAncestral(s *step) []float32 {
	from, to := s.levels()
	down, up := ancestral(from, to, s.Options.Eta)
	x0 := s.estimate(s.Latent, from)
	if down > 0 {
		middle := math.Sqrt(from * down)
		x0 = s.estimate(toward(s.Latent, x0, from, middle), middle)
	}
	return s.addNoise(toward(s.Latent, x0, from, down), up)
}
