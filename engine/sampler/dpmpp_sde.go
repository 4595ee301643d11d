package sampler

import "math"

// dpmppSDE is DPM-Solver++ for the stochastic equation (k-diffusion's
// sample_dpmpp_sde with r = ½): an ancestral step to the middle of ln σ, and from
// the start again an ancestral step with the estimate found there. Both take
// their noise from one Brownian motion.
func dpmppSDE(s *step) []float32 {
	from, to := s.levels()
	x0 := s.estimate(s.Latent, from)
	if to == 0 {
		return toward(s.Latent, x0, from, to)
	}
	middle := math.Sqrt(from * to)
	down, up := ancestral(from, middle, s.Options.Eta)
	there := s.addBetween(toward(s.Latent, x0, from, down), up, from, middle)
	x0 = s.estimate(there, middle)
	down, up = ancestral(from, to, s.Options.Eta)
	return s.addBetween(toward(s.Latent, x0, from, down), up, from, to)
}
