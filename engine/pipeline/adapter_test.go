package pipeline

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"darkroom/engine/adapter"
	"darkroom/engine/nn"
	"darkroom/engine/unet"
)

// TestLoRAOfTheUNetIsDiffusers lays a LoRA that diffusers has written over the
// miniature of Stable Diffusion 2 (engine/golden/adapters.py).
func TestLoRAOfTheUNetIsDiffusers(t *testing.T) {
	g := openGolden(t, "testdata/adapter.safetensors")
	cfg := unet.Config{
		InChannels: 4, OutChannels: 4, Channels: []int{8, 16}, LayersPerBlock: 2, Groups: 4,
		DownBlocks: []string{"CrossAttnDownBlock2D", "DownBlock2D"}, UpBlocks: []string{"UpBlock2D", "CrossAttnUpBlock2D"},
		ContextDim: 12, Heads: unet.PerBlock{2, 4}, LinearProjector: true,
	}
	file := namedFile(t, unet.New, cfg)
	lora, err := adapter.Open(filepath.Join("testdata", "adapter.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer lora.Close()
	c := nn.NewContext(context.Background())
	for _, precision := range []nn.Precision{nn.Float32, nn.BFloat16} {
		t.Run(precision.String(), func(t *testing.T) {
			g.t = t
			m, err := unet.New(nn.Load(file.Reader("")).Packed(precision), cfg)
			if err != nil {
				t.Fatal(err)
			}
			out := func() []float32 {
				return slices.Clone(nn.Data(m.Forward(c, g.get("in.sample"), g.float64s("in.timestep"), g.get("in.context"), nil)))
			}
			before := out()
			networks := []adapter.Network{{Part: adapter.UNet, Products: m.Products}}
			reports, err := adapter.Apply(t.Context(), networks, []adapter.Use{{Adapter: lora, UNet: 1}})
			if err != nil {
				t.Fatal(err)
			}
			// the golden tensors are in the same file, and are no part of a LoRA
			if r := reports[0]; r.Matched < 90 || len(r.Unmatched) != 4 {
				t.Errorf("report: %v", r)
			}
			tolerance := 1e-5
			if precision == nn.BFloat16 {
				tolerance = 0.1
			}
			g.near("U-Net", m.Forward(c, g.get("in.sample"), g.float64s("in.timestep"), g.get("in.context"), nil), g.get("in.out"), tolerance)
			adapter.Remove(networks)
			if !slices.Equal(out(), before) {
				t.Error("without the LoRA, the network is another than before")
			}
		})
	}
}
