package checkpoint

import "strings"

// clipScheme is transformers' naming of a text encoder. Some files leave out the
// "text_model." that names begin with.
func clipScheme(has func(string) bool) scheme {
	const table = "embeddings.token_embedding.weight"
	switch {
	case has("text_model." + table):
		return func(name string) []piece {
			if name == "text_projection" || name == "text_model.text_projection" { // as OpenCLIP has it
				return []piece{{name: "text_projection.weight", transposed: true}}
			}
			return whole(name)
		}
	case has(table):
		return func(name string) []piece {
			switch {
			case name == "text_projection":
				return []piece{{name: "text_projection.weight", transposed: true}}
			case strings.HasPrefix(name, "text_projection."):
				return whole(name)
			}
			return whole("text_model." + name)
		}
	}
	return nil
}

// openCLIPScheme is OpenCLIP's naming. It keeps a layer's queries, keys and
// values in one tensor, and multiplies by its projection from the other side.
func openCLIPScheme(has func(string) bool) scheme {
	if !has("transformer.resblocks.0.ln_1.weight") {
		return nil
	}
	return func(name string) []piece {
		if ours, ok := openCLIPEnds[name]; ok {
			return []piece{{name: ours, transposed: name == "text_projection"}}
		}
		rest, ok := strings.CutPrefix(name, "transformer.resblocks.")
		number, rest, ok2 := strings.Cut(rest, ".")
		if !ok || !ok2 {
			return nil
		}
		layer := "text_model.encoder.layers." + number + "."
		if kind, ok := strings.CutPrefix(rest, "attn.in_proj_"); ok {
			var pieces []piece
			for i, p := range []string{"q_proj.", "k_proj.", "v_proj."} {
				pieces = append(pieces, piece{name: layer + "self_attn." + p + kind, n: i, of: 3})
			}
			return pieces
		}
		if ours, ok := replacePrefix(rest, openCLIPLayer); ok {
			return whole(layer + ours)
		}
		return nil
	}
}

var openCLIPEnds = map[string]string{
	"positional_embedding":   "text_model.embeddings.position_embedding.weight",
	"token_embedding.weight": "text_model.embeddings.token_embedding.weight",
	"ln_final.weight":        "text_model.final_layer_norm.weight",
	"ln_final.bias":          "text_model.final_layer_norm.bias",
	"text_projection":        "text_projection.weight",
}

var openCLIPLayer = [][2]string{
	{"ln_1.", "layer_norm1."},
	{"ln_2.", "layer_norm2."},
	{"mlp.c_fc.", "mlp.fc1."},
	{"mlp.c_proj.", "mlp.fc2."},
	{"attn.out_proj.", "self_attn.out_proj."},
}
