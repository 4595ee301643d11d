package sampler

// lms is the linear multistep method: the slopes of up to four steps make a
// polynomial in σ that is integrated to the next level (Katherine Crowson's
// k-diffusion, sample_lms).
func lms(s *step) []float32 {
	from, to := s.levels()
	slopes := append(s.History[:len(s.History):len(s.History)], slope(s.Latent, s.estimate(s.Latent, from), from))
	if order := s.order(4); len(slopes) > order {
		slopes = slopes[len(slopes)-order:]
	}
	at := s.last(len(slopes))
	terms := []term{{1, s.Latent}}
	for j := range slopes {
		// Simpson's rule is exact for a cubic.
		middle := lagrange(at, j, (from+to)/2)
		weight := (to - from) / 6 * (lagrange(at, j, from) + float64(4*middle) + lagrange(at, j, to))
		terms = append(terms, term{weight, slopes[j]})
	}
	s.remember(3, slopes[len(slopes)-1])
	return sum(terms...)
}

// last is the latest n levels down to the one at hand.
func (s *step) last(n int) []float64 {
	i := s.position()
	return s.Sigmas[i+1-n : i+1]
}

// lagrange is the polynomial that is 1 at nodes[j] and 0 at the others.
func lagrange(nodes []float64, j int, x float64) float64 {
	product := 1.0
	for k, node := range nodes {
		if k != j {
			product *= (x - node) / (nodes[j] - node)
		}
	}
	return product
}

// order is the options' order, or the usual one, which is the highest.
func (s *step) order(usual int) int {
	if s.Options.Order == 0 {
		return usual
	}
	return min(s.Options.Order, usual)
}
