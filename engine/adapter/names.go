package adapter

import (
	"regexp"
	"strings"
)

// tensorName is a tensor's name: the layer's, what the tensor is in the change to
// it, perhaps the adapter's name, and "weight".
var tensorName = regexp.MustCompile(`^(.+?)[._](` +
	`lora_down|lora_A|lora\.down|lora_linear_layer\.down|` +
	`lora_up|lora_B|lora\.up|lora_linear_layer\.up|` +
	`lora_mid|alpha|dora_scale|lora_magnitude_vector|diff|` +
	`hada_w1_a|hada_w1_b|hada_w2_a|hada_w2_b|hada_t1|hada_t2|` +
	`lokr_w1|lokr_w1_a|lokr_w1_b|lokr_w2|lokr_w2_a|lokr_w2_b|lokr_t2` +
	`)(?:\.\w+)?(?:\.weight)?$`)

// roles gives the several names of one thing one.
var roles = map[string]string{
	"lora_A": "lora_down", "lora.down": "lora_down", "lora_linear_layer.down": "lora_down",
	"lora_B": "lora_up", "lora.up": "lora_up", "lora_linear_layer.up": "lora_up",
	"lora_magnitude_vector": "dora_scale",
}

// parts is how names of layers begin, and to which part they belong then. The
// longer ones come first.
var parts = []struct{ begins, part string }{
	{"lora_unet_", UNet},
	{"lora_te1_", Text},
	{"lora_te2_", Text2},
	{"lora_te_", Text},
	{"lycoris_", UNet},
	{"unet.", UNet},
	{"text_encoder_2.", Text2},
	{"text_encoder.", Text},
	{"model.diffusion_model.", UNet},
	{"diffusion_model.", UNet},
	{"text_model.", Text},
	{"", UNet}, // PEFT's own files don't say
}

// parse takes a tensor's name apart.
func parse(key string) (at layer, role string, ok bool) {
	m := tensorName.FindStringSubmatch(key)
	if m == nil {
		return layer{}, "", false
	}
	name, role := m[1], m[2]
	if other := roles[role]; other != "" {
		role = other
	}
	name = strings.TrimPrefix(name, "base_model.model.")
	for _, p := range parts {
		if rest, found := strings.CutPrefix(name, p.begins); found {
			return layer{p.part, plain(p.part, rest)}, role, true
		}
	}
	return layer{}, "", false
}

// plain is a layer's name in the form that kohya gives it: as in diffusers, with _
// for dots. The old attention processors of diffusers are resolved.
func plain(part, name string) string {
	name = strings.ReplaceAll(name, ".processor.", ".")
	name = strings.ReplaceAll(name, ".", "_")
	if strings.HasSuffix(name, "_to_out") {
		name += "_0"
	}
	if part == UNet {
		return name
	}
	for _, old := range [][2]string{{"_to_q", "_q_proj"}, {"_to_k", "_k_proj"}, {"_to_v", "_v_proj"}, {"_to_out_0", "_out_proj"}} {
		if rest, found := strings.CutSuffix(name, old[0]); found {
			name = rest + old[1]
		}
	}
	return strings.TrimPrefix(name, "text_model_") // which transformers has left out since
}
