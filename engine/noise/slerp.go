package noise

import (
	"math"

	"darkroom/engine/noise/elementary"
)

// almostEqual is the mean cosine from which on two noises are mixed straight.
const almostEqual = 0.9995

// slerp turns one noise [c,h,w] into another along the arc between them: low at
// t = 0 and high at t = 1. The arcs are those of the columns, one for each
// channel and x, as AUTOMATIC1111's web UI has it (modules/rng.py), with its
// mix-up: where the two are almost equal, low is at t = 1.
func slerp(t float64, low, high []float32, c, h, w int) []float32 {
	out := make([]float32, len(low))
	angles := make([]float64, c*w)
	mean := 0.0
	for i := range angles {
		var ll, hh, lh float64
		for y := range h {
			at := (i/w*h+y)*w + i%w
			l, g := float64(low[at]), float64(high[at])
			ll, hh, lh = ll+l*l, hh+g*g, lh+l*g // squares of float32 numbers are exact
		}
		cosine := min(max(lh/math.Sqrt(float64(ll*hh)), -1), 1)
		angles[i] = elementary.Acos(cosine)
		mean += cosine / float64(c*w)
	}
	for i, angle := range angles {
		a, b := t, 1-t
		if !(mean > almostEqual) {
			a, b = 1-t, t // of columns that point the same or the opposite way
			if sine := elementary.Sin(angle); sine > 1e-6 {
				a = elementary.Sin(float64((1-t)*angle)) / sine
				b = elementary.Sin(float64(t*angle)) / sine
			}
		}
		for y := range h {
			at := (i/w*h+y)*w + i%w
			out[at] = float32(float64(a*float64(low[at])) + float64(b*float64(high[at])))
		}
	}
	return out
}
