package recipe

import (
	"regexp"
	"strconv"
	"strings"
)

var resolution = regexp.MustCompile(`^\D*(\d{1,6})\D+(\d{1,6})\D*$`)

// parseFooocus reads the JSON scheme of Fooocus; the other scheme is the web
// UI's grammar (parameters.go).
func parseFooocus(o object) (Recipe, bool) {
	if !o.isSet("base_model") && !o.isSet("Base Model") || !o.isSet("steps") && !o.isSet("Steps") && !o.isSet("performance") && !o.isSet("Performance") {
		return Recipe{}, false
	}
	r := Recipe{
		Tool: "Fooocus", Version: strings.TrimPrefix(o.text("version", "Version"), "Fooocus "), Dialect: "comfyui",
		Prompt: o.text("prompt", "Prompt"), Negative: o.text("negative_prompt", "Negative Prompt"),
		Seed: o.seed("seed", "Seed"), Steps: o.integer("steps", "Steps"), Guidance: o.number("guidance_scale", "Guidance Scale"),
		Sampler: o.text("sampler", "Sampler"), Schedule: scheduleName(o.text("scheduler", "Scheduler")),
		Model: modelName(o.text("base_model", "Base Model")), ModelHash: o.text("base_model_hash"),
		ClipSkip: o.integer("clip_skip", "CLIP Skip"),
	}
	if m := resolution.FindStringSubmatch(o.text("resolution", "Resolution")); m != nil {
		r.Width, _ = strconv.Atoi(m[1])
		r.Height, _ = strconv.Atoi(m[2])
	}
	if vae := o.text("vae", "VAE"); vae != "" && !strings.HasPrefix(vae, "Default") && vae != "None" {
		r.VAE = modelName(vae)
	}
	for _, item := range o.list("loras") {
		if l, ok := item.([]any); ok && len(l) >= 2 {
			lora := Lora{Name: modelName(words(l[0])), Weight: 1}
			if w, err := strconv.ParseFloat(words(l[1]), 64); err == nil {
				lora.Weight = w
			}
			if len(l) > 2 {
				lora.Hash = words(l[2])
			}
			r.Loras = append(r.Loras, lora)
		}
	}
	if r.Loras == nil {
		for _, key := range o.keys() {
			if strings.HasPrefix(key, "lora_combined_") || strings.HasPrefix(key, "LoRA ") {
				if parts := strings.Split(o.text(key), " : "); len(parts) >= 2 && parts[0] != "None" && parts[0] != "False" {
					r.lora(modelName(parts[len(parts)-2]), parts[len(parts)-1], nil)
				}
			}
		}
	}
	if styles := o.text("styles", "Styles"); strings.Trim(styles, "[] ") != "" {
		r.note("The styles " + shorten(styles) + " added words to the prompt, which are not restored: the prompt is as it was typed.")
	}
	r.noteSet(o, "Fooocus sharpened the noise estimate (sharpness %s), which is not yet possible.", "sharpness", "Sharpness")
	r.noteSet(o, "The sizes that SDXL is told were scaled (ADM guidance %s), which is not yet possible.", "adm_guidance", "ADM Guidance")
	r.noteSet(o, "A second model refined the picture (refiner %s), which is not yet possible.", "refiner_model", "Refiner Model")
	r.noteSet(o, "FreeU was used, which is not yet possible.", "freeu", "FreeU")
	return r, true
}
