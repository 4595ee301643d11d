package schedule

// sgmUniform is evenly spaced timesteps from the last towards the first, which
// is left out: every step is equally long, the one to zero included. It starts
// at pure noise, as models with zero terminal SNR need (Stability AI's
// generative-models; "trailing" spacing in diffusers).
func sgmUniform(s *Schedule, n int, o Options) ([]float64, error) {
	if o.Variant == Diffusers || o.Variant == DiffusersSolver {
		ends := make([]float64, n) // of n parts of the training
		for i := range ends {
			ends[i] = float64(s.Steps()*(n-i)) / float64(n)
		}
		for i, t := range rounded(ends) {
			ends[i] = t - 1
		}
		return s.between(ends), nil
	}
	timesteps := linspace(s.SigmaToTimestep(o.High), s.SigmaToTimestep(o.Low), n+1)
	return append(s.at(timesteps[:n]), 0), nil
}
