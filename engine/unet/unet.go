// Package unet is the denoiser: noisy latent, noise level and words in, the
// noise (or velocity) out. It is diffusers' UNet2DConditionModel; Stable
// Diffusion 1.x, 2.x and XL and the default model are configurations of it.
package unet

import (
	"fmt"
	"slices"
	"strings"

	"darkroom/engine/nn"

	"gorgonia.org/tensor"
)

// Config is what unet/config.json of a model folder says.
type Config struct {
	SampleSize      int      `json:"sample_size"` // latent height and width it was trained at
	InChannels      int      `json:"in_channels"`
	OutChannels     int      `json:"out_channels"`
	Channels        []int    `json:"block_out_channels"`
	LayersPerBlock  int      `json:"layers_per_block"`
	DownBlocks      []string `json:"down_block_types"`
	UpBlocks        []string `json:"up_block_types"`
	ContextDim      int      `json:"cross_attention_dim"`
	Heads           PerBlock `json:"attention_head_dim"`                     // despite its name the number of heads, in every Stable Diffusion
	Depths          Depths   `json:"transformer_layers_per_block,omitempty"` // on the way down; 1 if absent
	UpDepths        Depths   `json:"reverse_transformer_layers_per_block,omitempty"`
	Middle          Middle   `json:"mid_block_type,omitempty"`       // CrossMiddle if absent
	WordsOnly       Flags    `json:"only_cross_attention,omitempty"` // blocks whose places never look at each other
	Groups          int      `json:"norm_num_groups"`
	NormEps         float64  `json:"norm_eps"`
	LinearProjector bool     `json:"use_linear_projection"`

	// SDXL is told more than the words, see Added: "text_time", the width of
	// each number's embedding, and the width of all of it together.
	Addition        string `json:"addition_embed_type,omitempty"`
	AdditionTimeDim int    `json:"addition_time_embed_dim,omitempty"`
	AdditionDim     int    `json:"projection_class_embeddings_input_dim,omitempty"`

	// GuidanceDim is the width of the guidance's embedding in a model distilled to
	// be told it (LCM); 0 in others.
	GuidanceDim int `json:"time_cond_proj_dim,omitempty"`

	// What no Stable Diffusion up to XL has.
	Classes    *string `json:"class_embed_type,omitempty"`
	ClassCount *int    `json:"num_class_embeds,omitempty"`
}

// textTime is the one kind of addition_embed_type there is here.
const textTime = "text_time"

// Validate names what in the configuration this program can't build.
func (cfg Config) Validate() error {
	n := len(cfg.Channels)
	switch {
	case n == 0 || cfg.InChannels < 1 || cfg.OutChannels < 1 || cfg.ContextDim < 1:
		return fmt.Errorf("unet config: block_out_channels, in_channels, out_channels and cross_attention_dim must be given and positive")
	case cfg.InChannels > 1<<10 || cfg.OutChannels > 1<<10 || cfg.ContextDim > 1<<16 || cfg.AdditionDim > 1<<16 || cfg.AdditionTimeDim > 1<<16:
		return fmt.Errorf("unet config: %d and %d channels, words of width %d or other conditions of width %d are more than any Stable Diffusion has",
			cfg.InChannels, cfg.OutChannels, cfg.ContextDim, cfg.AdditionDim)
	case len(cfg.DownBlocks) != n || len(cfg.UpBlocks) != n:
		return fmt.Errorf("unet config: %d block_out_channels need as many down_block_types (%d) and up_block_types (%d)", n, len(cfg.DownBlocks), len(cfg.UpBlocks))
	case cfg.LayersPerBlock < 1 || cfg.LayersPerBlock > 8:
		return fmt.Errorf("unet config: layers_per_block is %d, expected 1 to 8", cfg.LayersPerBlock)
	case !cfg.Heads.fits(n):
		return fmt.Errorf("unet config: attention_head_dim has %d numbers, expected one, or one for each of the %d blocks", len(cfg.Heads), n)
	case cfg.middle() < 0:
		return fmt.Errorf("unet config: mid_block_type is %q; this program knows %q and %q", cfg.Middle, CrossMiddle, PlainMiddle)
	case len(cfg.WordsOnly) > 1 && len(cfg.WordsOnly) != n:
		return fmt.Errorf("unet config: only_cross_attention has %d values, expected one, or one for each of the %d blocks", len(cfg.WordsOnly), n)
	case cfg.Classes != nil || cfg.ClassCount != nil:
		return fmt.Errorf("unet config: the model is told a class (class_embed_type, num_class_embeds), as upscalers and unCLIP are, which this program can't draw with: choose a Stable Diffusion 1, 2 or XL")
	case cfg.GuidanceDim < 0 || cfg.GuidanceDim > 1<<14:
		return fmt.Errorf("unet config: time_cond_proj_dim is %d, expected 0 to %d", cfg.GuidanceDim, 1<<14)
	case cfg.Addition != "" && cfg.Addition != textTime:
		return fmt.Errorf("unet config: addition_embed_type is %q; this program knows none and %q", cfg.Addition, textTime)
	case cfg.Addition != "" && (cfg.AdditionTimeDim < 2 || cfg.AdditionDim < 1):
		return fmt.Errorf("unet config: addition_embed_type %q needs addition_time_embed_dim and projection_class_embeddings_input_dim", textTime)
	}
	if err := cfg.Depths.check("transformer_layers_per_block", n, cfg.LayersPerBlock); err != nil {
		return err
	}
	if err := cfg.UpDepths.check("reverse_transformer_layers_per_block", n, cfg.LayersPerBlock+1); err != nil {
		return err
	}
	for i, d := range cfg.Depths {
		if len(d) > 1 && len(cfg.UpDepths) == 0 {
			return fmt.Errorf("unet config: transformer_layers_per_block has a list for block %d, but the way up has none of its own (reverse_transformer_layers_per_block)", i)
		}
	}
	for i, ch := range cfg.Channels {
		if h := cfg.Heads.at(i); cfg.Groups < 1 || ch < 1 || ch > 1<<14 || ch%cfg.Groups != 0 || h < 1 || ch%h != 0 {
			return fmt.Errorf("unet config: block %d has %d channels, which must be a multiple of norm_num_groups %d and of its %d heads", i, ch, cfg.Groups, h)
		}
	}
	for _, t := range slices.Concat(cfg.DownBlocks, cfg.UpBlocks) {
		switch t {
		case "CrossAttnDownBlock2D", "DownBlock2D", "CrossAttnUpBlock2D", "UpBlock2D":
		default:
			return fmt.Errorf("unet config: block type %q is not one this program knows (it knows Stable Diffusion 1, 2 and XL)", t)
		}
	}
	return nil
}

// Model is the network.
type Model struct {
	Config   Config
	Products []*nn.Product // of a packed network

	convIn       *nn.Conv2D
	time1, time2 *nn.Linear
	guidance     *nn.Linear // nil unless the model is told the guidance
	add1, add2   *nn.Linear // nil unless the model takes Added
	down, up     []block
	mid          block
	normOut      *nn.GroupNorm
	convOut      *nn.Conv2D
}

// block is one resolution's layers, or the middle.
type block struct {
	resnets    []*nn.Resnet
	attentions []*nn.Transformer // none, or one after each resnet (in the middle, after the first); some may be nil
	sample     *nn.Conv2D        // the change of resolution that ends it, if any
}

// New builds the network with parameters from p; p.Err says what was missing.
func New(p nn.Params, cfg Config) (*Model, error) {
	if cfg.NormEps == 0 {
		cfg.NormEps = 1e-5
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	ch := cfg.Channels
	last := len(ch) - 1
	time := 4 * ch[0]
	m := &Model{
		Config: cfg,
		convIn: nn.NewConv2D(p.Sub("conv_in"), cfg.InChannels, ch[0], 3, 1),
		time1:  nn.NewLinear(p.Sub("time_embedding.linear_1"), ch[0], time, true),
		time2:  nn.NewLinear(p.Sub("time_embedding.linear_2"), time, time, true),
	}
	if cfg.GuidanceDim > 0 {
		m.guidance = nn.NewLinear(p.Sub("time_embedding.cond_proj"), cfg.GuidanceDim, ch[0], false)
	}
	if cfg.Addition == textTime {
		m.add1 = nn.NewLinear(p.Sub("add_embedding.linear_1"), cfg.AdditionDim, time, true)
		m.add2 = nn.NewLinear(p.Sub("add_embedding.linear_2"), time, time, true)
	}
	resnet := func(p nn.Params, in, out int) *nn.Resnet {
		return nn.NewResnet(p, in, out, time, cfg.Groups, cfg.NormEps)
	}
	attention := func(p nn.Params, i, depth int, wordsOnly bool) *nn.Transformer {
		if depth == 0 {
			return nil
		}
		return nn.NewTransformer(p, ch[i], cfg.ContextDim, cfg.Heads.at(i), depth, cfg.Groups, cfg.LinearProjector, wordsOnly)
	}
	skips := []int{ch[0]}
	width := ch[0]
	for i := range ch {
		b, q := block{}, p.Subf("down_blocks.%d", i)
		for j := range cfg.LayersPerBlock {
			b.resnets = append(b.resnets, resnet(q.Subf("resnets.%d", j), width, ch[i]))
			width = ch[i]
			if strings.HasPrefix(cfg.DownBlocks[i], "CrossAttn") {
				b.attentions = append(b.attentions, attention(q.Subf("attentions.%d", j), i, cfg.Depths.at(i, j), cfg.WordsOnly.at(i)))
			}
			skips = append(skips, width)
		}
		if i < last {
			b.sample = nn.NewDownsample(q.Sub("downsamplers.0.conv"), width, true)
			skips = append(skips, width)
		}
		m.down = append(m.down, b)
	}
	for i := range cfg.middle() {
		m.mid.resnets = append(m.mid.resnets, resnet(p.Subf("mid_block.resnets.%d", i), width, width))
	}
	if cfg.middle() > 1 {
		m.mid.attentions = []*nn.Transformer{attention(p.Sub("mid_block.attentions.0"), last, cfg.Depths.at(last, 0), cfg.WordsOnly.everywhere())}
	}
	for i := range ch {
		b, q := block{}, p.Subf("up_blocks.%d", i)
		level := last - i
		for j := range cfg.LayersPerBlock + 1 {
			skip := skips[len(skips)-1]
			skips = skips[:len(skips)-1]
			b.resnets = append(b.resnets, resnet(q.Subf("resnets.%d", j), width+skip, ch[level]))
			width = ch[level]
			if strings.HasPrefix(cfg.UpBlocks[i], "CrossAttn") {
				b.attentions = append(b.attentions, attention(q.Subf("attentions.%d", j), level, cfg.upDepth(i, j), cfg.WordsOnly.at(level)))
			}
		}
		if i < last {
			b.sample = nn.NewConv2D(q.Sub("upsamplers.0.conv"), width, width, 3, 1)
		}
		m.up = append(m.up, b)
	}
	m.normOut = nn.NewGroupNorm(p.Sub("conv_norm_out"), ch[0], cfg.Groups, cfg.NormEps, true)
	m.convOut = nn.NewConv2D(p.Sub("conv_out"), ch[0], cfg.OutChannels, 3, 1)
	m.Products = p.Products()
	return m, p.Err()
}

// Unit is what latent heights and widths must be multiples of.
func (m *Model) Unit() int { return 1 << (len(m.Config.Channels) - 1) }

// Added is what some models are told beside the words.
type Added struct {
	// SDXL: [N,P], the prompt as one vector (clip.Text.Pooled), and for each
	// picture the height and width it is to look as if it had been cut from, the
	// top and left of the cut, and its height and width; for a refiner an aesthetic
	// score in place of the last two.
	Pooled *tensor.Dense
	Sizes  []float64
	// Guidance is how strongly the words pull on a model with a GuidanceDim.
	Guidance float64
}

// Forward predicts from x [N,H,W,in], one timestep per picture and context
// [N,T,D] the noise or velocity [N,H,W,out]. x may be [1,H,W,in] with one
// timestep, for the same latent under several contexts: what does not depend on
// the words is then computed once. Added is nil but for models with an
// addition_embed_type.
func (m *Model) Forward(c *nn.Context, x *tensor.Dense, timesteps []float64, context *tensor.Dense, added *Added) *tensor.Dense {
	return m.Vary(c, x, timesteps, context, added, Variant{})
}

// Variant is how a pass departs from the network as it was trained; its zero value is
// not at all.
type Variant struct {
	Deep *Deep // the pass keeps its deep features, or goes by those of an earlier one
	// The last so many of the contexts are perturbed: in the middle of the network their
	// places look at themselves alone. For models that are Perturbable.
	Perturbed int
}

// Vary is Forward in a variant.
func (m *Model) Vary(c *nn.Context, x *tensor.Dense, timesteps []float64, context *tensor.Dense, added *Added, v Variant) *tensor.Dense {
	deep := v.Deep
	e := m.embed(c, timesteps, added)
	x = nn.Spread(c, x, max(x.Shape()[0], e.Shape()[0])) // what is added is not the same for all
	h := m.convIn.Forward(c, x)
	var room [16]*tensor.Dense // Stable Diffusion's skips fit
	skips := append(room[:0], h)
	down, up := m.down, m.up
	if deep.known() {
		down, up = down[:1], up[len(up)-1:]
	}
	for _, b := range down {
		for j, r := range b.resnets {
			h = r.Forward(c, h, e)
			h = b.attend(c, j, h, context, 0)
			skips = append(skips, h)
		}
		if b.sample != nil && !deep.known() {
			h = b.sample.Forward(c, h)
			skips = append(skips, h)
		}
	}
	if deep.known() {
		h = nn.Recall(c, deep.Features, deep.Shape[:]...)
	} else {
		for j, r := range m.mid.resnets {
			if j == 0 { // what it begins with is a skip, too
				h = m.mid.attend(c, j, r.Forward(c, h, e), context, v.Perturbed)
			} else {
				h = r.Consume(c, h, e)
			}
		}
	}
	for i, b := range up {
		if i == len(m.up)-1 {
			deep.keep(c, h)
		}
		for j, r := range b.resnets {
			skip := skips[len(skips)-1]
			skips = skips[:len(skips)-1]
			joined := nn.Concat(c, h, skip) // a skip from before the first words is the same for all
			if h != skip {                  // without a middle they are the same
				c.Free(h)
			}
			c.Free(skip)
			h = r.Consume(c, joined, e)
			h = b.attend(c, j, h, context, 0)
		}
		if b.sample != nil {
			large := b.sample.Enlarged(c, h)
			c.Free(h)
			h = large
		}
	}
	n := m.normOut.Forward(c, h)
	c.Free(h)
	y := m.convOut.Forward(c, n)
	c.Free(n)
	return y
}

// Perturbable reports whether the places look at each other in the network's middle.
func (m *Model) Perturbable() bool {
	return len(m.mid.attentions) > 0 && m.mid.attentions[0] != nil && !m.Config.WordsOnly.everywhere()
}

// attend lets the words act behind residual block j, if they do there, and the places
// look at each other but in the last perturbed of the pictures. It consumes h.
func (b *block) attend(c *nn.Context, j int, h, context *tensor.Dense, perturbed int) *tensor.Dense {
	if j >= len(b.attentions) || b.attentions[j] == nil {
		return h
	}
	y := b.attentions[j].Perturbed(c, h, context, perturbed)
	c.Free(h)
	return y
}

// embed turns the noise level, and what is added to it, into one vector per
// picture [N,4·channels], activated as every residual block wants it.
func (m *Model) embed(c *nn.Context, timesteps []float64, added *Added) *tensor.Dense {
	e := nn.TimestepEmbedding(c, timesteps, m.Config.Channels[0])
	if m.guidance != nil {
		e = nn.Add(c, e, m.guidance.Forward(c, nn.GuidanceEmbedding(c, added.Guidance, len(timesteps), m.Config.GuidanceDim)))
	}
	e = m.time2.Forward(c, m.time1.Then(c, e, nn.SiLU))
	if m.add1 != nil {
		n := added.Pooled.Shape()[0]
		e = nn.Spread(c, e, n)
		sizes := nn.TimestepEmbedding(c, added.Sizes, m.Config.AdditionTimeDim)
		a := nn.Concat(c, added.Pooled, nn.Reshape(c, sizes, n, sizes.Size()/n))
		e = nn.Add(c, e, m.add2.Forward(c, m.add1.Then(c, a, nn.SiLU)))
	}
	return nn.SiLU.Forward(c, e)
}
