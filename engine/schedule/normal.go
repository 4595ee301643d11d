package schedule

// normal is evenly spaced timesteps from the last to the first, both included
// (k-diffusion's get_sigmas; "normal" in ComfyUI, "Uniform" in the web UI).
func normal(s *Schedule, n int) []float64 {
	if n == 1 {
		return []float64{s.Max()}
	}
	levels := linspace(float64(s.Steps()-1), 0, n)
	for i, t := range levels {
		levels[i] = s.TimestepToSigma(t)
	}
	return levels
}
