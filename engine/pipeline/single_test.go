package pipeline

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/nn"
	"darkroom/engine/schedule"
)

// ldmNames spells the tiny model's names as one file of a Stable Diffusion 1
// would: its U-Net and its autoencoder have two levels.
var ldmNames = map[string]*strings.Replacer{
	"unet": strings.NewReplacer(
		"time_embedding.linear_1", "time_embed.0", "time_embedding.linear_2", "time_embed.2",
		"conv_in.", "input_blocks.0.0.",
		"down_blocks.0.resnets.0", "input_blocks.1.0", "down_blocks.0.attentions.0", "input_blocks.1.1",
		"down_blocks.0.resnets.1", "input_blocks.2.0", "down_blocks.0.attentions.1", "input_blocks.2.1",
		"down_blocks.0.downsamplers.0.conv", "input_blocks.3.0.op",
		"down_blocks.1.resnets.0", "input_blocks.4.0", "down_blocks.1.resnets.1", "input_blocks.5.0",
		"mid_block.resnets.0", "middle_block.0", "mid_block.attentions.0", "middle_block.1", "mid_block.resnets.1", "middle_block.2",
		"up_blocks.0.resnets.0", "output_blocks.0.0", "up_blocks.0.resnets.1", "output_blocks.1.0", "up_blocks.0.resnets.2", "output_blocks.2.0",
		"up_blocks.0.upsamplers.0", "output_blocks.2.1",
		"up_blocks.1.resnets.0", "output_blocks.3.0", "up_blocks.1.attentions.0", "output_blocks.3.1",
		"up_blocks.1.resnets.1", "output_blocks.4.0", "up_blocks.1.attentions.1", "output_blocks.4.1",
		"up_blocks.1.resnets.2", "output_blocks.5.0", "up_blocks.1.attentions.2", "output_blocks.5.1",
		"conv_norm_out", "out.0", "conv_out", "out.2",
	),
	"unet/resnets": strings.NewReplacer(
		"norm1", "in_layers.0", "conv1", "in_layers.2", "time_emb_proj", "emb_layers.1",
		"norm2", "out_layers.0", "conv2", "out_layers.3", "conv_shortcut", "skip_connection",
	),
	"vae": strings.NewReplacer(
		"down_blocks.0.resnets.0", "down.0.block.0", "down_blocks.1.resnets.0", "down.1.block.0",
		"down_blocks.0.downsamplers.0", "down.0.downsample",
		"mid_block.resnets.0", "mid.block_1", "mid_block.resnets.1", "mid.block_2", "mid_block.attentions.0", "mid.attn_1",
		"up_blocks.0.resnets.0", "up.1.block.0", "up_blocks.0.resnets.1", "up.1.block.1", "up_blocks.0.upsamplers.0", "up.1.upsample",
		"up_blocks.1.resnets.0", "up.0.block.0", "up_blocks.1.resnets.1", "up.0.block.1",
		"conv_shortcut", "nin_shortcut", "conv_norm_out", "norm_out",
		"group_norm", "norm", "to_q", "q", "to_k", "k", "to_v", "v", "to_out.0", "proj_out",
	),
	"text_encoder": strings.NewReplacer(),
}

// writeLDM writes the tiny model as one file, changed by edit.
func writeLDM(t *testing.T, edit func([]checkpoint.Tensor) []checkpoint.Tensor) string {
	t.Helper()
	folder, err := checkpoint.OpenFolder(tiny)
	if err != nil {
		t.Fatal(err)
	}
	all := []checkpoint.Tensor{
		{Name: "alphas_cumprod", Shape: []int{1}, Data: []float32{1}},
		{Name: "cond_stage_model.transformer.text_model.embeddings.position_ids", Shape: []int{1}, Data: []float32{0}},
	}
	for part, prefix := range map[string]string{
		"unet": "model.diffusion_model.", "vae": "first_stage_model.", "text_encoder": "cond_stage_model.transformer.",
	} {
		f, err := folder.Weights(part)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, name := range f.Names() {
			data, err := f.Float32(name)
			if err != nil {
				t.Fatal(err)
			}
			shape, _ := f.Shape(name)
			if part == "vae" && strings.Contains(name, "attentions") && len(shape) == 2 {
				shape = append(shape, 1, 1) // there these are 1×1 convolutions
			}
			if part == "unet" && strings.Contains(name, "resnets") {
				name = ldmNames["unet/resnets"].Replace(name)
			}
			all = append(all, checkpoint.Tensor{Name: prefix + ldmNames[part].Replace(name), Shape: shape, Data: data})
		}
	}
	path := filepath.Join(t.TempDir(), "one.safetensors")
	if err := checkpoint.Write(path, edit(all), checkpoint.F32, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// openTinySingle opens such a file, telling what the tiny model's shapes don't.
func openTinySingle(t *testing.T, path string) (*Pipeline, error) {
	t.Helper()
	s, err := openSingle(path, nn.Float32)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	s.unsaid = unsaid{
		words: loadTiny(t).Tokenizer, sampleSize: 16, heads: 4, textHeads: 2, groups: 8, autoencoderGroups: 4,
		textAct: "quick_gelu", betas: schedule.Config{},
	}
	p := &Pipeline{}
	return p, p.load(context.Background(), s)
}

// TestSingleFileDrawsTheSamePicture compares one file with the folder it was
// made from.
func TestSingleFileDrawsTheSamePicture(t *testing.T) {
	whole := func(all []checkpoint.Tensor) []checkpoint.Tensor { return all }
	one, err := openTinySingle(t, writeLDM(t, whole))
	if err != nil {
		t.Fatal(err)
	}
	var pictures [][]byte
	for _, p := range []*Pipeline{loadTiny(t), one} {
		r, err := p.Resolve(engine.Request{Prompt: "a red apple", Seed: 7, Steps: 2, Guidance: 3, Sampler: "euler", Model: tiny})
		if err != nil {
			t.Fatal(err)
		}
		result, err := p.Paint(context.Background(), r, func(engine.Progress) {})
		if err != nil {
			t.Fatal(err)
		}
		pictures = append(pictures, result.Picture.Pix)
	}
	if !bytes.Equal(pictures[0], pictures[1]) {
		t.Error("the model in one file draws another picture than in a folder")
	}
}

func TestSingleFileErrors(t *testing.T) {
	without := func(name string) func([]checkpoint.Tensor) []checkpoint.Tensor {
		return func(all []checkpoint.Tensor) []checkpoint.Tensor {
			return slices.DeleteFunc(all, func(x checkpoint.Tensor) bool { return x.Name == name })
		}
	}
	for _, tt := range []struct {
		want string
		edit func([]checkpoint.Tensor) []checkpoint.Tensor
	}{
		{`has no tensor "model.diffusion_model.output_blocks.4.1.proj_out.bias"`, without("model.diffusion_model.output_blocks.4.1.proj_out.bias")},
		{`has no tensor "first_stage_model.post_quant_conv.weight"`, without("first_stage_model.post_quant_conv.weight")},
		{`has 1 tensors that have no place in this model, such as "model.diffusion_model.label_emb.0.0.weight"`, func(all []checkpoint.Tensor) []checkpoint.Tensor {
			return append(all, checkpoint.Tensor{Name: "model.diffusion_model.label_emb.0.0.weight", Shape: []int{1}, Data: []float32{0}})
		}},
		{"is not a whole Stable Diffusion 1", func(all []checkpoint.Tensor) []checkpoint.Tensor { return all[:2] }},
	} {
		if _, err := openTinySingle(t, writeLDM(t, tt.edit)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want one that says %q", err, tt.want)
		}
	}
	if _, err := Load(context.Background(), tiny+"/model_index.json", nn.Float32); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a file that is no model gives %v", err)
	}
}
