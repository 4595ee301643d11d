package sampler

// dpmpp2S is DPM-Solver++(2S) over two levels at once, as diffusers'
// DPMSolverSinglestepScheduler goes (Lu et al. 2022, "DPM-Solver++", algorithm 1,
// with the run's own level in between): the first of two steps is of first order,
// and the second starts where the first did. With its latent x and estimate x₀ of
// level σ, the level σ₁ in between and r = ln(σ/σ₁) / ln(σ/σ'),
//
//	x' = (σ'/σ)·x + (1−σ'/σ)·(x₀ + (x₀₁−x₀)/(2r))
//
// A step to 0 is of first order. History is x and x₀ between the two.
func dpmpp2S(s *step) []float32 {
	from, to := s.levels()
	x0 := s.estimate(s.Latent, from)
	if len(s.History) == 0 || to == 0 {
		x := s.Latent
		s.History = nil
		if to > 0 && s.order(2) == 2 {
			s.History = [][]float32{x, x0}
		}
		return toward(x, x0, from, to)
	}
	x, before := s.History[0], s.History[1]
	s.History = nil
	first := s.fall(1)
	k := (first + logRatio(from, to)) / (2 * first)
	return toward(x, mix(1-k, before, k, x0), s.Sigmas[s.position()-1], to)
}

// dpmpp2SKeeps is a latent and an estimate between two steps that belong together.
func dpmpp2SKeeps(s *State) int { return 2 * min(len(s.History), s.Step, 1) }
