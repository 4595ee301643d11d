package schedule

import "darkroom/engine/noise/elementary"

// klOptimal is evenly spaced arc tangents of σ (Sabour et al. 2024, "Align your
// steps", the optimum for Gaussian pictures). In the web UI the lowest level is
// the last; elsewhere 0 follows it.
func klOptimal(_ *Schedule, n int, o Options) ([]float64, error) {
	if o.Variant == A1111 {
		n++
	}
	levels := linspace(elementary.Atan(o.High), elementary.Atan(o.Low), n)
	for i, angle := range levels {
		levels[i] = elementary.Tan(angle)
	}
	levels[n-1] = o.Low
	levels[0] = o.High
	if o.Variant == A1111 {
		return levels, nil
	}
	return append(levels, 0), nil
}
