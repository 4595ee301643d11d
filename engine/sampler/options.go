package sampler

import "fmt"

// Options is what a recipe says about a sampler beside its name. Each sampler
// has its own defaults (see New) and looks only at what it knows.
type Options struct {
	Eta float64 `json:"eta"` // fresh noise of each step, as a share of the diffusion process's own; 0 is none
	// Churn is noise added before a step (Karras et al. 2022, algorithm 2): SChurn
	// over the whole run, between the noise levels STMin and STMax; STMax 0 is no
	// limit.
	SChurn float64 `json:"s_churn,omitempty"`
	STMin  float64 `json:"s_tmin,omitempty"`
	STMax  float64 `json:"s_tmax,omitempty"`
	SNoise float64 `json:"s_noise"` // all fresh noise is multiplied by it
	// Order is the highest order of a method that has several; 0 is its usual one.
	Order int `json:"order,omitempty"`
	// Solver is the kind of a method that has several; empty is its usual one.
	Solver string `json:"solver,omitempty"`
}

func (o Options) check() error {
	for _, field := range []struct {
		name  string
		value float64
	}{{"eta", o.Eta}, {"s_churn", o.SChurn}, {"s_tmin", o.STMin}, {"s_tmax", o.STMax}, {"s_noise", o.SNoise}} {
		if !(field.value >= 0 && field.value <= 1e4) {
			return fmt.Errorf("%s is %g; choose a number from 0 to 10000", field.name, field.value)
		}
	}
	if o.Order < 0 || o.Order > 4 {
		return fmt.Errorf("order is %d; choose 1 to 4, or 0 for the usual", o.Order)
	}
	return nil
}
