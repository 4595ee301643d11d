// Package recipe reads the recipes that other programs keep in their pictures,
// and writes Darkroom's so that they can read it.
//
// A foreign recipe becomes a Recipe first, which holds all that was asked for
// in the field's own terms, and then an engine.Request with a list of what could
// not be restored and why.
package recipe

import (
	"slices"

	"darkroom/engine"
)

// Recipe is what a picture was drawn with, as far as its file tells. A field is
// zero, or nil where zero means something, when the file says nothing. The names
// in JSON are those of engine.Request where it has such a field.
type Recipe struct {
	Tool    string `json:"tool"` // the program that drew the picture
	Version string `json:"version,omitempty"`
	Dialect string `json:"dialect,omitempty"` // whose noise and prompt language: a1111, a1111-cpu, comfyui, invokeai

	Prompt   string   `json:"prompt"`
	Negative string   `json:"negative,omitempty"`
	Seed     *uint64  `json:"seed,omitempty"`
	Steps    int      `json:"steps,omitempty"`
	Guidance *float64 `json:"guidance,omitempty"`
	Sampler  string   `json:"sampler,omitempty"`  // as the program calls it
	Schedule string   `json:"schedule,omitempty"` // in small letters with _: karras, sgm_uniform, …
	Width    int      `json:"width,omitempty"`
	Height   int      `json:"height,omitempty"`

	Model     string `json:"model,omitempty"`      // its name or file, without the folder
	ModelHash string `json:"model_hash,omitempty"` // the first digits of its file's SHA-256, at least 8
	VAE       string `json:"vae,omitempty"`
	VAEHash   string `json:"vae_hash,omitempty"`
	Loras     []Lora `json:"loras,omitempty"`
	Precision string `json:"precision,omitempty"`

	Eta    *float64 `json:"eta,omitempty"`
	SChurn *float64 `json:"s_churn,omitempty"`
	STMin  *float64 `json:"s_tmin,omitempty"`
	STMax  *float64 `json:"s_tmax,omitempty"`
	SNoise *float64 `json:"s_noise,omitempty"`

	VariationSeed     *uint64 `json:"variation_seed,omitempty"`
	VariationStrength float64 `json:"variation_strength,omitempty"`
	SeedResizeWidth   int     `json:"seed_resize_width,omitempty"`
	SeedResizeHeight  int     `json:"seed_resize_height,omitempty"`
	ENSD              int     `json:"ensd,omitempty"` // eta noise seed delta

	BatchSize  int `json:"batch_size,omitempty"`  // pictures drawn together, where they share their noise
	BatchIndex int `json:"batch_index,omitempty"` // which of them this is

	ClipSkip         int    `json:"clip_skip,omitempty"` // 1 is the last layer
	Emphasis         string `json:"emphasis,omitempty"`  // original, comfy, no_norm, ignore, none
	Template         string `json:"template,omitempty"`  // the prompt before its wildcards were drawn
	NegativeTemplate string `json:"negative_template,omitempty"`

	Image         string   `json:"image,omitempty"`    // a name for the picture it began with
	Mask          string   `json:"mask,omitempty"`     // a name for its mask
	Denoising     *float64 `json:"strength,omitempty"` // 1 leaves nothing of Image
	ImageGuidance *float64 `json:"image_guidance,omitempty"`

	GuidanceRescale    *float64 `json:"guidance_rescale,omitempty"`
	GuidanceLow        *float64 `json:"guidance_low,omitempty"` // noise levels σ
	GuidanceHigh       *float64 `json:"guidance_high,omitempty"`
	MimicGuidance      *float64 `json:"mimic_guidance,omitempty"`
	ThresholdRatio     *float64 `json:"threshold_ratio,omitempty"`
	ThresholdMax       *float64 `json:"threshold_max,omitempty"`
	PerturbedAttention *float64 `json:"perturbed_attention,omitempty"`
	CacheInterval      int      `json:"cache_interval,omitempty"` // steps

	Notes []string `json:"notes,omitempty"` // what a Recipe has no words for, a sentence each

	own *engine.Request // the request itself, of a picture that Darkroom drew
}

// Lora is a change of a model's weights.
type Lora struct {
	Name   string  `json:"name"` // without the folder and the ending
	Weight float64 `json:"weight"`
	Hash   string  `json:"hash,omitempty"`
}

// mostNotes is how many notes are taken: a file may have any number of settings.
const mostNotes = 100

// note adds a sentence, once.
func (r *Recipe) note(sentence string) {
	if len(r.Notes) < mostNotes && !slices.Contains(r.Notes, sentence) {
		r.Notes = append(r.Notes, sentence)
	}
}
