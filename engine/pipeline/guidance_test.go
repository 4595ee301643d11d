package pipeline

import (
	"context"
	"slices"
	"testing"

	"darkroom/engine"
	"darkroom/engine/nn"
	"darkroom/engine/noise"
)

// TestSharedLatentChangesNothing compares a step whose two pictures share a latent
// with one that computes both.
func TestSharedLatentChangesNothing(t *testing.T) {
	for _, precision := range []nn.Precision{nn.Float32, nn.BFloat16} {
		p, err := Load(context.Background(), engine.DefaultModel, precision)
		if err != nil {
			t.Fatal(err)
		}
		c := nn.NewContext(context.Background())
		words := contexts(t, p, "a red apple", "a house")[0]
		one := noise.Latent(1, 0, p.VAE.Config.Latent, 16, 24)
		two := nn.Wrap(slices.Concat(nn.Data(one), nn.Data(one)), 2, 16, 24, p.VAE.Config.Latent)
		shared := p.UNet.Forward(c, one, []float64{700}, words, nil)
		whole := p.UNet.Forward(c, two, []float64{700, 700}, words, nil)
		if !slices.Equal(nn.Data(shared), nn.Data(whole)) {
			t.Errorf("%v: the predictions differ", precision)
		}
	}
}
