package prompt

import (
	"cmp"
	"slices"
)

// replaceLearnt puts the tokens of learnt words where they are called by their
// names, as tokens whatever their case, and longer names before shorter ones; with
// "embedding:" before it as ComfyUI wants it, or without.
func (r Reader) replaceLearnt(tokens []Token) []Token {
	if len(r.Learnt) == 0 {
		return tokens
	}
	type name struct {
		ids []int
		*Learnt
	}
	var names []name
	for i := range r.Learnt {
		for _, spelt := range []string{r.Learnt[i].Name, "embedding:" + r.Learnt[i].Name} {
			if ids := r.Tokenizer.Encode(spelt); len(ids) > 0 {
				names = append(names, name{ids, &r.Learnt[i]})
			}
		}
	}
	slices.SortStableFunc(names, func(a, b name) int { return cmp.Compare(len(b.ids), len(a.ids)) })
	var out []Token
	for i := 0; i < len(tokens); {
		at := slices.IndexFunc(names, func(n name) bool {
			return len(n.ids) <= len(tokens)-i && slices.EqualFunc(n.ids, tokens[i:i+len(n.ids)], func(id int, t Token) bool { return id == t.ID })
		})
		if at < 0 {
			out = append(out, tokens[i])
			i++
			continue
		}
		n := names[at]
		whole := tokens[i].Span
		whole.To = tokens[i+len(n.ids)-1].To
		for _, id := range n.IDs {
			out = append(out, Token{Span: whole, ID: id, Text: n.Name, Weight: tokens[i].Weight})
		}
		i += len(n.ids)
	}
	return out
}
