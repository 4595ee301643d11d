package sampler

// heun goes along the mean of the slope here and the slope where Euler's step
// arrives (Karras et al. 2022, algorithm 2): two estimates a step, second order.
// At level 0 there is no slope, and the last step is Euler's.
func heun(s *step) []float32 {
	x, from, to := s.churned()
	x0 := s.estimate(x, from)
	there := toward(x, x0, from, to)
	if to == 0 {
		return there
	}
	half := (to - from) / 2
	return sum(term{1, x},
		term{half, slope(x, x0, from)},
		term{half, slope(there, s.estimate(there, to), to)})
}
