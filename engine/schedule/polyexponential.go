package schedule

import (
	"cmp"

	"darkroom/engine/noise/elementary"
)

// polyexponential is ln σ along a power ρ of evenly spaced numbers
// (k-diffusion's get_sigmas_polyexponential). With ρ = 1, which is usual, it is
// exponential.
func polyexponential(s *Schedule, n int, o Options) ([]float64, error) {
	low := elementary.Log(o.Low)
	width := elementary.Log(o.High) - low
	levels := linspace(1, 0, n)
	for i, x := range levels {
		if x > 0 {
			x = power(x, cmp.Or(o.Rho, 1))
		}
		levels[i] = elementary.Exp(float64(x*width) + low)
	}
	levels[n-1] = o.Low
	levels[0] = o.High
	return append(levels, 0), nil
}
