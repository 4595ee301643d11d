package sampler

import "math"

// dpm2 goes along the slope at the middle of ln σ, to which Euler's step leads
// (Lu et al. 2022, "DPM-Solver"; k-diffusion's sample_dpm_2): two estimates a
// step, second order.
func dpm2(s *step) []float32 {
	x, from, to := s.churned()
	return s.midpoint(x, from, to)
}

// dpm2Ancestral does so to less noise than the next level has and adds fresh
// noise up to it.
func dpm2Ancestral(s *step) []float32 {
	from, to := s.levels()
	down, up := ancestral(from, to, s.Options.Eta)
	x := s.midpoint(s.Latent, from, down)
	if down == 0 {
		return x
	}
	return s.addNoise(x, up)
}

func (s *step) midpoint(x []float32, from, to float64) []float32 {
	x0 := s.estimate(x, from)
	if to == 0 {
		return toward(x, x0, from, to)
	}
	middle := math.Sqrt(from * to)
	there := toward(x, x0, from, middle)
	return mix(1, x, to-from, slope(there, s.estimate(there, middle), middle))
}
