package sampler

// eulerCFGpp is guidance that keeps to the manifold of noisy pictures (Chung et
// al. 2024, "CFG++"): the step goes to the guided x₀ and puts back the noise that
// was found without guidance. Guidance is then from 0 to about 2.
//
//	ε = (x−x₀ unguided)/σ    x' = x₀ + down·ε + up·noise
func eulerCFGpp(s *step) []float32 {
	from, to := s.levels()
	down, up := ancestral(from, to, s.Options.Eta)
	guided, unguided := s.estimates(s.Latent, from)
	return s.addNoise(mix(1, guided, down, slope(s.Latent, unguided, from)), up)
}
