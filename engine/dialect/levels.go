package dialect

import (
	"math"
	"slices"

	"darkroom/engine"
	"darkroom/engine/sampler"
	"darkroom/engine/schedule"
)

// Levels is the noise levels of a resolved request's run with a model of schedule
// s. own is the curve that suits the model, for a recipe that names none.
func (d Dialect) Levels(s *schedule.Schedule, r engine.Request, own string) ([]float64, error) {
	levels, err := d.curve(s, r, own)
	if err != nil {
		return nil, err
	}
	switch last := len(levels) - 1; {
	case d.Curves == schedule.ComfyUI && (r.Sampler == "uni_pc" || r.Sampler == "uni_pc_bh2"):
		levels[last] = 0.001 // comfy/extra_samplers/uni_pc.py
	case d.Curves != schedule.ComfyUI && r.Sampler == "dpm_adaptive" && levels[last] == 0 && last > 0:
		// It ends at the model's lowest level, whatever the curve's is; in ComfyUI
		// at the curve's.
		if levels[last] = s.Min(); levels[last-1] <= s.Min() {
			levels = levels[:last]
		}
	}
	return levels, nil
}

// curve is the levels of the schedule.
func (d Dialect) curve(s *schedule.Schedule, r engine.Request, own string) ([]float64, error) {
	curve, steps := r.Schedule, r.Steps
	o := schedule.Options{Variant: d.Curves, DiscardPenultimate: sampler.DiscardsPenultimate(r.Sampler, d.Curves)}
	switch {
	case d.Curves == schedule.Diffusers:
		return diffusersLevels(s, r, own)
	case d.Curves == schedule.A1111 && slices.Contains(d.VariancePreserving, r.Sampler):
		// They have their own timesteps, whatever the recipe says, and leave the
		// noise of the lowest (modules/sd_samplers_timesteps.py).
		curve, o.KeepNoise = "ddim_uniform", true
		if r.Sampler == "uni_pc" || r.Sampler == "uni_pc_bh2" {
			curve, steps = "normal", steps+1
		}
	case curve == "" && d.Curves == schedule.A1111:
		curve = sampler.Automatic(r.Sampler)
	case curve == "":
		curve = own
	}
	return s.Levels(curve, steps, o)
}

// Timestep is what a request's model is shown for a timestep that is, in general,
// between two of its training.
func (d Dialect) Timestep(r engine.Request, t float64) float64 {
	switch d.Curves {
	case schedule.ComfyUI:
		return math.Round(t)
	case schedule.Diffusers:
		return diffusersTimestep(r, t)
	}
	return t
}

// Options is a sampler's usual options with what the tool and the recipe have in
// their place.
func (d Dialect) Options(usual sampler.Options, r engine.Request) sampler.Options {
	o := usual
	if d.Curves == schedule.A1111 && r.Sampler == "dpm_adaptive" {
		o.Eta = 1 // as of all ancestral samplers; it is one there
	}
	if d.SecondOrder && (r.Sampler == "uni_pc" || r.Sampler == "uni_pc_bh2" || r.Sampler == "deis") {
		o.Order = 2
	}
	if d.SecondOrder && r.Sampler == "deis" {
		o.Solver = "logrho"
	}
	o.SChurn, o.STMin, o.STMax = r.SChurn, r.STMin, r.STMax
	if r.Eta != nil {
		o.Eta = *r.Eta
	}
	if r.SNoise != nil {
		o.SNoise = *r.SNoise
	}
	return o
}

// Guidance is what a recipe's guidance is to the sampler.
func (d Dialect) Guidance(name string, guidance float64) float64 {
	if d.Curves == schedule.A1111 && name == "ddim_cfg_pp" {
		return guidance / 12.5 // modules/sd_samplers_timesteps_impl.py
	}
	return guidance
}

// EndScale is what the latent that a run ends with at noise level sigma is
// multiplied by: such samplers end in the variance-preserving form, too.
func (d Dialect) EndScale(name string, sigma float64) float64 {
	if slices.Contains(d.VariancePreserving, name) {
		return schedule.InputScale(sigma)
	}
	return 1
}
