package recipe

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// setting is a key of the web UI and what it means: how its value is read, and
// how it is written, "" where the web UI would leave it away.
type setting struct {
	key   string
	read  func(p *parameters, key, value string)
	write func(r *Recipe) string
}

// settings is the keys that a Recipe has fields for, in the order in which the
// web UI writes them (modules/processing.py, create_infotext).
var settings = []setting{
	whole("Steps", 0, func(r *Recipe) *int { return &r.Steps }),
	textual("Sampler", func(r *Recipe) *string { return &r.Sampler }),
	{"Schedule type", readSchedule, func(r *Recipe) string { return scheduleLabel(r.Schedule) }},
	number("CFG scale", func(r *Recipe) **float64 { return &r.Guidance }),
	number("Image CFG scale", func(r *Recipe) **float64 { return &r.ImageGuidance }),
	seed("Seed", func(r *Recipe) **uint64 { return &r.Seed }),
	sides("Size", func(r *Recipe) (*int, *int) { return &r.Width, &r.Height }),
	textual("Model hash", func(r *Recipe) *string { return &r.ModelHash }),
	name("Model", func(r *Recipe) *string { return &r.Model }),
	textual("VAE hash", func(r *Recipe) *string { return &r.VAEHash }),
	name("VAE", func(r *Recipe) *string { return &r.VAE }),
	{"Variation seed", seed("", variationSeed).read, func(r *Recipe) string {
		if r.VariationStrength == 0 {
			return ""
		}
		return seed("", variationSeed).write(r)
	}},
	{"Variation seed strength", func(p *parameters, key, value string) {
		if v := p.number(key, value); v != nil {
			p.r.VariationStrength = *v
		}
	}, func(r *Recipe) string { return unlessZero(r.VariationStrength) }},
	sides("Seed resize from", func(r *Recipe) (*int, *int) { return &r.SeedResizeWidth, &r.SeedResizeHeight }),
	number("Denoising strength", func(r *Recipe) **float64 { return &r.Denoising }),
	whole("Clip skip", 1, func(r *Recipe) *int { return &r.ClipSkip }),
	whole("ENSD", 0, func(r *Recipe) *int { return &r.ENSD }),
	{"RNG", func(p *parameters, _, value string) { p.rng = value }, func(r *Recipe) string { return randomSource[r.Dialect] }},
	{"Emphasis", func(p *parameters, _, value string) {
		p.r.Emphasis = strings.ToLower(strings.ReplaceAll(value, " ", "_"))
	}, func(r *Recipe) string {
		if r.Emphasis == "" || r.Emphasis == "original" {
			return ""
		}
		return strings.ToUpper(r.Emphasis[:1]) + strings.ReplaceAll(r.Emphasis[1:], "_", " ")
	}},
	{"Eta", number("", eta).read, func(r *Recipe) string { return ifDDIM(r, false) }},
	{"Eta DDIM", number("", eta).read, func(r *Recipe) string { return ifDDIM(r, true) }},
	number("Sigma churn", func(r *Recipe) **float64 { return &r.SChurn }),
	number("Sigma tmin", func(r *Recipe) **float64 { return &r.STMin }),
	number("Sigma tmax", func(r *Recipe) **float64 { return &r.STMax }),
	number("Sigma noise", func(r *Recipe) **float64 { return &r.SNoise }),
	textual("Template", func(r *Recipe) *string { return &r.Template }),
	textual("Negative Template", func(r *Recipe) *string { return &r.NegativeTemplate }),
	textual("Dialect", func(r *Recipe) *string { return &r.Dialect }), // this and the next are Darkroom's own
	textual("Precision", func(r *Recipe) *string { return &r.Precision }),
	{"Version", func(*parameters, string, string) {}, func(r *Recipe) string { return strings.TrimSpace(r.Tool + " " + r.Version) }},
}

// others is keys that are read but never written: other programs' words for the
// same, and what only the web UI has.
var others = []setting{
	{key: "Scheduler", read: readSchedule},
	{key: "Unet", read: func(p *parameters, _, value string) { p.r.Model = cmp.Or(p.r.Model, modelName(value)) }},
	{key: "Wildcard prompt", read: func(p *parameters, _, value string) { p.r.Template = value }},
	{key: "Mask blur", read: func(p *parameters, _, _ string) { p.r.Mask = "the mask" }},
	{key: "Masked content", read: func(p *parameters, _, _ string) { p.r.Mask = "the mask" }},
	{key: "First pass size", read: func(p *parameters, key, value string) {
		width, height := p.size(key, value)
		p.first = []int{width, height}
		p.r.note(enlarged)
	}},
	{key: "Lora hashes", read: func(p *parameters, _, value string) { p.loraHashes(value) }},
	{key: "Lora weights", read: func(p *parameters, _, value string) { p.loraWeights(value) }},
	{key: "TI hashes", read: func(p *parameters, _, value string) {
		for item := range strings.SplitSeq(value, ", ") {
			name, hash, _ := strings.Cut(item, ": ")
			p.r.note(fmt.Sprintf("The embedding %s (hash %s) is not looked for: without it, its name is an ordinary word of the prompt.", name, hash))
		}
	}},
}

// byKey is both lists.
var byKey = func() map[string]setting {
	all := map[string]setting{}
	for _, s := range append(settings[:len(settings):len(settings)], others...) {
		all[s.key] = s
	}
	return all
}()

// randomSource is the web UI's word for where the noise of a dialect comes from:
// its own generator of a graphics card's numbers, or the processor's.
var randomSource = map[string]string{"a1111": "NV", "a1111-cpu": "CPU", "comfyui": "CPU", "invokeai": "CPU", "diffusers": "CPU"}

func eta(r *Recipe) **float64          { return &r.Eta }
func variationSeed(r *Recipe) **uint64 { return &r.VariationSeed }

// ifDDIM is eta when the sampler is DDIM, or when it is not: they have two keys.
func ifDDIM(r *Recipe, ddim bool) string {
	if ddim != strings.HasPrefix(strings.ToLower(r.Sampler), "ddim") {
		return ""
	}
	return number("", eta).write(r)
}

func readSchedule(p *parameters, _, value string) { p.r.Schedule = scheduleName(value) }

// whole is a setting with a whole number, left away when it is 0 or the usual one.
func whole(key string, usual int, at func(*Recipe) *int) setting {
	return setting{key, func(p *parameters, key, value string) { *at(&p.r) = p.integer(key, value) }, func(r *Recipe) string {
		if n := *at(r); n != 0 && n != usual {
			return strconv.Itoa(n)
		}
		return ""
	}}
}

// number is a setting with a number.
func number(key string, at func(*Recipe) **float64) setting {
	return setting{key, func(p *parameters, key, value string) { *at(&p.r) = p.number(key, value) }, func(r *Recipe) string {
		if v := *at(r); v != nil {
			return strconv.FormatFloat(*v, 'f', -1, 64)
		}
		return ""
	}}
}

func unlessZero(v float64) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// seed is a setting with a seed.
func seed(key string, at func(*Recipe) **uint64) setting {
	return setting{key, func(p *parameters, key, value string) { *at(&p.r) = p.seed(key, value) }, func(r *Recipe) string {
		if n := *at(r); n != nil {
			return strconv.FormatUint(*n, 10)
		}
		return ""
	}}
}

// textual is a setting with any text.
func textual(key string, at func(*Recipe) *string) setting {
	return setting{key, func(p *parameters, _, value string) { *at(&p.r) = value }, func(r *Recipe) string { return *at(r) }}
}

// name is a setting with the name of a model.
func name(key string, at func(*Recipe) *string) setting {
	return setting{key, func(p *parameters, _, value string) {
		if value != "None" && value != "Default (model)" {
			*at(&p.r) = modelName(value)
		}
	}, func(r *Recipe) string { return *at(r) }}
}

// sides is a setting with a width and a height.
func sides(key string, at func(*Recipe) (width, height *int)) setting {
	return setting{key, func(p *parameters, key, value string) {
		width, height := at(&p.r)
		*width, *height = p.size(key, value)
	}, func(r *Recipe) string {
		width, height := at(r)
		if *width == 0 || *height == 0 {
			return ""
		}
		return fmt.Sprintf("%dx%d", *width, *height)
	}}
}

func (p *parameters) integer(key, value string) int {
	n, err := strconv.Atoi(value)
	if err != nil {
		p.unreadable(key, value)
		return 0
	}
	return n
}

func (p *parameters) number(key, value string) *float64 {
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		p.unreadable(key, value)
		return nil
	}
	return &v
}

func (p *parameters) seed(key, value string) *uint64 {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		p.unreadable(key, value)
		return nil
	}
	return &n
}

func (p *parameters) size(key, value string) (width, height int) {
	m := size.FindStringSubmatch(value)
	if m == nil {
		p.unreadable(key, value)
		return 0, 0
	}
	return p.integer(key, m[1]), p.integer(key, m[2])
}

func (p *parameters) unreadable(key, value string) {
	p.r.note(fmt.Sprintf("%s is %q, which is no number that can be used.", key, shorten(value)))
}
