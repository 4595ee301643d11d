package sampler

// adamsBashforth is the weights of the latest slope and those before it in a
// step of even length, by their number.
var adamsBashforth = [][]float64{
	1: {1},
	2: {3. / 2, -1. / 2},
	3: {23. / 12, -16. / 12, 5. / 12},
	4: {55. / 24, -59. / 24, 37. / 24, -9. / 24},
}

// ipndm is the improved pseudo linear multistep method (Liu et al. 2022, "Pseudo
// numerical methods for diffusion models on manifolds"; Zhang and Chen 2022):
// Adams and Bashforth's weights for as many slopes as there are, up to four. It
// takes the steps for even ones, and so is of first order where they are not.
func ipndm(s *step) []float32 {
	from, to := s.levels()
	x0 := s.estimate(s.Latent, from)
	epsilon := slope(s.Latent, x0, from)
	next := x0
	if to > 0 {
		next = s.multistep(epsilon, from, to, s.order(4))
	}
	s.remember(3, epsilon)
	return next
}

// multistep goes to the next level along the slopes remembered and this one.
func (s *step) multistep(epsilon []float32, from, to float64, order int) []float32 {
	n := min(len(s.History)+1, order)
	terms := []term{{1, s.Latent}, {(to - from) * adamsBashforth[n][0], epsilon}}
	for i, weight := range adamsBashforth[n][1:] {
		terms = append(terms, term{(to - from) * weight, s.History[len(s.History)-1-i]})
	}
	return sum(terms...)
}
