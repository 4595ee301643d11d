package sampler

import (
	"math"

	"darkroom/engine/schedule"
)

// tcd is strategic stochastic sampling of a trajectory-consistent model (Zheng
// et al. 2024, "Trajectory consistency distillation", algorithm 4): down to the
// timestep ⌊(1−η)·t'⌋ with the noise that was found, then up to t' with fresh
// noise. It is the one method that needs to know the model's timesteps.
func tcd(s *step) []float32 {
	from, to := s.levels()
	x0 := s.estimate(s.Latent, from)
	if to == 0 {
		return x0
	}
	trained := schedule.Schedule{Sigmas: s.Training}
	down := to
	if eta := s.Options.Eta; eta > 0 {
		timestep := math.Floor((1 - min(eta, 1)) * math.Round(trained.SigmaToTimestep(to)))
		down = min(trained.TimestepToSigma(timestep), to)
	}
	up := to * math.Sqrt((1-down/to)*(1+down/to))
	return s.addNoise(mix(1, x0, down, slope(s.Latent, x0, from)), up)
}
