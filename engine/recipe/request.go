package recipe

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"darkroom/engine"
	"darkroom/engine/dialect"
	"darkroom/engine/prompt"
	"darkroom/engine/sampler"
	"darkroom/engine/schedule"
)

// field is something a recipe may ask for beyond what every request has.
type field struct {
	names string                // in the JSON of engine.Request, by blanks
	asked func(r Recipe) string // what is asked for, in words; "" for nothing special
	// set fills it in, when it is asked for, and its error says why it can't; set is
	// nil while the engine has no such field. of is the reverse.
	set func(q *engine.Request, r Recipe) error
	of  func(r *Recipe, q engine.Request)
}

// fields is all of them. One that the engine has learnt gets its set and of here
// and nowhere else; a test finds out when one is forgotten.
var fields = []field{
	{"dialect", func(r Recipe) string { return named("the noise and the prompt language of", r.Dialect) }, func(q *engine.Request, r Recipe) error {
		d, err := dialect.Parse(r.Dialect)
		q.Dialect = d.Name
		return err
	}, func(r *Recipe, q engine.Request) {
		if q.Dialect != dialect.Native {
			r.Dialect = q.Dialect
		}
	}},
	{"schedule", func(r Recipe) string { return named("the schedule", r.Schedule) }, func(q *engine.Request, r Recipe) error {
		name, err := schedule.Parse(r.Schedule)
		q.Schedule = name
		return err
	}, func(r *Recipe, q engine.Request) {
		r.Schedule = q.Schedule
	}},
	{"eta", func(r Recipe) string { return stated("eta", r.Eta) }, func(q *engine.Request, r Recipe) error {
		q.Eta = r.Eta
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.Eta = q.Eta
	}},
	{"s_noise", func(r Recipe) string { return stated("a factor to the noise of the steps (s_noise)", r.SNoise) }, func(q *engine.Request, r Recipe) error {
		q.SNoise = r.SNoise
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.SNoise = q.SNoise
	}},
	{"s_churn s_tmin s_tmax", func(r Recipe) string {
		if r.SChurn == nil || *r.SChurn == 0 { // the others are nothing without it
			return ""
		}
		return valued("noise added over the run (s_churn)", r.SChurn)
	}, func(q *engine.Request, r Recipe) error {
		q.SChurn, q.STMin, q.STMax = *r.SChurn, orZero(r.STMin), orZero(r.STMax)
		return nil
	}, func(r *Recipe, q engine.Request) {
		if q.SChurn != 0 {
			r.SChurn, r.STMin, r.STMax = &q.SChurn, &q.STMin, &q.STMax
		}
	}},
	{"variation_seed variation_strength", func(r Recipe) string {
		if r.VariationSeed == nil || r.VariationStrength == 0 {
			return ""
		}
		return fmt.Sprintf("the variation seed %d with strength %g", *r.VariationSeed, r.VariationStrength)
	}, func(q *engine.Request, r Recipe) error {
		q.VariationSeed, q.VariationStrength = *r.VariationSeed, r.VariationStrength
		return nil
	}, func(r *Recipe, q engine.Request) {
		if q.VariationStrength != 0 {
			r.VariationSeed, r.VariationStrength = &q.VariationSeed, q.VariationStrength
		}
	}},
	{"seed_resize_width seed_resize_height", func(r Recipe) string {
		if r.SeedResizeWidth == 0 || r.SeedResizeHeight == 0 {
			return ""
		}
		return fmt.Sprintf("the noise of the size %d×%d", r.SeedResizeWidth, r.SeedResizeHeight)
	}, func(q *engine.Request, r Recipe) error {
		q.SeedResizeWidth, q.SeedResizeHeight = r.SeedResizeWidth, r.SeedResizeHeight
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.SeedResizeWidth, r.SeedResizeHeight = q.SeedResizeWidth, q.SeedResizeHeight
	}},
	{"ensd", func(r Recipe) string { return counted("eta noise seed delta (ENSD)", r.ENSD, 0) }, func(q *engine.Request, r Recipe) error {
		q.ENSD = int64(r.ENSD)
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.ENSD = int(q.ENSD)
	}},
	{"batch_size batch_index", func(r Recipe) string { return counted("the noise of pictures drawn together,", r.BatchSize, 1) }, func(q *engine.Request, r Recipe) error {
		q.BatchSize, q.BatchIndex = r.BatchSize, r.BatchIndex
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.BatchSize, r.BatchIndex = q.BatchSize, q.BatchIndex
	}},
	{"clip_skip", func(r Recipe) string { return counted("clip skip", r.ClipSkip, 1) }, func(q *engine.Request, r Recipe) error {
		q.ClipSkip = r.ClipSkip
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.ClipSkip = q.ClipSkip
	}},
	{"emphasis", func(r Recipe) string { return named("the emphasis", strings.TrimPrefix(r.Emphasis, "original")) }, func(q *engine.Request, r Recipe) error {
		q.Emphasis = r.Emphasis
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.Emphasis = q.Emphasis
	}},
	{"template negative_template", func(r Recipe) string {
		return named("the prompt's template", shorten(cmp.Or(r.Template, r.NegativeTemplate)))
	}, func(q *engine.Request, r Recipe) error {
		q.Template, q.NegativeTemplate = r.Template, r.NegativeTemplate
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.Template, r.NegativeTemplate = q.Template, q.NegativeTemplate
	}},
	{"image", func(r Recipe) string { return r.Image }, elsewhere, nil},
	{"mask", func(r Recipe) string { return r.Mask }, elsewhere, nil},
	{"strength", func(r Recipe) string { return valued("the denoising strength", r.Denoising) }, nil, nil},
	{"image_guidance", func(r Recipe) string { return valued("the image guidance", r.ImageGuidance) }, func(q *engine.Request, r Recipe) error {
		q.ImageGuidance = orZero(r.ImageGuidance)
		return nil
	}, func(r *Recipe, q engine.Request) {
		if q.ImageGuidance != 0 {
			r.ImageGuidance = &q.ImageGuidance
		}
	}},
	{"guidance_rescale", func(r Recipe) string { return valued("guidance rescale", r.GuidanceRescale) }, func(q *engine.Request, r Recipe) error {
		q.GuidanceRescale = *r.GuidanceRescale
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.GuidanceRescale = orNil(q.GuidanceRescale)
	}},
	{"guidance_low", func(r Recipe) string { return valued("guidance down to the noise level", r.GuidanceLow) }, func(q *engine.Request, r Recipe) error {
		q.GuidanceLow = *r.GuidanceLow
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.GuidanceLow = orNil(q.GuidanceLow)
	}},
	{"guidance_high", func(r Recipe) string { return valued("guidance from the noise level", r.GuidanceHigh) }, func(q *engine.Request, r Recipe) error {
		q.GuidanceHigh = *r.GuidanceHigh
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.GuidanceHigh = orNil(q.GuidanceHigh)
	}},
	{"perturbed_attention", func(r Recipe) string { return valued("perturbed-attention guidance", r.PerturbedAttention) }, func(q *engine.Request, r Recipe) error {
		q.PerturbedAttention = *r.PerturbedAttention
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.PerturbedAttention = orNil(q.PerturbedAttention)
	}},
	{"mimic_guidance", func(r Recipe) string { return valued("dynamic thresholding to the guidance", r.MimicGuidance) }, func(q *engine.Request, r Recipe) error {
		q.MimicGuidance = *r.MimicGuidance
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.MimicGuidance = orNil(q.MimicGuidance)
	}},
	{"threshold_ratio threshold_max", func(r Recipe) string {
		limit := ""
		if r.ThresholdMax != nil && *r.ThresholdMax != 0 {
			limit = fmt.Sprintf(", %g at most", *r.ThresholdMax)
		}
		if asked := valued("dynamic thresholding at", r.ThresholdRatio); asked != "" {
			return asked + limit
		}
		return ""
	}, func(q *engine.Request, r Recipe) error {
		q.ThresholdRatio, q.ThresholdMax = *r.ThresholdRatio, orZero(r.ThresholdMax)
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.ThresholdRatio, r.ThresholdMax = orNil(q.ThresholdRatio), orNil(q.ThresholdMax)
	}},
	{"cache_interval", func(r Recipe) string {
		return counted("the U-Net computed whole in steps apart by", r.CacheInterval, 1)
	}, func(q *engine.Request, r Recipe) error {
		q.CacheInterval = r.CacheInterval
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.CacheInterval = q.CacheInterval
	}},
	{"vae", func(r Recipe) string { return named("the VAE", r.VAE) }, func(q *engine.Request, r Recipe) error {
		q.VAE = r.VAE
		return nil
	}, func(r *Recipe, q engine.Request) {
		r.VAE = q.VAE
	}},
	{"loras", func(r Recipe) string {
		var names []string
		for i, l := range r.Loras {
			if i == 20 {
				names = append(names, fmt.Sprintf("and %d more", len(r.Loras)-i))
				break
			}
			names = append(names, fmt.Sprintf("the LoRA %s with weight %g", l.Name, l.Weight))
		}
		return strings.Join(names, ", ")
	}, func(q *engine.Request, r Recipe) error {
		inPrompt := map[string]bool{}
		for _, m := range loraTag.FindAllStringSubmatch(q.Prompt, -1) {
			inPrompt[m[1]] = true
		}
		var tags strings.Builder
		for _, l := range r.Loras {
			if !inPrompt[l.Name] {
				fmt.Fprintf(&tags, "<lora:%s:%g>", strings.NewReplacer(":", "", ">", "").Replace(l.Name), l.Weight)
			}
		}
		q.Loras = tags.String()
		return nil
	}, func(r *Recipe, q engine.Request) {
		tags, _ := prompt.Tags(q.Loras) // those that can't be read were not drawn with
		for _, tag := range tags {
			_, unet, _ := tag.Strengths()
			r.Loras = append(r.Loras, Lora{Name: tag.Name(), Weight: unet})
		}
	}},
	{"precision", func(r Recipe) string { return named("the precision", r.Precision) }, func(q *engine.Request, r Recipe) error {
		q.Precision = r.Precision
		return nil
	}, func(r *Recipe, q engine.Request) {
		if !q.Exact() {
			r.Precision = q.Precision
		}
	}},
}

// elsewhere is the set of what is a file of its own.
func elsewhere(*engine.Request, Recipe) error {
	return errors.New("a recipe does not hold it, so choose it yourself")
}

func orZero(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

func orNil(v float64) *float64 {
	if v == 0 {
		return nil
	}
	return &v
}

func named(what, value string) string {
	if value == "" {
		return ""
	}
	return what + " " + value
}

func valued(what string, value *float64) string {
	if value == nil || *value == 0 {
		return ""
	}
	return stated(what, value)
}

// stated is valued where 0 is a value like any other.
func stated(what string, value *float64) string {
	if value == nil {
		return ""
	}
	return what + " " + strconv.FormatFloat(*value, 'g', -1, 64)
}

func counted(what string, value, usual int) string {
	if value == 0 || value == usual {
		return ""
	}
	return what + " " + strconv.Itoa(value)
}

func hashed(hash string) string {
	if hash == "" {
		return ""
	}
	return " (hash " + hash + ")"
}

// Of is the recipe of a request, in other programs' words. A size that is left to
// the model must be filled in by who knows it.
func Of(q engine.Request) Recipe {
	r := Recipe{
		Tool: "Darkroom", Version: engine.Version, Prompt: q.Prompt, Negative: q.Negative, Seed: &q.Seed, Steps: q.Steps,
		Guidance: &q.Guidance, Sampler: sampler.Label(q.Sampler), Width: q.Width, Height: q.Height, Model: modelName(q.Model),
	}
	if q.Loras != "" { // where other programs look for them
		r.Prompt += " " + q.Loras
	}
	for _, f := range fields {
		if f.of != nil {
			f.of(&r, q)
		}
	}
	return r
}

// Extras names what a request asks for beyond what every request has: prompts, seed,
// steps, guidance, size, model, sampler, schedule and precision.
func Extras(q engine.Request) []string {
	r := Of(q)
	r.Schedule, r.Precision = "", ""
	var words []string
	for _, f := range fields {
		if asked := f.asked(r); asked != "" {
			words = append(words, asked)
		}
	}
	for _, path := range []string{q.Image, q.Mask} {
		if path != "" {
			words = append(words, filepath.Base(path))
		}
	}
	return words
}

// Finder knows which files the person has.
type Finder interface {
	// Model is the path of a model by its name or by the beginning of its SHA-256,
	// either of which may be missing; false if there is none.
	Model(name, hash string) (path string, ok bool)
	LoRA(name string) bool
	VAE(name string) bool
}

// Request is the request that comes nearest to the recipe, and can be drawn, and
// a sentence for everything that could not be restored. For a picture that
// Darkroom drew it is the very request, and nothing is left to say.
// Without a finder, the built-in model is chosen, and the files it names are taken
// to be there.
func (r Recipe) Request(find Finder) (engine.Request, []string) {
	if r.own != nil {
		return *r.own, r.Notes
	}
	q := engine.Request{
		Prompt: r.Prompt, Negative: r.Negative, Steps: engine.DefaultSteps, Guidance: engine.DefaultGuidance,
		Sampler: engine.DefaultSampler, Model: engine.DefaultModel,
	}
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }

	switch {
	case r.Model == "" && r.ModelHash == "":
		note("The recipe names no model: the built-in one is chosen.")
	case r.Tool == "Darkroom" && r.Model == engine.DefaultModel:
	default:
		if find != nil {
			if path, ok := find.Model(r.Model, r.ModelHash); ok {
				q.Model = path
				break
			}
		}
		note("The picture was drawn by the model %s: choose it if you have it; else the built-in one is taken.", strings.TrimSpace(r.Model+hashed(r.ModelHash)))
	}
	if r.Seed != nil {
		q.Seed = *r.Seed
	} else {
		note("The recipe has no seed: the picture can't be made again, and seed 0 is chosen.")
	}
	switch {
	case r.Steps == 0:
		note("The recipe has no number of steps: %d is chosen.", q.Steps)
	case r.Steps < 1 || r.Steps > engine.MaxSteps:
		note("%d steps can't be taken: %d is chosen.", r.Steps, q.Steps)
	default:
		q.Steps = r.Steps
	}
	switch {
	case r.Guidance == nil:
		note("The recipe has no guidance: %g is chosen.", q.Guidance)
	case *r.Guidance < 0 || *r.Guidance > 100:
		note("Guidance can't be %g: %g is chosen.", *r.Guidance, q.Guidance)
	default:
		q.Guidance = *r.Guidance
	}
	if name, curve, err := sampler.Parse(r.Sampler); err == nil {
		q.Sampler, r.Schedule = name, cmp.Or(r.Schedule, curve)
	} else if r.Sampler == "" {
		note("The recipe names no sampler: %s is chosen.", sampler.Label(q.Sampler))
	} else {
		note("The sampler %s is not known: %s is chosen.", r.Sampler, sampler.Label(q.Sampler))
	}
	if r.Width > 0 && r.Height > 0 {
		q.Width, q.Height = side(r.Width), side(r.Height)
		if q.Width != r.Width || q.Height != r.Height {
			note("A picture of %d×%d can't be drawn: %d×%d is chosen.", r.Width, r.Height, q.Width, q.Height)
		}
	}
	for _, f := range fields {
		asked := f.asked(r)
		if asked == "" {
			continue
		}
		if f.set == nil {
			note("Not used yet: %s.", asked)
			continue
		}
		next := q
		err := f.set(&next, r)
		if err == nil {
			err = next.Validate()
		}
		if err != nil {
			note("Not used: %s; %v.", asked, err)
			continue
		}
		q = next
	}
	if find != nil {
		if q.VAE != "" && !find.VAE(q.VAE) {
			note("The autoencoder %s is not in your library: the model's own is taken.", q.VAE)
			q.VAE = ""
		}
		q.Loras = loraTag.ReplaceAllStringFunc(q.Loras, func(tag string) string {
			if name := loraTag.FindStringSubmatch(tag)[1]; !find.LoRA(name) {
				note("The LoRA %s is not in your library: it is left out.", name)
				return ""
			}
			return tag
		})
		for _, m := range loraTag.FindAllStringSubmatch(q.Prompt, -1) {
			if !find.LoRA(m[1]) {
				note("The LoRA %s is not in your library: add it, or take it out of the prompt.", m[1])
			}
		}
	}
	return q, append(notes, r.Notes...)
}

// side is the nearest length of a side that can be drawn and is not longer,
// where there is one.
func side(n int) int {
	return min(max(n-n%engine.SizeUnit, engine.MinSize), engine.MaxSize)
}
