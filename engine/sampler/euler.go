package sampler

// euler follows the slope dx/dσ = (x−x₀)/σ in a straight line to the next
// level (Karras et al. 2022, algorithm 2): x + (x−x₀)/σ·(σ'−σ), which is the
// mixture (σ'/σ)·x + (1−σ'/σ)·x₀.
func euler(s *step) []float32 {
	x, from, to := s.churned()
	return toward(x, s.estimate(x, from), from, to)
}
