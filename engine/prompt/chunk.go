package prompt

import (
	"fmt"
	"slices"

	"darkroom/engine/tokenizer"
)

// Token is one token of a prompt.
type Token struct {
	Span
	ID     int     `json:"id"`
	Text   string  `json:"text"` // as the vocabulary spells it, without the mark of a word's end
	Weight float64 `json:"weight"`
	Hidden bool    `json:"hidden,omitempty"` // no token of the chunk looks at it
}

// Chunk is what the text encoder reads at once: its tokens without the ones that
// begin, end and fill it up.
type Chunk struct {
	Tokens []Token `json:"tokens"`
	// Blend is what the chunk's embeddings are the sum of, if not of its tokens alone,
	// which are then the first's.
	Blend []Share `json:"blend,omitempty"`
}

// Shares is what the chunk's embeddings are the sum of.
func (c Chunk) Shares() []Share {
	if c.Blend != nil {
		return c.Blend
	}
	return []Share{{1, c.Tokens}}
}

// Ids gives a chunk as an encoder with a window of so many tokens reads it.
func (c Chunk) Ids(t *tokenizer.Tokenizer, window int) []int {
	ids := append(make([]int, 0, window), t.Start())
	for _, token := range c.Tokens {
		ids = append(ids, token.ID)
	}
	ids = append(ids, t.End())
	for len(ids) < window {
		ids = append(ids, t.Pad())
	}
	return ids
}

// Weights gives the weight of each of those tokens; 1 for those that only begin,
// end or fill up. nil if all are 1.
func (c Chunk) Weights(window int) []float64 {
	weights := make([]float64, window)
	for i := range weights {
		weights[i] = 1
	}
	plain := true
	for i, token := range c.Tokens {
		weights[i+1] = token.Weight
		plain = plain && token.Weight == 1
	}
	if plain {
		return nil
	}
	return weights
}

// Hidden tells which of those tokens no other looks at; nil if each is looked at.
func (c Chunk) Hidden(window int) []bool {
	if !slices.ContainsFunc(c.Tokens, func(t Token) bool { return t.Hidden }) {
		return nil
	}
	hidden := make([]bool, window)
	for i, token := range c.Tokens {
		hidden[i+1] = token.Hidden
	}
	return hidden
}

// backtrack is how far, in tokens, a chunk's end may be moved back to a comma
// (AUTOMATIC1111's comma_padding_backtrack).
const backtrack = 20

// webChunks distributes the tokens of fragments to chunks as AUTOMATIC1111's web UI
// does: a chunk that is full ends at its last comma if that is near, and BREAK ends
// one at once.
func (r Reader) webChunks(fragments []fragment) []Chunk {
	t, size := r.Tokenizer, r.Window-2
	comma := -1
	if ids := t.Encode(","); len(ids) == 1 && ids[0] != t.End() {
		comma = ids[0]
	}
	var done []Chunk
	open := []Token{}
	last := -1 // comma
	next := func() {
		done = append(done, Chunk{Tokens: open})
		open, last = []Token{}, -1
	}
	for _, f := range fragments {
		if f.ends {
			next()
			continue
		}
		for _, token := range r.tokens(f) {
			if token.ID == comma {
				last = len(open)
			} else if len(open) == size && last >= 0 && len(open)-last <= backtrack {
				moved := open[last+1:]
				open = open[: last+1 : last+1]
				next()
				open = append(open, moved...)
			}
			if len(open) == size {
				next()
			}
			open = append(open, token)
		}
	}
	if len(open) > 0 || done == nil {
		next()
	}
	return done
}

// comfyChunks distributes them as ComfyUI does (comfy/sd1_clip.py): a fragment of
// fewer than 8 tokens is kept whole, a longer one is cut where a chunk is full.
func (r Reader) comfyChunks(fragments []fragment) []Chunk {
	const short = 8
	size := r.Window - 2
	var done []Chunk
	open := []Token{}
	for _, f := range fragments {
		group := r.tokens(f)
		large := len(group) >= short
		for len(open)+len(group) > size {
			n := 0
			if large || len(open) == 0 { // a window may be smaller than what is to be kept whole
				n = size - len(open)
			}
			done = append(done, Chunk{Tokens: append(open, group[:n]...)})
			open, group = []Token{}, group[n:]
		}
		open = append(open, group...)
	}
	return append(done, Chunk{Tokens: open})
}

// tokens are those of one fragment.
func (r Reader) tokens(f fragment) []Token {
	var all []Token
	for _, w := range r.Tokenizer.Words(f.text.s) {
		for i, id := range w.Ids {
			s := w.Spans[i]
			all = append(all, Token{Span: f.text.cut(s.From, s.To).span(), ID: id, Text: r.Tokenizer.Decode([]int{id}), Weight: f.weight})
		}
	}
	return r.replaceLearnt(all)
}

// check makes sure that no weight is beyond what arithmetic can bear.
func check(fragments []fragment) error {
	const most = 1e6
	for _, f := range fragments {
		if !(f.weight >= -most && f.weight <= most) {
			return fmt.Errorf("the weight of %q is %g; choose weights between -%g and %g", f.text.s, f.weight, most, most)
		}
	}
	return nil
}
