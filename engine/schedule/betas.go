package schedule

import (
	"fmt"
	"math"

	"darkroom/engine/noise/elementary"
)

// maxTrainTimesteps bounds what a broken file can ask for.
const maxTrainTimesteps = 1_000_000

// betas is the variance added at each training timestep, as diffusers computes it
// (schedulers/scheduling_ddpm.py), in float64.
func (c Config) betas() ([]float64, error) {
	if len(c.TrainedBetas) > 1 {
		return c.TrainedBetas, nil
	}
	n := c.NumTrainTimesteps
	if n < 2 || n > maxTrainTimesteps {
		return nil, fmt.Errorf("scheduler config: num_train_timesteps is %d; it must be 2 to %d (Stable Diffusion has 1000)", n, maxTrainTimesteps)
	}
	switch c.BetaSchedule {
	case "linear":
		return linspace(c.BetaStart, c.BetaEnd, n), nil
	case "scaled_linear":
		betas := linspace(math.Sqrt(c.BetaStart), math.Sqrt(c.BetaEnd), n)
		for i, root := range betas {
			betas[i] = root * root
		}
		return betas, nil
	case "squaredcos_cap_v2":
		betas := make([]float64, n)
		for i := range betas {
			kept := cosineAlphaBar(float64(i+1)/float64(n)) / cosineAlphaBar(float64(i)/float64(n))
			betas[i] = min(1-kept, 0.999)
		}
		return betas, nil
	}
	return nil, fmt.Errorf("scheduler config: beta_schedule is %q; this program knows linear, scaled_linear and squaredcos_cap_v2", c.BetaSchedule)
}

// cosineAlphaBar is the signal's share at the fraction t of the way to noise,
// cos²(π/2·(t+0.008)/1.008) (Nichol and Dhariwal 2021, equation 17).
func cosineAlphaBar(t float64) float64 {
	c := elementary.Cos(float64((t + 0.008) / 1.008 * (math.Pi / 2)))
	return c * c
}

// terminalAlphaBar stands for the ᾱ = 0 of pure noise, whose σ would be
// infinite; the value is the one ComfyUI uses (comfy/model_sampling.py).
const terminalAlphaBar = 4.8973451890853435e-08

// rescaleToZeroSNR shifts and scales √ᾱ so that the last timestep is pure noise
// and the first is unchanged (Lin et al. 2023, "Common diffusion noise
// schedules and sample steps are flawed", algorithm 1).
func rescaleToZeroSNR(alphaBars []float64) {
	last := len(alphaBars) - 1
	first, final := math.Sqrt(alphaBars[0]), math.Sqrt(alphaBars[last])
	for i, a := range alphaBars {
		root := (math.Sqrt(a) - final) * (first / (first - final))
		alphaBars[i] = root * root
	}
	alphaBars[last] = terminalAlphaBar
}

// linspace is n evenly spaced numbers from start to end; one alone is the start.
func linspace(start, end float64, n int) []float64 {
	if n == 1 {
		return []float64{start}
	}
	values := make([]float64, n)
	step := (end - start) / float64(n-1)
	for i := range values {
		values[i] = start + float64(step*float64(i))
	}
	values[n-1] = end
	return values
}
