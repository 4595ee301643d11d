package checkpoint

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestLDMNames has Stable Diffusion 1.5's own names on the right.
func TestLDMNames(t *testing.T) {
	sd := ldm{layers: 2, levels: 4, has: func(name string) bool {
		return strings.HasSuffix(name, ".2.conv.weight") || strings.HasSuffix(name, ".2.conv.bias")
	}}
	bare := ldm{layers: 2, levels: 4, has: func(string) bool { return false }}
	for _, tt := range []struct {
		rename      func(string) string
		asked, file string
	}{
		{sd.unet, "conv_in.weight", "input_blocks.0.0.weight"},
		{sd.unet, "time_embedding.linear_1.bias", "time_embed.0.bias"},
		{sd.unet, "time_embedding.linear_2.weight", "time_embed.2.weight"},
		{sd.unet, "down_blocks.0.resnets.0.norm1.weight", "input_blocks.1.0.in_layers.0.weight"},
		{sd.unet, "down_blocks.0.resnets.1.conv1.weight", "input_blocks.2.0.in_layers.2.weight"},
		{sd.unet, "down_blocks.0.downsamplers.0.conv.weight", "input_blocks.3.0.op.weight"},
		{sd.unet, "down_blocks.1.resnets.0.conv_shortcut.bias", "input_blocks.4.0.skip_connection.bias"},
		{sd.unet, "down_blocks.1.attentions.1.transformer_blocks.0.attn1.to_out.0.bias", "input_blocks.5.1.transformer_blocks.0.attn1.to_out.0.bias"},
		{sd.unet, "down_blocks.2.downsamplers.0.conv.bias", "input_blocks.9.0.op.bias"},
		{sd.unet, "down_blocks.3.resnets.1.time_emb_proj.weight", "input_blocks.11.0.emb_layers.1.weight"},
		{sd.unet, "mid_block.resnets.0.norm2.weight", "middle_block.0.out_layers.0.weight"},
		{sd.unet, "mid_block.attentions.0.proj_in.weight", "middle_block.1.proj_in.weight"},
		{sd.unet, "mid_block.resnets.1.conv2.weight", "middle_block.2.out_layers.3.weight"},
		{sd.unet, "up_blocks.0.resnets.2.conv1.weight", "output_blocks.2.0.in_layers.2.weight"},
		{bare.unet, "up_blocks.0.upsamplers.0.conv.weight", "output_blocks.2.1.conv.weight"},
		{sd.unet, "up_blocks.2.upsamplers.0.conv.bias", "output_blocks.8.2.conv.bias"},
		{sd.unet, "up_blocks.3.attentions.2.norm.weight", "output_blocks.11.1.norm.weight"},
		{sd.unet, "conv_norm_out.weight", "out.0.weight"},
		{sd.unet, "conv_out.bias", "out.2.bias"},
		{sd.vae, "encoder.conv_in.weight", "encoder.conv_in.weight"},
		{sd.vae, "encoder.down_blocks.1.resnets.0.conv_shortcut.weight", "encoder.down.1.block.0.nin_shortcut.weight"},
		{sd.vae, "encoder.down_blocks.2.downsamplers.0.conv.bias", "encoder.down.2.downsample.conv.bias"},
		{sd.vae, "encoder.mid_block.resnets.0.norm1.weight", "encoder.mid.block_1.norm1.weight"},
		{sd.vae, "encoder.mid_block.attentions.0.group_norm.bias", "encoder.mid.attn_1.norm.bias"},
		{sd.vae, "decoder.mid_block.attentions.0.to_q.weight", "decoder.mid.attn_1.q.weight"},
		{sd.vae, "decoder.mid_block.attentions.0.to_out.0.weight", "decoder.mid.attn_1.proj_out.weight"},
		{sd.vae, "decoder.mid_block.resnets.1.conv2.weight", "decoder.mid.block_2.conv2.weight"},
		{sd.vae, "decoder.up_blocks.0.resnets.2.conv1.weight", "decoder.up.3.block.2.conv1.weight"},
		{sd.vae, "decoder.up_blocks.2.upsamplers.0.conv.weight", "decoder.up.1.upsample.conv.weight"},
		{sd.vae, "decoder.conv_norm_out.bias", "decoder.norm_out.bias"},
		{sd.vae, "post_quant_conv.weight", "post_quant_conv.weight"},
	} {
		if got := tt.rename(tt.asked); got != tt.file {
			t.Errorf("%s is in the file as %s, want %s", tt.asked, got, tt.file)
		}
	}
}

// tensors makes a file with one number under each name.
func tensors(t *testing.T, names ...string) *File {
	t.Helper()
	var header []string
	for i, n := range names {
		header = append(header, fmt.Sprintf(`%q:{"dtype":"F32","shape":[1,1,1,1],"data_offsets":[%d,%d]}`, n, 4*i, 4*i+4))
	}
	f, err := OpenBytes("x.safetensors", file("{"+strings.Join(header, ",")+"}", 4*len(names)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestLDMReader(t *testing.T) {
	f := tensors(t, "first_stage_model.decoder.up.0.block.0.conv1.weight", "first_stage_model.decoder.up.1.block.0.conv1.weight",
		"first_stage_model.decoder.mid.attn_1.q.weight", "first_stage_model.loss.logvar", "cond_stage_model.transformer.embeddings.token_embedding.weight")
	r := f.LDM("vae")
	// a 1×1 convolution stands for a linear layer
	if _, err := r.Sub("decoder.mid_block.").Float32("attentions.0.to_q.weight", 1, 1); err != nil {
		t.Error(err)
	}
	if _, err := r.Float32("decoder.up_blocks.0.resnets.0.conv1.weight", 1, 1, 1, 1); err != nil {
		t.Error(err)
	}
	wantError(t, r.Complete(), `x.safetensors has 1 tensors that have no place in this model, such as "first_stage_model.decoder.up.0.block.0.conv1.weight"`, errors.ErrUnsupported)
	_, err := r.Float32("decoder.conv_norm_out.weight", 1)
	wantError(t, err, `x.safetensors has no tensor "first_stage_model.decoder.norm_out.weight"`, nil)
	if _, err := r.Float32("decoder.up_blocks.1.resnets.0.conv1.weight", 1, 1, 1, 1); err != nil {
		t.Error(err)
	}
	if err := r.Complete(); err != nil {
		t.Error(err)
	}
	if n, err := f.LDM("text_encoder").Dim("text_model.embeddings.token_embedding.weight", 1); n != 1 || err != nil {
		t.Errorf("a text encoder without text_model: %d, %v", n, err)
	}
}

func TestCheckLDM(t *testing.T) {
	whole := []string{"model.diffusion_model.x", "first_stage_model.x", "cond_stage_model.transformer.x"}
	if err := tensors(t, whole...).CheckLDM(); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{
		"conditioner.embedders.0.x":  "is a Stable Diffusion XL in one file",
		"cond_stage_model.model.x":   "is a Stable Diffusion 2 in one file",
		"lora_unet_x.alpha":          "is a LoRA",
		"unet.x":                     "is not a whole Stable Diffusion 1: it has no tensors model.diffusion_model",
		"model.diffusion_model.only": "it has no tensors first_stage_model",
	} {
		wantError(t, tensors(t, name).CheckLDM(), want, errors.ErrUnsupported)
	}
}
