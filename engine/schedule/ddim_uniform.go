package schedule

// ddimUniform is every so many-th timestep from 1 up (the original DDIM code's
// "uniform"; "leading" spacing with an offset of 1 in diffusers). It starts
// somewhat below the highest level. The web UI and ComfyUI take all of them that
// there are, which may be more than n; diffusers' solvers take the last n of n+1.
func ddimUniform(s *Schedule, n int, o Options) ([]float64, error) {
	stride := max(s.Steps()/n, 1)
	count, first := n, 1
	switch {
	case o.Variant == A1111 || o.Variant == ComfyUI:
		count = (s.Steps() - 2 + stride) / stride
	case n == s.Steps():
		first = 0
	case o.Variant == DiffusersSolver:
		stride = s.Steps() / (n + 1)
		first += stride
	}
	levels := make([]float64, count, count+1)
	for i := range levels {
		levels[i] = s.Sigmas[first+stride*(count-1-i)]
	}
	return append(levels, 0), nil
}
