package prompt

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
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

func newCompelParser(t Text) *compelParser {
	return &compelParser{t, map[compelPlace]compelMatch{}}
}

// spaced puts a blank behind every comma that something stands right behind.
func spaced(t Text) Text {
	var pieces []Text
	from := 0
	for i := 0; i+1 < len(t.s); i++ {
		if t.s[i] != ',' {
			continue
		}
		next, n := utf8.DecodeRuneInString(t.s[i+1:])
		if isSpace(next) {
			continue
		}
		pieces = append(pieces, t.cut(from, i+1), put(" ", Span{}))
		from = i + 1
		i += n // what stands behind it has been looked at
	}
	if pieces == nil {
		return t
	}
	return join(append(pieces, t.cut(from, len(t.s)))...)
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

const (
	compelSpace   = " \t\n\r\v\f" // what ends a word
	compelSigns   = `()",.+-=`    // what has a meaning, and has none behind a \
	compelKeyword = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
)

func problemNode(what Text, why string) compelNode {
	return compelNode{problem: &Problem{what.span(), why}}
}

func (p *compelParser) skip(i int) int {
	for i < len(p.t.s) && strings.IndexByte(compelSpace, p.t.s[i]) >= 0 {
		i++
	}
	return i
}

// sign is behind a sign, or -1.
func (p *compelParser) sign(i int, s string) int {
	if i = p.skip(i); strings.HasPrefix(p.t.s[i:], s) {
		return i + len(s)
	}
	return -1
}

// run is behind a run of some of the signs, or -1.
func (p *compelParser) run(i int, signs string) int {
	end := i
	for end < len(p.t.s) && strings.IndexByte(signs, p.t.s[end]) >= 0 {
		end++
	}
	if end == i {
		return -1
	}
	return end
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

// word is a run of signs without a meaning, among them + and − within a word.
func (p *compelParser) word(at int) compelMatch {
	i := p.skip(at)
	from := i
	for i < len(p.t.s) {
		c := p.t.s[i]
		meant := func(k int) bool { return k == len(p.t.s) || strings.IndexByte(compelSpace+compelSigns, p.t.s[k]) >= 0 }
		switch {
		case c == '\\' && i+1 < len(p.t.s) && strings.IndexByte(compelSigns, p.t.s[i+1]) >= 0:
			i += 2
			continue
		case (c == '+' || c == '-') && !meant(i+1):
			i++
			continue
		}
		if meant(i) {
			break
		}
		_, n := utf8.DecodeRuneInString(p.t.s[i:])
		i += n
	}
	if i == from {
		return noMatch
	}
	return leaf(p.t.cut(from, i), i)
}

func leaf(t Text, end int) compelMatch {
	return compelMatch{[]compelNode{{text: unescaped(unescaped(t)), weight: 1}}, end}
}

// unescaped takes the \ from before brackets and quotes; compel does so twice.
func unescaped(t Text) Text {
	var kept []Text
	from := 0
	for i := 0; i+1 < len(t.s); i++ {
		if t.s[i] == '\\' && strings.IndexByte(`()"`, t.s[i+1]) >= 0 {
			kept = append(kept, t.cut(from, i))
			from = i + 1
			i++
		}
	}
	if kept == nil {
		return t
	}
	return join(append(kept, t.cut(from, len(t.s)))...)
}

var compelQuoted = regexp.MustCompile(`^"(?:\\"|[^"\n\r])*"`)

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

// whitened puts white space in the place of \t, \n, \f and \r.
func whitened(t Text) Text {
	var pieces []Text
	from := 0
	for i := 0; i+1 < len(t.s); i++ {
		if t.s[i] == '\\' && strings.IndexByte("tnfr", t.s[i+1]) >= 0 {
			pieces = append(pieces, t.cut(from, i), put(" ", t.cut(i, i+2).span()))
			from = i + 2
			i++
		}
	}
	if pieces == nil {
		return t
	}
	return join(append(pieces, t.cut(from, len(t.s)))...)
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

func (p *compelParser) blank(i int) bool {
	return i < len(p.t.s) && strings.IndexByte(compelSpace, p.t.s[i]) >= 0
}

var (
	compelReal    = regexp.MustCompile(`^[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)`)
	compelInteger = regexp.MustCompile(`^-?[0-9]+`)
)

// weight is +…, −… or, if numbers are meant too, a number.
func (p *compelParser) weight(at int, numbers bool) (w float64, end int) {
	i := p.skip(at)
	for _, step := range []struct {
		sign string
		by   float64
	}{{"+", 1.1}, {"-", 0.9}} {
		if end := p.run(i, step.sign); end >= 0 {
			w = 1
			for range end - i {
				w *= step.by
			}
			return w, end
		}
	}
	if numbers {
		if text, end := p.number(at); end >= 0 {
			w, _ = strconv.ParseFloat(text, 64) // what is too large is infinite
			return w, end
		}
	}
	return 0, -1
}

// number is the text of one.
func (p *compelParser) number(at int) (text string, end int) {
	i := p.skip(at)
	for _, form := range []*regexp.Regexp{compelReal, compelInteger} {
		if text := form.FindString(p.t.s[i:]); text != "" {
			return text, i + len(text)
		}
	}
	return "", -1
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

// options is those of an operator, of option=value the value; none at all is one way.
func (p *compelParser) options(at int) (all []string, end int) {
	end = at
	for next := at; ; {
		option, i := p.option(next)
		if i < 0 {
			return all, end
		}
		all, end = append(all, option), i
		if next = p.sign(end, ","); next < 0 {
			return all, end
		}
	}
}

func (p *compelParser) option(at int) (value string, end int) {
	i := p.skip(at)
	keyword := p.run(i, compelKeyword)
	if keyword >= 0 {
		if j := p.sign(keyword, "="); j >= 0 {
			if text, end := p.number(j); end >= 0 {
				return text, end
			}
			if j = p.skip(j); p.run(j, compelKeyword) >= 0 {
				return p.t.s[j:p.run(j, compelKeyword)], p.run(j, compelKeyword)
			}
		}
	}
	if text, end := p.number(at); end >= 0 {
		return text, end
	}
	if keyword < 0 {
		return "", -1
	}
	return p.t.s[i:keyword], keyword
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
