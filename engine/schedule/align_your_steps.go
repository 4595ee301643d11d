package schedule

import (
	"slices"

	"darkroom/engine/noise/elementary"
)

// The levels of ten steps that were optimised for a model (Sabour et al. 2024,
// "Align your steps", in the digits of the web UI and of ComfyUI), and their like
// by geometry of the trajectories ("AYS GITS" in Forge).
var (
	aysShort   = []float64{14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029}
	aysLong    = []float64{14.6146412293, 6.4745760956, 3.8636745985, 2.6946151520, 1.8841921177, 1.3943805092, 0.9642583904, 0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582}
	aysShortXL = []float64{14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029}
	aysLongXL  = []float64{14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141, 0.5550693289, 0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582}
	gitsAYS    = []float64{14.615, 4.617, 2.507, 1.236, 0.702, 0.402, 0.240, 0.156, 0.104, 0.094, 0.029}
	gitsAYSXL  = []float64{14.615, 4.734, 2.567, 1.529, 0.987, 0.652, 0.418, 0.268, 0.179, 0.127, 0.029}
)

// alignYourSteps is levels that were optimised for Stable Diffusion, as n+1 of
// which the last becomes 0. The web UI has n of them and then 0.
func alignYourSteps(s *Schedule, n int, o Options) ([]float64, error) {
	if o.Variant == A1111 {
		return append(resample(pick(s.XL, aysShortXL, aysShort), n), 0), nil
	}
	levels := resample(pick(s.XL, aysLongXL, aysLong), n+1)
	levels[n] = 0
	return levels, nil
}

// gits is levels found from the trajectories' curvature (Chen et al. 2024, "On
// the trajectory regularity of ODE-based diffusion sampling"). The web UI's are
// ten levels whatever the number of steps; ComfyUI's are found for each up to 20.
func gits(s *Schedule, n int, o Options) ([]float64, error) {
	if o.Variant == A1111 {
		return append(resample(pick(s.XL, gitsAYSXL, gitsAYS), n), 0), nil
	}
	levels := resample(gitsLevels[min(max(n-2, 0), len(gitsLevels)-1)], n+1)
	levels[n] = 0
	return levels, nil
}

func pick(xl bool, forXL, otherwise []float64) []float64 {
	if xl {
		return forXL
	}
	return otherwise
}

// resample is n levels along a table's, ln σ interpolated evenly.
func resample(table []float64, n int) []float64 {
	if n == len(table) {
		return slices.Clone(table)
	}
	levels := make([]float64, n)
	for i := range levels {
		// from the low end, as the tools do: a single level is the lowest there
		at := 0.0
		if n > 1 {
			at = float64(i) / float64(n-1) * float64(len(table)-1)
		}
		below := min(int(at), len(table)-2)
		low, high := elementary.Log(table[below]), elementary.Log(table[below+1])
		levels[i] = elementary.Exp(low + float64((at-float64(below))*(high-low)))
	}
	return levels
}
