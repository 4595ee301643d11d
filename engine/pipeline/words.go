package pipeline

import (
	"cmp"
	"fmt"
	"slices"

	"darkroom/engine"
	"darkroom/engine/dialect"
	"darkroom/engine/nn"
	"darkroom/engine/prompt"

	"gorgonia.org/tensor"
)

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

// Reader reads prompts for this model's text encoders.
func (p *Pipeline) Reader(rules prompt.Rules) prompt.Reader {
	return prompt.Reader{Tokenizer: p.Tokenizer, Window: p.Text[0].Config.Positions, Rules: rules, Learnt: p.adapted.learnt}
}

// read reads a request's prompts.
func (p *Pipeline) read(r engine.Request) (words, negative *prompt.Prompt, err error) {
	rules, err := Rules(r)
	if err != nil {
		return nil, nil, err
	}
	return readBoth(p.Reader(rules), r, prompt.Verbatim(r.Prompt), prompt.Verbatim(r.Negative))
}

// readBoth reads a request's prompts, which are given as they are to be read.
func readBoth(reader prompt.Reader, r engine.Request, typed, kept prompt.Source) (words, negative *prompt.Prompt, err error) {
	d, err := dialect.Parse(r.Dialect)
	if err != nil {
		return nil, nil, err
	}
	steps := r.Steps * d.Calls(r.Sampler)
	if words, err = reader.Read(typed, false, steps); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", engine.ErrInvalid, err)
	}
	if negative, err = reader.Read(kept, true, steps); err != nil {
		return nil, nil, fmt.Errorf("%w: the negative one: %w", engine.ErrInvalid, err)
	}
	return words, negative, nil
}

// fitsSkip says what is wrong with a request's clip skip.
func (p *Pipeline) fitsSkip(r *engine.Request) error {
	usual, most := 1, p.Text[0].Config.Layers
	if p.UNet.Config.Addition != "" {
		usual, most = 2, 2
	}
	switch {
	case r.ClipSkip > most && usual == most:
		return fmt.Errorf("%w: clip_skip is %d, but a Stable Diffusion XL always listens to the last layer but one: leave it out", engine.ErrInvalid, r.ClipSkip)
	case r.ClipSkip > most:
		return fmt.Errorf("%w: clip_skip is %d, but the model's text encoder has %d layers; choose a number from 1 to %d", engine.ErrInvalid, r.ClipSkip, most, most)
	case r.ClipSkip <= usual:
		r.ClipSkip = 0 // its only name in recipes
	}
	return nil
}

// embedding is what a text, or a chunk of one, is to the U-Net.
type embedding struct {
	context []float32 // [T,D]
	pooled  []float32 // [P] the text as one vector; nil for a model that does not want it
}

// conditioning is a part of a prompt, ready for the U-Net.
type conditioning struct {
	part  prompt.Part
	of    []int       // for each of its variants, which of the texts
	texts []embedding // each another
}

// at is what a step, counted from 1, listens to.
func (c *conditioning) at(step int) int { return c.of[c.part.At(step)] }

// level makes parts equally long by repeating the last embedding of the shorter
// ones, as AUTOMATIC1111's web UI does.
func level(parts []conditioning, width int) {
	longest := 0
	for _, part := range parts {
		longest = max(longest, len(part.texts[0].context))
	}
	for _, part := range parts {
		for i := range part.texts {
			context := part.texts[i].context
			last := context[len(context)-width:]
			for len(context) < longest {
				context = append(context, last...)
			}
			part.texts[i].context = context
		}
	}
}

// zero makes a part what a model trained without words knows as none.
func (c *conditioning) zero() {
	for _, t := range c.texts {
		clear(t.context)
		clear(t.pooled)
	}
}

// encoder makes embeddings.
type encoder struct {
	*Pipeline
	skip     int // clip skip, from 1
	emphasis prompt.Emphasis
}

// condition encodes parts of prompts, each text but once. A chunk is encoded by
// itself, and the pooled vector is the first chunk's, as in the web UI.
func (e *encoder) condition(c *nn.Context, parts []prompt.Part) ([]conditioning, error) {
	var rows []prompt.Chunk // each of other ids
	known := map[string]int{}
	add := func(chunk prompt.Chunk) int {
		window := e.Text[0].Config.Positions
		key := fmt.Sprint(chunk.Ids(e.Tokenizer, window), chunk.Hidden(window))
		if _, ok := known[key]; !ok {
			known[key] = len(rows)
			rows = append(rows, chunk)
		}
		return known[key]
	}
	empty := -1
	if e.emphasis == prompt.Comfy || e.emphasis == prompt.Compel {
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
		made[i].texts = make([]embedding, len(all))
		for chunk := range all[0].chunks {
			var zs [][]float32
			var weights [][]float64
			var counts []int
			for _, t := range all {
				for _, s := range t.chunks[chunk] {
					zs, weights, counts = append(zs, embeddings[s.row].context), append(weights, s.tokens), append(counts, t.count)
				}
			}
			var none []float32
			if empty >= 0 {
				none = embeddings[empty].context
			}
			zs = e.emphasise(zs, weights, counts, none)
			for k, t := range all {
				shares := t.chunks[chunk]
				made[i].texts[k].context = append(made[i].texts[k].context, mixed(zs[:len(shares)], shares)...)
				zs = zs[len(shares):]
			}
		}
		for k, t := range all {
			made[i].texts[k].pooled = slices.Clone(embeddings[t.chunks[0][0].row].pooled)
		}
	}
	return made, nil
}

// mixed is the sum of embeddings times the weights of their shares.
func mixed(zs [][]float32, shares []share) []float32 {
	if len(zs) == 1 && shares[0].weight == 1 {
		return zs[0]
	}
	sum := make([]float64, len(zs[0]))
	for i, z := range zs {
		for k, v := range z {
			sum[k] += float64(shares[i].weight * float64(v))
		}
	}
	out := make([]float32, len(sum))
	for k, v := range sum {
		out[k] = float32(v)
	}
	return out
}

// emphasise lets weights change embeddings, those of each text encoder for
// themselves; empty is those of no words, for Comfy and Compel.
func (e *encoder) emphasise(zs [][]float32, weights [][]float64, counts []int, empty []float32) [][]float32 {
	if !slices.ContainsFunc(weights, func(w []float64) bool { return w != nil }) {
		return zs
	}
	width := e.width()
	out := make([][]float32, len(zs))
	for i, z := range zs {
		out[i] = make([]float32, len(z))
	}
	from := 0
	for _, t := range e.Text {
		own := t.Config.Hidden
		block := func(z []float32) []float32 {
			if own == width {
				return z
			}
			var b []float32
			for at := from; at < len(z); at += width {
				b = append(b, z[at:at+own]...)
			}
			return b
		}
		blocks := make([][]float32, len(zs))
		for i, z := range zs {
			blocks[i] = block(z)
		}
		if e.emphasis == prompt.Comfy || e.emphasis == prompt.Compel {
			blocks = awayFrom(block(empty), blocks, weights)
		} else {
			blocks = multiplied(blocks, weights, counts, e.emphasis == prompt.Original)
		}
		for i, b := range blocks {
			for k := 0; k*own < len(b); k++ {
				copy(out[i][k*width+from:], b[k*own:(k+1)*own])
			}
		}
		from += own
	}
	return out
}

// width is that of the embeddings the U-Net listens to, of all encoders together.
func (p *Pipeline) width() (n int) {
	for _, t := range p.Text {
		n += t.Config.Hidden
	}
	return n
}

// text is what some variants of a part have in common.
type text struct {
	chunks [][]share // what each chunk's embeddings are the sum of
	count  int       // of variants
}

// share is a part of what a chunk is mixed of.
type share struct {
	weight float64
	row    int       // of ids
	tokens []float64 // their weights
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
			var shares []share
			for _, s := range chunk.Shares() {
				part := prompt.Chunk{Tokens: s.Tokens}
				shares = append(shares, share{s.Weight, add(part), part.Weights(e.Text[0].Config.Positions)})
			}
			t.chunks = append(t.chunks, shares)
		}
		key := fmt.Sprint(t.chunks)
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

// encode gives the embeddings of chunks, kept for the whole run.
func (e *encoder) encode(c *nn.Context, chunks []prompt.Chunk) ([]embedding, error) {
	const most = 8 // at once, which bounds the memory
	window := e.Text[0].Config.Positions
	var all []embedding
	for some := range slices.Chunk(chunks, most) {
		ids := make([][]int, len(e.Text)) // for each encoder
		var ends []int                    // in each chunk, where the token is that ends it
		var hidden []bool                 // tokens of all the chunks
		for row, chunk := range some {
			if own := chunk.Hidden(window); own != nil {
				if hidden == nil {
					hidden = make([]bool, len(some)*window)
				}
				copy(hidden[row*window:], own)
			}
			for i, pad := range e.pads {
				ids[i] = append(ids[i], chunk.Ids(e.Tokenizer, window)...)
				for k := len(ids[i]) - window + len(chunk.Tokens) + 2; k < len(ids[i]); k++ {
					ids[i][k] = pad
				}
			}
			ends = append(ends, len(chunk.Tokens)+1)
		}
		networks := e.Networks()
		if hidden != nil {
			networks = networks.hiding(hidden)
		}
		var context, pooled *tensor.Dense
		for c.Next(nn.Pass{Network: "text", Size: [4]int{len(ends), e.skip}}) {
			context, pooled = networks.Embed(c, ids, ends, e.skip)
		}
		if err := c.Err(); err != nil {
			return nil, err
		}
		// the context's memory is recycled
		contexts := each(context, len(some))
		pools := each(pooled, len(some))
		for i := range some {
			all = append(all, embedding{contexts[i], pools[i]})
		}
	}
	return all, nil
}

// each is a copy of each of a tensor's n rows; nils of no tensor.
func each(t *tensor.Dense, n int) [][]float32 {
	rows := make([][]float32, n)
	if t != nil {
		size := t.Size() / n
		for i := range rows {
			rows[i] = slices.Clone(nn.Data(t)[i*size : (i+1)*size])
		}
	}
	return rows
}

// Embed is the embeddings [n,T,D] of n chunks and, for a model that wants it, each of
// them as one vector [n,P]. There is a list of ids for each text encoder, rows of as
// many as it has positions; ends has the place in its row of the token that ends a
// chunk. The tensors are valid until c.Reset.
//
// SDXL listens to the last layer but one of each encoder, as it is, and wants the
// second's pooled output; others listen to the skip-th layer from the end,
// normalised.
func (n *Networks) Embed(c *nn.Context, ids [][]int, ends []int, skip int) (context, pooled *tensor.Dense) {
	for i, t := range n.Text {
		var states *tensor.Dense
		if n.UNet.Config.Addition == "" {
			states = t.Skip(c, ids[i], skip)
		} else {
			var last *tensor.Dense
			if states, last = t.States(c, ids[i]); i == len(n.Text)-1 {
				pooled = t.Pooled(c, last, ends)
			}
		}
		if context == nil {
			context = states
		} else {
			context = nn.Concat(c, context, states)
		}
	}
	return context, pooled
}
