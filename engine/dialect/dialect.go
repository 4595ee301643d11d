// Package dialect knows in what other tools differ when they draw the same
// recipe: where their noise comes from and what they make of it.
package dialect

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"darkroom/engine"
	"darkroom/engine/noise"
	"darkroom/engine/schedule"
)

// Native is the name of our own way.
const Native = "native"

// Dialect is one tool's way.
type Dialect struct {
	Name  string
	Noise noise.Convention

	// The latent starts at √(1+σ²) times its noise, the variance of a noised
	// picture of variance one, instead of σ times: always with these samplers,
	// which such tools write in the variance-preserving form, …
	VariancePreserving []string
	// … or with every sampler that starts at the model's highest level.
	FullAtTop bool

	SecondOrder bool // UniPC and DEIS are of second order, and DEIS goes by ln σ

	Curves   schedule.Variant // whose variant of the curves of noise levels and of the timesteps a model is shown
	Emphasis string           // the arithmetic of weights in prompts
	FromZero bool             // prompts that change count steps from 0: see prompt.Rules
}

// dialects is every dialect, our own first.
var dialects = []Dialect{
	{Name: Native, Emphasis: "original"},
	{
		// The web UI draws on the graphics card; its "NV" source and this are the
		// same there as long as the card has a thread for each number (one picture
		// of 512×512 pixels always), and are the same everywhere.
		Name: "a1111",
		// modules/sd_samplers_timesteps.py
		VariancePreserving: []string{"ddim", "ddim_cfg_pp", "plms", "uni_pc", "uni_pc_bh2"},
		Curves:             schedule.A1111, Emphasis: "original", FromZero: true,
	},
	{
		// Its "CPU" source, and what it does on a Macintosh.
		Name:               "a1111-cpu",
		Noise:              noise.Convention{Start: noise.Mersenne, Steps: noise.Mersenne, Tree: noise.Mersenne},
		VariancePreserving: []string{"ddim", "ddim_cfg_pp", "plms", "uni_pc", "uni_pc_bh2"},
		Curves:             schedule.A1111, Emphasis: "original", FromZero: true,
	},
	{
		// ComfyUI with a graphics card of NVIDIA's (comfy/sample.py, comfy/samplers.py,
		// comfy/k_diffusion/sampling.py). The start and the Brownian motion are drawn
		// on the CPU, an ancestral step's noise on the card with the same seed: that
		// has been so in all its versions.
		Name: "comfyui",
		Noise: noise.Convention{
			Start: noise.Mersenne, Steps: noise.Philox, Tree: noise.Mersenne, Shared: true,
			Own: func(seed uint64) uint64 { return seed },
		},
		FullAtTop: true,
		Curves:    schedule.ComfyUI, Emphasis: "comfy",
	},
	{
		// ComfyUI without a card, as it is since December 2025: an ancestral step's
		// noise has the next seed. (From January 2025 on it had the same seed, so
		// that the first step added the start's noise again; before, it was the
		// start's generator that went on.)
		Name: "comfyui-cpu",
		Noise: noise.Convention{
			Start: noise.Mersenne, Steps: noise.Mersenne, Tree: noise.Mersenne, Shared: true,
			Own: func(seed uint64) uint64 { return seed + 1 },
		},
		FullAtTop: true,
		Curves:    schedule.ComfyUI, Emphasis: "comfy",
	},
	{
		// InvokeAI with a graphics card: the start on the CPU, the rest on the card
		// (invokeai/app/invocations/denoise_latents.py). It noises a latent of zeros,
		// which is σ times the noise for every sampler. Its prompts are in compel's
		// language.
		Name: "invokeai",
		Noise: noise.Convention{
			Start: noise.Mersenne, Steps: noise.Philox, Tree: noise.Philox,
			Own: func(seed uint64) uint64 { return seed ^ 0xffffffff },
		},
		SecondOrder: true, // diffusers' schedulers
		Curves:      schedule.Diffusers, Emphasis: "compel",
	},
	{
		// A script with diffusers' StableDiffusionPipeline and
		// generator=torch.manual_seed(seed). Its DPMSolverSDEScheduler seeds its
		// motion by chance; here it has the picture's seed.
		Name:               "diffusers",
		Noise:              noise.Convention{Start: noise.Mersenne, Steps: noise.Mersenne, Tree: noise.Mersenne, Shared: true},
		VariancePreserving: []string{"ddim", "ddpm", "plms", "dpmpp_2m", "dpmpp_2m_sde", "dpmpp_2s", "uni_pc", "uni_pc_bh2", "deis", "ipndm", "lcm", "tcd"},
		SecondOrder:        true, // its schedulers' defaults
		Curves:             schedule.Diffusers, Emphasis: "plain",
	},
}

// Names is the names there are, our own first.
func Names() []string {
	names := make([]string, len(dialects))
	for i, d := range dialects {
		names[i] = d.Name
	}
	return names
}

// Parse is the dialect of that name; none is Native.
func Parse(name string) (Dialect, error) {
	wanted := strings.ToLower(strings.TrimSpace(name))
	if wanted == "" {
		wanted = Native
	}
	i := slices.IndexFunc(dialects, func(d Dialect) bool { return d.Name == wanted })
	if i < 0 {
		return Dialect{}, fmt.Errorf("%w: dialect is %q; choose one of %s", engine.ErrInvalid, name, strings.Join(Names(), ", "))
	}
	return dialects[i], nil
}

// twice is the samplers that ask the model twice in a step, as the web UI lists them
// (modules/sd_samplers_kdiffusion.py, second_order).
var twice = []string{"heun", "dpm_2", "dpm_2_ancestral", "dpmpp_2s_ancestral", "dpmpp_sde", "restart"}

// Calls is how many steps a prompt that changes counts in each of a sampler's: the
// web UI counts every time that it asks the model.
func (d Dialect) Calls(sampler string) int {
	if d.Curves == schedule.A1111 && slices.Contains(twice, sampler) {
		return 2
	}
	return 1
}

// StartScale is what the noise is multiplied by to begin a run of the sampler at
// noise level sigma with a model whose highest level is highest.
func (d Dialect) StartScale(sampler string, sigma, highest float64) float64 {
	const almost = 1 - 1e-5 // ComfyUI's isclose
	if d.FullAtTop && sigma >= highest*almost || slices.Contains(d.VariancePreserving, sampler) {
		return math.Sqrt(1 + float64(sigma*sigma))
	}
	return sigma
}

// Picture is the request for the i-th of count pictures that the tool makes of
// r at once: with the seed counted up, or the variation's if there is one, or,
// where the pictures share their noise, with the i-th share.
func (d Dialect) Picture(r engine.Request, i, count int) engine.Request {
	switch {
	case count == 1:
	case d.Noise.Shared:
		r.BatchSize, r.BatchIndex = count, i
	case r.VariationStrength > 0:
		r.VariationSeed += uint64(i)
	default:
		r.Seed += uint64(i)
	}
	return r
}
