package prompt

import (
	"slices"
	"strings"
)

// compelNode is a text, or nodes that have a weight in common, or what is no text.
type compelNode struct {
	text     Text
	weight   float64
	children []compelNode // nil of a text
	tag      *Tag
	problem  *Problem
}

// compelParser reads a text by compel's grammar, a parsing expression grammar: of
// alternatives the first that fits is taken, and none of those after it is tried
// later. Before most signs white space means nothing. What rules found at a place is
// kept, so that nesting costs no more than its length.
type compelParser struct {
	t    Text
	memo map[compelPlace]compelMatch
}

type compelPlace struct {
	rule byte
	at   int
}

// compelMatch is what a rule found, and where that ends; end is -1 if it does not fit.
type compelMatch struct {
	nodes []compelNode
	end   int
}

var noMatch = compelMatch{end: -1}

func newCompelParser(t Text) *compelParser {
	return &compelParser{t, map[compelPlace]compelMatch{}}
}

func problemNode(what Text, why string) compelNode {
	return compelNode{problem: &Problem{what.span(), why}}
}

// once keeps what a rule finds at a place.
func (p *compelParser) once(rule byte, at int, find func() compelMatch) compelMatch {
	place := compelPlace{rule, at}
	m, ok := p.memo[place]
	if !ok {
		m = find()
		p.memo[place] = m
	}
	return m
}

// quoted is a text in quotes, which may hold what one in brackets may.
func (p *compelParser) quoted(at int) compelMatch {
	return p.once('q', at, func() compelMatch { return p.quotedAs(at, false) })
}

// quotedAs reads it as a whole prompt, in which signs may be out of place, or not.
func (p *compelParser) quotedAs(at int, whole bool) compelMatch {
	i := p.skip(at)
	all := compelQuoted.FindString(p.t.s[i:])
	if all == "" {
		return noMatch
	}
	end := i + len(all)
	inner := whitened(p.t.cut(i+1, end-1))
	if strings.TrimFunc(inner.s, isSpace) == "" {
		return leaf(inner.cut(0, 0), end)
	}
	q := newCompelParser(inner)
	var m compelMatch
	if whole {
		m = q.words(0)
	} else {
		m = q.within(0, true)
	}
	if q.skip(m.end) < len(inner.s) {
		return noMatch
	}
	return compelMatch{m.nodes, end}
}

// bracketed is a text in brackets.
func (p *compelParser) bracketed(at int) compelMatch {
	return p.once('(', at, func() compelMatch {
		i := p.sign(at, "(")
		if i < 0 {
			return noMatch
		}
		m := p.within(i, true)
		if m.end = p.sign(m.end, ")"); m.end < 0 {
			return noMatch
		}
		return m
	})
}

// target is what an operator can work on.
func (p *compelParser) target(at int) compelMatch {
	return first(at, p.quoted, p.bracketed, p.word)
}

// first is the first of rules that fits.
func first(at int, rules ...func(int) compelMatch) compelMatch {
	for _, rule := range rules {
		if m := rule(at); m.end >= 0 {
			return m
		}
	}
	return noMatch
}

// within reads as much as fits of what may stand in brackets, with , and . or not.
func (p *compelParser) within(at int, commas bool) compelMatch {
	all := compelMatch{end: at}
	rules := []func(int) compelMatch{p.lora, p.attention, p.swap, p.bracketed, p.quoted, p.word}
	if commas {
		rules = append(rules, p.comma)
	}
	for {
		m := first(all.end, rules...)
		if m.end < 0 {
			return all
		}
		all.nodes, all.end = append(all.nodes, m.nodes...), m.end
	}
}

func (p *compelParser) comma(at int) compelMatch {
	i := p.skip(at)
	if i == len(p.t.s) || p.t.s[i] != ',' && p.t.s[i] != '.' {
		return noMatch
	}
	return leaf(p.t.cut(i, i+1), i+1)
}

// words reads all of a prompt: what has no meaning is text.
func (p *compelParser) words(at int) compelMatch {
	all := compelMatch{end: at}
	for {
		m := first(all.end, p.swap, p.lora, p.attention, p.quoted, p.bracketed, p.free)
		if m.end < 0 {
			if m.end = p.skip(all.end); m.end == all.end {
				return all
			}
		}
		all.nodes, all.end = append(all.nodes, m.nodes...), m.end
	}
}

// free is a run of anything but white space.
func (p *compelParser) free(i int) compelMatch {
	end := strings.IndexAny(p.t.s[i:], compelSpace)
	if end < 0 {
		end = len(p.t.s) - i
	}
	if end == 0 {
		return noMatch
	}
	text := p.t.cut(i, i+end)
	m := leaf(text, i+end)
	for k, c := range []byte(text.s) {
		if (c == '(' || c == ')' || c == '"') && (k == 0 || text.s[k-1] != '\\') {
			m.nodes = append(m.nodes, problemNode(text.cut(k, k+1), "is out of place and a sign like any other"))
		}
	}
	return m
}

// attention is a text and its weight: word++, (words)1.2, word.attend(0.8).
func (p *compelParser) attention(at int) compelMatch {
	return p.once('a', at, func() compelMatch {
		if m := p.target(at); m.end >= 0 {
			if i := p.sign(m.end, ".attend"); i >= 0 {
				if i = p.sign(i, "("); i >= 0 {
					if w, j := p.weight(i, true); j >= 0 {
						if j = p.sign(j, ")"); j >= 0 {
							return attended(m, w, j)
						}
					}
				}
			}
		}
		if m := first(at, p.quoted, p.bracketed); m.end >= 0 && !p.blank(m.end) {
			if w, j := p.weight(m.end, true); j >= 0 {
				return attended(m, w, j)
			}
		}
		if m := p.word(at); m.end >= 0 && !p.blank(m.end) {
			if w, j := p.weight(m.end, false); j >= 0 {
				return attended(m, w, j)
			}
		}
		return noMatch
	})
}

func attended(m compelMatch, weight float64, end int) compelMatch {
	return compelMatch{[]compelNode{{weight: weight, children: append([]compelNode{}, m.nodes...)}}, end}
}

// swap is words that others take the place of while the picture develops, which is
// not drawn; InvokeAI since version 3 draws the first, too.
func (p *compelParser) swap(at int) compelMatch {
	return p.once('s', at, func() compelMatch {
		m := p.target(at)
		if m.end < 0 {
			return noMatch
		}
		i := p.sign(m.end, ".swap")
		if i >= 0 {
			i = p.sign(i, "(")
		}
		if i < 0 {
			return noMatch
		}
		other := p.within(i, false)
		end := other.end
		if comma := p.sign(end, ","); comma >= 0 {
			_, end = p.options(comma)
		}
		if end = p.sign(end, ")"); end < 0 {
			return noMatch
		}
		swapped := problemNode(p.t.cut(at, end).trim(), "swaps words, which is not drawn; as in InvokeAI since version 3 the first are")
		return compelMatch{append(slices.Clone(m.nodes), swapped), end}
	})
}

// lora is withLora(name, 0.8).
func (p *compelParser) lora(at int) compelMatch {
	from := p.skip(at)
	i := max(p.sign(at, "useLora"), p.sign(at, "withLora"))
	if i >= 0 {
		i = p.sign(i, "(")
	}
	if i < 0 {
		return noMatch
	}
	i = p.skip(i)
	end := p.run(i, compelKeyword)
	if end < 0 {
		return noMatch
	}
	args := []string{p.t.s[i:end]}
	if comma := p.sign(end, ","); comma >= 0 {
		if text, j := p.number(comma); j >= 0 {
			args, end = append(args, text), j
		}
	}
	if end = p.sign(end, ")"); end < 0 {
		return noMatch
	}
	return compelMatch{[]compelNode{{tag: &Tag{Span: p.t.cut(from, end).span(), Kind: "lora", Args: args}}}, end}
}

// loras is as many as there are.
func (p *compelParser) loras(at int) compelMatch {
	all := compelMatch{end: at}
	for {
		m := p.lora(all.end)
		if m.end < 0 {
			return all
		}
		all.nodes, all.end = append(all.nodes, m.nodes...), m.end
	}
}
