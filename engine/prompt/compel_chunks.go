package prompt

import (
	"math"
	"slices"

	"darkroom/engine/noise/elementary"
)

// Share is a part of what a chunk is mixed of: the embeddings of its tokens, which are
// moved away from those of no words by the tokens' weights, times its own weight.
type Share struct {
	Weight float64 `json:"weight"`
	Tokens []Token `json:"tokens"`
}

// conjunctionChunks is a conjunction's chunks, those of its members one behind the
// other. The shorter of prompts that are blended are filled up with no words, and a
// member's weight moves it away from no words, or towards them.
func (r Reader) conjunctionChunks(c conjunction) (all []Chunk) {
	for _, m := range c.members {
		longest := 0
		parts := make([][][]Share, len(m.prompts))
		for i, p := range m.prompts {
			parts[i] = r.shares(p)
			longest = max(longest, len(parts[i]))
		}
		for k := range longest {
			var mixed []Share
			for i, part := range parts {
				if k < len(part) {
					mixed = append(mixed, part[k]...)
				} else {
					mixed = append(mixed, Share{m.prompts[i].weight, []Token{}})
				}
			}
			if m.weight != 1 {
				for i := range mixed {
					mixed[i].Weight *= m.weight
				}
				mixed = append(mixed, Share{1 - m.weight, []Token{}})
			}
			chunk := Chunk{Tokens: mixed[0].Tokens}
			if len(mixed) > 1 || math.Abs(mixed[0].Weight-1) > 1e-12 {
				chunk.Blend = mixed
			}
			all = append(all, chunk)
		}
	}
	return all
}

// shares is what each of a prompt's chunks, which end where they are full, is mixed of:
// all its tokens and, for every fragment in it of a weight w below 1, the same without
// a look at the fragment, which counts tan((1−w)·π/2) times as much (compel,
// embeddings_provider.py).
func (r Reader) shares(p blended) (chunks [][]Share) {
	const least = 1e-5 // of w
	var tokens []Token
	var of []int // fragments
	for i, f := range p.fragments {
		some := r.tokens(f)
		tokens, of = append(tokens, some...), append(of, slices.Repeat([]int{i}, len(some))...)
	}
	weights := make([]float64, len(p.fragments)) // of what is without them
	for _, i := range of {
		if w := p.fragments[i].weight; w < 1 {
			weights[i] = elementary.Tan((1 - max(w, least)) * (math.Pi / 2))
		}
	}
	before := []float64{0} // the sum of those before each
	for _, w := range weights {
		before = append(before, before[len(before)-1]+w)
	}
	sum := 1 + before[len(weights)]
	size := r.Window - 2
	for at := 0; at == 0 || at < len(tokens); at += size {
		end := min(at+size, len(tokens))
		chunk := []Share{{1, append([]Token{}, tokens[at:end]...)}}
		if at < end {
			first, last := of[at], of[end-1]
			chunk[0].Weight += before[first] + (before[len(weights)] - before[last+1])
			for i := first; i <= last; i++ {
				if weights[i] == 0 {
					continue
				}
				without := slices.Clone(tokens[at:end])
				for k := range without {
					without[k].Hidden = of[at+k] == i
				}
				chunk = append(chunk, Share{weights[i], without})
			}
		}
		for i := range chunk {
			chunk[i].Weight *= p.weight / sum
		}
		chunks = append(chunks, chunk)
	}
	return chunks
}
