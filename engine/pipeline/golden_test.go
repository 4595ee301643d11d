package pipeline

import (
	"context"
	"math"
	"testing"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/nn"

	"gorgonia.org/tensor"
)

const (
	tiny       = "testdata/tiny"
	tinyGolden = tiny + "/golden.safetensors"
)

// golden reads a file that engine/golden/models.py or geometries.py made with
// diffusers and transformers.
type golden struct {
	t    *testing.T
	file *checkpoint.File
}

func openGolden(t *testing.T, path string) golden {
	t.Helper()
	f, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return golden{t, f}
}

// get returns a tensor with its channels last.
func (g golden) get(name string) *tensor.Dense {
	g.t.Helper()
	data, err := g.file.Float32(name)
	if err != nil {
		g.t.Fatal(err)
	}
	s, _ := g.file.Shape(name)
	if len(s) != 4 {
		return nn.Wrap(data, s...)
	}
	n, c, h, w := s[0], s[1], s[2], s[3]
	last := make([]float32, len(data))
	for i := range n {
		for k := range c {
			for p := range h * w {
				last[(i*h*w+p)*c+k] = data[(i*c+k)*h*w+p]
			}
		}
	}
	return nn.Wrap(last, n, h, w, c)
}

// near compares in units of the wanted tensor's standard deviation.
func (g golden) near(what string, got, want *tensor.Dense, tolerance float64) {
	g.t.Helper()
	if !got.Shape().Eq(want.Shape()) {
		g.t.Fatalf("%s has shape %v, want %v", what, got.Shape(), want.Shape())
	}
	var sum, square, worst float64
	for i, v := range nn.Data(want) {
		sum += float64(v)
		square += float64(v) * float64(v)
		worst = max(worst, math.Abs(float64(nn.Data(got)[i]-v)))
	}
	n := float64(want.Size())
	deviation := math.Sqrt(square/n - sum/n*sum/n)
	if !(worst <= tolerance*deviation) {
		g.t.Errorf("%s: the largest error is %.2g standard deviations, want at most %.2g", what, worst/deviation, tolerance)
	}
}

func loadTiny(t *testing.T) *Pipeline {
	t.Helper()
	p, err := Load(context.Background(), tiny, nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// parity is the error allowed in one pass through a network, in standard
// deviations of its output; measured are 4e-6 and less.
const parity = 2e-5

func TestNetworksMatchDiffusers(t *testing.T) {
	g, p := openGolden(t, tinyGolden), loadTiny(t)
	c := nn.NewContext(context.Background())
	t.Run("unet", func(t *testing.T) {
		g.t = t
		var timesteps []float64
		for _, v := range nn.Data(g.get("unet.timestep")) {
			timesteps = append(timesteps, float64(v))
		}
		g.near("U-Net", p.UNet.Forward(c, g.get("unet.sample"), timesteps, g.get("unet.context"), nil), g.get("unet.out"), parity)
	})
	t.Run("vae", func(t *testing.T) {
		g.t = t
		g.near("decoder", p.VAE.Reconstruct(c, g.get("vae.latent")), g.get("vae.decoded"), parity)
		g.near("encoder", p.VAE.Moments(c, g.get("vae.pixels")), g.get("vae.moments"), parity)
	})
	t.Run("words", func(t *testing.T) {
		g.t = t
		words := contexts(t, p, "a red apple", "")[0]
		half := words.Size() / 2
		s := g.get("e2e.context").Shape()
		g.near("negative prompt", nn.Wrap(nn.Data(words)[:half], s...), g.get("e2e.uncond"), parity)
		g.near("prompt", nn.Wrap(nn.Data(words)[half:], s...), g.get("e2e.context"), parity)
	})
}

// TestPictureMatchesDiffusers draws the whole way, from words to picture.
func TestPictureMatchesDiffusers(t *testing.T) {
	g, p := openGolden(t, tinyGolden), loadTiny(t)
	r, err := p.Resolve(engine.Request{Prompt: "a red apple", Seed: 7, Steps: 5, Guidance: 3, Sampler: "euler", Model: tiny})
	if err != nil {
		t.Fatal(err)
	}
	state, err := p.Start(r)
	if err != nil {
		t.Fatal(err)
	}
	start := g.get("e2e.noise")
	for i := range nn.Data(start) {
		nn.Data(start)[i] *= float32(state.Sigmas[0])
	}
	g.near("start", state.Dense(), start, 1e-6)

	var last *tensor.Dense
	steps := 0
	result, err := p.Paint(context.Background(), r, nil, func(at engine.Progress) {
		last = at.Latent
		steps++
	})
	if err != nil {
		t.Fatal(err)
	}
	if steps != 5 {
		t.Errorf("%d steps were shown, want 5", steps)
	}
	// the last step goes to noise level 0, so its estimate is the final latent
	g.near("latent", last, g.get("e2e.latent"), parity)
	want := Picture(nn.Data(g.get("e2e.picture")), 32, 32)
	for i, v := range want.Pix {
		if d := int(v) - int(result.Picture.Pix[i]); d > 1 || d < -1 {
			t.Fatalf("byte %d of the picture is %d, want %d", i, result.Picture.Pix[i], v)
		}
	}
}
