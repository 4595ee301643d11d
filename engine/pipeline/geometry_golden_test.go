package pipeline

import (
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"darkroom/engine/checkpoint"
	"darkroom/engine/clip"
	"darkroom/engine/nn"
	"darkroom/engine/unet"
	"darkroom/engine/vae"
)

// named builds a network with the weights that engine/golden/geometries.py
// gives it: made from the tensors' names, so that a wrong name shows too.
func named[C, M any](t *testing.T, build func(nn.Params, C) (M, error), cfg C) M {
	t.Helper()
	f := namedFile(t, build, cfg)
	m, err := build(nn.Load(f.Reader("")), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// namedFile is a file with such weights.
func namedFile[C, M any](t *testing.T, build func(nn.Params, C) (M, error), cfg C) *checkpoint.File {
	t.Helper()
	p := nn.Random(1)
	if _, err := build(p, cfg); err != nil {
		t.Fatal(err)
	}
	tensors := p.Tensors(nil)
	for _, w := range tensors {
		fan, spread := 100, 1.0
		if len(w.Shape) > 1 {
			fan, spread = len(w.Data)/w.Shape[0], 3
		}
		uniform(w.Name, w.Data)
		scale := float32(math.Sqrt(spread / float64(fan)))
		norm := len(w.Shape) == 1 && strings.HasSuffix(w.Name, "weight")
		for i := range w.Data {
			w.Data[i] *= scale
			if norm {
				w.Data[i]++
			}
		}
	}
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	if err := checkpoint.Write(path, tensors, checkpoint.F32, nil); err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// uniform fills dst with numbers in −1 … 1 from a name: FNV-1a, then
// SplitMix64's upper 24 bits.
func uniform(name string, dst []float32) {
	seed := uint64(0xcbf29ce484222325)
	for _, b := range []byte(name) {
		seed = (seed ^ uint64(b)) * 0x100000001b3
	}
	for i := range dst {
		z := seed + uint64(i+1)*0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		dst[i] = float32(z>>40)*0x1p-23 - 1
	}
}

// float64s reads a golden tensor's values.
func (g golden) float64s(name string) []float64 {
	var out []float64
	for _, v := range nn.Data(g.get(name)) {
		out = append(out, float64(v))
	}
	return out
}

func (g golden) ints(name string) []int {
	var out []int
	for _, v := range nn.Data(g.get(name)) {
		out = append(out, int(v))
	}
	return out
}

// counted compares the operations counted with PyTorch's.
func (g golden) counted(c *nn.Context, name string, forward func() *tensor.Dense) *tensor.Dense {
	g.t.Helper()
	got, want := c.Count(func() { forward() }), g.float64s(name)[0]
	if math.Abs(got-want) > 1e-6*want {
		g.t.Errorf("%s is %.0f, want %.0f", name, got, want)
	}
	return forward()
}

// miniatureXL is the U-Net of Stable Diffusion XL in miniature.
var miniatureXL = unet.Config{
	InChannels: 4, OutChannels: 4, Channels: []int{8, 16, 24}, LayersPerBlock: 2, Groups: 4,
	DownBlocks: []string{"DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"},
	UpBlocks:   []string{"CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"},
	ContextDim: 28, Heads: unet.PerBlock{1, 2, 3}, Depths: unet.Depths{{1}, {2}, {3}}, LinearProjector: true,
	Addition: "text_time", AdditionTimeDim: 8, AdditionDim: 10 + 6*8,
}

// TestGeometriesMatchDiffusers compares Stable Diffusion 2, XL and the tiny
// autoencoder in miniature with engine/golden/geometries.py's.
func TestGeometriesMatchDiffusers(t *testing.T) {
	g := openGolden(t, "testdata/geometries.safetensors")
	c := nn.NewContext(context.Background())
	t.Run("sd2", func(t *testing.T) {
		g.t = t
		m := named(t, unet.New, unet.Config{
			InChannels: 4, OutChannels: 4, Channels: []int{8, 16}, LayersPerBlock: 2, Groups: 4,
			DownBlocks: []string{"CrossAttnDownBlock2D", "DownBlock2D"}, UpBlocks: []string{"UpBlock2D", "CrossAttnUpBlock2D"},
			ContextDim: 12, Heads: unet.PerBlock{2, 4}, LinearProjector: true,
		})
		y := g.counted(c, "sd2.flop", func() *tensor.Dense {
			return m.Forward(c, g.get("sd2.sample"), g.float64s("sd2.timestep"), g.get("sd2.context"), nil)
		})
		g.near("U-Net", y, g.get("sd2.out"), parity)
	})
	t.Run("sdxl", func(t *testing.T) {
		g.t = t
		first := named(t, clip.NewText, clip.TextConfig{
			Vocab: 60, Hidden: 12, MLP: 20, Layers: 2, Heads: 2, Positions: 9, Act: "quick_gelu", Projection: 512, Classes: []string{"CLIPTextModel"},
		})
		second := named(t, clip.NewText, clip.TextConfig{
			Vocab: 60, Hidden: 16, MLP: 24, Layers: 3, Heads: 4, Positions: 9, Act: "gelu", Projection: 10, Classes: []string{"CLIPTextModelWithProjection"},
		})
		one, _ := first.States(c, g.ints("sdxl.ids"))
		two, last := second.States(c, g.ints("sdxl.ids_2"))
		words, pooled := nn.Concat(c, one, two), second.Pooled(c, last, []int{4, 8})
		g.near("words", words, g.get("sdxl.context"), parity)
		g.near("pooled", pooled, g.get("sdxl.pooled"), parity)
		m := named(t, unet.New, miniatureXL)
		y := g.counted(c, "sdxl.flop", func() *tensor.Dense {
			return m.Forward(c, g.get("sdxl.sample"), g.float64s("sdxl.timestep"), words, &unet.Added{Pooled: pooled, Sizes: g.float64s("sdxl.sizes")})
		})
		g.near("U-Net", y, g.get("sdxl.out"), parity)
	})
	t.Run("tiny", func(t *testing.T) {
		g.t = t
		m := named(t, vae.NewTiny, vae.TAESD)
		y := g.counted(c, "tiny.flop", func() *tensor.Dense { return m.Decode(c, g.get("tiny.latent")) })
		g.near("decoder", y, g.get("tiny.decoded"), parity)
		g.near("encoder", m.Encode(c, g.get("tiny.pixels")), g.get("tiny.encoded"), parity)
	})
}
