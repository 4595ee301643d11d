package prompt

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// conjunction is a prompt in compel's language (InvokeAI's), read: texts that are
// encoded one by one and set one behind the other, each times its weight.
type conjunction struct {
	members  []blend
	tags     []Tag
	problems []Problem
}

// blend is prompts whose embeddings are averaged by their weights; mostly there is
// but one.
type blend struct {
	weight  float64 // in the conjunction
	prompts []blended
}

// blended is one of a blend's prompts.
type blended struct {
	weight    float64
	fragments []fragment
}

// compel reads a prompt.
func compel(t Text) (c conjunction) {
	t = spaced(t)
	p := newCompelParser(t)
	if m, end := p.combined(0, ".and", ".add"); end >= 0 {
		c.tags, c.problems = m.tags, m.problems
		if rest := t.cut(end, len(t.s)).trim(); rest.s != "" {
			c.problems = append(c.problems, Problem{rest.span(), "stands behind .and() and is not drawn, as in InvokeAI"})
		}
		for _, one := range m.prompts {
			c.members = append(c.members, blend{one.weight, []blended{{1, one.fragments}}})
		}
		return c
	}
	before := p.loras(0)
	if m, end := p.combined(before.end, ".blend"); end >= 0 {
		after := p.loras(end)
		if p.skip(after.end) == len(t.s) {
			tags := flattened(append(before.nodes, after.nodes...)).tags
			return conjunction{[]blend{{1, m.prompts}}, append(tags, m.tags...), m.problems}
		}
		c.problems = []Problem{{t.cut(after.end, len(t.s)).trim().span(), "stands behind .blend(), which InvokeAI refuses; all is read as words"}}
	}
	words := flattened(p.words(0).nodes)
	return conjunction{[]blend{{1, []blended{{1, words.fragments}}}}, words.tags, append(c.problems, words.problems...)}
}

// spaced puts a blank behind every comma that something stands right behind.
func spaced(t Text) Text {
	return t.replaced(func(i int) (Text, int) {
		next, n := utf8.DecodeRuneInString(t.s[i+1:])
		if t.s[i] != ',' || n == 0 || isSpace(next) {
			return Text{}, 0
		}
		// what stands behind it has been looked at
		return join(t.cut(i, i+1), put(" ", Span{}), t.cut(i+1, i+1+n)), 1 + n
	})
}

// mixed is the prompts of an operator, with their weights, and what else is in them.
type mixed struct {
	prompts  []blended
	tags     []Tag
	problems []Problem
}

// combined reads (…, …).operator(…).
func (p *compelParser) combined(at int, operators ...string) (m mixed, end int) {
	i := p.sign(at, "(")
	var members []compelMatch
	for i >= 0 {
		member := p.target(i)
		if member.end < 0 {
			member = p.quotedAs(i, true)
		}
		if member.end < 0 {
			return m, -1
		}
		members = append(members, member)
		if i = p.sign(member.end, ","); i < 0 {
			i = p.sign(member.end, ")")
			break
		}
	}
	if i < 0 {
		return m, -1
	}
	open := -1
	for _, operator := range operators {
		if j := p.sign(i, operator); j >= 0 {
			open = p.sign(j, "(")
			break
		}
	}
	if open < 0 {
		return m, -1
	}
	options, end := p.options(open)
	if end = p.sign(end, ")"); end < 0 {
		return m, -1
	}
	weights, normalised, ok := mixture(options, len(members), slices.Contains(operators, ".blend"))
	if !ok {
		m.problems = append(m.problems, Problem{p.t.cut(open, end).span(), "is other than a weight for each prompt, which InvokeAI refuses; all count the same"})
	}
	var sum float64
	for _, w := range weights {
		sum += w
	}
	for k, member := range members {
		all := flattened(member.nodes)
		w := weights[k]
		if normalised && sum != 0 {
			w /= sum
		}
		m.tags, m.problems = append(m.tags, all.tags...), append(m.problems, all.problems...)
		if len(all.fragments) > 0 {
			m.prompts = append(m.prompts, blended{w, all.fragments})
		}
	}
	if len(m.prompts) == 0 {
		m.prompts = []blended{{1, nil}}
	}
	return m, end
}

// mixture is the weights that options say for n prompts.
func mixture(options []string, n int, normalised bool) (weights []float64, _, ok bool) {
	if normalised && len(options) > 0 && options[len(options)-1] == "no_normalize" {
		options, normalised = options[:len(options)-1], false
	}
	for _, o := range options {
		w, err := strconv.ParseFloat(o, 64)
		if err != nil || w-w != 0 {
			weights = nil
			break
		}
		weights = append(weights, w)
	}
	ok = len(weights) == n || len(options) == 0
	if len(weights) != n {
		weights = slices.Repeat([]float64{1}, n)
	}
	return weights, normalised, ok
}

// flat is what nodes hold.
type flat struct {
	fragments []fragment
	tags      []Tag
	problems  []Problem
}

// flattened is the texts of nodes, each with the product of the weights around it,
// those next to each other of one weight joined by a blank, and what else there is.
func flattened(nodes []compelNode) (all flat) {
	var texts [][]Text // of each fragment
	var walk func(nodes []compelNode, weight float64)
	walk = func(nodes []compelNode, weight float64) {
		for _, n := range nodes {
			switch {
			case n.tag != nil:
				all.tags = append(all.tags, *n.tag)
			case n.problem != nil:
				all.problems = append(all.problems, *n.problem)
			case n.children != nil:
				walk(n.children, weight*n.weight)
			default:
				last := len(texts) - 1
				if last >= 0 && all.fragments[last].weight == weight*n.weight {
					texts[last] = append(texts[last], put(" ", Span{}), n.text)
				} else {
					texts = append(texts, []Text{n.text})
					all.fragments = append(all.fragments, fragment{weight: weight * n.weight})
				}
			}
		}
	}
	walk(nodes, 1)
	for i := range texts {
		all.fragments[i].text = join(texts[i]...)
	}
	return all
}
