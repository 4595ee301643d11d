package schedule

import "darkroom/engine/noise/elementary"

// exponential is evenly spaced ln σ from the highest level to the lowest
// (k-diffusion's get_sigmas_exponential).
func exponential(s *Schedule, n int) []float64 {
	if n == 1 {
		return []float64{s.Max()}
	}
	levels := linspace(elementary.Log(s.Max()), elementary.Log(s.Min()), n)
	for i, ln := range levels {
		levels[i] = elementary.Exp(ln)
	}
	levels[0], levels[n-1] = s.Max(), s.Min()
	return levels
}
