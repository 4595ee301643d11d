// Package sampler walks a latent from noise to picture: one file per method,
// each a function from one noise level to the next.
//
// A latent x here is x₀ + σ·noise (the variance-exploding form), so samplers
// know noise levels only; what the model is shown, and what its output means,
// is for the Denoise function to say (package schedule). Coefficients are
// computed in float64 and rounded once; the element-wise arithmetic is float32
// with every product rounded, the same on every processor.
package sampler

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"darkroom/engine/noise"
)

// Denoise estimates the clean latent x₀ in a latent at noise level σ; both are
// float32 [1,h,w,c]. The latent is the function's own to change.
type Denoise func(latent *tensor.Dense, sigma float64) (*tensor.Dense, error)

// State is everything a run needs to go on: saved (gob, JSON) after any step
// and read back, it makes the same picture bit for bit. A step replaces the
// slices and never writes into them, so a plain copy of a State is a snapshot.
type State struct {
	Sampler string       `json:"sampler"`           // one of Names
	Step    int          `json:"step"`              // steps done
	Sigmas  []float64    `json:"sigmas"`            // falling noise levels; step i goes from Sigmas[i] to Sigmas[i+1]
	Shape   []int        `json:"shape"`             // [1,h,w,c]
	Latent  []float32    `json:"latent"`            // x at Sigmas[Step]
	History [][]float32  `json:"history,omitempty"` // earlier estimates of x₀ the method still needs, latest last
	Noise   noise.Stream `json:"noise"`             // the noise to come
}

// ErrDone is returned by Next when no step is left.
var ErrDone = errors.New("the run has no step left")

// Start is the latent to begin with at noise level σ: σ times standard normal
// noise, as k-diffusion has it. For a picture to paint over, add its latent.
func Start(normal *tensor.Dense, sigma float64) (*tensor.Dense, error) {
	values, err := float32s("start noise", normal)
	if err != nil {
		return nil, err
	}
	start := dense(normal.Shape(), values)
	x := start.Float32s()
	for i := range x {
		x[i] *= float32(sigma)
	}
	return start, nil
}

// New is a run of the named sampler (any name Parse knows) down the given noise
// levels, such as schedule.Levels returns. start is x at sigmas[0], float32
// [1,h,w,c], and is copied. n is the stream that the start's noise was drawn
// from, standing after that draw; ancestral samplers go on drawing from it. Its
// Brownian motion is set over the levels.
func New(name string, sigmas []float64, start *tensor.Dense, n noise.Stream) (*State, error) {
	name, err := Parse(name)
	if err != nil {
		return nil, err
	}
	latent, err := float32s("start latent", start)
	if err != nil {
		return nil, err
	}
	s := &State{
		Sampler: name,
		Sigmas:  slices.Clone(sigmas),
		Shape:   slices.Clone([]int(start.Shape())),
		Latent:  slices.Clone(latent),
		Noise:   n.Over(sigmas),
	}
	if _, err := s.method(); err != nil {
		return nil, err
	}
	return s, nil
}

// Steps is the number of steps of the whole run.
func (s *State) Steps() int { return len(s.Sigmas) - 1 }

// Done reports whether no step is left.
func (s *State) Done() bool { return s.Step >= s.Steps() }

// Dense is a copy of the latent as a tensor, [1,h,w,c].
func (s *State) Dense() *tensor.Dense { return dense(s.Shape, s.Latent) }

// Next takes one step and returns the estimate of x₀ it was made from,
// [1,h,w,c]. After an error, of denoise or its own, s is as it was before, and
// Next can be called again.
func (s *State) Next(denoise Denoise) (*tensor.Dense, error) {
	m, err := s.method()
	if err != nil {
		return nil, err
	}
	if s.Done() {
		return nil, fmt.Errorf("%s: all %d steps are done: %w", m.label, s.Steps(), ErrDone)
	}
	estimated, err := denoise(s.Dense(), s.Sigmas[s.Step])
	if err != nil {
		return nil, fmt.Errorf("%s step %d of %d: %w", m.label, s.Step+1, s.Steps(), err)
	}
	estimate, err := float32s("estimate of the clean latent", estimated)
	if err != nil {
		return nil, fmt.Errorf("%s step %d of %d: %w", m.label, s.Step+1, s.Steps(), err)
	}
	if !estimated.Shape().Eq(tensor.Shape(s.Shape)) {
		return nil, fmt.Errorf("%s step %d of %d: the estimate of the clean latent is %v, the latent %v; the denoiser must keep the shape",
			m.label, s.Step+1, s.Steps(), estimated.Shape(), s.Shape)
	}

	next := *s
	next.Latent = m.step(&next, estimate)
	if m.keeps > 0 {
		history := append(slices.Clone(s.History), slices.Clone(estimate))
		next.History = history[max(0, len(history)-m.keeps):]
	}
	next.Step++
	*s = next
	return dense(s.Shape, estimate), nil
}

// method is the sampler of a State that can go on; an error tells what is
// wrong with one that was put together or read badly.
func (s *State) method() (method, error) {
	m, err := find(s.Sampler)
	if err != nil {
		return m, err
	}
	if len(s.Sigmas) < 2 {
		return m, fmt.Errorf("%s: %d noise levels; a run needs at least 2, where it starts and where it ends", m.label, len(s.Sigmas))
	}
	for i, sigma := range s.Sigmas {
		if !(sigma >= 0 && sigma <= math.MaxFloat32) || i > 0 && !(sigma < s.Sigmas[i-1]) {
			return m, fmt.Errorf("%s: noise level %d of %d is %g; levels must fall from each to the next and not below 0", m.label, i, len(s.Sigmas), sigma)
		}
	}
	if len(s.Shape) != 4 || s.Shape[0] != 1 || min(s.Shape[1], s.Shape[2], s.Shape[3]) < 1 {
		return m, fmt.Errorf("%s: the latent's shape is %v; it must be [1, height, width, channels]", m.label, s.Shape)
	}
	size := s.Shape[1] * s.Shape[2] * s.Shape[3]
	if len(s.Latent) != size {
		return m, fmt.Errorf("%s: %d numbers in a latent of shape %v, which takes %d; the saved run is damaged", m.label, len(s.Latent), s.Shape, size)
	}
	if err := s.Noise.Check(); err != nil {
		return m, fmt.Errorf("%s: %w", m.label, err)
	}
	if s.Step < 0 || s.Step > s.Steps() || len(s.History) != min(s.Step, m.keeps) {
		return m, fmt.Errorf("%s: step %d of %d with %d kept estimates; the saved run is damaged", m.label, s.Step, s.Steps(), len(s.History))
	}
	for _, kept := range s.History {
		if len(kept) != size {
			return m, fmt.Errorf("%s: %d numbers in a kept estimate, the latent has %d; the saved run is damaged", m.label, len(kept), size)
		}
	}
	return m, nil
}

// levels is the noise levels the step at hand goes from and to.
func (s *State) levels() (from, to float64) { return s.Sigmas[s.Step], s.Sigmas[s.Step+1] }

func dense(shape []int, values []float32) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(slices.Clone(values)))
}

// float32s is the numbers of a tensor row by row.
func float32s(what string, d *tensor.Dense) ([]float32, error) {
	if d == nil {
		return nil, fmt.Errorf("%s is missing", what)
	}
	values, ok := d.Data().([]float32)
	if !ok || d.RequiresIterator() {
		return nil, fmt.Errorf("%s is %v %v; it must be float32, row by row", what, d.Dtype(), d.Shape())
	}
	return values, nil
}

// mix is a·x + b·y element by element.
func mix(a float64, x []float32, b float64, y []float32) []float32 {
	a32, b32 := float32(a), float32(b)
	out := make([]float32, len(x))
	for i := range out {
		out[i] = float32(a32*x[i]) + float32(b32*y[i])
	}
	return out
}
