package schedule

// normal is evenly spaced timesteps from the last to the first, both included
// (k-diffusion's get_sigmas; "normal" in ComfyUI, "Uniform" in the web UI).
func normal(s *Schedule, n int, o Options) ([]float64, error) {
	timesteps := linspace(s.SigmaToTimestep(o.High), s.SigmaToTimestep(o.Low), n)
	return append(s.at(timesteps), 0), nil
}

// at is the levels of timesteps.
func (s *Schedule) at(timesteps []float64) []float64 {
	levels := make([]float64, len(timesteps))
	for i, t := range timesteps {
		levels[i] = s.TimestepToSigma(t)
	}
	return levels
}
