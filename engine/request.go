package engine

import (
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
	// a name from Precisions; empty is Float32, as in recipes from before there was another
	Precision string `json:"precision,omitempty"`

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
// when the request can be queued. Names of samplers and emphases and model paths are checked
// when the job starts, by those who know them.
func (r Request) Validate() error {
	switch {
	case r.Steps < 1 || r.Steps > MaxSteps:
		return fmt.Errorf("%w: steps is %d; choose a number from 1 to %d", ErrInvalid, r.Steps, MaxSteps)
	case r.Guidance < 0 || r.Guidance > 100 || r.Guidance != r.Guidance:
		return fmt.Errorf("%w: guidance is %g; choose a number from 0 to 100", ErrInvalid, r.Guidance)
	case strings.TrimSpace(r.Model) == "":
		return fmt.Errorf("%w: no model is named; use %q or the path of a model", ErrInvalid, DefaultModel)
	case r.Precision != "" && !slices.Contains(Precisions(), r.Precision):
		return fmt.Errorf("%w: precision is %q; choose %s (exact) or %s (faster, other pictures)", ErrInvalid, r.Precision, Float32, BFloat16)
	case r.ClipSkip < 0:
		return fmt.Errorf("%w: clip_skip is %d; choose 1 for the whole text encoder, or 2, 3, … for fewer layers", ErrInvalid, r.ClipSkip)
	}
	if err := validSize("width", r.Width); err != nil {
		return err
	}
	return validSize("height", r.Height)
}

func validSize(side string, n int) error {
	if n == 0 || n >= MinSize && n <= MaxSize && n%SizeUnit == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s is %d; choose a multiple of %d from %d to %d, or 0 for the model's own size",
		ErrInvalid, side, n, SizeUnit, MinSize, MaxSize)
}
