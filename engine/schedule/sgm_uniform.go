package schedule

// sgmUniform is evenly spaced timesteps from the last towards the first, which
// is left out: every step is equally long, the one to zero included. It starts
// at pure noise, as models with zero terminal SNR need (Stability AI's
// generative-models; "trailing" spacing in diffusers).
func sgmUniform(s *Schedule, n int, o Options) ([]float64, error) {
	timesteps := linspace(s.SigmaToTimestep(o.High), s.SigmaToTimestep(o.Low), n+1)
	return append(s.at(timesteps[:n]), 0), nil
}
