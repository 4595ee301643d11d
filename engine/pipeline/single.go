package pipeline

import (
	"fmt"

	"darkroom/engine/checkpoint"
	"darkroom/engine/clip"
	"darkroom/engine/nn"
	"darkroom/engine/schedule"
	"darkroom/engine/tokenizer"
	"darkroom/engine/unet"
	"darkroom/engine/vae"
)

// single is a whole Stable Diffusion 1 in one safetensors file. It carries no
// configuration: what its tensors' shapes don't tell is in unsaid.
type single struct {
	*checkpoint.File
	precision nn.Precision
	unsaid
}

// unsaid is what two models of the same shapes can differ in.
type unsaid struct {
	words                     *tokenizer.Tokenizer
	sampleSize                int
	heads, textHeads          int
	groups, autoencoderGroups int
	textAct                   string
	betas                     schedule.Config
}

// sd1Unsaid is Stable Diffusion 1's (CompVis configs/stable-diffusion/v1-inference.yaml).
func sd1Unsaid() unsaid {
	return unsaid{
		words: tokenizer.CLIP(), sampleSize: 64, heads: 8, textHeads: 12, groups: 32, autoencoderGroups: 32,
		textAct: "quick_gelu", betas: schedule.Config{}, // the zero Config is this model's
	}
}

func openSingle(path string, precision nn.Precision) (*single, error) {
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	if err := f.CheckLDM(); err != nil {
		f.Close()
		return nil, err
	}
	return &single{f, precision, sd1Unsaid()}, nil
}

func (s *single) tokenizer() (*tokenizer.Tokenizer, error) { return s.words, nil }
func (s *single) schedule() (schedule.Config, error)       { return s.betas, nil }

func (s *single) text() (*clip.Text, error) {
	g := geometry{Reader: s.LDM("text_encoder")}
	const layer = "text_model.encoder.layers.%d."
	cfg := clip.TextConfig{
		Vocab:     g.dim("text_model.embeddings.token_embedding.weight", 0),
		Hidden:    g.dim("text_model.embeddings.token_embedding.weight", 1),
		Positions: g.dim("text_model.embeddings.position_embedding.weight", 0),
		MLP:       g.dim("text_model.encoder.layers.0.mlp.fc1.weight", 0),
		Layers:    g.count(layer + "mlp.fc1.weight"),
		Heads:     s.textHeads,
		Act:       s.textAct,
	}
	return assemble(g, cfg, packed(nn.Float32, clip.NewText))
}

func (s *single) unet() (*unet.Model, error) {
	g := geometry{Reader: s.LDM("unet")}
	cfg := unet.Config{
		SampleSize:     s.sampleSize,
		InChannels:     g.dim("conv_in.weight", 1),
		OutChannels:    g.dim("conv_out.weight", 0),
		LayersPerBlock: g.count("down_blocks.0.resnets.%d.conv1.weight"),
		Heads:          unet.PerBlock{s.heads},
		Groups:         s.groups,
		ContextDim:     g.dim("mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight", 1),
	}
	for i := range g.count("down_blocks.%d.resnets.0.conv1.weight") {
		cfg.Channels = append(cfg.Channels, g.dim(fmt.Sprintf("down_blocks.%d.resnets.0.conv1.weight", i), 0))
		kind := ""
		if g.Has(fmt.Sprintf("down_blocks.%d.attentions.0.norm.weight", i)) {
			kind = "CrossAttn"
		}
		cfg.DownBlocks = append(cfg.DownBlocks, kind+"DownBlock2D")
		cfg.UpBlocks = append([]string{kind + "UpBlock2D"}, cfg.UpBlocks...)
	}
	return assemble(g, cfg, packed(s.precision, unet.New))
}

func (s *single) vae() (*vae.Model, error) {
	g := geometry{Reader: s.LDM("vae")}
	cfg := vae.Config{
		InChannels:     g.dim("encoder.conv_in.weight", 1),
		OutChannels:    g.dim("decoder.conv_out.weight", 0),
		Latent:         g.dim("post_quant_conv.weight", 0),
		LayersPerBlock: g.count("encoder.down_blocks.0.resnets.%d.conv1.weight"),
		Groups:         s.autoencoderGroups,
	}
	for i := range g.count("encoder.down_blocks.%d.resnets.0.conv1.weight") {
		cfg.Channels = append(cfg.Channels, g.dim(fmt.Sprintf("encoder.down_blocks.%d.resnets.0.conv1.weight", i), 0))
	}
	return assemble(g, cfg, packed(nn.Float32, vae.New))
}

// assemble builds a network and makes sure that it has a place for every tensor.
func assemble[C, M any](g geometry, cfg C, build func(nn.Params, C) (M, error)) (m M, err error) {
	if g.err != nil {
		return m, g.err
	}
	if m, err = build(nn.Load(g.Reader), cfg); err == nil {
		err = g.Complete()
	}
	return m, err
}

// geometry reads sizes off tensors' shapes and keeps the first error.
type geometry struct {
	*checkpoint.Reader
	err error
}

// dim is the size of a tensor's axis.
func (g *geometry) dim(name string, axis int) int {
	n, err := g.Dim(name, axis)
	if g.err == nil {
		g.err = err
	}
	return n
}

// count is how many tensors there are whose name is pattern with 0, 1, 2 … in it.
func (g *geometry) count(pattern string) int {
	n := 0
	for g.Has(fmt.Sprintf(pattern, n)) {
		n++
	}
	return n
}
