package schedule

import (
	"math"
	"sort"

	"darkroom/engine/noise/elementary"
)

// SigmaToTimestep is the timestep, in general fractional, at which the model
// was trained on noise level σ: linear interpolation in ln σ between the
// neighbouring training levels, 0 and Steps−1 beyond the ends (k-diffusion,
// k_diffusion/external.py).
func (s *Schedule) SigmaToTimestep(sigma float64) float64 {
	above := sort.SearchFloat64s(s.Sigmas, sigma)
	switch {
	case above == 0:
		return 0
	case above == len(s.Sigmas):
		return float64(above - 1)
	case s.Sigmas[above] == sigma:
		return float64(above)
	}
	low, high := elementary.Log(s.Sigmas[above-1]), elementary.Log(s.Sigmas[above])
	return float64(above-1) + (elementary.Log(sigma)-low)/(high-low)
}

// TimestepToSigma is the noise level of a timestep, in general fractional: the
// inverse of SigmaToTimestep.
func (s *Schedule) TimestepToSigma(t float64) float64 {
	t = min(max(t, 0), float64(len(s.Sigmas)-1))
	floor := math.Floor(t)
	low := s.Sigmas[int(floor)]
	if t == floor {
		return low
	}
	high := s.Sigmas[int(floor)+1]
	return low * elementary.Exp(float64((t-floor)*elementary.Log(high/low)))
}
