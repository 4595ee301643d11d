package checkpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ldmNames is names of whole models as published files have them; a level that has
// attention in some places only, and a middle without, as distilled ones have.
func ldmNames(prefix string, blocks ...string) []string {
	var list []string
	for _, b := range blocks {
		for _, leaf := range map[string][]string{
			"r": {"in_layers.0.weight", "in_layers.2.weight", "emb_layers.1.bias", "out_layers.0.weight", "out_layers.3.bias", "skip_connection.weight"},
			"a": {"norm.weight", "proj_in.weight", "transformer_blocks.0.attn2.to_k.weight"},
			"d": {"op.weight"},
			"u": {"conv.bias", "conv.weight"},
		}[b[:1]] {
			list = append(list, prefix+b[1:]+"."+leaf)
		}
	}
	return list
}

// TestLDMRoundTrip takes files apart and names their tensors as they were.
func TestLDMRoundTrip(t *testing.T) {
	const u = "model.diffusion_model."
	ends := []string{u + "input_blocks.0.0.weight", u + "time_embed.0.weight", u + "time_embed.2.bias", u + "label_emb.0.0.weight", u + "label_emb.0.2.bias", u + "out.0.weight", u + "out.2.bias"}
	const v = "first_stage_model."
	vae := []string{v + "quant_conv.weight", v + "post_quant_conv.bias"}
	for _, half := range []string{"encoder", "decoder"} {
		for _, n := range []string{"conv_in.weight", "norm_out.bias", "conv_out.weight", "mid.block_1.conv1.weight", "mid.block_2.norm2.weight", "mid.attn_1.norm.weight", "mid.attn_1.q.weight", "mid.attn_1.proj_out.bias"} {
			vae = append(vae, v+half+"."+n)
		}
		for i := range 3 {
			where, change := "down", "downsample"
			if half == "decoder" {
				where, change = "up", "upsample"
			}
			vae = append(vae, fmt.Sprintf("%s%s.%s.%d.block.0.conv1.weight", v, half, where, i), fmt.Sprintf("%s%s.%s.%d.block.1.nin_shortcut.weight", v, half, where, i))
			if half == "encoder" && i < 2 || half == "decoder" && i > 0 {
				vae = append(vae, fmt.Sprintf("%s%s.%s.%d.%s.conv.weight", v, half, where, i, change))
			}
		}
	}
	for name, names := range map[string][]string{
		"as published": ldmNames(u, "rinput_blocks.1.0", "ainput_blocks.1.1", "rinput_blocks.2.0", "ainput_blocks.2.1", "dinput_blocks.3.0", "rinput_blocks.4.0", "rinput_blocks.5.0",
			"rmiddle_block.0", "amiddle_block.1", "rmiddle_block.2",
			"routput_blocks.0.0", "routput_blocks.1.0", "routput_blocks.2.0", "uoutput_blocks.2.1", "routput_blocks.3.0", "aoutput_blocks.3.1", "routput_blocks.4.0", "routput_blocks.5.0"),
		"behind attention": ldmNames(u, "rinput_blocks.1.0", "dinput_blocks.2.0", "rinput_blocks.3.0", "ainput_blocks.3.1",
			"rmiddle_block.0", "amiddle_block.1", "rmiddle_block.2",
			"routput_blocks.0.0", "aoutput_blocks.0.1", "routput_blocks.1.0", "aoutput_blocks.1.1", "uoutput_blocks.1.2", "routput_blocks.2.0", "routput_blocks.3.0"),
		"distilled": ldmNames(u, "rinput_blocks.1.0", "ainput_blocks.1.1", "dinput_blocks.2.0", "rinput_blocks.3.0", "ainput_blocks.3.1",
			"routput_blocks.0.0", "aoutput_blocks.0.1", "routput_blocks.1.0", "uoutput_blocks.1.1", "routput_blocks.2.0"),
		"no attention in the middle": ldmNames(u, "rinput_blocks.1.0", "rmiddle_block.0", "rmiddle_block.1", "routput_blocks.0.0"),
	} {
		names = slices.Concat(names, ends, vae)
		parts, unknown := named(t, names...).Parts()
		if len(unknown) > 0 {
			t.Fatalf("%s: %v", name, unknown)
		}
		var got []string
		for part, prefix := range map[Part]string{UNet: u, VAE: v} {
			list, err := parts[part].LDM(part, Home{Prefix: prefix}, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range list {
				got = append(got, s.Name)
			}
		}
		slices.Sort(got)
		slices.Sort(names)
		if !slices.Equal(got, names) {
			for i := range got {
				if i >= len(names) || got[i] != names[i] {
					t.Errorf("%s: %s, want %s", name, got[i], names[min(i, len(names)-1)])
					break
				}
			}
		}
	}
}

// TestOpenCLIPRoundTrip writes OpenCLIP's encoder again, whose tensors are cut and
// turned when they are read.
func TestOpenCLIPRoundTrip(t *testing.T) {
	var list []Tensor
	add := func(name string, shape ...int) {
		data := make([]float32, product(shape))
		for i := range data {
			data[i] = float32(100*len(list) + i)
		}
		list = append(list, Tensor{"cond_stage_model.model." + name, shape, data})
	}
	add("positional_embedding", 3, 2)
	add("token_embedding.weight", 5, 2)
	add("ln_final.weight", 2)
	add("ln_final.bias", 2)
	add("text_projection", 2, 3)
	const layer = "transformer.resblocks.0."
	for _, n := range []string{"ln_1.weight", "ln_2.bias", "attn.out_proj.bias", "mlp.c_fc.bias", "mlp.c_proj.bias"} {
		add(layer+n, 2)
	}
	add(layer+"attn.in_proj_weight", 6, 2)
	add(layer+"attn.in_proj_bias", 6)
	dir := t.TempDir()
	if err := Write(filepath.Join(dir, "a.safetensors"), list, F32, nil); err != nil {
		t.Fatal(err)
	}
	f, err := Open(filepath.Join(dir, "a.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	parts, _ := f.Parts()
	streams, err := parts[Text].LDM(Text, Home{"cond_stage_model.model.", true}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteStreams(filepath.Join(dir, "b.safetensors"), streams, nil); err != nil {
		t.Fatal(err)
	}
	g, err := Open(filepath.Join(dir, "b.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if len(g.Names()) != len(list) {
		t.Errorf("it has %q", g.Names())
	}
	for _, want := range list {
		got, err := g.Float32(want.Name)
		if shape, _ := g.Shape(want.Name); err != nil || !slices.Equal(got, want.Data) || !slices.Equal(shape, want.Shape) {
			t.Errorf("%s is %v %v (%v), want %v %v", want.Name, shape, got, err, want.Shape, want.Data)
		}
	}
}

func TestStreamTypes(t *testing.T) {
	f, err := Open("testdata/ggml.gguf")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, test := range []struct{ tensor, as, want DType }{
		{"Q8_0", "", F16}, {"Q8_0", F32, F32}, {"Q8_0", BF16, BF16}, {"F32", "", F32}, {"F32", F16, F16}, {"F32", "F8_E5M2", "F8_E5M2"},
	} {
		s, err := f.Stream(string(test.tensor), "x", test.as)
		if err != nil || s.DType != test.want {
			t.Fatalf("%s as %s is %s (%v)", test.tensor, test.as, s.DType, err)
		}
		var b bytes.Buffer
		err = s.Write(&b)
		if test.as == "F8_E5M2" {
			if err == nil || !strings.Contains(err.Error(), "written as") {
				t.Errorf("a type that is not written: %v", err)
			}
			continue
		}
		if err != nil || int64(b.Len()) != s.Bytes() {
			t.Errorf("%s as %s: %d bytes, want %d (%v)", test.tensor, test.as, b.Len(), s.Bytes(), err)
		}
	}
	big := Stream{Name: "x", Shape: []int{2}, DType: F32, Write: func(w io.Writer) error { _, err := w.Write(make([]byte, 4)); return err }}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := WriteStreams(path, []Stream{big}, nil); err == nil || !strings.Contains(err.Error(), "8 bytes were to be written") {
		t.Errorf("a short tensor: %v", err)
	}
	if _, err := Open(path); err == nil {
		t.Error("a file that was not finished is there")
	}
}

func TestBrain(t *testing.T) {
	for in, want := range map[float32]uint16{
		1: 0x3f80, 1.00390625: 0x3f80, 1.01171875: 0x3f82, -2.5: 0xc020, math.MaxFloat32: 0x7f80, float32(math.Inf(-1)): 0xff80,
	} {
		if got := brain(in); got != want {
			t.Errorf("%g is %#x, want %#x", in, got, want)
		}
	}
	if got := brain(math.Float32frombits(0x7f800001)); got&0x7fff <= 0x7f80 {
		t.Errorf("NaN is %#x", got)
	}
}

func TestNonFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	path := filepath.Join(t.TempDir(), "x.safetensors")
	for _, dtype := range []DType{F32, F16} {
		if err := Write(path, []Tensor{{"x", []int{5}, []float32{1, nan, -inf, inf, 65504}}, {"y", []int{1}, []float32{0}}}, dtype, nil); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if n, i, err := f.NonFinite("x"); n != 1 || i != 2 || err != nil {
			t.Errorf("%s: %d and %d (%v)", dtype, n, i, err)
		}
		if n, i, err := f.NonFinite("y"); n+i != 0 || err != nil {
			t.Errorf("%s: %d and %d (%v)", dtype, n, i, err)
		}
		f.Close()
	}
	b, err := OpenBytes("x", file(`{"x":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]}}`, 6))
	if err != nil {
		t.Fatal(err)
	}
	raw := b.tensors["x"]
	if err := raw.source.with(raw.begin, raw.end, func(to []byte) {
		for i, v := range []uint16{0x7f80, 0xffc0, 0x7f7f} {
			binary.LittleEndian.PutUint16(to[2*i:], v)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if n, i, err := b.NonFinite("x"); n != 1 || i != 1 || err != nil {
		t.Errorf("BF16: %d and %d (%v)", n, i, err)
	}
}
