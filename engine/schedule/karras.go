package schedule

import (
	"cmp"

	"darkroom/engine/noise/elementary"
)

// karras is Karras's curve over the options' range, with ρ = 7.
func karras(_ *Schedule, n int, o Options) ([]float64, error) {
	return Karras(n, o.High, o.Low, cmp.Or(o.Rho, 7)), nil
}

// Karras is n levels with evenly spaced σ^(1/ρ) from high to low, and 0: more
// steps where there is little noise (Karras et al. 2022, "Elucidating the design
// space of diffusion-based generative models", equation 5).
func Karras(n int, high, low, rho float64) []float64 {
	root := func(x float64) float64 { return elementary.Exp(elementary.Log(x) / rho) }
	levels := linspace(root(high), root(low), n)
	for i, x := range levels {
		levels[i] = power(x, rho)
	}
	levels[n-1] = low
	levels[0] = high
	return append(levels, 0)
}

// power is xʸ for x > 0.
func power(x, y float64) float64 {
	if y == 7 {
		square := x * x
		return square * square * square * x
	}
	return elementary.Exp(float64(y * elementary.Log(x)))
}
