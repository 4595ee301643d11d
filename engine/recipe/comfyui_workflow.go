package recipe

import "strings"

// widgets are the values that the nodes of ComfyUI's window keep in a row, by
// the names they have for the server; "" is one the server does not get.
var widgets = map[string][]string{
	"CheckpointLoaderSimple": {"ckpt_name"},
	"UNETLoader":             {"unet_name"},
	"VAELoader":              {"vae_name"},
	"LoraLoader":             {"lora_name", "strength_model", "strength_clip"},
	"LoraLoaderModelOnly":    {"lora_name", "strength_model"},
	"CLIPTextEncode":         {"text"},
	"CLIPSetLastLayer":       {"stop_at_clip_layer"},
	"EmptyLatentImage":       {"width", "height", "batch_size"},
	"EmptySD3LatentImage":    {"width", "height", "batch_size"},
	"KSampler":               {"seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"},
	"KSamplerAdvanced":       {"add_noise", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler", "start_at_step", "end_at_step", "return_with_leftover_noise"},
	"SamplerCustom":          {"add_noise", "noise_seed", "", "cfg"},
	"KSamplerSelect":         {"sampler_name"},
	"BasicScheduler":         {"scheduler", "steps", "denoise"},
	"KarrasScheduler":        {"steps", "sigma_max", "sigma_min", "rho"},
	"RandomNoise":            {"noise_seed"},
	"CFGGuider":              {"cfg"},
	"LatentUpscale":          {"upscale_method", "width", "height", "crop"},
	"LatentUpscaleBy":        {"upscale_method", "scale_by"},
	"LoadImage":              {"image"},
	"PrimitiveNode":          {"value"},
	"ConditioningAverage":    {"conditioning_to_strength"},
}

// parseWorkflow reads a graph in the form ComfyUI's window saves it: a list of
// nodes with their widgets' values, and a list of links [number, node, output,
// node, input, type]. It is under the keyword workflow, and in exported files.
func parseWorkflow(text string) (Recipe, bool) {
	text = strings.TrimPrefix(strings.TrimPrefix(text, "workflow:"), "Workflow:")
	o, ok := parseObject(text)
	if !ok {
		return Recipe{}, false
	}
	from := map[string]any{} // the node a link comes from
	for _, item := range o.list("links") {
		switch l := item.(type) {
		case []any:
			if len(l) >= 3 {
				from[words(l[0])] = []any{words(l[1]), l[2]}
			}
		case map[string]any: // newer versions
			from[object(l).text("id")] = []any{object(l).text("origin_id"), l["origin_slot"]}
		}
	}
	nodes := map[string]*node{}
	for _, item := range o.list("nodes") {
		m, _ := item.(map[string]any)
		o := object(m)
		if mode := o.integer("mode"); mode == 2 || o.text("type") == "Note" { // switched off
			continue
		}
		n := &node{name: o.text("id"), class: o.text("type"), inputs: object{}}
		if o.integer("mode") == 4 { // passes on what it gets
			n.class = "Reroute"
		}
		for i, value := range o.list("widgets_values") {
			if names := widgets[n.class]; i < len(names) && names[i] != "" {
				n.inputs[names[i]] = value
			}
		}
		for _, item := range o.list("inputs") {
			input, _ := item.(map[string]any)
			if link, ok := from[object(input).text("link")]; ok && object(input).text("link") != "" {
				name := object(input).text("name")
				if name == "" {
					name = "link"
				}
				n.inputs[name] = link
			}
		}
		nodes[n.name] = n
	}
	return readGraph(nodes)
}
