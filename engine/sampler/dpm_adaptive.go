package sampler

import (
	"errors"
	"math"

	"darkroom/engine/noise/elementary"
)

// The tolerances of dpm_adaptive, its first step in ln σ, and how much a step may
// have to shrink and still be taken (k-diffusion's defaults).
const (
	adaptiveAbsolute = 0.0078
	adaptiveRelative = 0.05
	adaptiveFirst    = 0.05
	adaptiveAccept   = 0.81
)

// dpmAdaptive chooses its steps itself (DPM-Solver-23, Lu et al. 2022, with
// k-diffusion's sample_dpm_adaptive's control): it tries a step with the solvers
// of second and third order, takes it where they agree and tries a shorter one
// where they don't. The noise levels of the run only say where it starts and, by
// the lowest above 0, where it ends; Step counts those it has passed. One Next is
// one try, of three estimates.
//
// Numbers is the time reached, −ln σ, and the step to try next; History is the
// less exact latent of the last step taken, by which errors are measured.
//
// A try is computed in float64: the solvers' difference, by which the next step
// grows, is at first less than float32's rounding of the latents it is between.
func dpmAdaptive(s *step) []float32 {
	end := len(s.Sigmas) - 1
	if s.Sigmas[end] == 0 && end > 1 {
		end--
	}
	lowest := s.Sigmas[end]
	if lowest == 0 {
		s.Step = end - 1
		return s.estimate(s.Latent, s.Sigmas[0]) // one step to 0 leaves no choice
	}
	stop := -elementary.Log(lowest)
	if s.Numbers == nil {
		s.Numbers = []float64{-elementary.Log(s.Sigmas[0]), adaptiveFirst}
		s.History = [][]float32{s.Latent}
	}
	now, h := s.Numbers[0], s.Numbers[1]
	then := min(stop, now+h)

	order, target, up := 3.0, then, 0.0
	if eta := s.Options.Eta; eta > 0 {
		order = 1.5
		down, _ := ancestral(elementary.Exp(-now), elementary.Exp(-then), eta)
		if down > 0 {
			target = min(stop, -elementary.Log(down))
		} else {
			target = stop
		}
		above, below := elementary.Exp(-then), elementary.Exp(-target)
		up = math.Sqrt((above - below) * (above + below))
	}
	low, high := s.solver23(now, target)
	size := s.disagreement(low, high)
	if s.err == nil && !(size <= math.MaxFloat64 && h > 1e-9) {
		s.err = errors.New("no step is small enough for the model's estimates; choose another sampler")
	}
	inverse := 1 / (size + 1e-8)
	factor := 1 + elementary.Atan(elementary.Exp(elementary.Log(inverse)/order)-1)
	latent, kept := s.Latent, s.History[0]
	if factor >= adaptiveAccept {
		latent, kept, now = s.addNoise(rounded(high), up), rounded(low), then
	}
	s.Numbers = []float64{now, h * factor}
	s.History = [][]float32{kept}
	s.Step = s.passed(now, stop) - 1 // Next counts one
	return latent
}

// passed is the number of noise levels after the first that are behind at a time.
func (s *step) passed(now, stop float64) int {
	if now >= stop-1e-5 {
		return s.Steps()
	}
	sigma := elementary.Exp(-now)
	n := 0
	for n+2 < len(s.Sigmas) && s.Sigmas[n+1] >= sigma {
		n++
	}
	return n
}

// solver23 is the latent at another time by DPM-Solver's second and third order,
// which share two of their estimates (Lu et al. 2022, algorithms 4 and 5, with
// r₁ = 1/3 and r₂ = 2/3; s is the fraction of the way in time):
//
//	u₁ = x − σ₁·(e^(h/3)−1)·ε        u₂ = x − σ₂·(e^(2h/3)−1)·ε − 2·σ₂·((e^(2h/3)−1)/(2h/3)−1)·(ε₁−ε)
//	low = x − σ'·(eʰ−1)·(ε + 3/2·(ε₁−ε))    high = x − σ'·(eʰ−1)·ε − 3/2·σ'·((eʰ−1)/h−1)·(ε₂−ε)
//
// The model sees u as float32 has it, but ε is that of u itself.
func (s *step) solver23(now, then float64) (low, high []float64) {
	h := then - now
	sigma := func(part float64) float64 { return elementary.Exp(-now - float64(part*h)) }
	grown := func(part float64) float64 { return elementary.Expm1(float64(part * h)) }
	x := make([]float64, len(s.Latent))
	for i, v := range s.Latent {
		x[i] = float64(v)
	}
	epsilon := func(u []float64, sigma float64) []float64 {
		x0 := s.estimate(rounded(u), sigma)
		slope := make([]float64, len(u))
		for i, v := range u {
			slope[i] = (v - float64(x0[i])) / sigma
		}
		return slope
	}
	along := func(a float64, first []float64, b float64, other []float64) []float64 {
		there := make([]float64, len(x))
		for i, v := range x {
			there[i] = v + float64(a*first[i]) + float64(b*other[i])
		}
		return there
	}
	first := epsilon(x, sigma(0))

	s1 := sigma(1. / 3)
	second := epsilon(along(-s1*grown(1./3), first, 0, first), s1)

	s2 := sigma(2. / 3)
	bend := 2 * s2 * (grown(2./3)/float64(2./3*h) - 1)
	third := epsilon(along(bend-float64(s2*grown(2./3)), first, -bend, second), s2)

	end := sigma(1)
	low = along(0.5*end*grown(1), first, -1.5*end*grown(1), second)
	bend = 1.5 * end * (grown(1)/h - 1)
	high = along(bend-float64(end*grown(1)), first, -bend, third)
	return low, high
}

// rounded is x as float32.
func rounded(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}

// disagreement is the root mean square of the solvers' difference, in units of
// the tolerance.
func (s *step) disagreement(low, high []float64) float64 {
	var squares float64
	for i, x := range low {
		size := max(math.Abs(x), math.Abs(float64(s.History[0][i])))
		d := (x - high[i]) / max(adaptiveAbsolute, adaptiveRelative*size)
		squares += float64(d * d)
	}
	return math.Sqrt(squares / float64(len(low)))
}
