package checkpoint

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// named makes a file with one number under each name.
func named(t *testing.T, names ...string) *File {
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

// TestSchemes has published models' own names on the left.
func TestSchemes(t *testing.T) {
	sd := ldmUNet{halved: []int{3, 6, 9}, doubled: []int{2, 5, 8}}.name
	xl := ldmUNet{halved: []int{3, 6}, doubled: []int{2, 5}}.name
	vae := ldmVAE{levels: 4}.name
	openCLIP := openCLIPScheme(func(string) bool { return true })
	short := clipScheme(func(name string) bool { return name == "embeddings.token_embedding.weight" })
	old := vaeScheme(func(string) bool { return true })
	for _, tt := range []struct {
		scheme     scheme
		file, ours string
	}{
		{sd, "input_blocks.0.0.weight", "conv_in.weight"},
		{sd, "time_embed.0.bias", "time_embedding.linear_1.bias"},
		{sd, "time_embed.2.weight", "time_embedding.linear_2.weight"},
		{sd, "time_embed.cond_proj.weight", "time_embedding.cond_proj.weight"},
		{sd, "input_blocks.1.0.in_layers.0.weight", "down_blocks.0.resnets.0.norm1.weight"},
		{sd, "input_blocks.2.0.in_layers.2.weight", "down_blocks.0.resnets.1.conv1.weight"},
		{sd, "input_blocks.3.0.op.weight", "down_blocks.0.downsamplers.0.conv.weight"},
		{sd, "input_blocks.4.0.skip_connection.bias", "down_blocks.1.resnets.0.conv_shortcut.bias"},
		{sd, "input_blocks.5.1.transformer_blocks.0.attn1.to_out.0.bias", "down_blocks.1.attentions.1.transformer_blocks.0.attn1.to_out.0.bias"},
		{sd, "input_blocks.9.0.op.bias", "down_blocks.2.downsamplers.0.conv.bias"},
		{sd, "input_blocks.11.0.emb_layers.1.weight", "down_blocks.3.resnets.1.time_emb_proj.weight"},
		{sd, "middle_block.0.out_layers.0.weight", "mid_block.resnets.0.norm2.weight"},
		{sd, "middle_block.1.proj_in.weight", "mid_block.attentions.0.proj_in.weight"},
		{sd, "middle_block.2.out_layers.3.weight", "mid_block.resnets.1.conv2.weight"},
		{sd, "output_blocks.2.0.in_layers.2.weight", "up_blocks.0.resnets.2.conv1.weight"},
		{sd, "output_blocks.2.1.conv.weight", "up_blocks.0.upsamplers.0.conv.weight"},
		{sd, "output_blocks.8.2.conv.bias", "up_blocks.2.upsamplers.0.conv.bias"},
		{sd, "output_blocks.11.1.norm.weight", "up_blocks.3.attentions.2.norm.weight"},
		{sd, "out.0.weight", "conv_norm_out.weight"},
		{sd, "out.2.bias", "conv_out.bias"},
		{sd, "input_blocks.1.0.extra.weight", ""},
		{sd, "input_blocks.x.0.op.weight", ""},
		{sd, "input_blocks.1", ""},
		{xl, "label_emb.0.0.weight", "add_embedding.linear_1.weight"},
		{xl, "label_emb.0.2.bias", "add_embedding.linear_2.bias"},
		{xl, "input_blocks.8.1.transformer_blocks.9.norm3.bias", "down_blocks.2.attentions.1.transformer_blocks.9.norm3.bias"},
		{xl, "output_blocks.5.2.conv.weight", "up_blocks.1.upsamplers.0.conv.weight"},
		{xl, "output_blocks.8.0.skip_connection.weight", "up_blocks.2.resnets.2.conv_shortcut.weight"},
		{vae, "encoder.conv_in.weight", "encoder.conv_in.weight"},
		{vae, "encoder.down.1.block.0.nin_shortcut.weight", "encoder.down_blocks.1.resnets.0.conv_shortcut.weight"},
		{vae, "encoder.down.2.downsample.conv.bias", "encoder.down_blocks.2.downsamplers.0.conv.bias"},
		{vae, "encoder.mid.block_1.norm1.weight", "encoder.mid_block.resnets.0.norm1.weight"},
		{vae, "encoder.mid.attn_1.norm.bias", "encoder.mid_block.attentions.0.group_norm.bias"},
		{vae, "decoder.mid.attn_1.q.weight", "decoder.mid_block.attentions.0.to_q.weight"},
		{vae, "decoder.mid.attn_1.proj_out.weight", "decoder.mid_block.attentions.0.to_out.0.weight"},
		{vae, "decoder.mid.block_2.conv2.weight", "decoder.mid_block.resnets.1.conv2.weight"},
		{vae, "decoder.up.3.block.2.conv1.weight", "decoder.up_blocks.0.resnets.2.conv1.weight"},
		{vae, "decoder.up.1.upsample.conv.weight", "decoder.up_blocks.2.upsamplers.0.conv.weight"},
		{vae, "decoder.norm_out.bias", "decoder.conv_norm_out.bias"},
		{vae, "post_quant_conv.weight", "post_quant_conv.weight"},
		{vae, "decoder.up.4.block.0.conv1.weight", ""},
		{vae, "discriminator.weight", ""},
		{old, "decoder.mid_block.attentions.0.query.weight", "decoder.mid_block.attentions.0.to_q.weight"},
		{old, "decoder.mid_block.attentions.0.key.bias", "decoder.mid_block.attentions.0.to_k.bias"},
		{old, "decoder.mid_block.attentions.0.value.bias", "decoder.mid_block.attentions.0.to_v.bias"},
		{old, "encoder.mid_block.attentions.0.proj_attn.weight", "encoder.mid_block.attentions.0.to_out.0.weight"},
		{old, "encoder.mid_block.attentions.0.to_out.0.weight", "encoder.mid_block.attentions.0.to_out.0.weight"},
		{openCLIP, "positional_embedding", "text_model.embeddings.position_embedding.weight"},
		{openCLIP, "transformer.resblocks.22.ln_2.bias", "text_model.encoder.layers.22.layer_norm2.bias"},
		{openCLIP, "transformer.resblocks.0.mlp.c_proj.weight", "text_model.encoder.layers.0.mlp.fc2.weight"},
		{openCLIP, "transformer.resblocks.0.attn.out_proj.bias", "text_model.encoder.layers.0.self_attn.out_proj.bias"},
		{openCLIP, "visual.conv1.weight", ""},
		{short, "encoder.layers.0.mlp.fc1.weight", "text_model.encoder.layers.0.mlp.fc1.weight"},
		{tinyHalf("decoder")(func(string) bool { return true }), "18.conv.4.bias", "decoder.layers.17.conv.4.bias"},
		{tinyHalf("encoder")(func(string) bool { return true }), "14.weight", "encoder.layers.14.weight"},
	} {
		got := ""
		if pieces := tt.scheme(tt.file); len(pieces) > 0 {
			got = pieces[0].name
		}
		if got != tt.ours {
			t.Errorf("%s is named %q, want %q", tt.file, got, tt.ours)
		}
	}
}

// TestParts finds the parts behind the prefixes that files have.
func TestParts(t *testing.T) {
	for _, tt := range []struct {
		names []string
		want  map[Part][]string
		none  []string
	}{
		{
			[]string{
				"model.diffusion_model.input_blocks.0.0.weight", "first_stage_model.decoder.conv_in.weight", "first_stage_model.decoder.up.0.block.0.conv1.weight",
				"cond_stage_model.transformer.embeddings.token_embedding.weight", "cond_stage_model.transformer.embeddings.position_ids",
				"first_stage_model.loss.logvar", "model_ema.decay", "betas", "posterior_variance", "something.else", "model.diffusion_model.odd",
			},
			map[Part][]string{
				UNet: {"conv_in.weight"}, VAE: {"decoder.conv_in.weight", "decoder.up_blocks.0.resnets.0.conv1.weight"},
				Text: {"text_model.embeddings.token_embedding.weight"},
			},
			[]string{"something.else", "model.diffusion_model.odd"},
		},
		{
			[]string{"conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight", "conditioner.embedders.1.model.transformer.resblocks.0.ln_1.weight", "v_pred"},
			map[Part][]string{
				Text: {"text_model.embeddings.token_embedding.weight"}, Text2: {"text_model.encoder.layers.0.layer_norm1.weight"},
			},
			nil,
		},
		{
			[]string{"conditioner.embedders.0.model.transformer.resblocks.0.ln_1.weight"},
			map[Part][]string{Text2: {"text_model.encoder.layers.0.layer_norm1.weight"}},
			nil,
		},
		{[]string{"conv_in.weight", "down_blocks.0.resnets.0.conv1.weight"}, map[Part][]string{UNet: {"conv_in.weight", "down_blocks.0.resnets.0.conv1.weight"}}, nil},
		{[]string{"input_blocks.0.0.weight"}, map[Part][]string{UNet: {"conv_in.weight"}}, nil},
		{[]string{"decoder.conv_in.weight", "decoder.up.0.block.0.conv1.weight"}, map[Part][]string{VAE: {"decoder.conv_in.weight", "decoder.up_blocks.0.resnets.0.conv1.weight"}}, nil},
		{[]string{"1.weight", "3.conv.0.weight"}, map[Part][]string{Tiny: {"decoder.layers.0.weight", "decoder.layers.2.conv.0.weight"}}, nil},
		{[]string{"taesd_encoder.0.weight", "taesd_decoder.1.weight"}, map[Part][]string{Tiny: {"encoder.layers.0.weight", "decoder.layers.0.weight"}}, nil},
		{[]string{"text_model.embeddings.token_embedding.weight"}, map[Part][]string{Text: {"text_model.embeddings.token_embedding.weight"}}, nil},
		{[]string{"x"}, map[Part][]string{}, []string{"x"}},
	} {
		parts, unknown := named(t, tt.names...).Parts()
		if !slices.Equal(unknown, tt.none) {
			t.Errorf("%s …: unknown are %v, want %v", tt.names[0], unknown, tt.none)
		}
		for _, part := range AllParts() {
			var got []string
			if f := parts[part]; f != nil {
				got = f.Names()
			}
			if !slices.Equal(got, tt.want[part]) {
				t.Errorf("%s …: %s is %v, want %v", tt.names[0], part, got, tt.want[part])
			}
		}
	}
}

// TestPieces cuts a tensor and turns another.
func TestPieces(t *testing.T) {
	raw := file(`{"transformer.resblocks.0.ln_1.weight":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},`+
		`"transformer.resblocks.0.attn.in_proj_weight":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},`+
		`"transformer.resblocks.0.attn.in_proj_bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},`+
		`"text_projection":{"dtype":"F32","shape":[2,3],"data_offsets":[32,56]}}`, 56)
	data := raw[len(raw)-56:]
	for i := range 14 {
		data[4*i+2], data[4*i+3] = byte(i<<4), 0x40 // some float32, different ones
	}
	f, err := OpenBytes("x", raw)
	if err != nil {
		t.Fatal(err)
	}
	all := func(name string) []float32 {
		x, err := f.Float32(name)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	joined, projection := all("transformer.resblocks.0.attn.in_proj_weight"), all("text_projection")
	parts, unknown := f.Parts()
	if !slices.Equal(unknown, []string{"transformer.resblocks.0.attn.in_proj_bias"}) {
		t.Errorf("unknown are %v, want the tensor that can't be cut in three", unknown)
	}
	r := parts[Text].Reader("text_model.encoder.layers.0.self_attn.")
	for i, name := range []string{"q_proj.weight", "k_proj.weight", "v_proj.weight"} {
		if x, err := r.Float32(name, 1, 2); err != nil || !slices.Equal(x, joined[2*i:2*i+2]) {
			t.Errorf("%s is %v (%v), want %v", name, x, err, joined[2*i:2*i+2])
		}
	}
	x, err := parts[Text].Reader("").Float32("text_projection.weight", 3, 2)
	want := []float32{projection[0], projection[3], projection[1], projection[4], projection[2], projection[5]}
	if err != nil || !slices.Equal(x, want) {
		t.Errorf("the projection is %v (%v), want %v", x, err, want)
	}
}

func FuzzParts(f *testing.F) {
	f.Add("model.diffusion_model.input_blocks.0.0.weight\nmodel.diffusion_model.output_blocks.2.1.conv.weight")
	f.Add("input_blocks.0.0.weight\nmiddle_block.1.in_layers.0.weight\noutput_blocks.99.0.x")
	f.Add("transformer.resblocks.0.ln_1.weight\ntransformer.resblocks.0.attn.in_proj_weight\ntext_projection")
	f.Add("decoder.conv_in.weight\ndecoder.up.0.block.0.conv1.weight\ndecoder.up.-1.block.0")
	f.Fuzz(func(t *testing.T, names string) {
		file := &File{name: "fuzz", sources: []source{&memory{}}, tensors: map[string]entry{}}
		for n := range strings.SplitSeq(names, "\n") {
			if !file.Has(n) {
				file.tensors[n] = entry{dtype: F32, shape: []int{3, 2}, end: 24}
				file.names = append(file.names, n)
			}
		}
		parts, unknown := file.Parts()
		for _, p := range parts {
			for _, n := range p.Names() {
				if !p.Has(n) {
					t.Errorf("%q is listed and not there", n)
				}
			}
		}
		for _, n := range unknown {
			if !file.Has(n) {
				t.Errorf("%q is unknown to the file, too", n)
			}
		}
	})
}
