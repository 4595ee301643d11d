package schedule

import "math"

// between is the levels of timesteps, in general fractional, as diffusers
// interpolates: in σ, where k-diffusion does in ln σ; and 0.
func (s *Schedule) between(timesteps []float64) []float64 {
	levels := make([]float64, len(timesteps), len(timesteps)+1)
	for i, t := range timesteps {
		floor := math.Floor(t)
		low := s.Sigmas[int(floor)]
		levels[i] = low
		if t > floor {
			levels[i] += float64((t - floor) * (s.Sigmas[int(floor)+1] - low))
		}
	}
	return append(levels, 0)
}

// rounded is the nearest whole timesteps, of two the even one.
func rounded(timesteps []float64) []float64 {
	whole := make([]float64, len(timesteps))
	for i, t := range timesteps {
		whole[i] = math.RoundToEven(t)
	}
	return whole
}
