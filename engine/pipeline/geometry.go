package pipeline

import (
	"darkroom/engine/clip"
	"darkroom/engine/unet"
	"darkroom/engine/vae"
)

// Geometry is the shape of a published model's networks, without its weights.
type Geometry struct {
	Name string
	Size int // pixels on a side, as it was trained
	Text []clip.TextConfig
	UNet unet.Config
	VAE  vae.Config
	Tiny vae.TinyConfig
}

// The text encoders' geometries, from the config.json of the models on the
// Hugging Face hub that openai/clip-vit-large-patch14 and the two OpenCLIP models
// are part of.
var (
	vitL = clip.TextConfig{
		Vocab: 49408, Hidden: 768, MLP: 3072, Layers: 12, Heads: 12, Positions: 77, Act: "quick_gelu",
		Projection: 768, Classes: []string{"CLIPTextModel"},
	}
	// its 24th layer is left out: Stable Diffusion 2 listens to the last but one
	vitH = clip.TextConfig{
		Vocab: 49408, Hidden: 1024, MLP: 4096, Layers: 23, Heads: 16, Positions: 77, Act: "gelu",
		Projection: 512, Classes: []string{"CLIPTextModel"},
	}
	bigG = clip.TextConfig{
		Vocab: 49408, Hidden: 1280, MLP: 5120, Layers: 32, Heads: 20, Positions: 77, Act: "gelu",
		Projection: 1280, Classes: []string{"CLIPTextModelWithProjection"},
	}
)

// Geometries lists the models whose geometry is known by name: Stable Diffusion
// 1.5, 2.1 (the one for 768 pixels) and XL base 1.0.
func Geometries() []Geometry {
	cross := func(s string) string { return "CrossAttn" + s }
	const down, up = "DownBlock2D", "UpBlock2D"
	sd1 := unet.Config{
		SampleSize: 64, InChannels: 4, OutChannels: 4, Channels: []int{320, 640, 1280, 1280}, LayersPerBlock: 2,
		DownBlocks: []string{cross(down), cross(down), cross(down), down},
		UpBlocks:   []string{up, cross(up), cross(up), cross(up)},
		ContextDim: 768, Heads: unet.PerBlock{8}, Groups: 32,
	}
	sd2 := sd1
	sd2.SampleSize, sd2.ContextDim, sd2.LinearProjector = 96, 1024, true
	sd2.Heads = unet.PerBlock{5, 10, 20, 20} // 64 channels each
	xl := unet.Config{
		SampleSize: 128, InChannels: 4, OutChannels: 4, Channels: []int{320, 640, 1280}, LayersPerBlock: 2,
		DownBlocks: []string{down, cross(down), cross(down)},
		UpBlocks:   []string{cross(up), cross(up), up},
		ContextDim: 2048, Heads: unet.PerBlock{5, 10, 20}, Depths: unet.Depths{{1}, {2}, {10}}, Groups: 32, LinearProjector: true,
		Addition: "text_time", AdditionTimeDim: 256, AdditionDim: 1280 + 6*256,
	}
	kl := vae.Config{
		InChannels: 3, OutChannels: 3, Latent: 4, Channels: []int{128, 256, 512, 512}, LayersPerBlock: 2, Groups: 32,
		Scaling: 0.18215, SampleSize: 512,
	}
	klXL := kl
	klXL.Scaling, klXL.SampleSize = 0.13025, 1024
	return []Geometry{
		{Name: "sd15", Size: 512, Text: []clip.TextConfig{vitL}, UNet: sd1, VAE: kl, Tiny: vae.TAESD},
		{Name: "sd21", Size: 768, Text: []clip.TextConfig{vitH}, UNet: sd2, VAE: kl, Tiny: vae.TAESD},
		{Name: "sdxl", Size: 1024, Text: []clip.TextConfig{vitL, bigG}, UNet: xl, VAE: klXL, Tiny: vae.TAESD},
	}
}

// GeometryNamed finds a geometry; false without such a one.
func GeometryNamed(name string) (Geometry, bool) {
	for _, g := range Geometries() {
		if g.Name == name {
			return g, true
		}
	}
	return Geometry{}, false
}
