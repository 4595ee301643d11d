package sampler

// ddim keeps the noise it finds and puts less of it back (Song et al. 2020,
// "Denoising diffusion implicit models", equation 12 with η = 0). For a latent
// x̂ = √ᾱ·x with ᾱ = 1/(1+σ²) that is x̂' = √ᾱ'·x₀ + √(1−ᾱ')·ε, so here
//
//	ε = (x−x₀)/σ    x' = x₀ + σ'·ε
//
// In exact arithmetic this is Euler's step; the two differ by rounding.
func ddim(s *State, x0 []float32) []float32 {
	from, to := s.levels()
	epsilon := mix(1/from, s.Latent, -1/from, x0)
	return mix(1, x0, to, epsilon)
}
