package dialect

import (
	"fmt"
	"math"
	"slices"

	"darkroom/engine"
	"darkroom/engine/schedule"
)

var (
	// diffusers' solvers, which go by whole timesteps
	solvers = []string{"dpmpp_2m", "dpmpp_2m_sde", "dpmpp_3m_sde", "dpmpp_2s", "uni_pc", "uni_pc_bh2", "deis"}
	// its oldest schedulers, which know no levels but those of timesteps of the training
	stepped = []string{"ddim", "ddim_cfg_pp", "ddpm", "plms", "lcm", "tcd"}
	// and those of consistency models, whose timesteps are some of fifty
	consistent = []string{"lcm", "tcd"}
)

// consistencySteps is how many timesteps they know (original_inference_steps).
const consistencySteps = 50

// diffusersLevels is the noise levels of a run with one of diffusers' schedulers, made
// of the configuration that Stable Diffusion's have (steps_offset 1, set_alpha_to_one
// false). own is the curve that suits the model.
//
// DDIM and PNDM go from one timestep to that 1000/n before it, also where it isn't
// the next of the run; here they go to the next.
func diffusersLevels(s *schedule.Schedule, r engine.Request, own string) ([]float64, error) {
	if r.Schedule == "" && slices.Contains(consistent, r.Sampler) {
		return consistencyLevels(s, r)
	}
	o := schedule.Options{Variant: schedule.Diffusers}
	if slices.Contains(solvers, r.Sampler) {
		o.Variant = schedule.DiffusersSolver
	}
	spacing := "normal"
	switch {
	case own == "sgm_uniform": // their configuration says so
		spacing = own
	case s.XL || slices.Contains(stepped, r.Sampler):
		spacing = "ddim_uniform"
	}
	curve := r.Schedule
	if curve == "" {
		curve = spacing
	}
	apart := slices.Contains(apart, curve) // not of timesteps
	if apart && o.Variant == schedule.Diffusers && r.Steps > 1 {
		// between the ends of what the timesteps would be
		spaced, err := s.Levels(spacing, r.Steps, o)
		if err != nil {
			return nil, err
		}
		o.High, o.Low = spaced[0], spaced[len(spaced)-2]
	}
	levels, err := s.Levels(curve, r.Steps, o)
	if err != nil {
		return nil, err
	}
	if slices.Contains(stepped, r.Sampler) {
		for i, sigma := range levels[:len(levels)-1] {
			levels[i] = s.Sigmas[int(math.RoundToEven(s.SigmaToTimestep(sigma)))]
		}
		levels = slices.Compact(levels)
	}
	switch last := len(levels) - 1; {
	case r.Sampler == "deis" && apart:
		levels = levels[:last] // the last step goes nowhere
	case slices.Contains([]string{"deis", "ddim", "ddim_cfg_pp", "plms", "tcd"}, r.Sampler):
		levels = endAt(levels, s.Min())
	}
	if len(levels) < 2 {
		return nil, fmt.Errorf("noise levels: %s makes no step out of %d; choose more", r.Sampler, r.Steps)
	}
	return levels, nil
}

// apart is the curves that diffusers makes of levels and not of timesteps.
var apart = []string{"karras", "exponential", "beta"}

// consistencyLevels is some of fifty timesteps.
func consistencyLevels(s *schedule.Schedule, r engine.Request) ([]float64, error) {
	if r.Steps < 1 || r.Steps > consistencySteps || s.Steps() < consistencySteps {
		return nil, fmt.Errorf("noise levels: %d steps asked for; in this dialect %s takes 1 to %d, or name a schedule", r.Steps, r.Sampler, consistencySteps)
	}
	levels := make([]float64, r.Steps, r.Steps+1)
	for i := range levels {
		levels[i] = s.Sigmas[(consistencySteps-i*consistencySteps/r.Steps)*(s.Steps()/consistencySteps)-1]
	}
	if levels = append(levels, 0); r.Sampler == "tcd" {
		levels = endAt(levels, s.Min())
	}
	return levels, nil
}

// endAt replaces a final 0 by a level, or leaves it out where that is reached.
func endAt(levels []float64, sigma float64) []float64 {
	last := len(levels) - 1
	if levels[last] > 0 || levels[last-1] <= sigma {
		return levels[:last]
	}
	levels[last] = sigma
	return levels
}

// diffusersTimestep is what a model is shown for a timestep.
func diffusersTimestep(r engine.Request, t float64) float64 {
	whole := slices.Contains(solvers, r.Sampler)
	switch {
	case whole && (r.Schedule == "exponential" || r.Schedule == "beta"):
		return max(math.Ceil(t)-1, 0) // cut off, and 999 is a little less
	case whole || slices.Contains(stepped, r.Sampler):
		return math.RoundToEven(t)
	}
	return t
}
