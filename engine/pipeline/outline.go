package pipeline

import (
	"context"
	"fmt"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/clip"
	"darkroom/engine/dialect"
	"darkroom/engine/family"
	"darkroom/engine/prompt"
	"darkroom/engine/schedule"
	"darkroom/engine/tokenizer"
)

// Outline is what is known of a model without its weights, which is what words and
// noise levels come to.
type Outline struct {
	Size int // pixels on a side of the pictures it was trained on

	tokenizer *tokenizer.Tokenizer
	encoders  []clip.TextConfig
	schedule  *schedule.Schedule
	curve     string // the way down the noise levels that suits the model
}

// OpenOutline looks at a model, which goes by the names that Load knows. It reads no
// weights.
func OpenOutline(model string) (*Outline, error) {
	m, err := Open(model)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if err := m.Check(); err != nil {
		return nil, err
	}
	o := &Outline{Size: m.Size}
	if o.schedule, o.curve, err = noiseLevels(m); err != nil {
		return nil, err
	}
	for _, part := range []checkpoint.Part{checkpoint.Text, checkpoint.Text2} {
		p := m.Part(part)
		if p == nil {
			continue
		}
		if o.tokenizer == nil {
			if o.tokenizer, err = m.Tokenizer(part); err != nil {
				return nil, fmt.Errorf("%s: %w", m.Name, err)
			}
		}
		o.encoders = append(o.encoders, *p.Text)
	}
	return o, nil
}

// noiseLevels is those a model was trained on and the way down them that suits it.
func noiseLevels(m *family.Model) (*schedule.Schedule, string, error) {
	s, err := schedule.New(m.Schedule)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", m.Name, err)
	}
	s.XL = m.Family == family.SDXL
	// models trained down to pure noise must start there (Lin et al. 2023)
	if m.Schedule.RescaleBetasZeroSNR {
		return s, "sgm_uniform", nil
	}
	return s, "normal", nil
}

// Read reads a request's prompts as Paint does, from what typed and kept are: the
// prompt and the negative one, each with its choices made. The shelf, which may be nil,
// has the textual inversions that they may name.
func (o *Outline) Read(ctx context.Context, r engine.Request, shelf Shelf, typed, kept prompt.Source) (words, negative *prompt.Prompt, err error) {
	rules, err := Rules(r)
	if err != nil {
		return nil, nil, err
	}
	reader := prompt.Reader{Tokenizer: o.tokenizer, Window: o.encoders[0].Positions, Rules: rules}
	if shelf != nil {
		r.Prompt, r.Negative = typed.Text.String(), kept.Text.String()
		names, paths, err := mayName(ctx, shelf, r)
		if err != nil {
			return nil, nil, err
		}
		reader.Learnt, _, _ = learnt(o.encoders, names, paths)
	}
	return readBoth(reader, r, typed, kept)
}

// Levels is the noise levels of a request's run, falling.
func (o *Outline) Levels(r engine.Request) ([]float64, error) {
	d, err := dialect.Parse(r.Dialect)
	if err != nil {
		return nil, err
	}
	return d.Levels(o.schedule, r, o.curve)
}
