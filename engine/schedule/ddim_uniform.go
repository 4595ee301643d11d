package schedule

// ddimUniform is every so many-th timestep from 1 up (the original DDIM code's
// "uniform"; "leading" spacing with an offset of 1 in diffusers). It starts
// somewhat below the highest level. The tools take all of them that there are,
// which may be more than n.
func ddimUniform(s *Schedule, n int, o Options) ([]float64, error) {
	stride := max(s.Steps()/n, 1)
	count, first := n, 1
	if o.Variant != Native {
		count = (s.Steps() - 2 + stride) / stride
	} else if n == s.Steps() {
		first = 0
	}
	levels := make([]float64, count, count+1)
	for i := range levels {
		levels[i] = s.Sigmas[first+stride*(count-1-i)]
	}
	return append(levels, 0), nil
}
