package family

import (
	"fmt"
	"strings"

	"darkroom/engine/checkpoint"
	"darkroom/engine/clip"
	"darkroom/engine/unet"
	"darkroom/engine/vae"
)

// What the tensors of a network can't tell, and is the same in every Stable
// Diffusion.
const (
	groups  = 32  // of every group norm
	perHead = 64  // channels of a head, but in Stable Diffusion 1's U-Net
	sizeDim = 256 // of the embedding of each number SDXL is told
	bigG    = 1280
)

// readOff gives every part the geometry its tensors have.
func (m *Model) readOff() {
	if p := m.Part(checkpoint.UNet); p != nil {
		cfg, err := readUNet(p.File)
		p.UNet, p.Trouble = &cfg, err
	}
	for _, p := range m.Parts {
		switch p.Part {
		case checkpoint.VAE:
			cfg, err := readVAE(p.File)
			if u := m.Part(checkpoint.UNet); u != nil && u.UNet.Addition != "" {
				cfg.Scaling = 0.13025 // generative-models' configs/inference/sd_xl_base.yaml
			}
			p.VAE, p.Trouble = &cfg, err
		case checkpoint.Tiny:
			cfg, err := readTiny(p.File)
			p.Tiny, p.Trouble = &cfg, err
		case checkpoint.Text, checkpoint.Text2:
			cfg, err := m.readText(p)
			p.Text, p.Trouble = &cfg, err
		}
	}
}

// geometry reads sizes off tensors' shapes and keeps the first error.
type geometry struct {
	*checkpoint.File
	err error
}

// dim is the size of a tensor's axis.
func (g *geometry) dim(name string, axis int) int {
	n, err := g.Reader("").Dim(name, axis)
	if g.err == nil {
		g.err = err
	}
	return n
}

// count is how many tensors there are whose name is pattern with 0, 1, 2 … in it.
func (g *geometry) count(pattern string, before ...any) int {
	n := 0
	for g.Has(fmt.Sprintf(pattern, append(before, n)...)) {
		n++
	}
	return n
}

// depths is how many transformer blocks a level has after each of its layers.
func (g *geometry) depths(half string, level, layers int) (depths unet.PerBlock, some bool) {
	for j := range layers {
		n := g.count(half+".%d.attentions.%d.transformer_blocks.%d.norm1.weight", level, j)
		depths = append(depths, n)
		some = some || n > 0
	}
	return depths, some
}

func readUNet(f *checkpoint.File) (unet.Config, error) {
	g := geometry{File: f}
	cfg := unet.Config{
		InChannels:     g.dim("conv_in.weight", 1),
		OutChannels:    g.dim("conv_out.weight", 0),
		LayersPerBlock: g.count("down_blocks.0.resnets.%d.conv1.weight"),
		Groups:         groups,
		Middle:         unet.NoMiddle,
	}
	levels := g.count("down_blocks.%d.resnets.0.conv1.weight")
	attends := "" // the first transformer there is
	for i := range levels {
		cfg.Channels = append(cfg.Channels, g.dim(fmt.Sprintf("down_blocks.%d.resnets.0.conv1.weight", i), 0))
		kind, wordsOnly := "", false
		depths, some := g.depths("down_blocks", i, cfg.LayersPerBlock)
		if some {
			kind = "CrossAttn"
			at := fmt.Sprintf("down_blocks.%d.attentions.0.", i)
			if attends == "" {
				attends = at
				cfg.ContextDim = g.dim(at+"transformer_blocks.0.attn2.to_k.weight", 1)
			}
			// what looks at itself has keys made of as many channels as it has
			keys := g.dim(at+"transformer_blocks.0.attn1.to_k.weight", 1)
			wordsOnly = keys == cfg.ContextDim && keys != cfg.Channels[i]
		}
		cfg.Depths, cfg.WordsOnly = append(cfg.Depths, depths), append(cfg.WordsOnly, wordsOnly)
		cfg.DownBlocks = append(cfg.DownBlocks, kind+"DownBlock2D")
	}
	for i := range levels {
		kind := ""
		depths, some := g.depths("up_blocks", i, cfg.LayersPerBlock+1)
		if some {
			kind = "CrossAttn"
		}
		cfg.UpDepths = append(cfg.UpDepths, depths)
		cfg.UpBlocks = append(cfg.UpBlocks, kind+"UpBlock2D")
	}
	switch g.count("mid_block.resnets.%d.conv1.weight") {
	case 0:
	case 1:
		cfg.Middle = unet.PlainMiddle
	default:
		cfg.Middle = unet.CrossMiddle
		// the coarsest level has no transformers of its own in Stable Diffusion 1
		// and 2, whose depth is 1, and in the refiner, whose depth is 4
		if levels > 0 && cfg.Depths[levels-1].None() {
			cfg.Depths[levels-1] = unet.PerBlock{g.count("mid_block.attentions.0.transformer_blocks.%d.norm1.weight")}
		}
	}
	if attends == "" {
		return cfg, fmt.Errorf("%s has a U-Net that does not listen to words: choose a Stable Diffusion", f.Name())
	}
	shape, _ := g.Shape(attends + "proj_in.weight")
	cfg.LinearProjector = len(shape) == 2
	for _, ch := range cfg.Channels {
		heads := 8
		if cfg.LinearProjector || sdxs(cfg) {
			heads = max(1, ch/perHead)
		}
		cfg.Heads = append(cfg.Heads, heads)
	}
	if g.Has("add_embedding.linear_1.weight") {
		cfg.Addition, cfg.AdditionTimeDim = "text_time", sizeDim
		cfg.AdditionDim = g.dim("add_embedding.linear_1.weight", 1)
	}
	if g.Has("time_embedding.cond_proj.weight") {
		cfg.GuidanceDim = g.dim("time_embedding.cond_proj.weight", 1)
	}
	return cfg, g.err
}

// sdxs tells SDXS from Stable Diffusion 1, whose heads are 8 in number: it
// has three levels, of which the finest has no transformers.
func sdxs(cfg unet.Config) bool {
	return len(cfg.Channels) == 3 && !strings.HasPrefix(cfg.DownBlocks[0], "CrossAttn")
}

func readVAE(f *checkpoint.File) (vae.Config, error) {
	g := geometry{File: f}
	cfg := vae.Config{
		InChannels:     g.dim("encoder.conv_in.weight", 1),
		OutChannels:    g.dim("decoder.conv_out.weight", 0),
		Latent:         g.dim("post_quant_conv.weight", 0),
		LayersPerBlock: g.count("encoder.down_blocks.0.resnets.%d.conv1.weight"),
		Groups:         groups,
		Scaling:        0.18215, // CompVis configs/stable-diffusion/v1-inference.yaml
	}
	for i := range g.count("encoder.down_blocks.%d.resnets.0.conv1.weight") {
		cfg.Channels = append(cfg.Channels, g.dim(fmt.Sprintf("encoder.down_blocks.%d.resnets.0.conv1.weight", i), 0))
	}
	return cfg, g.err
}

// lacking tells which halves a tiny autoencoder's file does not have.
func lacking(f *checkpoint.File) (encoder, decoder bool) {
	return !f.Has("encoder.layers.0.weight"), !f.Has("decoder.layers.0.weight")
}

func readTiny(f *checkpoint.File) (vae.TinyConfig, error) {
	g := geometry{File: f}
	cfg := vae.TAESD
	cfg.NoEncoder, cfg.NoDecoder = lacking(f)
	if cfg.NoDecoder {
		cfg.Latent = g.dim(fmt.Sprintf("encoder.layers.%d.weight", cfg.EncoderLayers()-1), 0)
	} else {
		cfg.Latent = g.dim("decoder.layers.0.weight", 1)
	}
	return cfg, g.err
}

// openCLIPLayers is how many of OpenCLIP ViT-H's 24 layers Stable Diffusion 2 uses.
const openCLIPLayers = 23

// readText reads the geometry of a text encoder, whose activation depends on
// whether it is OpenAI's CLIP or OpenCLIP.
func (m *Model) readText(p *Part) (clip.TextConfig, error) {
	g := geometry{File: p.File}
	cfg := clip.TextConfig{
		Vocab:     g.dim("text_model.embeddings.token_embedding.weight", 0),
		Hidden:    g.dim("text_model.embeddings.token_embedding.weight", 1),
		Positions: g.dim("text_model.embeddings.position_embedding.weight", 0),
		MLP:       g.dim("text_model.encoder.layers.0.mlp.fc1.weight", 0),
		Layers:    g.count("text_model.encoder.layers.%d.mlp.fc1.weight"),
		Act:       "quick_gelu",
		Classes:   []string{"CLIPTextModel"},
	}
	cfg.Heads = max(1, cfg.Hidden/perHead)
	second := m.unetIs(func(u unet.Config) bool { return u.LinearProjector && u.Addition == "" })
	if second || p.Part == checkpoint.Text2 || cfg.Hidden >= 1024 {
		cfg.Act = "gelu"
	}
	if second {
		cfg.Layers = min(cfg.Layers, openCLIPLayers)
	}
	if p.Part == checkpoint.Text2 && g.Has("text_projection.weight") {
		cfg.Projection = g.dim("text_projection.weight", 0)
		cfg.Classes = []string{"CLIPTextModelWithProjection"}
	}
	return cfg, g.err
}

// unneeded reports whether a tensor is one that files of the family have and
// drawing does without: a projection that nothing looks at, and OpenCLIP's last
// layer.
func (p *Part) unneeded(name string, family Family) bool {
	if p.Text == nil {
		return false
	}
	return name == "text_projection.weight" ||
		family == SD2 && strings.HasPrefix(name, fmt.Sprintf("text_model.encoder.layers.%d.", openCLIPLayers))
}

// unetIs reports whether there is a U-Net of which is holds.
func (m *Model) unetIs(is func(unet.Config) bool) bool {
	p := m.Part(checkpoint.UNet)
	return p != nil && p.UNet != nil && is(*p.UNet)
}
