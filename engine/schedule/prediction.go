package schedule

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// ScaleInput is what the model is shown of a latent x at noise level σ:
// x/√(σ²+1), which has variance 1 when x₀ has.
func ScaleInput(x *tensor.Dense, sigma float64) (*tensor.Dense, error) {
	return combine("scale latent", 1/math.Sqrt(float64(sigma*sigma)+1), x, 0, x)
}

// ToDenoised is the estimate of the clean latent x₀ that the model's output
// for x at noise level σ amounts to. x and output have the same shape; so has
// the result, which shares memory with neither.
//
//	epsilon:      x₀ = x − σ·output
//	v_prediction: x₀ = x/(σ²+1) − output·σ/√(σ²+1)
func (s *Schedule) ToDenoised(x, output *tensor.Dense, sigma float64) (*tensor.Dense, error) {
	if s.Prediction == Velocity {
		variance := float64(sigma*sigma) + 1
		return combine("denoise", 1/variance, x, -sigma/math.Sqrt(variance), output)
	}
	return combine("denoise", 1, x, -sigma, output)
}

// combine is a·x + b·y element by element, in float32 with every product
// rounded, so that no processor fuses it.
func combine(task string, a float64, x *tensor.Dense, b float64, y *tensor.Dense) (*tensor.Dense, error) {
	xs, okX := x.Data().([]float32)
	ys, okY := y.Data().([]float32)
	if !okX || !okY || !x.Shape().Eq(y.Shape()) || x.RequiresIterator() || y.RequiresIterator() {
		return nil, fmt.Errorf("%s: latent is %v %v and the model's output %v %v; both must be float32 of one shape, row by row",
			task, x.Dtype(), x.Shape(), y.Dtype(), y.Shape())
	}
	a32, b32 := float32(a), float32(b)
	out := make([]float32, len(xs))
	for i := range out {
		out[i] = float32(a32*xs[i]) + float32(b32*ys[i])
	}
	return tensor.New(tensor.WithShape(x.Shape().Clone()...), tensor.WithBacking(out)), nil
}
