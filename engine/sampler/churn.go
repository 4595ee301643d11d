package sampler

import "math"

// churned is the latent with the noise of SChurn added, the level that it then
// has, and the level the step goes to (Karras et al. 2022, algorithm 2):
//
//	σ̂ = σ·(1+γ)    γ = min(SChurn/steps, √2−1) between STMin and STMax, else 0
//
// A run with churn draws noise in every step, also where γ is 0, as k-diffusion
// does.
func (s *step) churned() (x []float32, from, to float64) {
	from, to = s.levels()
	o := s.Options
	if o.SChurn == 0 {
		return s.Latent, from, to
	}
	gamma := min(o.SChurn/float64(s.Steps()), math.Sqrt2-1)
	if from < o.STMin || o.STMax > 0 && from > o.STMax {
		gamma = 0
	}
	fresh := s.noise.Next(s.Shape[3], s.Shape[1], s.Shape[2]).Float32s()
	// √(σ̂²−σ²) = σ·√(γ·(γ+2))
	return mix(1, s.Latent, from*math.Sqrt(gamma*(gamma+2))*o.SNoise, fresh), from * (1 + gamma), to
}
