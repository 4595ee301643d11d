// Package clip turns token ids into the embeddings that steer the denoiser:
// the text encoder of CLIP (Radford et al. 2021), as transformers'
// CLIPTextModel and CLIPTextModelWithProjection. CLIP ViT-L (Stable Diffusion 1
// and XL) and OpenCLIP's ViT-H (2) and bigG (XL) are configurations of it.
package clip

import (
	"fmt"
	"slices"

	"darkroom/engine/nn"

	"gorgonia.org/tensor"
)

// TextConfig is what text_encoder/config.json of a model folder says.
type TextConfig struct {
	Vocab     int     `json:"vocab_size"`
	Hidden    int     `json:"hidden_size"`
	MLP       int     `json:"intermediate_size"`
	Layers    int     `json:"num_hidden_layers"`
	Heads     int     `json:"num_attention_heads"`
	Positions int     `json:"max_position_embeddings"`
	Act       string  `json:"hidden_act"`
	NormEps   float64 `json:"layer_norm_eps"`

	// Projection is the width of the pooled output, for which there are weights
	// only in a class with projection.
	Projection int      `json:"projection_dim,omitempty"`
	Classes    []string `json:"architectures,omitempty"`
}

// withProjection is the class that has text_projection; the file of a plain
// CLIPTextModel gives its projection_dim too.
const withProjection = "CLIPTextModelWithProjection"

// Projects reports whether the encoder has a pooled output.
func (cfg TextConfig) Projects() bool { return slices.Contains(cfg.Classes, withProjection) }

// Validate names what in the configuration this program can't build.
func (cfg TextConfig) Validate() error {
	switch {
	case cfg.Vocab < 3 || cfg.Hidden < 1 || cfg.MLP < 1 || cfg.Layers < 1 || cfg.Positions < 3:
		return fmt.Errorf("text encoder config: vocab_size, hidden_size, intermediate_size, num_hidden_layers and max_position_embeddings must be given and positive")
	case cfg.Vocab > 1<<24 || cfg.Hidden > 1<<14 || cfg.MLP > 1<<16 || cfg.Layers > 1<<8 || cfg.Positions > 1<<14 || cfg.Projection > 1<<14:
		return fmt.Errorf("text encoder config: a vocabulary of %d, %d layers of width %d and %d, %d positions or a projection to %d are more than any CLIP has",
			cfg.Vocab, cfg.Layers, cfg.Hidden, cfg.MLP, cfg.Positions, cfg.Projection)
	case cfg.Heads < 1 || cfg.Hidden%cfg.Heads != 0:
		return fmt.Errorf("text encoder config: hidden_size %d must be a multiple of num_attention_heads %d", cfg.Hidden, cfg.Heads)
	case cfg.Act != "quick_gelu" && cfg.Act != "gelu":
		return fmt.Errorf("text encoder config: hidden_act is %q, expected quick_gelu or gelu", cfg.Act)
	case cfg.Projects() && cfg.Projection < 1:
		return fmt.Errorf("text encoder config: a %s needs a projection_dim", withProjection)
	}
	return nil
}

// Text is the text encoder.
type Text struct {
	Config   TextConfig
	Products []*nn.Product // of a packed network

	tokens    *nn.Embedding
	positions *tensor.Dense // [Positions,Hidden]
	layers    []textLayer
	final     *nn.LayerNorm
	project   *nn.Linear // nil without projection
	hidden    []bool     // see Hiding
}

type textLayer struct {
	norm1, norm2 *nn.LayerNorm
	attention    *nn.Attention
	up, down     *nn.Linear
	act          nn.Activation
}

// NewText builds the encoder with parameters from p.
func NewText(p nn.Params, cfg TextConfig) (*Text, error) {
	if cfg.NormEps == 0 {
		cfg.NormEps = 1e-5
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	whole := p
	p = p.Sub("text_model")
	m := &Text{
		Config:    cfg,
		tokens:    nn.NewEmbedding(p.Sub("embeddings.token_embedding"), cfg.Vocab, cfg.Hidden),
		positions: nn.NewTable(p.Sub("embeddings.position_embedding"), cfg.Positions, cfg.Hidden),
	}
	act := nn.QuickGELU
	if cfg.Act == "gelu" {
		act = nn.GELU
	}
	for i := range cfg.Layers {
		l := p.Subf("encoder.layers.%d", i)
		m.layers = append(m.layers, textLayer{
			norm1:     nn.NewLayerNorm(l.Sub("layer_norm1"), cfg.Hidden, cfg.NormEps),
			attention: nn.NewCausalAttention(l.Sub("self_attn"), cfg.Hidden, cfg.Heads),
			norm2:     nn.NewLayerNorm(l.Sub("layer_norm2"), cfg.Hidden, cfg.NormEps),
			up:        nn.NewLinear(l.Sub("mlp.fc1"), cfg.Hidden, cfg.MLP, true),
			down:      nn.NewLinear(l.Sub("mlp.fc2"), cfg.MLP, cfg.Hidden, true),
			act:       act,
		})
	}
	m.final = nn.NewLayerNorm(p.Sub("final_layer_norm"), cfg.Hidden, cfg.NormEps)
	if cfg.Projects() {
		m.project = nn.NewLinear(whole.Sub("text_projection"), cfg.Hidden, cfg.Projection, false)
	}
	m.Products = p.Products()
	return m, p.Err()
}

// Extend gives vectors [n,Hidden] to the ids from Vocab on: words that the encoder
// has learnt since, by textual inversion (Gal et al. 2022).
func (m *Text) Extend(vectors []float32) { m.tokens.Extend(vectors) }

// Hiding is the encoder with tokens that none of their text looks at, of all
// [n,Positions] that it is given next; nil hides none.
func (m *Text) Hiding(hidden []bool) *Text {
	other := *m
	other.hidden = hidden
	return &other
}

// Forward maps ids, n rows of Positions tokens each, to [n,Positions,Hidden].
func (m *Text) Forward(c *nn.Context, ids []int) *tensor.Dense {
	return m.Skip(c, ids, 1)
}

// Skip is Forward with clip skip n, from 1 up to Layers: what the n-th layer from
// the end gives, normalised like the last. 1 is the whole encoder.
func (m *Text) Skip(c *nn.Context, ids []int, n int) *tensor.Dense {
	_, last := m.run(c, ids, m.layers[:len(m.layers)-n+1])
	return last
}

// States is Forward that also returns what the last layer but one gives, as it
// is: the embeddings SDXL listens to.
func (m *Text) States(c *nn.Context, ids []int) (penultimate, last *tensor.Dense) {
	return m.run(c, ids, m.layers)
}

func (m *Text) run(c *nn.Context, ids []int, layers []textLayer) (penultimate, last *tensor.Dense) {
	tokens := m.tokens.Forward(c, ids, m.Config.Positions)
	x := nn.AddPositions(c, tokens, m.positions)
	c.Free(tokens)
	for i := range layers {
		if penultimate != nil {
			c.Free(penultimate)
		}
		penultimate, x = x, layers[i].forward(c, x, m.hidden)
	}
	last = m.final.Forward(c, x)
	c.Free(x)
	return penultimate, last
}

func (l *textLayer) forward(c *nn.Context, x *tensor.Dense, hidden []bool) (seen *tensor.Dense) {
	h := l.norm1.Forward(c, x)
	if hidden == nil {
		seen = l.attention.Plus(c, h, nil, x)
	} else {
		seen = l.attention.PlusHiding(c, h, x, hidden)
	}
	c.Free(h)
	h = l.norm2.Forward(c, seen)
	wide := l.up.Then(c, h, l.act)
	c.Free(h)
	y := l.down.Plus(c, wide, seen)
	c.Free(wide, seen)
	return y
}

// Pooled maps each text as a whole to [n,Projection]: the embedding in last, of
// States, of the token that ends it, of which ends has the place in its row. The
// model must be one with projection.
func (m *Text) Pooled(c *nn.Context, last *tensor.Dense, ends []int) *tensor.Dense {
	return m.project.Forward(c, nn.Take(c, last, ends))
}
