package recipe

import "strings"

// parseNovelAI reads the text Comment of NovelAI's pictures.
func parseNovelAI(o object) (Recipe, bool) {
	if !o.isSet("prompt") || !o.isSet("uc") && !o.isSet("scale") {
		return Recipe{}, false
	}
	r := Recipe{
		Tool: "NovelAI", Prompt: o.text("prompt"), Negative: o.text("uc"),
		Seed: o.seed("seed"), Steps: o.integer("steps"), Guidance: o.number("scale"),
		Width: o.integer("width"), Height: o.integer("height"), Sampler: o.text("sampler"),
		Schedule: scheduleName(o.text("noise_schedule")),
		Model:    o.text("source", "model"),
	}
	if r.Schedule == "native" {
		r.Schedule = "normal"
	}
	if strings.HasSuffix(r.Sampler, "_ancestral") || o.isSet("eta") {
		r.Eta = o.number("eta")
	}
	r.note("NovelAI draws with models of its own, which nobody else has.")
	if strings.ContainsAny(r.Prompt+r.Negative, "{}") {
		r.note("NovelAI weighs words by braces, {so}, which are choices here.")
	}
	if o.isSet("image") || o.text("request_type") == "Img2ImgRequest" {
		r.Image, r.Denoising = beginning, o.number("strength")
	}
	r.noteSet(o, "SMEA, which changes the noise at large sizes, is not possible.", "sm", "sm_dyn")
	r.GuidanceRescale = orNil(orZero(o.number("cfg_rescale")))
	r.noteSet(o, "Dynamic thresholding was used, which is not yet possible.", "dynamic_thresholding")
	return r, true
}

// parseDrawThings reads the XMP property UserComment of Draw Things' pictures.
func parseDrawThings(o object) (Recipe, bool) {
	if _, ok := o["c"].(string); !ok || !o.isSet("sampler") {
		return Recipe{}, false
	}
	r := Recipe{
		Tool: "Draw Things", Prompt: o.text("c"), Negative: o.text("uc"),
		Seed: o.seed("seed"), Steps: o.integer("steps"), Guidance: o.number("scale"),
		Model: modelName(o.text("model")), ClipSkip: o.at("v2").integer("clipSkip"),
	}
	r.Sampler, r.Schedule = splitSampler(o.text("sampler"), "")
	if m := resolution.FindStringSubmatch(o.text("size")); m != nil {
		r.Width, r.Height = object{"n": m[1]}.integer("n"), object{"n": m[2]}.integer("n")
	}
	for _, item := range o.list("lora") {
		item, _ := item.(map[string]any)
		if name := object(item).text("model", "file"); name != "" {
			r.lora(modelName(name), object(item).text("weight"), nil)
		}
	}
	switch mode := strings.ReplaceAll(strings.ToLower(o.text("seed_mode")), " ", ""); {
	case strings.HasPrefix(mode, "nvidia"):
		r.Dialect = "a1111"
	case strings.HasPrefix(mode, "torchcpu"):
		r.Dialect = "comfyui"
	default:
		r.note("Draw Things made the noise in a way of its own (seed mode " + o.text("seed_mode") + "): the same seed gives another picture.")
	}
	if s := o.number("strength"); s != nil && *s < 1 {
		r.Image, r.Denoising = beginning, s
	}
	r.noteSet(o, "The picture was steered by another one (ControlNet), which is not yet possible.", "control")
	return r, true
}

// parseSwarm reads the text parameters of SwarmUI, which draws by ComfyUI.
func parseSwarm(o object) (Recipe, bool) {
	o = o.at("sui_image_params")
	if o == nil {
		return Recipe{}, false
	}
	r := Recipe{
		Tool: "SwarmUI", Version: o.text("swarm_version"), Dialect: "comfyui",
		Prompt: o.text("prompt"), Negative: o.text("negativeprompt"),
		Seed: o.seed("seed"), Steps: o.integer("steps"), Guidance: o.number("cfgscale"),
		Width: o.integer("width"), Height: o.integer("height"), Model: modelName(o.text("model")),
		Sampler: o.text("sampler"), Schedule: scheduleName(o.text("scheduler")), VAE: modelName(o.text("vae")),
		VariationSeed: o.seed("variationseed"),
	}
	if s := o.number("variationseedstrength"); s != nil {
		r.VariationStrength = *s
	}
	weights := o.list("loraweights")
	for i, item := range o.list("loras") {
		weight := ""
		if i < len(weights) {
			weight = words(weights[i])
		}
		r.lora(modelName(words(item)), weight, nil)
	}
	if o.isSet("initimage") {
		r.Image, r.Denoising = beginning, o.number("initimagecreativity")
	}
	r.noteSet(o, "A second model refined or enlarged the picture (refiner), which is not yet possible.", "refinermodel", "refinerupscale")
	r.noteSet(o, "The picture was steered by another one (ControlNet), which is not yet possible.", "controlnetmodel")
	return r, true
}
