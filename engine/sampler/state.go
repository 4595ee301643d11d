// Package sampler walks a latent from noise to picture: one file per method,
// each a function from one noise level to the next.
//
// A latent x here is x₀ + σ·noise (the variance-exploding form), so samplers
// know noise levels only; what the model is shown, and what its output means,
// is for the Denoise function to say (package schedule). Coefficients are
// computed in float64 and rounded once; the element-wise arithmetic is float32
// (DPM adaptive's float64) with every product rounded, the same on every processor.
package sampler

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"darkroom/engine/noise"
	"darkroom/engine/noise/elementary"
)

// Estimate is what a model takes for the clean latent x₀, float32 [1,h,w,c].
type Estimate struct {
	Guided   *tensor.Dense // with guidance: what the picture is made of
	Unguided *tensor.Dense // without it, for CFG++; nil where it is the same or not known
}

// Denoise estimates the clean latent x₀ in a latent at noise level σ, float32
// [1,h,w,c]. The latent is the function's own to change.
type Denoise func(latent *tensor.Dense, sigma float64) (Estimate, error)

// State is everything a run needs to go on: saved (gob, JSON) after any step
// and read back, it makes the same picture bit for bit. A step replaces the
// slices and never writes into them, so a plain copy of a State is a snapshot.
type State struct {
	Sampler string  `json:"sampler"` // one of Names
	Options Options `json:"options"`
	Step    int     `json:"step"` // steps done
	// Sigmas is the noise levels of the run. Each step goes from one down to the
	// next; where the next is higher (restart), noise is added, which is no step.
	Sigmas  []float64    `json:"sigmas"`
	Shape   []int        `json:"shape"`             // [1,h,w,c]
	Latent  []float32    `json:"latent"`            // x at the level reached
	History [][]float32  `json:"history,omitempty"` // what the method keeps of earlier steps, latest last
	Numbers []float64    `json:"numbers,omitempty"` // the like, of numbers
	Noise   noise.Stream `json:"noise"`             // the noise to come
	// Training is the noise levels the model was trained on, by timestep, for the
	// methods that NeedsTraining names.
	Training []float64 `json:"training,omitempty"`
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
// levels, such as schedule.Levels returns, with the sampler's usual options.
// start is x at sigmas[0], float32 [1,h,w,c], and is copied. n is the stream that
// the start's noise was drawn from, standing after that draw; ancestral samplers
// go on drawing from it. Its Brownian motion is set over the levels.
func New(name string, sigmas []float64, start *tensor.Dense, n noise.Stream) (*State, error) {
	name, _, err := Parse(name)
	if err != nil {
		return nil, err
	}
	m, err := find(name)
	if err != nil {
		return nil, err
	}
	latent, err := float32s("start latent", start)
	if err != nil {
		return nil, err
	}
	s := &State{
		Sampler: name,
		Options: m.options(),
		Sigmas:  slices.Clone(sigmas),
		Shape:   slices.Clone([]int(start.Shape())),
		Latent:  slices.Clone(latent),
		Noise:   n.Over(sigmas),
	}
	if _, err := s.method(); err != nil {
		return nil, err
	}
	if m.plan != nil {
		s.Sigmas = m.plan(s.Sigmas)
	}
	return s, nil
}

// Steps is the number of steps of the whole run. A method that chooses its steps
// itself passes as many noise levels.
func (s *State) Steps() int {
	falls := 0
	for i := range len(s.Sigmas) - 1 {
		if s.Sigmas[i+1] < s.Sigmas[i] {
			falls++
		}
	}
	return falls
}

// position is the place in Sigmas that the step at hand goes down from.
func (s *State) position() int {
	falls := 0
	for i := range len(s.Sigmas) - 1 {
		if s.Sigmas[i+1] < s.Sigmas[i] {
			if falls == s.Step {
				return i
			}
			falls++
		}
	}
	return len(s.Sigmas) - 1
}

// Level is the noise level of the latent.
func (s *State) Level() float64 {
	if len(s.Numbers) > 0 { // the time of a method that chooses its steps
		return elementary.Exp(-s.Numbers[0])
	}
	i := s.position()
	if i > 0 && s.Sigmas[i-1] < s.Sigmas[i] {
		i-- // the step at hand begins with noise
	}
	return s.Sigmas[i]
}

// Done reports whether no step is left.
func (s *State) Done() bool { return s.Step >= s.Steps() }

// Dense is a copy of the latent as a tensor, [1,h,w,c].
func (s *State) Dense() *tensor.Dense { return dense(s.Shape, s.Latent) }

// Next takes one step and returns the estimate of x₀ it was made from, the first
// one if there were several, [1,h,w,c]. After an error, of denoise or its own, s
// is as it was before, and Next can be called again. A method that chooses its
// steps itself may need several calls until Step counts one more.
func (s *State) Next(denoise Denoise) (*tensor.Dense, error) { return s.next(denoise, nil) }

// next takes its noise from elsewhere, if there is an elsewhere.
func (s *State) next(denoise Denoise, from source) (*tensor.Dense, error) {
	m, err := s.method()
	if err != nil {
		return nil, err
	}
	if s.Done() {
		return nil, fmt.Errorf("%s: all %d steps are done: %w", m.label, s.Steps(), ErrDone)
	}
	if m.training && len(s.Training) < 2 {
		return nil, fmt.Errorf("%s: the noise levels the model was trained on are missing; give them to the run as Training", m.label)
	}
	next := *s
	step := step{State: &next, denoise: denoise, noise: from}
	if from == nil {
		step.noise = &next.Noise
	}
	latent := m.step(&step)
	if step.err != nil {
		return nil, fmt.Errorf("%s step %d of %d: %w", m.label, s.Step+1, s.Steps(), step.err)
	}
	next.Latent = latent
	next.Step++
	*s = next
	return dense(s.Shape, step.clean), nil
}

// method is the sampler of a State that can go on; an error tells what is
// wrong with one that was put together or read badly.
func (s *State) method() (method, error) {
	m, err := find(s.Sampler)
	if err != nil {
		return m, err
	}
	if err := s.Options.check(); err != nil {
		return m, fmt.Errorf("%s: %w", m.label, err)
	}
	if !slices.Contains(append(m.solvers, ""), s.Options.Solver) {
		return m, fmt.Errorf("%s: no solver is called %q; choose one of %q, or none for the usual", m.label, s.Options.Solver, m.solvers)
	}
	if len(s.Sigmas) < 2 {
		return m, fmt.Errorf("%s: %d noise levels; a run needs at least 2, where it starts and where it ends", m.label, len(s.Sigmas))
	}
	for i, sigma := range s.Sigmas {
		if !(sigma >= 0 && sigma <= math.MaxFloat32) || i > 0 && !(sigma < s.Sigmas[i-1]) && m.plan == nil {
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
	if s.Step < 0 || s.Step > s.Steps() || len(s.History) != m.kept(s) {
		return m, fmt.Errorf("%s: step %d of %d with %d kept latents; the saved run is damaged", m.label, s.Step, s.Steps(), len(s.History))
	}
	for _, kept := range s.History {
		if len(kept) != size {
			return m, fmt.Errorf("%s: %d numbers in a kept latent, the run's has %d; the saved run is damaged", m.label, len(kept), size)
		}
	}
	return m, nil
}

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
