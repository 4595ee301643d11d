// Package clip turns token ids into the embeddings that steer the denoiser:
// the text encoder of CLIP (Radford et al. 2021), as transformers'
// CLIPTextModel.
package clip

import (
	"fmt"

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
}

// Validate names what in the configuration this program can't build.
func (cfg TextConfig) Validate() error {
	switch {
	case cfg.Vocab < 3 || cfg.Hidden < 1 || cfg.MLP < 1 || cfg.Layers < 1 || cfg.Positions < 3:
		return fmt.Errorf("text encoder config: vocab_size, hidden_size, intermediate_size, num_hidden_layers and max_position_embeddings must be given and positive")
	case cfg.Heads < 1 || cfg.Hidden%cfg.Heads != 0:
		return fmt.Errorf("text encoder config: hidden_size %d must be a multiple of num_attention_heads %d", cfg.Hidden, cfg.Heads)
	case cfg.Act != "quick_gelu" && cfg.Act != "gelu":
		return fmt.Errorf("text encoder config: hidden_act is %q, expected quick_gelu or gelu", cfg.Act)
	}
	return nil
}

// Text is the text encoder.
type Text struct {
	Config TextConfig

	tokens    *nn.Embedding
	positions *nn.Embedding
	layers    []textLayer
	final     *nn.LayerNorm
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
	p = p.Sub("text_model")
	m := &Text{
		Config:    cfg,
		tokens:    nn.NewEmbedding(p.Sub("embeddings.token_embedding"), cfg.Vocab, cfg.Hidden),
		positions: nn.NewEmbedding(p.Sub("embeddings.position_embedding"), cfg.Positions, cfg.Hidden),
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
	return m, p.Err()
}

// Forward maps ids, n rows of Positions tokens each, to [n,Positions,Hidden].
func (m *Text) Forward(c *nn.Context, ids []int) *tensor.Dense {
	x := nn.AddPositions(c, m.tokens.Forward(c, ids, m.Config.Positions), m.positions.Table)
	for _, l := range m.layers {
		x = nn.Add(c, x, l.attention.Forward(c, l.norm1.Forward(c, x), nil))
		h := l.up.Forward(c, l.norm2.Forward(c, x))
		x = nn.Add(c, x, l.down.Forward(c, l.act.Forward(c, h)))
	}
	return m.final.Forward(c, x)
}
