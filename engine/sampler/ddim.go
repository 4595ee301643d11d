package sampler

// ddim keeps the noise it finds and puts less of it back, with fresh noise in
// the place of η of it (Song et al. 2020, "Denoising diffusion implicit models",
// equation 12). For a latent x̂ = √ᾱ·x with ᾱ = 1/(1+σ²) that is
// x̂' = √ᾱ'·x₀ + √(1−ᾱ'−s²)·ε + s·noise, so here, with up = s/√ᾱ' and
// down = √(σ'²−up²) as an ancestral step has them,
//
//	ε = (x−x₀)/σ    x' = x₀ + down·ε + up·noise
//
// In exact arithmetic this is Euler's step, or Euler a's; they differ by rounding.
func ddim(s *step) []float32 {
	from, to := s.levels()
	down, up := ancestral(from, to, s.Options.Eta)
	x0 := s.estimate(s.Latent, from)
	return s.addNoise(mix(1, x0, down, slope(s.Latent, x0, from)), up)
}
