package engine

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Limits of a Request. Steps beyond a thousand would walk the training noise
// levels more than once; sizes are multiples of eight because the coarsest
// autoencoder in use (Stable Diffusion's) makes one latent of 8×8 pixels.
const (
	MaxSteps = 1000
	SizeUnit = 8
	MinSize  = 16
	MaxSize  = 2048
	MaxBatch = 4096
	maxChurn = 10000
)

// ErrInvalid is wrapped by every error that says what is wrong with a Request.
var ErrInvalid = errors.New("invalid request")

// DefaultModel names the model that is embedded in the program.
const DefaultModel = "default"

// What a picture is drawn with unless its maker says otherwise.
const (
	DefaultSteps    = 20
	DefaultGuidance = 4.0
	DefaultSampler  = "euler"

	DefaultImageGuidance = 1.5
)

// The precisions of the U-Net's products; sums are float32 in each.
const (
	Float32  = "float32"  // exact, and what is meant by none
	BFloat16 = "bfloat16" // faster where the processor multiplies it; other pictures
)

// Precisions is the names there are, the exact one first.
func Precisions() []string { return []string{Float32, BFloat16} }

// Request describes one picture; the same request makes the same picture on
// every machine. Its JSON form is the recipe kept inside a saved PNG.
type Request struct {
	Prompt   string  `json:"prompt"`
	Negative string  `json:"negative,omitempty"`
	Seed     uint64  `json:"seed"`
	Steps    int     `json:"steps"`
	Guidance float64 `json:"guidance"`
	Sampler  string  `json:"sampler"`         // a name from sampler.Names
	Width    int     `json:"width,omitempty"` // pixels; 0 is the model's own size
	Height   int     `json:"height,omitempty"`
	Model    string  `json:"model"` // DefaultModel, or the path of a model: a folder or one file
	// For models that paint over a part of a picture, or change it: the paths of
	// the picture and of a mask, white where it is to be painted, and how strongly
	// the picture counts when it is changed (0 is DefaultImageGuidance).
	Image         string  `json:"image,omitempty"`
	Mask          string  `json:"mask,omitempty"`
	ImageGuidance float64 `json:"image_guidance,omitempty"`
	// LoRAs that change the model, beside those in the prompt, written as there:
	// <lora:name:0.8>, or <lora:name:text:unet> for two strengths.
	Loras string `json:"loras,omitempty"`
	// an autoencoder in the place of the model's own: a name or a path
	VAE string `json:"vae,omitempty"`
	// How far the guided prediction is brought back to the spread of the one for
	// the prompt alone: 0 not at all, 1 all the way (Lin et al. 2023, section 3.4).
	GuidanceRescale float64 `json:"guidance_rescale,omitempty"`
	// Guidance works between two noise levels σ only (Kynkäänniemi et al. 2024); a
	// highest one of 0 is no limit.
	GuidanceLow  float64 `json:"guidance_low,omitempty"`
	GuidanceHigh float64 `json:"guidance_high,omitempty"`
	// How strongly the prediction is moved away from one in which, in the middle of the
	// U-Net, each place looks at itself alone: perturbed-attention guidance (Ahn et al.
	// 2024). 0 is not at all, 3 is usual.
	PerturbedAttention float64 `json:"perturbed_attention,omitempty"`
	// Keeps each channel of the guided estimate within the range that it would have
	// with this guidance, if not 0: dynamic thresholding.
	MimicGuidance float64 `json:"mimic_guidance,omitempty"`
	// Dynamic thresholding as of pictures (Saharia et al. 2022): each estimate is clipped
	// to the number that this share of its numbers, taken without signs, is below, which
	// is at least 1 and at most the second, and divided by it. A share of 0 is none, a
	// most of 0 no limit.
	ThresholdRatio float64 `json:"threshold_ratio,omitempty"`
	ThresholdMax   float64 `json:"threshold_max,omitempty"`
	// The U-Net's coarser levels are computed in every so many steps only, and in
	// between what they made last is used again: faster, and another picture. 0 and 1
	// are every step.
	CacheInterval int `json:"cache_interval,omitempty"`
	// a name from Precisions; empty is Float32, as in recipes from before there was another
	Precision string `json:"precision,omitempty"`
	// the curve of noise levels, a name from schedule.Curves; empty is the model's own
	Schedule string `json:"schedule,omitempty"`
	// Fresh noise of each step, as a share of what the sampler's process has, and a
	// factor to all of it; nil is what is usual for the sampler.
	Eta    *float64 `json:"eta,omitempty"`
	SNoise *float64 `json:"s_noise,omitempty"`
	// Noise added over the run by the samplers that churn (Karras et al. 2022),
	// between two noise levels; a highest level of 0 is no limit.
	SChurn float64 `json:"s_churn,omitempty"`
	STMin  float64 `json:"s_tmin,omitempty"`
	STMax  float64 `json:"s_tmax,omitempty"`

	// the tool whose way this is drawn in, a name from dialect.Names; empty is our own
	Dialect string `json:"dialect,omitempty"`

	// The noise the picture starts from is turned towards that of another seed, by
	// this part of the way: 0 to 1.
	VariationSeed     uint64  `json:"variation_seed,omitempty"`
	VariationStrength float64 `json:"variation_strength,omitempty"`
	// The size, in pixels, of another picture of the seed, whose noise is set into
	// the middle of this one's; 0 is none.
	SeedResizeWidth  int `json:"seed_resize_width,omitempty"`
	SeedResizeHeight int `json:"seed_resize_height,omitempty"`
	// Eta noise seed delta: added to the seed of the noise that a sampler's steps
	// add, if not 0.
	ENSD int64 `json:"ensd,omitempty"`
	// The picture's place among those that share their noise, where the dialect
	// draws the noise of several at once: 0 to BatchSize−1; a size of 0 is 1.
	BatchSize  int `json:"batch_size,omitempty"`
	BatchIndex int `json:"batch_index,omitempty"`

	// How many of the text encoder's layers its embeddings are from the end: 1, or
	// 0, is the last one, 2 is what many illustration models were trained with.
	ClipSkip int `json:"clip_skip,omitempty"`
	// How weights change the embeddings, a name from prompt.Emphases; empty is the
	// usual way.
	Emphasis string `json:"emphasis,omitempty"`
	// What was typed, where Prompt and Negative are what styles, wildcards and
	// choices made of it. Not drawn from.
	Template         string `json:"template,omitempty"`
	NegativeTemplate string `json:"negative_template,omitempty"`
}

// Exact reports whether r asks for Float32, by its name or by none.
func (r Request) Exact() bool { return r.Precision == "" || r.Precision == Float32 }

// Validate says in one sentence what cannot be drawn and what to change; nil
// when the request can be queued. Names of samplers, dialects and emphases and
// model paths are checked when the job starts, by those who know them.
func (r Request) Validate() error {
	switch {
	case r.Steps < 1 || r.Steps > MaxSteps:
		return fmt.Errorf("%w: steps is %d; choose a number from 1 to %d", ErrInvalid, r.Steps, MaxSteps)
	case r.Guidance < 0 || r.Guidance > 100 || r.Guidance != r.Guidance:
		return fmt.Errorf("%w: guidance is %g; choose a number from 0 to 100", ErrInvalid, r.Guidance)
	case r.ImageGuidance < 0 || r.ImageGuidance > 100 || r.ImageGuidance != r.ImageGuidance:
		return fmt.Errorf("%w: image_guidance is %g; choose a number from 0 to 100", ErrInvalid, r.ImageGuidance)
	case !(r.GuidanceRescale >= 0 && r.GuidanceRescale <= 1):
		return fmt.Errorf("%w: guidance_rescale is %g; choose a number from 0 (off) to 1", ErrInvalid, r.GuidanceRescale)
	case !(r.GuidanceLow >= 0 && r.GuidanceHigh >= 0 && (r.GuidanceHigh == 0 || r.GuidanceLow < r.GuidanceHigh)) || r.GuidanceLow > 1e9 || r.GuidanceHigh > 1e9:
		return fmt.Errorf("%w: guidance_low and guidance_high are %g and %g; choose noise levels, the second above the first, or 0 for no limit", ErrInvalid, r.GuidanceLow, r.GuidanceHigh)
	case !(r.PerturbedAttention >= 0 && r.PerturbedAttention <= 100):
		return fmt.Errorf("%w: perturbed_attention is %g; choose a number from 0 (off) to 100, usually 3", ErrInvalid, r.PerturbedAttention)
	case !(r.MimicGuidance >= 0 && r.MimicGuidance <= 100):
		return fmt.Errorf("%w: mimic_guidance is %g; choose a number from 0 (off) to 100, below guidance", ErrInvalid, r.MimicGuidance)
	case !(r.ThresholdRatio >= 0 && r.ThresholdRatio <= 1):
		return fmt.Errorf("%w: threshold_ratio is %g; choose a number from 0 (off) to 1, usually 0.995", ErrInvalid, r.ThresholdRatio)
	case !(r.ThresholdMax >= 0 && r.ThresholdMax <= 1e4):
		return fmt.Errorf("%w: threshold_max is %g; choose a number from 0 (no limit) to 10000", ErrInvalid, r.ThresholdMax)
	case r.CacheInterval < 0 || r.CacheInterval > 10:
		return fmt.Errorf("%w: cache_interval is %d; choose 0 (off) or a number of steps up to 10", ErrInvalid, r.CacheInterval)
	case r.Mask != "" && r.Image == "":
		return fmt.Errorf("%w: there is a mask and no image that it belongs to; give both, or leave out mask", ErrInvalid)
	case strings.TrimSpace(r.Model) == "":
		return fmt.Errorf("%w: no model is named; use %q or the path of a model", ErrInvalid, DefaultModel)
	case r.Precision != "" && !slices.Contains(Precisions(), r.Precision):
		return fmt.Errorf("%w: precision is %q; choose %s (exact) or %s (faster, other pictures)", ErrInvalid, r.Precision, Float32, BFloat16)
	case r.ClipSkip < 0:
		return fmt.Errorf("%w: clip_skip is %d; choose 1 for the whole text encoder, or 2, 3, … for fewer layers", ErrInvalid, r.ClipSkip)
	case r.Eta != nil && !(*r.Eta >= 0 && *r.Eta <= 10):
		return fmt.Errorf("%w: eta is %g; choose a number from 0 (no fresh noise) to 10, or leave it out", ErrInvalid, *r.Eta)
	case r.SNoise != nil && !(*r.SNoise >= 0 && *r.SNoise <= 10):
		return fmt.Errorf("%w: s_noise is %g; choose a number from 0 to 10, or leave it out", ErrInvalid, *r.SNoise)
	case !(r.SChurn >= 0 && r.SChurn <= maxChurn && r.STMin >= 0 && r.STMin <= maxChurn && r.STMax >= 0 && r.STMax <= maxChurn):
		return fmt.Errorf("%w: s_churn, s_tmin and s_tmax are %g, %g and %g; choose numbers from 0 to %d", ErrInvalid, r.SChurn, r.STMin, r.STMax, maxChurn)
	case !(r.VariationStrength >= 0 && r.VariationStrength <= 1):
		return fmt.Errorf("%w: variation_strength is %g; choose a number from 0 (the seed alone) to 1 (the variation seed alone)", ErrInvalid, r.VariationStrength)
	case (r.SeedResizeWidth == 0) != (r.SeedResizeHeight == 0):
		return fmt.Errorf("%w: seed_resize is %d × %d; give both sides, or 0 for both", ErrInvalid, r.SeedResizeWidth, r.SeedResizeHeight)
	case r.BatchSize < 0 || r.BatchSize > MaxBatch:
		return fmt.Errorf("%w: batch_size is %d; choose a number up to %d", ErrInvalid, r.BatchSize, MaxBatch)
	case r.BatchIndex < 0 || r.BatchIndex >= max(1, r.BatchSize):
		return fmt.Errorf("%w: batch_index is %d of %d; count from 0", ErrInvalid, r.BatchIndex, max(1, r.BatchSize))
	}
	const own, none = "the model's own size", "the noise of no other size"
	return cmp.Or(
		validSize("width", r.Width, own), validSize("height", r.Height, own),
		validSize("seed_resize_width", r.SeedResizeWidth, none), validSize("seed_resize_height", r.SeedResizeHeight, none),
	)
}

func validSize(side string, n int, zero string) error {
	if n == 0 || n >= MinSize && n <= MaxSize && n%SizeUnit == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s is %d; choose a multiple of %d from %d to %d, or 0 for %s",
		ErrInvalid, side, n, SizeUnit, MinSize, MaxSize, zero)
}
