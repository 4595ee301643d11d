package schedule

// simple takes every so many-th level the model was trained on, from the highest
// down (ComfyUI's "simple").
func simple(s *Schedule, n int, _ Options) ([]float64, error) {
	if n > s.Steps() {
		n = s.Steps() // with a penultimate level to discard
	}
	levels := make([]float64, n, n+1)
	for i := range levels {
		levels[i] = s.Sigmas[s.Steps()-1-i*s.Steps()/n]
	}
	return append(levels, 0), nil
}
