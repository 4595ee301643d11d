package pipeline

import (
	"cmp"
	"fmt"
	"slices"

	"darkroom/engine"
	"darkroom/engine/dialect"
	"darkroom/engine/kernel"
	"darkroom/engine/nn"
	"darkroom/engine/prompt"
	"darkroom/engine/sampler"

	"gorgonia.org/tensor"
)

// Words is what steers a run: the prompts as they were read, and the embeddings
// of every text any step listens to, made before the first step.
type Words struct {
	Prompt, Negative *prompt.Prompt

	parts    []conditioning // of the prompt, all of the same length
	negative *conditioning  // nil if nothing is to be kept away from
	width    int            // D
	latest   Steering
	chosen   []int // the variants in latest
}

// conditioning is a part of a prompt, ready for the U-Net.
type conditioning struct {
	part     prompt.Part
	of       []int       // for each of its variants, which of the contexts
	contexts [][]float32 // [T,D] of each text there is
}

// Steering is what a step listens to.
type Steering struct {
	// Contexts is the embeddings [n,T,D] of n texts: first the negative prompt's, if
	// there is one, then those of the prompt's parts. There is a second tensor
	// where the two prompts are not of one length.
	Contexts []*tensor.Dense
	Weights  []float64 // of the parts
	Guided   bool      // whether the first is the negative prompt's
}

// Words reads and encodes what a request says.
func (p *Pipeline) Words(c *nn.Context, r engine.Request) (*Words, error) {
	rules, err := Rules(r)
	if err != nil {
		return nil, err
	}
	reader := p.Reader(rules)
	w := &Words{width: p.Text.Config.Hidden}
	if w.Prompt, err = reader.Read(prompt.Verbatim(r.Prompt), false, r.Steps); err != nil {
		return nil, fmt.Errorf("%w: %w", engine.ErrInvalid, err)
	}
	if w.Negative, err = reader.Read(prompt.Verbatim(r.Negative), true, r.Steps); err != nil {
		return nil, fmt.Errorf("%w: the negative one: %w", engine.ErrInvalid, err)
	}
	e := encoder{Pipeline: p, skip: max(1, r.ClipSkip), emphasis: rules.Emphasis}
	parts := slices.Clone(w.Prompt.Parts)
	// else u + 1·(c − u) is c
	guided := len(parts) > 1 || parts[0].Weight*r.Guidance != 1 || sampler.NeedsUnguided(r.Sampler)
	if guided {
		parts = append(parts, w.Negative.Parts[0])
	}
	made, err := e.condition(c, parts)
	if err != nil {
		return nil, err
	}
	w.parts = made[:len(w.Prompt.Parts)]
	if guided {
		w.negative = &made[len(made)-1]
	}
	w.level()
	return w, nil
}

// Rules is how a request's prompts are read: by its dialect, unless it names an
// emphasis itself.
func Rules(r engine.Request) (rules prompt.Rules, err error) {
	d, err := dialect.Parse(r.Dialect)
	if err != nil {
		return rules, err
	}
	rules.FromZero = d.FromZero
	if rules.Emphasis, err = prompt.ParseEmphasis(cmp.Or(r.Emphasis, d.Emphasis)); err != nil {
		return rules, fmt.Errorf("%w: %w", engine.ErrInvalid, err)
	}
	return rules, nil
}

// Reader reads prompts for this model's text encoder.
func (p *Pipeline) Reader(rules prompt.Rules) prompt.Reader {
	return prompt.Reader{Tokenizer: p.Tokenizer, Window: p.Text.Config.Positions, Rules: rules}
}

// level makes the parts of the prompt equally long by repeating the last
// embedding of the shorter ones, as AUTOMATIC1111's web UI does.
func (w *Words) level() {
	longest := 0
	for _, part := range w.parts {
		longest = max(longest, len(part.contexts[0]))
	}
	for _, part := range w.parts {
		for i, context := range part.contexts {
			last := context[len(context)-w.width:]
			for len(context) < longest {
				context = append(context, last...)
			}
			part.contexts[i] = context
		}
	}
}

// At is what a step, counted from 1, listens to. It is valid until the next call.
func (w *Words) At(step int) *Steering {
	all := w.parts
	if w.negative != nil {
		all = append([]conditioning{*w.negative}, all...)
	}
	chosen := make([]int, len(all))
	for i, a := range all {
		chosen[i] = a.of[a.part.At(step)]
	}
	if slices.Equal(chosen, w.chosen) {
		return &w.latest
	}
	w.chosen = chosen
	w.latest = Steering{Guided: w.negative != nil}
	for _, part := range w.parts {
		w.latest.Weights = append(w.latest.Weights, part.part.Weight)
	}
	for i := 0; i < len(all); {
		var joined []float32
		from, size := i, len(all[i].contexts[chosen[i]])
		for i < len(all) && len(all[i].contexts[chosen[i]]) == size {
			joined = append(joined, all[i].contexts[chosen[i]]...)
			i++
		}
		w.latest.Contexts = append(w.latest.Contexts, nn.Wrap(joined, i-from, size/w.width, w.width))
	}
	return &w.latest
}

// mix puts the U-Net's answers in out, one for each of a step's texts, together:
// u + Σ wᵢ·g·(cᵢ − u).
func (s *Steering) mix(out []float32, size int, guidance float64) []float32 {
	u := out[:size:size]
	if !s.Guided {
		return u
	}
	sum := u
	if len(s.Weights) > 1 {
		sum = slices.Clone(u)
	}
	kernel.Lerp(sum, out[size:2*size], float32(s.Weights[0]*guidance))
	for i, weight := range s.Weights[1:] {
		k := float32(weight * guidance)
		for j, c := range out[(i+2)*size:][:size] {
			sum[j] += float32(k * (c - u[j]))
		}
	}
	return sum
}

// encoder makes embeddings.
type encoder struct {
	*Pipeline
	skip     int
	emphasis prompt.Emphasis
}

// condition encodes parts of prompts, each text but once.
func (e *encoder) condition(c *nn.Context, parts []prompt.Part) ([]conditioning, error) {
	var rows [][]int // of ids, each another
	known := map[string]int{}
	add := func(chunk prompt.Chunk) int {
		ids := chunk.Ids(e.Tokenizer, e.Text.Config.Positions)
		key := fmt.Sprint(ids)
		if _, ok := known[key]; !ok {
			known[key] = len(rows)
			rows = append(rows, ids)
		}
		return known[key]
	}
	empty := -1
	if e.emphasis == prompt.Comfy {
		empty = add(prompt.Chunk{})
	}
	made := make([]conditioning, len(parts))
	texts := make([][]text, len(parts))
	for i, part := range parts {
		made[i].part = part
		made[i].of, texts[i] = e.texts(part, add)
	}
	embeddings, err := e.encode(c, rows)
	if err != nil {
		return nil, err
	}
	for i, all := range texts {
		made[i].contexts = make([][]float32, len(all))
		for chunk := range all[0].rows {
			zs, weights, counts := make([][]float32, len(all)), make([][]float64, len(all)), make([]int, len(all))
			for k, t := range all {
				zs[k], weights[k], counts[k] = embeddings[t.rows[chunk]], t.weights[chunk], t.count
			}
			if e.emphasis == prompt.Comfy {
				zs = awayFrom(embeddings[empty], zs, weights)
			} else {
				zs = multiplied(zs, weights, counts, e.emphasis == prompt.Original)
			}
			for k, z := range zs {
				made[i].contexts[k] = append(made[i].contexts[k], z...)
			}
		}
	}
	return made, nil
}

// text is what some variants of a part have in common.
type text struct {
	rows    []int       // of ids, one for each chunk
	weights [][]float64 // of the tokens in each
	count   int         // of variants
}

// texts is the different ones of a part, and which of them each variant is. They
// are filled up with empty chunks to the same length.
func (e *encoder) texts(part prompt.Part, add func(prompt.Chunk) int) (of []int, all []text) {
	chunks := 1
	for _, v := range part.Variants {
		chunks = max(chunks, len(v.Chunks))
	}
	known := map[string]int{}
	for _, v := range part.Variants {
		t := text{count: 1}
		for i := range chunks {
			var chunk prompt.Chunk
			if i < len(v.Chunks) {
				chunk = v.Chunks[i]
			}
			t.rows = append(t.rows, add(chunk))
			t.weights = append(t.weights, chunk.Weights(e.Text.Config.Positions))
		}
		key := fmt.Sprint(t.rows, t.weights)
		if i, ok := known[key]; ok {
			all[i].count++
		} else {
			known[key] = len(all)
			all = append(all, t)
		}
		of = append(of, known[key])
	}
	return of, all
}

// encode gives the embeddings [T,D] of rows of ids, kept for the whole run.
func (e *encoder) encode(c *nn.Context, rows [][]int) ([][]float32, error) {
	const most = 8 // rows at once, which bounds the memory
	var all [][]float32
	for part := range slices.Chunk(rows, most) {
		ids := slices.Concat(part...)
		var z *tensor.Dense
		for c.Next(nn.Pass{Network: "text", Size: [4]int{len(ids), e.skip}}) {
			z = e.Text.Skip(c, ids, e.skip)
		}
		if err := c.Err(); err != nil {
			return nil, err
		}
		// the context's memory is recycled
		kept := slices.Clone(nn.Data(z))
		size := len(kept) / len(part)
		for i := range part {
			all = append(all, kept[i*size:(i+1)*size:(i+1)*size])
		}
	}
	return all, nil
}
