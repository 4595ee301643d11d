package schedule

import "darkroom/engine/noise/elementary"

// exponential is evenly spaced ln σ from the highest level to the lowest
// (k-diffusion's get_sigmas_exponential).
func exponential(_ *Schedule, n int, o Options) ([]float64, error) {
	levels := linspace(elementary.Log(o.High), elementary.Log(o.Low), n)
	for i, ln := range levels {
		levels[i] = elementary.Exp(ln)
	}
	levels[n-1] = o.Low
	levels[0] = o.High
	return append(levels, 0), nil
}
