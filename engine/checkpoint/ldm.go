package checkpoint

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ldmPrefixes is where one file of a Stable Diffusion 1 holds the parts of a
// model folder; the names are those of CompVis's latent-diffusion (LDM).
var ldmPrefixes = map[string]string{
	"unet":         "model.diffusion_model.",
	"vae":          "first_stage_model.",
	"text_encoder": "cond_stage_model.transformer.",
}

// CheckLDM says what f is if it isn't a whole Stable Diffusion 1 in one file.
func (f *File) CheckLDM() error {
	const help = "get the model as a folder in diffusers' layout, or choose a Stable Diffusion 1"
	for _, kind := range []struct{ begins, is string }{
		{"conditioner.embedders.", "a Stable Diffusion XL in one file, which can't be read: " + help},
		{"cond_stage_model.model.", "a Stable Diffusion 2 in one file, which can't be read: " + help},
		{"lora_", "a LoRA, a change to a model and not a model: choose the model's own file"},
	} {
		for _, name := range f.names {
			if strings.HasPrefix(name, kind.begins) {
				return fmt.Errorf("%s is %s (%w)", f.name, kind.is, errors.ErrUnsupported)
			}
		}
	}
	for _, part := range []string{"unet", "vae", "text_encoder"} {
		if prefix := ldmPrefixes[part]; len(f.Reader(prefix).Unused()) == 0 {
			return fmt.Errorf("%s is not a whole Stable Diffusion 1: it has no tensors %s…, the %s: choose a file that holds all parts (%w)",
				f.name, prefix, part, errors.ErrUnsupported)
		}
	}
	return nil
}

// LDM reads a part of a Stable Diffusion 1 in one file by the names and shapes
// that diffusers and transformers give its tensors.
func (f *File) LDM(part string) *Reader {
	r := f.Reader(ldmPrefixes[part])
	names := ldm{has: r.Has}
	switch part {
	case "unet":
		// a level ends with the convolution that halves it; the last has none
		for names.layers = 1; names.layers < 8 && !r.Has(fmt.Sprintf("input_blocks.%d.0.op.weight", names.layers+1)); {
			names.layers++
		}
		r.rename = names.unet
	case "vae":
		for r.Has(fmt.Sprintf("decoder.up.%d.block.0.conv1.weight", names.levels)) {
			names.levels++
		}
		r.rename = names.vae
	case "text_encoder":
		if !r.Has("text_model.embeddings.token_embedding.weight") { // some files leave it out
			r.rename = func(name string) string { return strings.TrimPrefix(name, "text_model.") }
		}
	}
	r.ignore = []string{
		"text_model.embeddings.position_ids", "embeddings.position_ids", // 0, 1, 2 …
		"loss.", "model_ema.", // left over from training
	}
	return r
}

// ldm turns diffusers' names into LDM's, which count a network's blocks through.
type ldm struct {
	layers int // residual blocks of each of the U-Net's levels, on the way down
	levels int // of the autoencoder
	has    func(name string) bool
}

// place is a tensor's position in diffusers' order, as in
// down_blocks.<block>.resnets.<layer>.<rest>; the middle has no block.
type place struct {
	half, kind, rest string
	block, layer     int
}

func parsePlace(name string) (p place, ok bool) {
	parts := strings.SplitN(name, ".", 5)
	if len(parts) > 0 && parts[0] == "mid_block" {
		parts = strings.SplitN("mid_block.0."+strings.TrimPrefix(name, "mid_block."), ".", 5)
	}
	if len(parts) < 5 {
		return place{}, false
	}
	p = place{half: parts[0], kind: parts[2], rest: parts[4]}
	var err1, err2 error
	p.block, err1 = strconv.Atoi(parts[1])
	p.layer, err2 = strconv.Atoi(parts[3])
	return p, err1 == nil && err2 == nil
}

// unet maps the names of diffusers' UNet2DConditionModel.
func (l ldm) unet(name string) string {
	p, ok := parsePlace(name)
	if !ok {
		return replacePrefix(name, [][2]string{
			{"conv_in.", "input_blocks.0.0."},
			{"time_embedding.linear_1.", "time_embed.0."},
			{"time_embedding.linear_2.", "time_embed.2."},
			{"conv_norm_out.", "out.0."},
			{"conv_out.", "out.2."},
		})
	}
	if p.kind == "resnets" {
		p.rest = replacePrefix(p.rest, [][2]string{
			{"norm1.", "in_layers.0."},
			{"conv1.", "in_layers.2."},
			{"time_emb_proj.", "emb_layers.1."},
			{"norm2.", "out_layers.0."},
			{"conv2.", "out_layers.3."},
			{"conv_shortcut.", "skip_connection."},
		})
	}
	per := l.layers + 1 // blocks of a level: one is the change of size, or on the way up one more layer
	switch p.half + "/" + p.kind {
	case "down_blocks/resnets":
		return fmt.Sprintf("input_blocks.%d.0.%s", p.block*per+p.layer+1, p.rest)
	case "down_blocks/attentions":
		return fmt.Sprintf("input_blocks.%d.1.%s", p.block*per+p.layer+1, p.rest)
	case "down_blocks/downsamplers":
		return fmt.Sprintf("input_blocks.%d.0.op.%s", (p.block+1)*per, strings.TrimPrefix(p.rest, "conv."))
	case "mid_block/resnets":
		return fmt.Sprintf("middle_block.%d.%s", 2*p.layer, p.rest)
	case "mid_block/attentions":
		return fmt.Sprintf("middle_block.1.%s", p.rest)
	case "up_blocks/resnets":
		return fmt.Sprintf("output_blocks.%d.0.%s", p.block*per+p.layer, p.rest)
	case "up_blocks/attentions":
		return fmt.Sprintf("output_blocks.%d.1.%s", p.block*per+p.layer, p.rest)
	case "up_blocks/upsamplers":
		// it follows the last layer's residual block, and its attention if any
		last := fmt.Sprintf("output_blocks.%d.", p.block*per+l.layers)
		if after := last + "2." + p.rest; l.has(after) {
			return after
		}
		return last + "1." + p.rest
	}
	return name
}

// vae maps the names of diffusers' AutoencoderKL.
func (l ldm) vae(name string) string {
	half, rest, _ := strings.Cut(name, ".")
	p, ok := parsePlace(rest)
	if !ok {
		return strings.Replace(name, ".conv_norm_out.", ".norm_out.", 1)
	}
	p.rest = replacePrefix(p.rest, [][2]string{
		{"conv_shortcut.", "nin_shortcut."},
		{"group_norm.", "norm."},
		{"to_q.", "q."},
		{"to_k.", "k."},
		{"to_v.", "v."},
		{"to_out.0.", "proj_out."},
	})
	switch p.half + "/" + p.kind {
	case "down_blocks/resnets":
		return fmt.Sprintf("%s.down.%d.block.%d.%s", half, p.block, p.layer, p.rest)
	case "down_blocks/downsamplers":
		return fmt.Sprintf("%s.down.%d.downsample.%s", half, p.block, p.rest)
	case "mid_block/resnets":
		return fmt.Sprintf("%s.mid.block_%d.%s", half, p.layer+1, p.rest)
	case "mid_block/attentions":
		return fmt.Sprintf("%s.mid.attn_1.%s", half, p.rest)
	case "up_blocks/resnets": // counted from the finest level
		return fmt.Sprintf("%s.up.%d.block.%d.%s", half, l.levels-1-p.block, p.layer, p.rest)
	case "up_blocks/upsamplers":
		return fmt.Sprintf("%s.up.%d.upsample.%s", half, l.levels-1-p.block, p.rest)
	}
	return name
}

// replacePrefix replaces the first of the pairs' prefixes that name has.
func replacePrefix(name string, pairs [][2]string) string {
	for _, p := range pairs {
		if rest, ok := strings.CutPrefix(name, p[0]); ok {
			return p[1] + rest
		}
	}
	return name
}
