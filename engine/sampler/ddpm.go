package sampler

// ddpm draws from the diffusion process's own way back (Ho et al. 2020,
// "Denoising diffusion probabilistic models", equation 7), whose mean and
// deviation are, for x = x₀ + σ·noise,
//
//	(σ'/σ)²·x + (1−(σ'/σ)²)·x₀    and    σ'·√(1−(σ'/σ)²)
//
// That is Euler a at η = 1.
func ddpm(s *step) []float32 { return eulerAncestral(s) }
