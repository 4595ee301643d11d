package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/clip"
	"darkroom/engine/family"
	"darkroom/engine/nn"
	"darkroom/engine/unet"
	"darkroom/engine/vae"
)

// renamed keeps the tensors whose names begin with prefix, under other names.
func renamed(all []checkpoint.Tensor, prefix string, name func(string) string) []checkpoint.Tensor {
	var out []checkpoint.Tensor
	for _, w := range all {
		if rest, ok := strings.CutPrefix(w.Name, prefix); ok {
			w.Name = name(rest)
			out = append(out, w)
		}
	}
	return out
}

// tensorsOf reads a part's tensors under this program's names.
func tensorsOf(t *testing.T, f *checkpoint.File) []checkpoint.Tensor {
	t.Helper()
	var all []checkpoint.Tensor
	for _, name := range f.Names() {
		data, err := f.Float32(name)
		if err != nil {
			t.Fatal(err)
		}
		shape, _ := f.Shape(name)
		all = append(all, checkpoint.Tensor{Name: name, Shape: shape, Data: data})
	}
	return all
}

// alone writes tensors as one file and gives the part that is recognised in it.
func alone(t *testing.T, tensors []checkpoint.Tensor, part checkpoint.Part) *family.Part {
	t.Helper()
	path := filepath.Join(t.TempDir(), "alone.safetensors")
	if err := checkpoint.Write(path, tensors, checkpoint.F32, nil); err != nil {
		t.Fatal(err)
	}
	m, err := family.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	p := m.Part(part)
	if p == nil || len(m.Parts) != 1 || len(m.Unknown) > 0 {
		t.Fatalf("recognised are %d parts, %s among them: %v; unknown are %v", len(m.Parts), part, p != nil, m.Unknown)
	}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPartsAlone recognises single networks by each way they are named, and
// compares what they make.
func TestPartsAlone(t *testing.T) {
	g := openGolden(t, "testdata/families.safetensors")
	c := nn.NewContext(context.Background())
	all := familyTensors(t, "sd1")
	m, err := family.Open(writeFamily(t, "sd1", nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	same := func(name string) string { return name }

	whole, err := Load(context.Background(), m.Name, nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	words := contexts(t, whole, familyPrompt, familyNegative)[0]
	for name, tensors := range map[string][]checkpoint.Tensor{
		"prefixed":  renamed(all, "model.diffusion_model.", func(n string) string { return "model.diffusion_model." + n }),
		"LDM":       renamed(all, "model.diffusion_model.", same),
		"diffusers": tensorsOf(t, m.Part(checkpoint.UNet).File),
	} {
		t.Run("unet "+name, func(t *testing.T) {
			g.t = t
			p := alone(t, tensors, checkpoint.UNet)
			u, err := unet.New(nn.Load(p.File.Reader("")), *p.UNet)
			if err != nil {
				t.Fatal(err)
			}
			y := u.Forward(c, nn.Spread(c, g.get("sample4"), 2), g.float64s("timesteps"), words, nil)
			g.near("U-Net", y, g.get("sd1.predicted"), onePass)
		})
	}
	old := strings.NewReplacer("to_q.", "query.", "to_k.", "key.", "to_v.", "value.", "to_out.0.", "proj_attn.")
	diffusers := tensorsOf(t, m.Part(checkpoint.VAE).File)
	for name, tensors := range map[string][]checkpoint.Tensor{
		"prefixed":      renamed(all, "first_stage_model.", func(n string) string { return "first_stage_model." + n }),
		"LDM":           renamed(all, "first_stage_model.", same),
		"diffusers":     diffusers,
		"old diffusers": renamed(diffusers, "", old.Replace),
	} {
		t.Run("vae "+name, func(t *testing.T) {
			g.t = t
			p := alone(t, tensors, checkpoint.VAE)
			v, err := vae.New(nn.Load(p.File.Reader("")), *p.VAE)
			if err != nil {
				t.Fatal(err)
			}
			g.near("decoder", v.Reconstruct(c, g.get("latent")), g.get("decoded"), onePass)
		})
	}
	t.Run("text", func(t *testing.T) {
		p := alone(t, renamed(all, "cond_stage_model.transformer.", same), checkpoint.Text)
		if _, err := clip.NewText(nn.Load(p.File.Reader("")), *p.Text); err != nil {
			t.Fatal(err)
		}
	})
}

// TestTinyAlone recognises tiny autoencoders, whole and by halves.
func TestTinyAlone(t *testing.T) {
	g := openGolden(t, "testdata/geometries.safetensors")
	c := nn.NewContext(context.Background())
	p := nn.Random(1)
	if _, err := vae.NewTiny(p, vae.TAESD); err != nil {
		t.Fatal(err)
	}
	all := p.Tensors(nil)
	for i := range all {
		fill(&all[i], 1)
	}
	shifted := renamed(all, "decoder.layers.", func(n string) string {
		number, rest, _ := strings.Cut(n, ".")
		i, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%d.%s", i+1, rest) // the original counts what bends the latent, too
	})
	encoder := renamed(all, "encoder.layers.", func(n string) string { return n })
	joined := slices.Concat(renamed(encoder, "", func(n string) string { return "taesd_encoder." + n }),
		renamed(shifted, "", func(n string) string { return "taesd_decoder." + n }))
	for _, tt := range []struct {
		name             string
		tensors          []checkpoint.Tensor
		encodes, decodes bool
	}{
		{"diffusers", all, true, true},
		{"joined", joined, true, true},
		{"encoder", encoder, true, false},
		{"decoder", shifted, false, true},
		{"diffusers' decoder", renamed(all, "decoder.", func(n string) string { return "decoder." + n }), false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g.t = t
			p := alone(t, tt.tensors, checkpoint.Tiny)
			if p.Tiny.NoEncoder == tt.encodes || p.Tiny.NoDecoder == tt.decodes || p.Tiny.Latent != 4 {
				t.Fatalf("recognised as %+v", *p.Tiny)
			}
			m, err := vae.NewTiny(nn.Load(p.File.Reader("")), *p.Tiny)
			if err != nil {
				t.Fatal(err)
			}
			if tt.decodes {
				g.near("decoder", m.Decode(c, g.get("tiny.latent")), g.get("tiny.decoded"), parity)
			}
			if tt.encodes {
				g.near("encoder", m.Encode(c, g.get("tiny.pixels")), g.get("tiny.encoded"), parity)
			}
		})
	}
}

// TestFolderDrawsAsItsFile takes an SDXL with lists of depths apart into a folder, the
// configuration of which tells its geometry.
func TestFolderDrawsAsItsFile(t *testing.T) {
	path := writeFamily(t, "ssd", nil, nil)
	m, err := family.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	dir := t.TempDir()
	write := func(name string, v any) {
		b, err := json.Marshal(v)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write("model_index.json", map[string]any{"_class_name": "StableDiffusionXLPipeline", "force_zeros_for_empty_prompt": false})
	write("scheduler/scheduler_config.json", map[string]any{"_class_name": "EulerDiscreteScheduler", "prediction_type": "v_prediction"})
	for _, p := range m.Parts {
		var cfg any
		switch p.Part {
		case checkpoint.UNet:
			p.UNet.SampleSize = 32
			cfg = p.UNet
		case checkpoint.VAE:
			cfg = p.VAE
		default:
			cfg = p.Text
		}
		write(string(p.Part)+"/config.json", cfg)
		weights := filepath.Join(dir, string(p.Part), "model.safetensors")
		if err := checkpoint.Write(weights, tensorsOf(t, p.File), checkpoint.F32, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"tokenizer", "tokenizer_2"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(tiny+"/tokenizer")); err != nil {
			t.Fatal(err)
		}
	}
	write("tokenizer_2/special_tokens_map.json", map[string]string{"pad_token": "a"})

	folder, err := Load(context.Background(), dir, nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	if folder.Family != family.SDXL || folder.Schedule.Prediction != "v_prediction" || folder.size != 128 || folder.zeroEmpty || folder.pads[0] == folder.pads[1] {
		t.Errorf("the folder is read as %s, predicting %s, %d pixels, zeros for nothing: %v, padding %v",
			folder.Family, folder.Schedule.Prediction, folder.size, folder.zeroEmpty, folder.pads)
	}
	file, err := Load(context.Background(), path, nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	file.Tokenizer, file.pads, file.Schedule, file.zeroEmpty = folder.Tokenizer, folder.pads, folder.Schedule, false
	var pictures [][]byte
	for _, p := range []*Pipeline{file, folder} {
		r, err := p.Resolve(engine.Request{Prompt: "a red apple", Seed: 7, Steps: 2, Guidance: 3, Sampler: "euler", Width: familySide, Height: familySide})
		if err != nil {
			t.Fatal(err)
		}
		result, err := p.Paint(context.Background(), r, nil, func(engine.Progress) {})
		if err != nil {
			t.Fatal(err)
		}
		pictures = append(pictures, result.Picture.Pix)
	}
	if !slices.Equal(pictures[0], pictures[1]) {
		t.Error("the model in a folder draws another picture than in one file")
	}
}
