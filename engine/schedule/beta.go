package schedule

import (
	"math"
	"slices"

	"darkroom/engine/noise/elementary"
)

// beta has more steps at both ends: quantiles of the beta distribution of evenly
// spaced probabilities (Lee et al. 2024, "Beta sampling is all you need"). The
// quantiles are timesteps here, to the nearest whole one in ComfyUI, where
// double ones fall out, and levels in the web UI and diffusers.
func beta(s *Schedule, n int, o Options) ([]float64, error) {
	last := float64(s.Steps() - 1)
	levels := make([]float64, 0, n+1)
	for i := range n {
		if o.Variant != Native && o.Variant != ComfyUI {
			x := elementary.BetaQuantile(1-float64(i)/float64(max(n-1, 1)), o.Alpha, o.Beta)
			levels = append(levels, o.Low+float64(x*(o.High-o.Low)))
			continue
		}
		timestep := last * elementary.BetaQuantile(1-float64(i)/float64(n), o.Alpha, o.Beta)
		if o.Variant == ComfyUI {
			timestep = math.RoundToEven(timestep)
		}
		levels = append(levels, s.TimestepToSigma(timestep))
	}
	return append(slices.Compact(levels), 0), nil
}
