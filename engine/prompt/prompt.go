// Package prompt reads the language prompts are written in: what is said when,
// how strongly, and which tokens that is.
//
// It is the language of AUTOMATIC1111's web UI: (more), [less], (exactly:1.2),
// \( for a bracket, [from:to:when], [one|other], BREAK, AND, <lora:name:0.8> and
// # comments; with Comfy emphasis, that of ComfyUI, which has round brackets
// only; and with Compel emphasis InvokeAI's. Choices ({a|b}), wildcards (__name__) and styles are put in before, see
// Expansion. Nothing is left out silently: a Prompt says for each token where it
// stands in what was typed, and names whatever was not understood.
package prompt

import (
	"fmt"
	"regexp"
	"strings"

	"darkroom/engine/tokenizer"
)

// MaxLength is the bytes a prompt may have, before and after choices are made.
const MaxLength = 1 << 16

// Rules are what tools and their versions differ in. The zero Rules are this
// program's own, with Original emphasis.
type Rules struct {
	Emphasis Emphasis
	// OldWhen reads the when of [from:to:when] as AUTOMATIC1111's web UI did before
	// 1.6.0: below 1 it is a fraction of all steps, with or without a point.
	OldWhen bool
	// FromZero counts steps as that web UI does, from 0: [from:to:3] changes after
	// the fourth step, and the first of [a|b] has two steps to begin with.
	FromZero bool
}

// Reader reads prompts for a text encoder.
type Reader struct {
	Tokenizer *tokenizer.Tokenizer
	Window    int // tokens the encoder reads at once, with the two that begin and end them
	Rules     Rules
	Learnt    []Learnt
}

// Learnt is a word that the encoder has learnt since its training: where its tokens
// stand, others are read.
type Learnt struct {
	Name string
	IDs  []int // of the tokens in their place, one for each of its vectors
}

// Prompt is a prompt that was read: what the program shows of it, and what it
// draws from it.
type Prompt struct {
	Typed    string    `json:"typed"`          // every span is of its bytes
	Text     string    `json:"text"`           // with styles, wildcards and choices put in
	Window   int       `json:"window"`         // tokens of a chunk, with the two that begin and end it
	Parts    []Part    `json:"parts"`          // joined by AND; at least one
	Tags     []Tag     `json:"tags,omitempty"` // not applied here
	Choices  []Choice  `json:"choices,omitempty"`
	Comments []Span    `json:"comments,omitempty"` // left out
	Problems []Problem `json:"problems,omitempty"` // what was not understood
}

// Part is one of the texts joined by AND, which pulls at the picture by itself.
type Part struct {
	Span
	Weight   float64   `json:"weight"`
	Variants []Variant `json:"variants"` // one after the other; at least one
}

// Variant is the text of a part in some steps, counted from 1, both included. It
// may be one whose turn never comes, First being larger than Last.
type Variant struct {
	First  int     `json:"first"`
	Last   int     `json:"last"`
	Text   string  `json:"text"`
	Chunks []Chunk `json:"chunks"` // at least one
}

// Problem is something that was not understood, or not as one may expect.
type Problem struct {
	Span
	What string `json:"what"`
}

// Say says what was not understood and where.
func (p *Prompt) Say(problem Problem) string {
	what := p.Typed[problem.From:problem.To]
	if what == "" {
		return problem.What // of a style
	}
	return fmt.Sprintf("%q at %d %s", what, problem.From, problem.What)
}

// Tokens is how many there are, with the free places of chunks that were ended
// early, and how many have room in as many chunks.
func (v Variant) Tokens(window int) (n, room int) {
	size := window - 2
	last := len(v.Chunks) - 1
	return last*size + len(v.Chunks[last].Tokens), (last + 1) * size
}

// At is which of the variants is for a step, counted from 1.
func (p Part) At(step int) int {
	for i, v := range p.Variants {
		if step <= v.Last {
			return i
		}
	}
	return len(p.Variants) - 1
}

// Read reads a prompt, or a negative prompt, for a number of steps. In a negative
// prompt AND and tags are words, as in AUTOMATIC1111's web UI. The error says
// what is too much to be drawn; whatever is malformed has a meaning, and is among
// the Problems.
func (r Reader) Read(s Source, negative bool, steps int) (*Prompt, error) {
	switch {
	case len(s.Typed) > MaxLength || len(s.Text.s) > MaxLength:
		return nil, fmt.Errorf("the prompt is %d bytes long and %d is the limit: shorten it", max(len(s.Typed), len(s.Text.s)), MaxLength)
	case steps < 1 || r.Window < 3:
		return nil, fmt.Errorf("a prompt is read for at least 1 step and a window of at least 3 tokens, not %d and %d", steps, r.Window)
	}
	p := &Prompt{Typed: s.Typed, Text: s.Text.s, Window: r.Window, Choices: s.Choices, Problems: s.Problems}
	texts, weights := []Text{s.Text}, []float64{1}
	if r.Rules.Emphasis.wordsOnly() {
		p.strange(s.Text, r.Rules.Emphasis)
	}
	if r.Rules.Emphasis == Compel {
		return p, r.compel(p, s.Text, steps)
	}
	if !r.Rules.Emphasis.wordsOnly() {
		words := s.Text
		words, p.Comments = comments(words)
		p.Comments = append(s.Comments, p.Comments...)
		if negative {
			p.unread(words)
			texts[0] = words
		} else {
			words, p.Tags = tags(words)
			p.unknown()
			texts, weights = compose(words)
			if len(texts) == 1 && weights[0] != 1 {
				number := words.cut(len(texts[0].s), len(words.s)).trim()
				p.Problems = append(p.Problems, Problem{number.span(), "ends the prompt and is the weight of all of it, no word; put something behind it if it is one"})
			}
		}
	}
	for i, text := range texts {
		part := Part{Span: text.span(), Weight: weights[i]}
		variants := []variant{{steps, text}}
		if !r.Rules.Emphasis.wordsOnly() {
			var problems []Problem
			var err error
			if variants, problems, err = schedule(text, steps, r.Rules.OldWhen); err != nil {
				return nil, err
			}
			p.Problems = append(p.Problems, problems...)
		}
		first := 1
		for _, v := range variants {
			fragments, problems := r.fragments(v.text)
			if err := check(fragments); err != nil {
				return nil, err
			}
			p.Problems = append(p.Problems, problems...)
			last := v.until
			if r.Rules.FromZero {
				last = min(last+1, steps)
			}
			part.Variants = append(part.Variants, Variant{First: first, Last: last, Text: v.text.s, Chunks: r.chunks(fragments)})
			first = last + 1
		}
		p.Parts = append(p.Parts, part)
	}
	p.Problems = once(p.Problems)
	return p, nil
}

// compel reads all of a prompt by compel's language.
func (r Reader) compel(p *Prompt, t Text, steps int) error {
	c := compel(t)
	for _, m := range c.members {
		for _, one := range append(m.prompts, blended{m.weight, nil}) {
			if err := check(append([]fragment{{text: t, weight: one.weight}}, one.fragments...)); err != nil {
				return err
			}
		}
	}
	p.Tags = c.tags
	p.Problems = once(append(p.Problems, c.problems...))
	variant := Variant{First: 1, Last: steps, Text: t.s, Chunks: r.conjunctionChunks(c)}
	p.Parts = []Part{{Span: t.span(), Weight: 1, Variants: []Variant{variant}}}
	return nil
}

func (r Reader) fragments(t Text) (fragments []fragment, problems []Problem) {
	switch r.Rules.Emphasis {
	case None, Plain:
		return []fragment{{text: t, weight: 1}}, nil
	case Comfy:
		fragments = comfyEmphasised(t, 1, func(what Text, why string) { problems = append(problems, Problem{what.span(), why}) })
		return fragments, problems
	}
	fragments, problems = emphasised(t)
	if r.Rules.Emphasis == Ignore {
		for i := range fragments {
			fragments[i].weight = 1
		}
	}
	return fragments, problems
}

func (r Reader) chunks(fragments []fragment) []Chunk {
	if r.Rules.Emphasis == Comfy {
		return r.comfyChunks(fragments)
	}
	return r.webChunks(fragments)
}

// unread names what a negative prompt can't hold.
func (p *Prompt) unread(t Text) {
	_, found := tags(t)
	for _, tag := range found {
		p.Problems = append(p.Problems, Problem{tag.Span, "is no tag in a negative prompt, where it is words; put it into the prompt"})
	}
	_, ands := splitAt(t, "AND")
	for _, and := range ands {
		p.Problems = append(p.Problems, Problem{and.span(), "joins nothing in a negative prompt, where it is a word"})
	}
}

// unknown names tags that no one knows.
func (p *Prompt) unknown() {
	for _, tag := range p.Tags {
		switch tag.Kind {
		case "lora", "lyco", "hypernet":
			if _, _, err := tag.Strengths(); err != nil {
				p.Problems = append(p.Problems, Problem{tag.Span, err.Error()})
			}
		default:
			p.Problems = append(p.Problems, Problem{tag.Span, fmt.Sprintf("is a tag of an unknown kind, %q, and left out; known are lora, lyco and hypernet", tag.Kind)})
		}
	}
}

// strange names what means something elsewhere and is words here.
func (p *Prompt) strange(t Text, e Emphasis) {
	problem := func(what Span, why string) {
		p.Problems = append(p.Problems, Problem{what, fmt.Sprintf("%s with %s emphasis", why, e)})
	}
	_, found := tags(t)
	for _, tag := range found {
		problem(tag.Span, "is words, no tag,")
	}
	for _, keyword := range []string{"AND", breakWord} {
		_, all := splitAt(t, keyword)
		for _, k := range all {
			problem(k.span(), "is a word")
		}
	}
	brackets := "[]"
	if e == Plain {
		brackets = "()[]"
	}
	for i := range len(t.s) {
		if strings.IndexByte(brackets, t.s[i]) >= 0 {
			problem(t.cut(i, i+1).span(), "is a sign like any other")
		}
	}
	if e == Compel {
		for _, m := range elsewhere.FindAllStringIndex(t.s, -1) {
			problem(t.cut(m[0], m[1]-1).span(), "is no weight, which would be (words)1.2,")
		}
	}
}

// elsewhere is a weight as other programs write it.
var elsewhere = regexp.MustCompile(`:\s*[0-9.]+\s*\)`)

// once leaves out what was said before, of another variant.
func once(problems []Problem) []Problem {
	seen := map[Problem]bool{}
	var kept []Problem
	for _, p := range problems {
		if !seen[p] {
			seen[p] = true
			kept = append(kept, p)
		}
	}
	return kept
}
