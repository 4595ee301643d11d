package recipe

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// parseParameters reads a text in the web UI's grammar; false when it has no
// line of settings, so that it may be anything.
func parseParameters(text string) (Recipe, bool) {
	prompt, negative, settings := splitParameters(text)
	if _, json := parseObject(text); json || len(settings) == 0 {
		return Recipe{}, false
	}
	p := &parameters{r: Recipe{Prompt: prompt, Negative: negative}}
	for _, s := range settings {
		if s.key == "Version" {
			p.program(s.value)
		}
	}
	p.r.Tool = cmp.Or(p.r.Tool, "a program that writes as AUTOMATIC1111's web UI does")
	for _, s := range settings {
		p.set(s.key, s.value)
	}
	p.finish()
	return p.r, true
}

// parameters is a recipe that is being read from pairs.
type parameters struct {
	r       Recipe
	version []int // of the web UI, nil when another program wrote
	rng     string
	hashes  map[string]string // of LoRAs, by name
	first   []int             // width and height of a first pass, as old versions name it
}

// version matches the web UI's versions: v1.10.1, 1.6.0-2-g4afaaf8a, and Forge's
// f2.0.1v1.10.1-previous-…
var version = regexp.MustCompile(`^(f[0-9.]+)?v?(\d+)\.(\d+)\.(\d+)(?:-(\d+)-)?`)

// program finds out who wrote from the value of Version.
func (p *parameters) program(value string) {
	p.r.Version = value
	m := version.FindStringSubmatch(value)
	switch name, rest, _ := strings.Cut(value, " "); {
	case m != nil:
		p.r.Tool = "AUTOMATIC1111's web UI"
		if m[1] != "" {
			p.r.Tool = "Forge"
		}
		for _, n := range m[2:] {
			i, _ := strconv.Atoi(n) // no digits are 0, too many are not before anything
			p.version = append(p.version, i)
		}
	case strings.HasPrefix(value, "f"):
		p.r.Tool = "Forge"
	case value == "neo", name == "Forge", name == "reForge":
		p.r.Tool = value
	case strings.HasPrefix(value, "stable-diffusion.cpp"):
		p.r.Tool = "stable-diffusion.cpp"
	case name == "Darkroom", name == "Fooocus", name == "ComfyUI":
		p.r.Tool, p.r.Version = name, rest
	default:
		p.r.Tool = value
	}
}

// before reports whether a known version of the web UI is older than this one.
func (p *parameters) before(major, minor, patch, commits int) bool {
	for i, v := range []int{major, minor, patch, commits} {
		if p.version == nil {
			return false
		}
		if p.version[i] != v {
			return p.version[i] < v
		}
	}
	return false
}

// ignored are settings that don't change how the picture is drawn, or say what
// others say.
var ignored = map[string]bool{
	"Version": true, "User": true, "Batch size": true, "Batch pos": true, "Created Date": true, "App": true,
	"Backend": true, "Pipeline": true, "Operations": true, "Parser": true, "Wildcard negative prompt": true,
	"Raw prompt": true, "Raw negative prompt": true, "Civitai resources": true,
	"Civitai metadata": true, "Refiner hash": true, "Mask mode": true, "Inpaint area": true,
	"Masked area padding": true, "Schedule prediction type": true, "Init image hash": true, "Performance": true, "TE": true,
}

// defaults are values that say that nothing special was done.
var defaults = map[pair]bool{
	{"VAE Encoder", "Full"}: true, {"VAE Decoder", "Full"}: true, {"FP8 weight", "Disable"}: true,
	{"Diffusion in Low Bits", "Automatic"}: true, {"Tiling", "False"}: true, {"Hires prompt", ""}: true,
	{"Distilled CFG Scale", "1"}: true, {"Token merging ratio", "0"}: true, {"Refiner Swap Method", "joint"}: true,
	{"Skip layers", "[]"}: true, {"Guidance", "3.500000"}: true,
}

// beginning stands for a picture that a foreign recipe began with, whose file is
// not known.
const beginning = "the picture it began with"

const enlarged = "The picture was enlarged by a second pass (hires fix), which is not yet possible: the first pass is drawn alone."

// groups are settings for which a Recipe has no words, by how their keys begin.
var groups = []struct{ prefix, sentence string }{
	{"Hires ", enlarged},
	{"Refiner", "A second model refined the picture (refiner), which is not yet possible."},
	{"ControlNet", "The picture was steered by another one (ControlNet), which is not yet possible."},
	{"IP-Adapter", "The picture was steered by another one (IP-Adapter), which is not yet possible."},
	{"ADetailer", "Faces or hands were drawn again (ADetailer), which is not yet possible."},
	{"Face restoration", "Faces were restored by a model of their own, which is not yet possible."},
	{"Postprocess", "The finished picture was enlarged or changed afterwards, which is not yet possible."},
	{"Hypernet", "A hypernetwork was used, which is not yet possible."},
	{"AnimateDiff", "The picture is one of an animation (AnimateDiff), which is not possible."},
	{"Regional Prompter", "Parts of the picture had prompts of their own (Regional Prompter), which is not yet possible."},
	{"RP ", "Parts of the picture had prompts of their own (Regional Prompter), which is not yet possible."},
	{"Dynamic thresholding", "Dynamic thresholding was used, which is not yet possible."},
	{"Tiled Diffusion", "The picture was drawn in tiles, which is not yet possible."},
	{"FreeU", "FreeU was used, which is not yet possible."},
	{"freeu", "FreeU was used, which is not yet possible."},
}

// set takes over one setting.
func (p *parameters) set(key, value string) {
	if s, ok := byKey[key]; ok {
		s.read(p, key, value)
	} else {
		p.other(key, value)
	}
}

// other notes a setting that a Recipe has no field for.
func (p *parameters) other(key, value string) {
	if ignored[key] || defaults[pair{key, value}] {
		return
	}
	for _, g := range groups {
		if strings.HasPrefix(key, g.prefix) {
			p.r.note(g.sentence)
			return
		}
	}
	p.r.note(fmt.Sprintf("%s: %s is not understood.", key, shorten(value)))
}

// finish draws the conclusions that need all settings.
func (p *parameters) finish() {
	r := &p.r
	if r.Tool != "Darkroom" {
		p.schedule()
		p.dialect()
	}
	for _, m := range loraTag.FindAllStringSubmatch(r.Prompt, -1) {
		r.lora(m[1], m[2], p.hashes)
	}
	switch {
	case r.Denoising == nil:
	case p.hires(): // it is the second pass's
		r.Denoising = nil
	default:
		r.Image = beginning
	}
	if p.first != nil {
		r.Width, r.Height = firstPass(p.first[0], p.first[1], r.Width, r.Height)
	}
	if p.before(1, 6, 0, 0) && strings.Contains(r.Prompt, "[") {
		r.note("This version of the web UI counted the steps of [from:to:when] otherwise: a whole number below 1 was a share of the steps.")
	}
	if p.before(1, 7, 0, 225) {
		r.note("This version of the web UI rounded the noise levels to half precision, which changes the picture a little.")
	}
}

// schedule finds out the schedule, which may be in the sampler's name, or the
// one the web UI takes by itself. Before version 1.9 that was always the uniform
// one, since the others had to be chosen with the sampler.
func (p *parameters) schedule() {
	r := &p.r
	r.Sampler, r.Schedule = splitSampler(r.Sampler, r.Schedule)
	if r.Schedule != "" && r.Schedule != "automatic" {
		return
	}
	own, ok := automatic[strings.ToLower(r.Sampler)]
	if !ok || p.before(1, 9, 0, 0) && own != "" {
		own = "uniform"
	}
	r.Schedule = own
}

// dialect finds out whose noise it is.
func (p *parameters) dialect() {
	r := &p.r
	r.Dialect = "a1111"
	switch rng := strings.ToLower(p.rng); {
	case r.Tool == "Fooocus", r.Tool == "ComfyUI", r.Tool == "stable-diffusion.cpp" && rng == "cpu":
		r.Dialect = "comfyui"
	case rng == "cpu":
		r.Dialect = "a1111-cpu"
	case rng == "std_default":
		r.Dialect = ""
		r.note("The noise is that of a C++ library (RNG: std_default), which differs between computers: the picture can't be made again.")
	}
}

// hires reports whether there was a second pass.
func (p *parameters) hires() bool { return slices.Contains(p.r.Notes, enlarged) }

// firstPass is the size of the first pass, which old versions name or, as 0×0,
// leave to a rule: as many pixels as 512×512, in multiples of 64.
func firstPass(width, height, wholeWidth, wholeHeight int) (int, int) {
	if width > 0 && height > 0 || wholeWidth <= 0 || wholeHeight <= 0 {
		return width, height
	}
	scale := math.Sqrt(512 * 512 / (float64(wholeWidth) * float64(wholeHeight)))
	side := func(n int) int { return 64 * int(math.Ceil(scale*float64(n)/64)) }
	return side(wholeWidth), side(wholeHeight)
}

// loraTag is a LoRA in the web UI's prompt: its name, and the weights.
var loraTag = regexp.MustCompile(`<lora:([^:>]+)(?::([^>]*))?>`)

// lora adds a LoRA with the weight as the web UI writes it: 1 when it is missing,
// and the first of several.
func (r *Recipe) lora(name, weight string, hashes map[string]string) {
	weight, _, _ = strings.Cut(weight, ":")
	w, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
	if err != nil || math.IsInf(w, 0) || math.IsNaN(w) {
		w = 1
	}
	r.Loras = append(r.Loras, Lora{Name: name, Weight: w, Hash: hashes[name]})
}

// loraHashes reads "name: hash, name: hash"; Fooocus had ": weight" after it.
func (p *parameters) loraHashes(value string) {
	p.hashes = map[string]string{}
	for item := range strings.SplitSeq(value, ", ") {
		name, hash, _ := strings.Cut(item, ": ")
		hash, weight, weighted := strings.Cut(hash, ": ")
		p.hashes[name] = hash
		if weighted {
			p.r.lora(name, weight, p.hashes)
		}
	}
}

// loraWeights reads Fooocus's "name: weight, name: weight".
func (p *parameters) loraWeights(value string) {
	for item := range strings.SplitSeq(value, ", ") {
		name, weight, _ := strings.Cut(item, ": ")
		p.r.lora(name, weight, p.hashes)
	}
}

// automatic is the schedule that the web UI takes for a sampler of this name, in
// small letters, when none is chosen; "" for those with a way of their own
// (modules/sd_samplers_kdiffusion.py, sd_samplers_timesteps.py).
var automatic = map[string]string{
	"ddim": "", "ddim cfg++": "", "plms": "", "unipc": "", "lcm": "",
	"dpm++ 2m": "karras", "dpm++ sde": "karras", "dpm++ 2s a": "karras", "dpm2": "karras", "dpm2 a": "karras", "restart": "karras",
	"dpm++ 2m sde": "exponential", "dpm++ 2m sde heun": "exponential", "dpm++ 3m sde": "exponential",
}

// schedules are the names that may end a sampler's, in small letters.
var schedules = []string{
	"karras", "exponential", "polyexponential", "sgm uniform", "sgm_uniform", "uniform", "simple", "normal", "beta", "turbo",
	"align your steps", "kl optimal", "discrete", "ays", "gits", "ddim_uniform", "lcm", "smoothstep",
}

// splitSampler takes the schedule off the name of a sampler, "DPM++ 2M Karras".
func splitSampler(name, schedule string) (string, string) {
	for _, s := range schedules {
		if rest := len(name) - len(s) - 1; rest > 0 && strings.EqualFold(name[rest:], " "+s) {
			return name[:rest], scheduleName(s)
		}
	}
	return name, schedule
}

// scheduleLabel is the reverse of scheduleName: "SGM Uniform".
func scheduleLabel(name string) string {
	switch name {
	case "":
		return ""
	case "ddim_uniform":
		return "DDIM"
	}
	words := strings.Split(name, "_")
	for i, w := range words {
		switch {
		case w == "sgm" || w == "kl":
			words[i] = strings.ToUpper(w)
		case w != "":
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

// scheduleName is the name of a schedule in small letters.
func scheduleName(label string) string {
	name := strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(strings.TrimSpace(label)))
	switch name {
	case "ddim":
		return "ddim_uniform"
	case "sgmuniform":
		return "sgm_uniform"
	case "ays":
		return "align_your_steps"
	case "discrete": // stable-diffusion.cpp's
		return "normal"
	}
	return name
}

// modelName is the name of a model without its folder and the ending of a file.
func modelName(path string) string {
	path = path[strings.LastIndexAny(path, `/\`)+1:]
	for _, ending := range []string{".safetensors", ".ckpt", ".gguf", ".pt", ".pth", ".bin"} {
		if rest, ok := strings.CutSuffix(path, ending); ok && rest != "" {
			return rest
		}
	}
	return path
}

// shorten is the beginning of a value, for a sentence.
func shorten(value string) string {
	value = strings.Join(strings.Fields(value), " ")
	if r := []rune(value); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return value
}
