package sampler

// euler follows the slope dx/dσ = (x−x₀)/σ in a straight line to the next
// level (Karras et al. 2022, algorithm 2 without churn): x + (x−x₀)/σ·(σ'−σ),
// which is the mixture (σ'/σ)·x + (1−σ'/σ)·x₀.
func euler(s *State, x0 []float32) []float32 {
	from, to := s.levels()
	return mix(to/from, s.Latent, 1-to/from, x0)
}
