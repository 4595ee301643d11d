package schedule

// sgmUniform is evenly spaced timesteps from the last towards the first, which
// is left out: every step is equally long, the one to zero included. It starts
// at pure noise, as models with zero terminal SNR need (Stability AI's
// generative-models; "trailing" spacing in diffusers).
func sgmUniform(s *Schedule, n int) []float64 {
	levels := linspace(float64(s.Steps()-1), 0, n+1)[:n]
	for i, t := range levels {
		levels[i] = s.TimestepToSigma(t)
	}
	return levels
}
