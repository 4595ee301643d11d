package recipe

import (
	"regexp"
	"strings"
)

// parseInvoke reads the text invokeai_metadata of InvokeAI 3 and later.
func parseInvoke(o object) (Recipe, bool) {
	if _, ok := o["positive_prompt"]; !ok && !o.isSet("generation_mode") {
		return Recipe{}, false
	}
	r := Recipe{
		Tool: "InvokeAI", Version: o.text("app_version", "imported_app_version"), Dialect: "invokeai",
		Prompt: o.text("positive_prompt"), Negative: o.text("negative_prompt"),
		Seed: o.seed("seed"), Steps: o.integer("steps"), Guidance: o.number("cfg_scale"),
		Width: o.integer("width"), Height: o.integer("height"),
		// it counts the layers left away, the web UI that which is taken
		ClipSkip: o.integer("clip_skip") + 1,
	}
	r.Sampler, r.Schedule = invokeSampler(o.text("scheduler"))
	r.Model, r.ModelHash = invokeModel(o, "model")
	r.VAE, r.VAEHash = invokeModel(o, "vae")
	for _, item := range o.list("loras") {
		item, _ := item.(map[string]any)
		lora := Lora{Weight: 1}
		for _, key := range []string{"model", "lora"} {
			if name, hash := invokeModel(item, key); name != "" {
				lora.Name, lora.Hash = name, hash
			}
		}
		if w := object(item).number("weight"); w != nil {
			lora.Weight = *w
		}
		if lora.Name != "" {
			r.Loras = append(r.Loras, lora)
		}
	}
	if o.isSet("init_image") || strings.Contains(o.text("generation_mode"), "img2img") || strings.Contains(o.text("generation_mode"), "inpaint") {
		r.Image, r.Denoising = beginning, o.number("strength")
	}
	if o.text("rand_device") != "cpu" && o.isSet("rand_device") {
		r.note("The noise was made on a graphics card (" + o.text("rand_device") + "), and this program makes the processor's.")
	}
	r.noteSet(o, "The style prompt (%s) is not used: it is for SDXL models.", "positive_style_prompt", "negative_style_prompt")
	r.noteSet(o, enlarged, "hrf_enabled")
	r.noteSet(o, "A second model refined the picture (refiner), which is not yet possible.", "refiner_model")
	r.noteSet(o, "The picture was steered by another one (ControlNet), which is not yet possible.", "controlnets", "t2iAdapters", "ipAdapters", "control_layers", "canvas_v2_metadata")
	r.noteSet(o, "Its edges were made to meet (seamless tiling), which is not yet possible.", "seamless_x", "seamless_y")
	r.GuidanceRescale = orNil(orZero(o.number("cfg_rescale_multiplier")))
	return r, true
}

// invokeModel is a model's name and hash, which have had several forms.
func invokeModel(o object, key string) (name, hash string) {
	if s := o.text(key); s != "" {
		return modelName(s), ""
	}
	m := o.at(key)
	hash = m.text("hash")
	if strings.HasPrefix(hash, "blake3:") || strings.HasPrefix(hash, "random:") { // not of the file as others know it
		hash = ""
	}
	return modelName(m.text("name", "model_name")), strings.TrimPrefix(hash, "sha256:")
}

// invokeSampler splits a scheduler's name, of which "_k" is Karras's schedule. Its
// UniPC is diffusers', and not the web UI's.
func invokeSampler(name string) (sampler, schedule string) {
	sampler = strings.TrimPrefix(name, "k_")
	if rest, ok := strings.CutSuffix(name, "_k"); ok {
		sampler, schedule = rest, "karras"
	}
	if sampler == "unipc" {
		sampler = "uni_pc_bh2"
	}
	return sampler, schedule
}

// parseInvokeOld reads the text sd-metadata of InvokeAI 2.
func parseInvokeOld(o object) (Recipe, bool) {
	image := o.at("image")
	if image == nil {
		return Recipe{}, false
	}
	r := Recipe{
		Tool: "InvokeAI", Version: o.text("app_version"), Dialect: "invokeai",
		Seed: image.seed("seed"), Steps: image.integer("steps"), Guidance: image.number("cfg_scale"),
		Width: image.integer("width"), Height: image.integer("height"),
		Model: modelName(o.text("model_weights")), ModelHash: o.text("model_hash"),
	}
	r.Sampler, r.Schedule = invokeSampler(image.text("sampler"))
	parts := []string{image.text("prompt")}
	for _, part := range image.list("prompt") {
		part, _ := part.(map[string]any)
		parts = append(parts, object(part).text("prompt"))
	}
	r.Prompt = strings.TrimSpace(strings.Join(parts, " "))
	r.Prompt, r.Negative = invokePrompts(r.Prompt)
	if kind := image.text("type"); kind != "" && kind != "txt2img" {
		r.Image, r.Denoising = beginning, image.number("strength")
	}
	r.noteSet(image, "Its edges were made to meet (seamless tiling), which is not yet possible.", "seamless")
	r.noteSet(image, enlarged, "hires_fix")
	r.noteSet(image, "The finished picture was enlarged or changed afterwards, which is not yet possible.", "postprocessing")
	r.noteSet(image, "Variations were mixed into the noise, which is not restored.", "variations")
	return r, true
}

// bracketed is a part of an old InvokeAI prompt that is kept away from.
var bracketed = regexp.MustCompile(`\[([^\[\]]*)\]`)

// invokePrompts takes the negative prompt out of the brackets in a prompt.
func invokePrompts(text string) (prompt, negative string) {
	var parts []string
	for _, m := range bracketed.FindAllStringSubmatch(text, -1) {
		parts = append(parts, strings.TrimSpace(m[1]))
	}
	return strings.TrimSpace(bracketed.ReplaceAllString(text, "")), strings.Join(parts, " ")
}

// dream is the text Dream of InvokeAI's first versions: a prompt in quotes and
// the switches of a command.
var dream = regexp.MustCompile(`^"((?:[^"\\]|\\.)*)"((?: -\w+ ?\S*)*)`)

// parseDream reads such a command.
func parseDream(text string) (Recipe, bool) {
	m := dream.FindStringSubmatch(text)
	if m == nil || m[2] == "" {
		return Recipe{}, false
	}
	o := object{}
	for field := range strings.SplitSeq(m[2], " -") {
		if field != "" {
			o[field[:1]] = strings.TrimSpace(field[1:])
		}
	}
	r := Recipe{
		Tool: "InvokeAI", Dialect: "invokeai", Seed: o.seed("S"), Steps: o.integer("s"), Guidance: o.number("C"),
		Width: o.integer("W"), Height: o.integer("H"),
	}
	r.Sampler, r.Schedule = invokeSampler(o.text("A"))
	r.Prompt, r.Negative = invokePrompts(strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(m[1]))
	if o.isSet("I") {
		r.Image, r.Denoising = beginning, o.number("f")
	}
	return r, true
}
