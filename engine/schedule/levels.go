package schedule

import (
	"fmt"
	"slices"
)

// Variant is whose rendering of a curve is meant, where tools differ.
type Variant int

// The variants. Native is ours: exactly n steps, and the better rendering of each
// curve.
const (
	Native  Variant = iota
	A1111           // AUTOMATIC1111's web UI and Forge
	ComfyUI         // also Fooocus
	// The schedulers that diffusers has from k-diffusion (Euler, Heun, LMS, …), and its
	// multistep solvers (DPM++, UniPC, DEIS).
	Diffusers
	DiffusersSolver
)

// Options shape a curve; the zero value is what is usual.
type Options struct {
	Variant Variant
	// The range, where a curve has one: from High down to Low. 0 is the model's own
	// highest and lowest level.
	High, Low float64
	// The power of "karras" and "polyexponential"; 0 is 7 and 1.
	Rho float64
	// The shape of the beta distribution; 0 is 0.6 for each.
	Alpha, Beta float64
	// DiscardPenultimate computes one level more and leaves the lowest above 0 out,
	// as tools do for some samplers (see sampler.DiscardsPenultimate).
	DiscardPenultimate bool
	// KeepNoise leaves the final 0 out, as the web UI's DDIM, PLMS and UniPC do:
	// the last level is the lowest one above it.
	KeepNoise bool
}

// Levels is the noise levels of n steps along a curve (any name Parse knows):
// falling, and 0 at the end, so that step i goes from Levels[i] to Levels[i+1].
// n is 1 to Steps. Variants other than Native may make another number of steps
// than n, as their tools do.
func (s *Schedule) Levels(curve string, n int, o Options) ([]float64, error) {
	if n < 1 || n > s.Steps() {
		return nil, fmt.Errorf("noise levels: %d steps asked for; the model was trained on %d timesteps, so choose 1 to %d", n, s.Steps(), s.Steps())
	}
	c, err := find(curve)
	if err != nil {
		return nil, fmt.Errorf("noise levels: %w", err)
	}
	if o, err = s.complete(o); err != nil {
		return nil, err
	}
	if o.DiscardPenultimate {
		n++
	}
	levels, err := c.levels(s, n, o)
	if err != nil {
		return nil, err
	}
	if o.DiscardPenultimate {
		levels = slices.Delete(levels, len(levels)-2, len(levels)-1)
	}
	if last := len(levels) - 1; o.KeepNoise && levels[last] == 0 {
		levels = levels[:last]
	}
	for i := range len(levels) - 1 {
		if !(levels[i+1] < levels[i]) {
			return nil, fmt.Errorf("noise levels: %s in %d steps does not fall at step %d, from %g to %g; choose another number of steps or another curve",
				c.label, n, i+1, levels[i], levels[i+1])
		}
	}
	if len(levels) < 2 {
		return nil, fmt.Errorf("noise levels: %s makes no step out of %d; choose more", c.label, n)
	}
	return levels, nil
}

// complete fills in what is usual.
func (s *Schedule) complete(o Options) (Options, error) {
	for _, field := range []struct {
		name  string
		value *float64
		usual float64
	}{
		{"the highest level", &o.High, s.Max()},
		{"the lowest level", &o.Low, s.Min()},
		{"rho", &o.Rho, 0}, // the curve's own
		{"alpha", &o.Alpha, 0.6},
		{"beta", &o.Beta, 0.6},
	} {
		if *field.value == 0 {
			*field.value = field.usual
		}
		if !(*field.value >= 0 && *field.value <= 1e6) {
			return o, fmt.Errorf("noise levels: %s is %g; choose a number above 0, or 0 for the usual", field.name, *field.value)
		}
	}
	if !(o.Low < o.High) {
		return o, fmt.Errorf("noise levels: they can't fall from %g to %g; choose a lowest level below the highest", o.High, o.Low)
	}
	if max(o.Alpha, o.Beta) > 50 || min(o.Alpha, o.Beta) < 0.01 {
		return o, fmt.Errorf("noise levels: a beta distribution of shape %g, %g; choose numbers from 0.01 to 50", o.Alpha, o.Beta)
	}
	return o, nil
}
