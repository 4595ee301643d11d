package adapter

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"darkroom/engine/checkpoint"
	"darkroom/engine/nn"

	"gorgonia.org/tensor"
)

// golden is testdata/layers.safetensors, which engine/golden/adapters.py writes
// and describes.
func golden(t *testing.T) *checkpoint.File {
	t.Helper()
	f, err := checkpoint.Open("testdata/layers.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func values(t *testing.T, f *checkpoint.File, name string) (shape []int, data []float32) {
	t.Helper()
	shape, _ = f.Shape(name)
	data, err := f.Float32(name)
	if err != nil {
		t.Fatal(err)
	}
	return shape, data
}

// swapped turns [n,c,h,w] to [n,h,w,c] or back.
func swapped(x []float32, n, a, b int) []float32 {
	y := make([]float32, len(x))
	for i := range n {
		for j := range a {
			for k := range b {
				y[(i*b+k)*a+j] = x[(i*a+j)*b+k]
			}
		}
	}
	return y
}

// fixture is a layer of the golden file by itself.
type fixture struct {
	network []Network
	forward func() []float32
}

func layerOf(t *testing.T, f *checkpoint.File, form string) fixture {
	t.Helper()
	shape, _ := f.Shape(form + "/layer.weight")
	p := nn.Load(f.Reader(form + "/")).Packed(nn.Float32)
	var layer interface {
		Forward(*nn.Context, *tensor.Dense) *tensor.Dense
	}
	switch {
	case len(shape) == 2:
		layer = nn.NewLinear(p.Sub("layer"), shape[1], shape[0], true)
	case shape[2] == 1:
		layer = nn.NewPointwise(p.Sub("layer"), shape[1], shape[0])
	default:
		layer = nn.NewConv2D(p.Sub("layer"), shape[1], shape[0], 3, 1)
	}
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	dims, x := values(t, f, form+"/x")
	if len(dims) == 4 {
		x = swapped(x, dims[0], dims[1], dims[2]*dims[3])
		dims = []int{dims[0], dims[2], dims[3], dims[1]}
	}
	c := nn.NewContext(context.Background())
	return fixture{[]Network{{Part: UNet, Products: p.Products()}}, func() []float32 {
		y := layer.Forward(c, nn.Wrap(x, dims...))
		if s := y.Shape(); len(s) == 4 {
			return swapped(nn.Data(y), s[0], s[1]*s[2], s[3])
		}
		return nn.Data(y)
	}}
}

// save writes an adapter's tensors from the golden file into a file of its own.
func save(t *testing.T, f *checkpoint.File, prefix, metadata string) string {
	t.Helper()
	var tensors []checkpoint.Tensor
	for _, name := range f.Names() {
		if key, ok := strings.CutPrefix(name, prefix); ok {
			shape, data := values(t, f, name)
			tensors = append(tensors, checkpoint.Tensor{Name: key, Shape: shape, Data: data})
		}
	}
	path := filepath.Join(t.TempDir(), "some.safetensors")
	if err := checkpoint.Write(path, tensors, checkpoint.F32, map[string]string{"lora_adapter_metadata": metadata}); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string) *Adapter {
	t.Helper()
	a, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// difference is max|a−b| in standard deviations of b.
func difference(a, b []float32) float64 {
	var worst, sum, squares float64
	for i := range b {
		worst = max(worst, math.Abs(float64(a[i]-b[i])))
		sum += float64(b[i])
		squares += float64(b[i]) * float64(b[i])
	}
	n := float64(len(b))
	return worst / math.Sqrt(squares/n-sum/n*sum/n)
}

func TestLayersAreThoseOfPEFTAndLyCORIS(t *testing.T) {
	f := golden(t)
	cases := 0
	for _, name := range f.Names() {
		name, ok := strings.CutSuffix(name, "/y")
		if !ok {
			continue
		}
		cases++
		t.Run(name, func(t *testing.T) {
			layer := layerOf(t, f, name[strings.LastIndex(name, ".")+1:])
			before := slices.Clone(layer.forward())
			a := open(t, save(t, f, name+"/file/", f.Metadata()[name]))
			reports, err := Apply(t.Context(), layer.network, []Use{{a, 1, 1}})
			if err != nil {
				t.Fatal(err)
			}
			if r := reports[0]; r.Matched != 1 || len(r.Unmatched) > 0 {
				t.Errorf("report: %v", r)
			}
			_, want := values(t, f, name+"/y")
			if d := difference(layer.forward(), want); d > 2e-6 {
				t.Errorf("the output is off by %.1e standard deviations", d)
			}
			if difference(before, want) < 0.01 {
				t.Error("the adapter does nothing: the case shows nothing")
			}
			if _, err := Apply(t.Context(), layer.network, nil); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(layer.forward(), before) {
				t.Error("without the adapter, the output is not what it was")
			}
		})
	}
	if cases < 60 {
		t.Errorf("only %d cases", cases)
	}
}

func TestStrengthsAddUp(t *testing.T) {
	f := golden(t)
	layer := layerOf(t, f, "linear")
	one := open(t, save(t, f, "kohya.lora.linear/file/", ""))
	two := open(t, save(t, f, "lycoris.loha.linear/file/", ""))
	base := slices.Clone(layer.forward())
	out := func(uses ...Use) []float32 {
		t.Helper()
		if _, err := Apply(t.Context(), layer.network, uses); err != nil {
			t.Fatal(err)
		}
		return slices.Clone(layer.forward())
	}
	a, b := out(Use{one, 1, 0}), out(Use{two, 1, 0})
	both := out(Use{one, 0.5, 0}, Use{two, -0.25, 9})
	for i := range both {
		want := base[i] + 0.5*(a[i]-base[i]) - 0.25*(b[i]-base[i])
		if math.Abs(float64(both[i]-want)) > 1e-5 {
			t.Fatalf("output %d is %v, want %v", i, both[i], want)
		}
	}
	if !slices.Equal(out(Use{one, 0, 1}), base) {
		t.Error("an adapter of strength 0 changes the output")
	}
}

func TestNamesOfEveryTool(t *testing.T) {
	attention := layer{UNet, "down_blocks_0_attentions_1_transformer_blocks_0_attn1_to_out_0"}
	text := layer{Text, "encoder_layers_3_self_attn_q_proj"}
	for _, c := range []struct {
		key  string
		at   layer
		role string
	}{
		{"lora_unet_down_blocks_0_attentions_1_transformer_blocks_0_attn1_to_out_0.lora_down.weight", attention, "lora_down"},
		{"unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_out.0.lora_A.weight", attention, "lora_down"},
		{"unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_out.0.lora_A.default.weight", attention, "lora_down"},
		{"unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1.processor.to_out_lora.down.weight", attention, "lora_down"},
		{"down_blocks.0.attentions.1.transformer_blocks.0.attn1.processor.to_out_lora.up.weight", attention, "lora_up"},
		{"unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_out.0.lora.up.weight", attention, "lora_up"},
		{"base_model.model.down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_out.0.lora_B.weight", attention, "lora_up"},
		{"base_model.model.down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_out.0.lora_magnitude_vector", attention, "dora_scale"},
		{"lycoris_down_blocks_0_attentions_1_transformer_blocks_0_attn1_to_out_0.lokr_w2_a", attention, "lokr_w2_a"},
		{"lora_unet_down_blocks_0_attentions_1_transformer_blocks_0_attn1_to_out_0.alpha", attention, "alpha"},
		{"lora_unet_input_blocks_4_1_proj_in.hada_t1", layer{UNet, "input_blocks_4_1_proj_in"}, "hada_t1"},
		{"diffusion_model.input_blocks.4.1.proj_in.lora_A.weight", layer{UNet, "input_blocks_4_1_proj_in"}, "lora_down"},
		{"lora_te_text_model_encoder_layers_3_self_attn_q_proj.lora_up.weight", text, "lora_up"},
		{"lora_te1_text_model_encoder_layers_3_self_attn_q_proj.lora_up.weight", text, "lora_up"},
		{"text_encoder.text_model.encoder.layers.3.self_attn.q_proj.lora_linear_layer.up.weight", text, "lora_up"},
		{"text_encoder.text_model.encoder.layers.3.self_attn.to_q_lora.up.weight", text, "lora_up"},
		{"text_encoder.encoder.layers.3.self_attn.q_proj.lora_B.weight", text, "lora_up"},
		{"lora_te2_text_model_encoder_layers_3_mlp_fc1.dora_scale", layer{Text2, "encoder_layers_3_mlp_fc1"}, "dora_scale"},
		{"text_encoder_2.text_model.encoder.layers.3.mlp.fc1.lora_A.weight", layer{Text2, "encoder_layers_3_mlp_fc1"}, "lora_down"},
	} {
		at, role, ok := parse(c.key)
		if !ok || at != c.at || role != c.role {
			t.Errorf("%s: %v %s %v, want %v %s", c.key, at, role, ok, c.at, c.role)
		}
	}
	for _, key := range []string{"model.diffusion_model.input_blocks.0.0.weight", "alpha", "", "lora_unet_x.oft_blocks", "emb_params"} {
		if at, role, ok := parse(key); ok {
			t.Errorf("%s is taken for %s of %v", key, role, at)
		}
	}
}

func TestWhatDoesNotFitIsSaid(t *testing.T) {
	f := golden(t)
	write := func(tensors ...checkpoint.Tensor) string {
		path := filepath.Join(t.TempDir(), "strange.safetensors")
		if err := checkpoint.Write(path, tensors, checkpoint.F32, nil); err != nil {
			t.Fatal(err)
		}
		return path
	}
	of := func(name string, shape ...int) checkpoint.Tensor {
		n := 1
		for _, s := range shape {
			n *= s
		}
		return checkpoint.Tensor{Name: name, Shape: shape, Data: make([]float32, n)}
	}
	if _, err := Open(write(of("model.weight", 2))); err == nil || !strings.Contains(err.Error(), "holds no LoRA") {
		t.Errorf("a model: %v", err)
	}
	const down, up = "lora_unet_layer.lora_down.weight", "lora_unet_layer.lora_up.weight"
	for _, c := range []struct {
		tensors  []checkpoint.Tensor
		mentions string
	}{
		{[]checkpoint.Tensor{of(down, 2, 13), of(up, 20, 2)}, "another model"},
		{[]checkpoint.Tensor{of(down, 3, 12), of(up, 20, 2)}, "can't be multiplied"},
		{[]checkpoint.Tensor{of(down, 2, 12)}, "no whole LoRA"},
		{[]checkpoint.Tensor{of(down, 2, 12), of(up, 20, 2), of("lora_unet_layer.alpha", 3)}, "alpha is not one number"},
		{[]checkpoint.Tensor{of(down, 2, 12), of(up, 20, 2), of("lora_unet_layer.dora_scale", 7)}, "dora_scale has 7 numbers"},
		{[]checkpoint.Tensor{of("lora_unet_layer.lokr_w1", 3, 2), of("lora_unet_layer.lokr_w2", 3, 2)}, "Kronecker"},
		{[]checkpoint.Tensor{of("lora_unet_layer.lokr_w1", 0, 2), of("lora_unet_layer.lokr_w2", 3, 2)}, "Kronecker"},
		{[]checkpoint.Tensor{of("lora_unet_layer.lora_mid.weight", 2), of(down, 2, 12), of(up, 20, 2)}, "can't be multiplied"},
		{[]checkpoint.Tensor{of("lora_unet_elsewhere.lora_down.weight", 2, 12)}, "no such layer"},
	} {
		layer := layerOf(t, f, "linear")
		before := slices.Clone(layer.forward())
		_, err := Apply(t.Context(), layer.network, []Use{{open(t, write(c.tensors...)), 1, 1}})
		if err == nil || !strings.Contains(err.Error(), c.mentions) || !strings.Contains(err.Error(), "strange") {
			t.Errorf("error %v, want one about strange that mentions %q", err, c.mentions)
		}
		if !slices.Equal(layer.forward(), before) {
			t.Errorf("%s: after the error, the layer is another", c.mentions)
		}
	}
	layer := layerOf(t, f, "linear")
	good := open(t, write(of(down, 2, 12), of(up, 20, 2), of("lora_te2_x.lora_up.weight", 2, 2), of("oddity", 1)))
	reports, err := Apply(t.Context(), layer.network, []Use{{good, 1, 1}})
	if err != nil || reports[0].Matched != 1 || len(reports[0].Unmatched) != 2 {
		t.Errorf("report %+v, %v", reports, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Apply(ctx, layer.network, []Use{{good, 1, 1}}); err != context.Canceled {
		t.Errorf("error %v, want that it was cancelled", err)
	}
}
