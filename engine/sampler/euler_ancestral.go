package sampler

// eulerAncestral steps to less noise than the next level has and adds fresh
// noise up to it, as ancestral sampling of the diffusion process does
// (k-diffusion's sample_euler_ancestral); η is how much of it.
func eulerAncestral(s *step) []float32 {
	from, to := s.levels()
	down, up := ancestral(from, to, s.Options.Eta)
	x0 := s.estimate(s.Latent, from)
	return s.addNoise(toward(s.Latent, x0, from, down), up)
}
