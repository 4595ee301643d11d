package sampler

// lcm is the latent consistency model's multistep sampling (Luo et al. 2023): the
// estimate is taken for the picture, and made as noisy as the next level with
// fresh noise.
func lcm(s *step) []float32 {
	from, to := s.levels()
	return s.addNoise(s.estimate(s.Latent, from), to)
}
