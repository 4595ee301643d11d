package sampler

import (
	"math"
	"slices"

	"darkroom/engine/schedule"
)

// The levels between which restart goes back and forth, as the web UI has them.
const restartLow, restartHigh = 0.1, 2

// restart is Heun's method that, at a low noise level, adds noise up to a high one
// and comes down again, which contracts the errors made so far (Xu et al. 2023,
// "Restart sampling for improving generative processes"). See restartLevels.
func restart(s *step) []float32 {
	if i := s.position(); i > 0 && s.Sigmas[i-1] < s.Sigmas[i] {
		low, high := s.Sigmas[i-1], s.Sigmas[i]
		s.Latent = s.addNoise(s.Latent, math.Sqrt((high-low)*(high+low)))
	}
	return heun(s)
}

// restartLevels is the levels of a run with restarts, in as many steps, as the
// web UI has them: from 20 steps on 9 of them are one way back, and from 36 on
// half of them are two; the rest, on Karras's curve, lead down. Rises are no steps.
func restartLevels(sigmas []float64) []float64 {
	n := len(sigmas) - 1
	if n < 20 || sigmas[n] != 0 {
		return sigmas
	}
	steps, times := 9, 1
	if n >= 36 {
		steps, times = n/4, 2
	}
	down := schedule.Karras(n-steps*times, sigmas[0], sigmas[n-1], 7)
	low, high := nearest(down, restartLow), nearest(down, restartHigh)
	if high >= low {
		return sigmas
	}
	again := schedule.Karras(steps+1, down[high], down[low], 7)[:steps+1]
	levels := slices.Clone(down[:low+1])
	for range times {
		levels = append(levels, again...)
	}
	return append(levels, down[low+1:]...)
}

// nearest is the place of the level nearest to σ.
func nearest(sigmas []float64, sigma float64) int {
	best := 0
	for i, x := range sigmas {
		if math.Abs(x-sigma) < math.Abs(sigmas[best]-sigma) {
			best = i
		}
	}
	return best
}
