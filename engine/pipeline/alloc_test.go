package pipeline

import (
	"context"
	"testing"

	"darkroom/engine"
	"darkroom/engine/nn"
	"darkroom/engine/noise"
	"darkroom/engine/unet"

	"gorgonia.org/tensor"
)

// TestStepAllocatesNothing runs the built-in model's networks as a step does.
func TestStepAllocatesNothing(t *testing.T) {
	p, err := Load(context.Background(), engine.DefaultModel, nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	c := nn.NewContext(context.Background())
	words := contexts(t, p, "a red apple", "")[0]
	latent := noise.Latent(1, 0, p.VAE.Config.Latent, 16, 16)
	timestep := []float64{500}
	vary := func(v unet.Variant) func() *tensor.Dense {
		return func() *tensor.Dense { return p.UNet.Vary(c, latent, timestep, words, nil, v) }
	}
	keep, recall := new(unet.Deep), new(unet.Deep)
	keep.Keeping = true
	vary(unet.Variant{Deep: keep})()
	*recall = *keep
	recall.Keeping = false
	for name, forward := range map[string]func() *tensor.Dense{
		"unet":      func() *tensor.Dense { return p.UNet.Forward(c, latent, timestep, words, nil) },
		"keeping":   vary(unet.Variant{Deep: keep}),
		"shallow":   vary(unet.Variant{Deep: recall}),
		"perturbed": vary(unet.Variant{Perturbed: 1}),
		"decode":    func() *tensor.Dense { return p.VAE.Decode(c, latent) },
	} {
		step := func() {
			for c.Next(nn.Pass{Network: name}) {
				forward()
			}
		}
		step()
		if n := testing.AllocsPerRun(20, step); n > 0 {
			t.Errorf("%s: %.0f allocations a pass", name, n)
		}
	}
}
