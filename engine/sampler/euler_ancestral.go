package sampler

import "math"

// eulerAncestral steps to less noise than the next level has and adds fresh
// noise up to it, as ancestral sampling of the diffusion process does
// (k-diffusion's sample_euler_ancestral with η = 1):
//
//	σ_up² = σ'²·(σ²−σ'²)/σ²    σ_down² = σ'² − σ_up²
func eulerAncestral(s *State, x0 []float32) []float32 {
	from, to := s.levels()
	if to == 0 {
		return euler(s, x0)
	}
	// (σ²−σ'²)/σ² as 1−(σ'/σ)², so that nothing is left to fuse.
	ratio := to / from
	up := to * math.Sqrt((1-ratio)*(1+ratio))
	down := to * ratio // √(σ'²−σ_up²)
	x := mix(down/from, s.Latent, 1-down/from, x0)
	fresh := s.Noise.Next(s.Shape[3], s.Shape[1], s.Shape[2]).Float32s()
	return mix(1, x, up, fresh)
}
