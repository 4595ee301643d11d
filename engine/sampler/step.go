package sampler

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// step is one step in the making: the state that becomes the next one, the model
// to ask and the noise to draw. The first error stays, and what is computed after
// it is thrown away, so that a method reads like its formula.
type step struct {
	*State
	denoise Denoise
	noise   source
	clean   []float32 // the first estimate of x₀
	err     error
}

// source is where fresh noise comes from: the state's stream. Each is standard
// normal, [1,h,w,c].
type source interface {
	Next(c, h, w int) *tensor.Dense
	Between(from, to float64, c, h, w int) *tensor.Dense
}

// levels is the noise levels the step goes from and to.
func (s *step) levels() (from, to float64) {
	i := s.position()
	return s.Sigmas[i], s.Sigmas[i+1]
}

// estimate is the model's x₀ in x at noise level σ.
func (s *step) estimate(x []float32, sigma float64) []float32 {
	guided, _ := s.estimates(x, sigma)
	return guided
}

// estimates is also the x₀ without guidance.
func (s *step) estimates(x []float32, sigma float64) (guided, unguided []float32) {
	if s.err == nil {
		guided, unguided, s.err = s.ask(x, sigma)
	}
	if s.err != nil {
		return x, x
	}
	if s.clean == nil {
		s.clean = guided
	}
	return guided, unguided
}

func (s *step) ask(x []float32, sigma float64) (guided, unguided []float32, err error) {
	e, err := s.denoise(dense(s.Shape, x), sigma)
	if err != nil {
		return nil, nil, err
	}
	if guided, err = s.answer("estimate of the clean latent", e.Guided); err != nil {
		return nil, nil, err
	}
	if e.Unguided == nil {
		return guided, guided, nil
	}
	unguided, err = s.answer("estimate without guidance", e.Unguided)
	return guided, unguided, err
}

// answer is a copy of an estimate's numbers.
func (s *step) answer(what string, d *tensor.Dense) ([]float32, error) {
	values, err := float32s(what, d)
	if err != nil {
		return nil, err
	}
	if !d.Shape().Eq(tensor.Shape(s.Shape)) {
		return nil, fmt.Errorf("the %s is %v, the latent %v; the denoiser must keep the shape", what, d.Shape(), s.Shape)
	}
	return append([]float32(nil), values...), nil
}

// remember keeps values for the steps to come, the latest n of them.
func (s *step) remember(n int, values ...[]float32) {
	history := append(append([][]float32(nil), s.History...), values...)
	s.History = history[max(0, len(history)-n):]
}

// fall is how much ln σ fell in the n-th step before this one, 1 the last.
func (s *step) fall(n int) float64 {
	i := s.position() - n
	return logRatio(s.Sigmas[i], s.Sigmas[i+1])
}

// addNoise is x with fresh noise of deviation σ times the options' SNoise.
func (s *step) addNoise(x []float32, sigma float64) []float32 {
	if sigma == 0 {
		return x
	}
	fresh := s.noise.Next(s.Shape[3], s.Shape[1], s.Shape[2]).Float32s()
	return mix(1, x, sigma*s.Options.SNoise, fresh)
}

// addBetween is the same with the noise that a Brownian motion has between two
// levels, of which shorter and longer steps see the same path.
func (s *step) addBetween(x []float32, sigma, from, to float64) []float32 {
	if sigma == 0 {
		return x
	}
	fresh := s.noise.Between(from, to, s.Shape[3], s.Shape[1], s.Shape[2]).Float32s()
	return mix(1, x, sigma*s.Options.SNoise, fresh)
}

// toward goes from x at one noise level straight to another, with x₀ at level 0.
func toward(x, x0 []float32, from, to float64) []float32 {
	return mix(to/from, x, 1-to/from, x0)
}

// slope is dx/dσ = (x−x₀)/σ, which is the noise ε the model finds in x.
func slope(x, x0 []float32, sigma float64) []float32 { return mix(1/sigma, x, -1/sigma, x0) }

// ancestral is the level to go down to and the deviation of the noise to add so
// as to arrive at another (k-diffusion's get_ancestral_step):
//
//	up = min(σ', η·√(σ'²·(σ²−σ'²)/σ²))    down = √(σ'²−up²)
func ancestral(from, to, eta float64) (down, up float64) {
	// (σ²−σ'²)/σ² as 1−(σ'/σ)², so that nothing is left to fuse.
	ratio := to / from
	up = min(to, float64(eta*to)*math.Sqrt((1-ratio)*(1+ratio)))
	kept := float64(ratio*ratio) + float64((1-eta)*(1+eta)*((1-ratio)*(1+ratio)))
	return to * math.Sqrt(max(kept, 0)), up
}

// term is a weight and the numbers it is for.
type term struct {
	weight float64
	values []float32
}

// sum adds up terms element by element, from left to right.
func sum(terms ...term) []float32 {
	out := make([]float32, len(terms[0].values))
	for k, t := range terms {
		weight := float32(t.weight)
		for i, x := range t.values {
			if product := float32(weight * x); k == 0 {
				out[i] = product
			} else {
				out[i] += product
			}
		}
	}
	return out
}

// mix is a·x + b·y element by element.
func mix(a float64, x []float32, b float64, y []float32) []float32 {
	return sum(term{a, x}, term{b, y})
}
