package pipeline

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/nn"
	"darkroom/engine/noise"
)

// TestPrecisionsHaveTheirNames makes sure that a request can name every precision
// of the networks, and that no model draws in another than the one asked for.
func TestPrecisionsHaveTheirNames(t *testing.T) {
	for _, loaded := range engine.Precisions() {
		precision, err := nn.ParsePrecision(loaded)
		if err != nil || precision.String() != loaded {
			t.Fatalf("%s is known to the networks as %s (%v)", loaded, precision, err)
		}
		p, err := Load(context.Background(), tiny, precision)
		if err != nil {
			t.Fatal(err)
		}
		for _, asked := range append(engine.Precisions(), "") {
			want := engine.Request{Precision: asked}
			r, err := p.Resolve(engine.Request{Steps: 1, Sampler: "euler", Model: tiny, Precision: asked})
			switch {
			case want.Exact() != (loaded == engine.Float32):
				if !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), "loaded for "+loaded) {
					t.Errorf("%q of a model loaded for %s: error %v", asked, loaded, err)
				}
			case err != nil:
				t.Errorf("%q of a model loaded for %s: %v", asked, loaded, err)
			case want.Exact() && r.Precision != "" || !want.Exact() && r.Precision != loaded:
				t.Errorf("%q is resolved to %q", asked, r.Precision)
			}
		}
	}
}

// TestPrecisionsAgree compares the U-Net's estimates, which may differ by what
// rounding to bfloat16's eight bits makes of them and not by more.
func TestPrecisionsAgree(t *testing.T) {
	for _, model := range []string{engine.DefaultModel, tiny} {
		var estimates [2][]float32
		for i, precision := range []nn.Precision{nn.Float32, nn.BFloat16} {
			p, err := Load(context.Background(), model, precision)
			if err != nil {
				t.Fatal(err)
			}
			c := nn.NewContext(context.Background())
			words := contexts(t, p, "a red apple", "")[0]
			latent := noise.Latent(1, 0, p.VAE.Config.Latent, 16, 16)
			estimates[i] = nn.Data(p.UNet.Forward(c, latent, []float64{500}, words, nil))
		}
		var wrong, size float64
		for i, v := range estimates[0] {
			d := float64(v - estimates[1][i])
			wrong += d * d
			size += float64(v) * float64(v)
		}
		if off := math.Sqrt(wrong / size); !(off > 0 && off < 0.02) {
			t.Errorf("%s: bfloat16's estimate is off by %.2g of float32's size, want less than 0.02, and not the same", model, off)
		}
	}
}
