package schedule

// linearQuadratic falls slowly and evenly for half of the steps, by 1/40 of the
// way, and then along a parabola (Genmo's Mochi; ComfyUI's "linear_quadratic").
func linearQuadratic(s *Schedule, n int, _ Options) ([]float64, error) {
	const threshold = 0.025
	if n == 1 {
		return []float64{s.Max(), 0}, nil
	}
	linear := n / 2
	half, rest := float64(linear), float64(n-linear)
	levels := make([]float64, n+1)
	slope := threshold / half
	// the parabola a·i² + b·i + c that goes on from the line and ends at 1
	left := half - float64(threshold*float64(n))
	a := left / float64(half*float64(rest*rest))
	b := slope - float64(2*left)/float64(rest*rest)
	c := float64(a * float64(half*half))
	for i := range n {
		x := float64(i)
		y := float64(slope * x)
		if i >= linear {
			y = float64(float64(a*float64(x*x))+float64(b*x)) + c
		}
		levels[i] = float64((1 - y) * s.Max())
	}
	return levels, nil
}
