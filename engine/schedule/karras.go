package schedule

import "darkroom/engine/noise/elementary"

// karras is evenly spaced σ^(1/ρ) with ρ = 7 from the highest level to the
// lowest: more steps where there is little noise (Karras et al. 2022,
// "Elucidating the design space of diffusion-based generative models",
// equation 5).
func karras(s *Schedule, n int) []float64 {
	if n == 1 {
		return []float64{s.Max()}
	}
	levels := linspace(seventhRoot(s.Max()), seventhRoot(s.Min()), n)
	for i, root := range levels {
		square := root * root
		levels[i] = square * square * square * root
	}
	levels[0], levels[n-1] = s.Max(), s.Min()
	return levels
}

func seventhRoot(x float64) float64 { return elementary.Exp(elementary.Log(x) / 7) }
