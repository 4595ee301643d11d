package recipe

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"darkroom/engine/metadata"
)

// parseGraph reads a graph of ComfyUI in the form its server takes: nodes by
// name, each with a class_type and inputs, which are values or links [name of a
// node, number of its output]. SaveImage puts it under the keyword prompt; in
// JPEG and WebP it follows "prompt:" in the EXIF tag Model.
func parseGraph(text string) (Recipe, bool) {
	o, ok := parseObject(strings.TrimPrefix(text, "prompt:"))
	if !ok {
		return Recipe{}, false
	}
	if inner := o.at("prompt"); inner != nil && o["class_type"] == nil { // as it is sent to the server
		o = inner
	}
	nodes := map[string]*node{}
	for _, name := range o.keys() {
		if n := o.at(name); n.text("class_type") != "" {
			nodes[name] = &node{name: name, class: n.text("class_type"), inputs: n.at("inputs")}
		}
	}
	return readGraph(nodes)
}

// node is one node of a graph.
type node struct {
	name, class string
	inputs      object
}

// maxNodes bounds each way through a graph, which may go in circles.
const maxNodes = 10_000

// graph is a graph whose recipe is being read.
type graph struct {
	nodes map[string]*node
	r     Recipe
	left  int // nodes that may still be visited on this way
	words int // bytes of prompts
}

// follow is the node that a link leads to, nil when the input is a value.
func (g *graph) follow(n *node, input string) *node {
	if n == nil || g.left == 0 {
		return nil
	}
	link, ok := n.inputs[input].([]any)
	if !ok || len(link) != 2 {
		return nil
	}
	g.left--
	return g.nodes[words(link[0])]
}

// valueInputs are the inputs of nodes that do nothing but hold a value.
var valueInputs = []string{"value", "seed", "int", "float", "text", "string", "noise_seed", "prompt", "Text", "String", "Number"}

// value is what an input holds; a link is followed to a node that holds a value.
func (g *graph) value(n *node, input string) any {
	if n == nil {
		return nil
	}
	source := g.follow(n, input)
	if source == nil {
		if _, list := n.inputs[input].([]any); list {
			return nil
		}
		return n.inputs[input]
	}
	for _, key := range append([]string{input}, valueInputs...) {
		if _, ok := source.inputs[key]; ok {
			return g.value(source, key)
		}
	}
	if next := source.only(); next != "" { // passes on what it gets
		return g.value(source, next)
	}
	return nil
}

// only is the one input a node has that is a link, "" when there are more.
func (n *node) only() string {
	name := ""
	for _, key := range n.inputs.keys() {
		if _, ok := n.inputs[key].([]any); ok {
			if name != "" {
				return ""
			}
			name = key
		}
	}
	return name
}

// values are some inputs of a node as an object, so that they can be read as such.
func (g *graph) values(n *node, inputs ...string) object {
	o := object{}
	for _, input := range inputs {
		o[input] = g.value(n, input)
	}
	return o
}

// samplers are the classes of nodes that denoise.
var samplers = []string{"KSampler", "KSamplerAdvanced", "SamplerCustom", "SamplerCustomAdvanced"}

// onward are the inputs by which a picture or a latent comes into a node that
// changes it, the usual ones first.
var onward = []string{"images", "image", "samples", "latent_image", "latent", "pixels", "latents", "samples_to", "upscaled_image"}

// readGraph finds the node that saves a picture and goes back from there.
func readGraph(nodes map[string]*node) (Recipe, bool) {
	if len(nodes) == 0 {
		return Recipe{}, false
	}
	g := &graph{nodes: nodes, r: Recipe{Tool: "ComfyUI", Dialect: "comfyui"}, left: maxNodes}
	names := make(object, len(nodes))
	for name := range nodes {
		names[name] = true
	}
	var found []*node // the samplers nearest to where pictures are saved
	var decode *node
	for _, ends := range []func(*node) bool{
		func(n *node) bool { return strings.HasPrefix(n.class, "SaveImage") },
		func(n *node) bool { return strings.HasPrefix(n.class, "PreviewImage") },
		func(n *node) bool { return n.class == "VAEDecode" },
		func(n *node) bool { return slices.Contains(samplers, n.class) },
	} {
		for _, name := range names.keys() {
			if n := nodes[name]; ends(n) {
				s, d := g.back(n)
				if s != nil && !slices.Contains(found, s) {
					found = append(found, s)
					if decode == nil {
						decode = d
					}
				}
			}
		}
		if found != nil {
			break
		}
	}
	if found == nil {
		return Recipe{}, false
	}
	if len(found) > 1 {
		g.note("The graph draws %d pictures and does not tell which this is: node %s is taken.", len(found), found[0].name)
	}
	g.sampler(found[0])
	if vae := g.follow(decode, "vae"); vae != nil && vae.class == "VAELoader" {
		g.r.VAE = modelName(words(g.value(vae, "vae_name")))
	}
	return g.r, true
}

func (g *graph) note(format string, args ...any) { g.r.note(fmt.Sprintf(format, args...)) }

// back goes from a node that has a picture or a latent to the sampler it comes
// from, by a node that decodes.
func (g *graph) back(n *node) (sampler, decode *node) {
	for ; n != nil; n = g.next(n) {
		switch {
		case slices.Contains(samplers, n.class):
			return n, decode
		case strings.HasPrefix(n.class, "VAEDecode") && decode == nil:
			decode = n
		}
	}
	return nil, nil
}

// next is the node whose picture or latent a node changes.
func (g *graph) next(n *node) *node {
	for _, input := range onward {
		if source := g.follow(n, input); source != nil {
			return source
		}
	}
	return g.follow(n, n.only())
}

// sampler reads the sampler that began with noise; those after it are noted.
func (g *graph) sampler(n *node) {
	g.left = maxNodes
	for range len(g.nodes) {
		first, second := g.latent(n)
		if first == nil || first == n {
			break
		}
		if second {
			g.r.note(enlarged)
		} else {
			g.note("Another sampler went on with the picture (node %s), which is not yet possible: the first one is taken.", n.name)
		}
		g.r.Image, g.r.Denoising = "", nil
		n = first
	}
	g.left = maxNodes
	r := &g.r
	conditions := n // has the inputs positive, negative and model
	v := g.values(n, "seed", "noise_seed", "steps", "cfg", "sampler_name", "scheduler", "denoise", "add_noise", "start_at_step", "end_at_step")
	switch n.class {
	case "SamplerCustom", "SamplerCustomAdvanced":
		if noise := g.follow(n, "noise"); noise != nil {
			v["noise_seed"] = g.value(noise, "noise_seed")
			if noise.class == "DisableNoise" {
				v["add_noise"] = "disable"
			}
		}
		if guider := g.follow(n, "guider"); guider != nil {
			conditions = guider
			v["cfg"] = g.value(guider, "cfg")
			if guider.class == "BasicGuider" {
				v["cfg"] = "1"
			}
		}
		g.customSampler(g.follow(n, "sampler"), v)
		g.customSchedule(g.follow(n, "sigmas"), v)
	}
	r.Seed, r.Steps, r.Guidance = v.seed("seed", "noise_seed"), v.integer("steps"), v.number("cfg")
	r.Sampler, r.Schedule = v.text("sampler_name"), scheduleName(v.text("scheduler"))
	if d := v.number("denoise"); d != nil && *d < 1 {
		r.Denoising = d
		if r.Image == "" {
			g.note("The denoising began late (denoise %g) on an empty picture, which is not restored.", *d)
		}
	}
	if v.text("add_noise") == "disable" {
		g.note("No noise was added at the start (node %s), which is not restored.", n.name)
	}
	if v.integer("start_at_step") > 0 || v["end_at_step"] != nil && v.integer("end_at_step") != 0 && v.integer("end_at_step") < r.Steps {
		g.note("Only steps %s to %s were taken, which is not restored: all are.", v.text("start_at_step"), v.text("end_at_step"))
	}
	if c := g.follow(conditions, "conditioning"); c != nil { // a guider without a negative prompt
		r.Prompt = g.prompt(c)
	} else {
		r.Prompt = g.prompt(g.follow(conditions, "positive"))
		g.left = maxNodes
		r.Negative = g.prompt(g.follow(conditions, "negative"))
	}
	g.left = maxNodes
	g.model(conditions)
}

// latent reads the size of the latent a sampler begins with, and what else it
// is; it may be the work of an earlier sampler, larger or not.
func (g *graph) latent(n *node) (earlier *node, larger bool) {
	r := &g.r
	for n = g.follow(n, "latent_image"); n != nil; n = g.next(n) {
		switch {
		case slices.Contains(samplers, n.class):
			return n, larger
		case strings.HasPrefix(n.class, "Empty"): // EmptyLatentImage, EmptySD3LatentImage, …
			v := g.values(n, "width", "height", "batch_size")
			r.Width, r.Height = v.integer("width"), v.integer("height")
			if b := v.integer("batch_size"); b > 1 {
				r.BatchSize = b
				g.note("It is one of %d pictures drawn together, and the graph does not tell which: the first is made.", b)
			}
			return nil, false
		case strings.Contains(n.class, "Upscale"), strings.Contains(n.class, "Scale"):
			larger = true
		case n.class == "RepeatLatentBatch":
			g.note("It is one of several pictures drawn together, and the graph does not tell which: the first is made.")
		case strings.HasPrefix(n.class, "LoadImage"):
			r.Image = words(g.value(n, "image"))
		case n.class == "SetLatentNoiseMask", n.class == "VAEEncodeForInpaint", n.class == "InpaintModelConditioning":
			r.Mask = "the mask"
		}
		if r.Image == "" && strings.HasPrefix(n.class, "VAEEncode") {
			r.Image = beginning
		}
	}
	return nil, false
}

// customSampler reads a node that chooses a sampler.
func (g *graph) customSampler(n *node, v object) {
	if n == nil {
		return
	}
	v["sampler_name"] = g.value(n, "sampler_name")
	if rest, ok := strings.CutPrefix(n.class, "Sampler"); ok && words(v["sampler_name"]) == "" {
		v["sampler_name"] = strings.ToLower(rest) // SamplerEulerAncestral, SamplerDPMPP_2M_SDE, …
	}
	o := g.values(n, "eta", "s_noise")
	g.r.Eta, g.r.SNoise = o.number("eta"), o.number("s_noise")
}

// customSchedule reads a node that makes noise levels.
func (g *graph) customSchedule(n *node, v object) {
	if n == nil {
		return
	}
	o := g.values(n, "scheduler", "steps", "denoise", "sigma_max", "sigma_min", "rho")
	v["steps"], v["denoise"], v["scheduler"] = o["steps"], o["denoise"], o["scheduler"]
	switch rest, ok := strings.CutSuffix(n.class, "Scheduler"); {
	case n.class == "BasicScheduler":
	case ok:
		v["scheduler"] = map[string]string{"SDTurbo": "turbo", "AlignYourSteps": "align_your_steps", "BetaSampling": "beta"}[rest]
		if words(v["scheduler"]) == "" {
			v["scheduler"] = strings.ToLower(rest)
		}
		if lo, hi := o.number("sigma_min"), o.number("sigma_max"); lo != nil && hi != nil {
			if math.Abs(*lo-0.0291675) > 1e-6 || math.Abs(*hi-14.614642) > 1e-6 { // the node's own
				g.note("The noise went from σ %g to %g, which is not restored.", *hi, *lo)
			}
		}
	default: // cuts, reverses or joins levels
		g.note("The noise levels were changed by %s, which is not restored.", n.class)
		for _, input := range []string{"sigmas", "sigmas1"} {
			if next := g.follow(n, input); next != nil {
				g.customSchedule(next, v)
				return
			}
		}
	}
}

// prompt is the text that a node makes a condition of. The text encoder's clip
// skip and LoRAs are on its way.
func (g *graph) prompt(n *node) string {
	if n == nil {
		return ""
	}
	switch n.class {
	case "CLIPTextEncode":
		g.clip(g.follow(n, "clip"))
		if s := words(g.value(n, "text")); s != "" || g.follow(n, "text") == nil {
			if g.words += len(s); g.words > metadata.MaxText { // one text many times over
				return ""
			}
			return s
		}
		g.note("A prompt is made by node %s, which is not understood.", n.name)
		return ""
	case "CLIPTextEncodeSDXL", "CLIPTextEncodeSDXLRefiner", "CLIPTextEncodeFlux":
		g.clip(g.follow(n, "clip"))
		v := g.values(n, "text_g", "text_l", "text", "clip_l", "t5xxl")
		if a, b := v.text("text_g"), v.text("text_l"); a != "" && b != "" && a != b {
			g.note("SDXL's second text encoder had a prompt of its own, which is not restored: %s", shorten(b))
		}
		return v.text("text_g", "text_l", "text", "t5xxl", "clip_l")
	case "ConditioningCombine":
		return g.joined(n, " AND ", "Two prompts were mixed by ConditioningCombine, which takes the mean of what they ask for; they are joined by AND here, which takes the sum.", "conditioning_1", "conditioning_2")
	case "ConditioningConcat":
		return g.joined(n, " BREAK ", "", "conditioning_to", "conditioning_from")
	case "ConditioningAverage":
		return g.joined(n, " AND ", "Two prompts were mixed by ConditioningAverage, which is not yet possible; they are joined by AND here.", "conditioning_to", "conditioning_from")
	case "ConditioningZeroOut":
		return ""
	case "Reroute":
	default:
		if strings.HasPrefix(n.class, "ControlNet") {
			g.note("The picture was steered by another one (ControlNet), which is not yet possible.")
		} else {
			g.note("The prompt went through %s, which is not understood and left out.", n.class)
		}
		for _, key := range []string{"text", "prompt", "positive", "text_positive", "string"} { // encodes by itself
			if s, ok := n.inputs[key].(string); ok {
				return s
			}
		}
	}
	for _, input := range []string{"conditioning", "positive", "conditioning_to", n.only()} {
		if next := g.follow(n, input); next != nil {
			return g.prompt(next)
		}
	}
	return ""
}

// joined is the texts of two conditions, one when the other is empty.
func (g *graph) joined(n *node, with, sentence string, inputs ...string) string {
	var texts []string
	for _, input := range inputs {
		if s := g.prompt(g.follow(n, input)); s != "" {
			texts = append(texts, s)
		}
	}
	if len(texts) > 1 && sentence != "" {
		g.r.note(sentence)
	}
	return strings.Join(texts, with)
}

// clip goes from a text encoder to where it is loaded.
func (g *graph) clip(n *node) {
	for n != nil {
		if n.class == "CLIPSetLastLayer" {
			g.r.ClipSkip = -g.values(n, "stop_at_clip_layer").integer("stop_at_clip_layer")
		}
		next := g.follow(n, "clip")
		if next == nil && n.class == "Reroute" {
			next = g.follow(n, n.only())
		}
		n = next
	}
}

// model goes from the model a sampler uses to where it is loaded.
func (g *graph) model(n *node) {
	r := &g.r
	for n = g.follow(n, "model"); n != nil; {
		v := g.values(n, "ckpt_name", "unet_name", "lora_name", "strength_model", "strength_clip", "model_name", "multiplier", "scale")
		next := g.follow(n, "model")
		switch {
		case n.class == "LoraLoader" || n.class == "LoraLoaderModelOnly":
			name := modelName(v.text("lora_name"))
			r.lora(name, v.text("strength_model"), nil)
			if s := v.text("strength_clip"); s != "" && s != v.text("strength_model") {
				g.note("The LoRA %s had another weight in the text encoder, %s, which is not restored.", name, s)
			}
		case n.class == "PerturbedAttentionGuidance":
			r.PerturbedAttention = orNil(orZero(v.number("scale")))
		case n.class == "RescaleCFG":
			if r.GuidanceRescale = orNil(orZero(v.number("multiplier"))); r.GuidanceRescale != nil {
				g.note("RescaleCFG rescales velocities, whatever a model predicts: the picture is another unless the model predicts them.")
			}
		case next == nil && n.class == "Reroute":
			next = g.follow(n, n.only())
		case next == nil:
			r.Model = modelName(v.text("ckpt_name", "unet_name", "model_name"))
			if r.Model == "" {
				g.note("The model is loaded by %s, which is not understood.", n.class)
			}
		case n.class != "Reroute":
			g.note("The model was changed by %s, which is not yet possible.", n.class)
		}
		n = next
	}
	slices.Reverse(r.Loras) // in the order they were laid over the model
}
