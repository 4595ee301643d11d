// Package schedule says how noisy a latent is: the noise levels a model was
// trained on, the curves along which a sampler walks down them, and how a
// model's output becomes an estimate of the clean latent.
//
// A noise level is σ, the standard deviation of the noise in x = x₀ + σ·noise
// (the variance-exploding form, Karras et al. 2022). The model itself sees
// x/√(σ²+1) and the timestep t of σ. Everything is float64 and goes through
// package elementary, so levels have the same bits on every processor.
package schedule

import (
	"fmt"
	"math"
)

// Prediction names what a model's output is.
type Prediction string

// What a model can predict: the noise ε in its input, or the velocity
// v = √ᾱ·ε − √(1−ᾱ)·x₀ (Salimans and Ho 2022).
const (
	Epsilon  Prediction = "epsilon"
	Velocity Prediction = "v_prediction"
)

// Config is the part of a diffusers scheduler_config.json that describes the
// training; what a field lacks is as Stable Diffusion 1 has it.
type Config struct {
	BetaSchedule        string     `json:"beta_schedule"` // scaled_linear, linear or squaredcos_cap_v2
	BetaStart           float64    `json:"beta_start"`
	BetaEnd             float64    `json:"beta_end"`
	TrainedBetas        []float64  `json:"trained_betas"` // used instead of the schedule when there are any
	NumTrainTimesteps   int        `json:"num_train_timesteps"`
	PredictionType      Prediction `json:"prediction_type"`
	RescaleBetasZeroSNR bool       `json:"rescale_betas_zero_snr"`
}

// Schedule is the noise levels a model was trained on, least noise first.
type Schedule struct {
	Prediction    Prediction
	AlphasCumprod []float64 // ᾱ, the share of the signal's variance, per timestep
	Sigmas        []float64 // σ = √((1−ᾱ)/ᾱ) per timestep, rising
	XL            bool      // the model is a Stable Diffusion XL, for which some curves were tuned apart
}

// defaults are Stable Diffusion 1's (CompVis configs/stable-diffusion/v1-inference.yaml).
var defaults = Config{
	BetaSchedule:      "scaled_linear",
	BetaStart:         0.00085,
	BetaEnd:           0.012,
	NumTrainTimesteps: 1000,
	PredictionType:    Epsilon,
}

// New computes the schedule of a config; the zero Config is Stable Diffusion 1's.
func New(c Config) (*Schedule, error) {
	c = c.withDefaults()
	if c.PredictionType != Epsilon && c.PredictionType != Velocity {
		return nil, fmt.Errorf("scheduler config: prediction_type is %q; this program knows %q and %q",
			c.PredictionType, Epsilon, Velocity)
	}
	betas, err := c.betas()
	if err != nil {
		return nil, err
	}
	s := &Schedule{Prediction: c.PredictionType}
	alphaBar := 1.0
	for i, beta := range betas {
		if !(beta > 0 && beta < 1) {
			return nil, fmt.Errorf("scheduler config: beta %d of %d is %g; each must lie between 0 and 1, check beta_start, beta_end and trained_betas",
				i, len(betas), beta)
		}
		alphaBar *= 1 - beta
		s.AlphasCumprod = append(s.AlphasCumprod, alphaBar)
	}
	if c.RescaleBetasZeroSNR {
		rescaleToZeroSNR(s.AlphasCumprod)
	}
	for _, a := range s.AlphasCumprod {
		s.Sigmas = append(s.Sigmas, math.Sqrt((1-a)/a))
	}
	return s, nil
}

func (c Config) withDefaults() Config {
	if c.BetaSchedule == "" {
		c.BetaSchedule = defaults.BetaSchedule
	}
	if c.BetaStart == 0 {
		c.BetaStart = defaults.BetaStart
	}
	if c.BetaEnd == 0 {
		c.BetaEnd = defaults.BetaEnd
	}
	if c.NumTrainTimesteps == 0 {
		c.NumTrainTimesteps = defaults.NumTrainTimesteps
	}
	if c.PredictionType == "" {
		c.PredictionType = defaults.PredictionType
	}
	return c
}

// Steps is the number of timesteps the model was trained on.
func (s *Schedule) Steps() int { return len(s.Sigmas) }

// Max is the highest noise level.
func (s *Schedule) Max() float64 { return s.Sigmas[len(s.Sigmas)-1] }

// Min is the lowest noise level above zero.
func (s *Schedule) Min() float64 { return s.Sigmas[0] }
