package schedule

// normal is evenly spaced timesteps from the last to the first, both included
// (k-diffusion's get_sigmas; "normal" in ComfyUI, "Uniform" in the web UI,
// "linspace" in diffusers).
func normal(s *Schedule, n int, o Options) ([]float64, error) {
	switch o.Variant {
	case Diffusers:
		return s.between(linspace(float64(s.Steps()-1), 0, n)), nil
	case DiffusersSolver: // whole ones, of which the first is left out
		return s.between(rounded(linspace(float64(s.Steps()-1), 0, n+1)[:n])), nil
	}
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
