package schedule

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// InputScale is what a latent x at noise level σ is multiplied by before the
// model sees it: 1/√(σ²+1), which gives x variance 1 when x₀ has.
func InputScale(sigma float64) float64 { return 1 / math.Sqrt(float64(sigma*sigma)+1) }

// ToDenoised is the estimate of the clean latent x₀ that the model's output
// for x at noise level σ amounts to. x and output have the same shape; so has
// the result, which shares memory with neither.
//
//	epsilon:      x₀ = x − σ·output
//	v_prediction: x₀ = x/(σ²+1) − output·σ/√(σ²+1)
func (s *Schedule) ToDenoised(x, output *tensor.Dense, sigma float64) (*tensor.Dense, error) {
	xs, okX := x.Data().([]float32)
	ys, okY := output.Data().([]float32)
	if !okX || !okY || !x.Shape().Eq(output.Shape()) || x.RequiresIterator() || output.RequiresIterator() {
		return nil, fmt.Errorf("denoise: the latent is %v %v and the model's output %v %v; both must be float32 of one shape, row by row",
			x.Dtype(), x.Shape(), output.Dtype(), output.Shape())
	}
	keep, take := 1.0, -sigma
	if s.Prediction == Velocity {
		scale := InputScale(sigma)
		keep, take = scale*scale, -sigma*scale
	}
	keep32, take32 := float32(keep), float32(take)
	x0 := make([]float32, len(xs))
	for i := range x0 {
		x0[i] = float32(keep32*xs[i]) + float32(take32*ys[i])
	}
	return tensor.New(tensor.WithShape(x.Shape().Clone()...), tensor.WithBacking(x0)), nil
}
