package models

import (
	"path/filepath"
	"slices"
	"strings"

	"darkroom/engine/checkpoint"
)

// Kind is what a file is for.
type Kind string

// The kinds there are.
const (
	Whole       Kind = "model" // everything that a picture needs
	UNet        Kind = "U-Net"
	VAE         Kind = "autoencoder"
	TextEncoder Kind = "text encoder"
	LoRA        Kind = "LoRA"
	Embedding   Kind = "embedding"
	ControlNet  Kind = "ControlNet"
	Upscaler    Kind = "upscaler"
	Unknown     Kind = "unknown"
)

// extensions is how the names of files with weights end.
var extensions = []string{".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".bin", ".gguf"}

// WeightFile tells files with weights by how their names end.
func WeightFile(path string) bool {
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(path)))
}

// pickled tells a file whose ending says no more than that Python wrote it.
func pickled(path string) bool {
	return slices.Contains([]string{".pt", ".pth", ".bin"}, strings.ToLower(filepath.Ext(path)))
}

// places is what the folders of the web UI (AUTOMATIC1111) and of ComfyUI are for,
// by their names in lower case.
var places = map[string]Kind{
	"stable-diffusion": Whole, "checkpoints": Whole,
	"unet": UNet, "diffusion_models": UNet,
	"vae": VAE, "vae-approx": VAE, "vae_approx": VAE,
	"clip": TextEncoder, "text_encoders": TextEncoder, "text_encoder": TextEncoder,
	"lora": LoRA, "loras": LoRA, "lycoris": LoRA,
	"embeddings": Embedding, "textual_inversion": Embedding,
	"controlnet": ControlNet, "t2i_adapter": ControlNet,
	"esrgan": Upscaler, "realesrgan": Upscaler, "swinir": Upscaler, "upscale_models": Upscaler,
}

// placed is the kind of things that lie where path does: the nearest folder that
// has a meaning decides.
func placed(path string) Kind {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if kind, known := places[strings.ToLower(filepath.Base(dir))]; known {
			return kind
		}
		if dir == filepath.Dir(dir) {
			return Unknown
		}
	}
}

// marks tells kinds by the names of their tensors; the first that fits decides. The
// names are those that kohya's trainer, PEFT, LyCORIS, diffusers and the original
// implementations write.
var marks = []struct {
	kind     Kind
	begins   []string
	contains []string
}{
	{kind: ControlNet, begins: []string{"control_model.", "controlnet_", "lllite_"}},
	{
		kind: LoRA, begins: []string{"lora_unet_", "lora_te", "lycoris_"},
		contains: []string{".lora_down.", ".lora_A.", "_lora.down.", ".lora.down.", "lora_linear_layer", ".hada_w1_", ".lokr_w"},
	},
	{kind: Embedding, begins: []string{"emb_params", "string_to_param", "clip_g", "clip_l"}},
	{kind: Upscaler, begins: []string{"RRDB_trunk", "model.1.sub.0", "body.0.rdb1", "conv_first."}},
	{kind: Whole, begins: []string{"conditioner.embedders.", "cond_stage_model."}},
	{kind: UNet, begins: []string{
		"model.diffusion_model.", "input_blocks.", "down_blocks.", "double_blocks.", "joint_blocks.", "transformer_blocks.",
	}},
	{kind: VAE, begins: []string{
		"first_stage_model.", "decoder.conv_in", "decoder.mid", "decoder.up", "decoder.layers.", "encoder.layers.0.conv", "taesd_",
	}},
	{kind: TextEncoder, begins: []string{"text_model.", "transformer.resblocks.", "cond_stage_model.", "transformer.text_model."}},
}

// KindOf tells what a file is by the names of its tensors.
func KindOf(f *checkpoint.File) Kind {
	names := f.Names()
	for _, m := range marks {
		for _, name := range names {
			starts := func(begin string) bool { return strings.HasPrefix(name, begin) }
			holds := func(part string) bool { return strings.Contains(name, part) }
			if !slices.ContainsFunc(m.begins, starts) && !slices.ContainsFunc(m.contains, holds) {
				continue
			}
			// a text encoder that is named as in a whole model is one only without a U-Net
			if m.kind == Whole && !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "model.diffusion_model.") }) {
				break
			}
			return m.kind
		}
	}
	if len(names) > 0 && len(names) <= mostVectors && allTables(f, names) {
		return Embedding
	}
	return Unknown
}

// mostVectors is how many tensors an embedding of diffusers' form has at most: one
// for each new word.
const mostVectors = 16

// allTables reports whether every tensor could be vectors for a text encoder of
// Stable Diffusion: of 768, 1024 or 1280 numbers.
func allTables(f *checkpoint.File, names []string) bool {
	for _, name := range names {
		shape, _ := f.Shape(name)
		if n := len(shape); n < 1 || n > 2 || shape[n-1] != 768 && shape[n-1] != 1024 && shape[n-1] != 1280 {
			return false
		}
	}
	return true
}
