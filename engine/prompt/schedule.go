package prompt

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// change is a piece of a scheduled prompt: plain text, or one of several texts
// depending on the step.
type change struct {
	plain   Text
	options [][]change // of [a|b]: one for each step in turn; of [from:to:when]: the two
	when    string     // the number as it was typed; "" for [a|b]
}

// variant is a text with the last step it is meant for.
type variant struct {
	until int
	text  Text
}

// maxVariants bounds the bytes of all variants of a prompt together.
const maxVariants = 1 << 22

// schedule unrolls [from:to:when] and [a|b] over a number of steps, by the rules
// of AUTOMATIC1111's web UI: the texts in order, each with the last step, counted
// from 1, it is for. A prompt that does not fit the grammar as a whole, which is
// one with a | outside of [ ] or a \ that escapes nothing, is taken as it stands.
func schedule(t Text, steps int, old bool) ([]variant, []Problem, error) {
	p := scheduleParser{t: t, seen: map[int]bracket{}}
	changes, bad := p.whole()
	if bad >= 0 {
		var problems []Problem
		if strings.ContainsAny(t.s, "[|") {
			problems = []Problem{{
				t.cut(bad, bad+1).span(),
				fmt.Sprintf("%q is out of place here, so nothing in this text changes from step to step; alternatives stand in square brackets: [a|b]", t.s[bad:bad+1]),
			}}
		}
		return []variant{{steps, t}}, problems, nil
	}
	ends := make([]bool, steps+1)
	ends[steps] = true
	problems := collect(nil, changes, old, ends)
	var variants []variant
	size := 0
	for end, ok := range ends {
		if !ok {
			continue
		}
		text := join(unroll(nil, changes, end, steps, old)...)
		if size += len(text.s); size > maxVariants {
			return nil, nil, fmt.Errorf("the prompt's changes over %d steps make %d MB of text and more: shorten it, or let less of it change", steps, maxVariants>>20)
		}
		variants = append(variants, variant{end, text})
	}
	return variants, problems, nil
}

// collect marks the steps after which something changes.
func collect(problems []Problem, changes []change, old bool, ends []bool) []Problem {
	steps := len(ends) - 1
	for _, c := range changes {
		switch {
		case c.when != "":
			end := last(c.when, steps, old)
			if end >= 1 {
				ends[end] = true
			}
			if end < 1 || end >= steps {
				problems = append(problems, Problem{c.plain.span(), fmt.Sprintf("changes at %s, which is not within these %d steps", c.when, steps)})
			}
		case c.options != nil:
			for i := range steps {
				ends[i+1] = true
			}
		}
		for _, o := range c.options {
			problems = collect(problems, o, old, ends)
		}
	}
	return problems
}

// last is the last step before a change. A number with a point is a fraction of
// all steps, one without a step; by the old rule, a number below 1 is a fraction.
func last(when string, steps int, old bool) int {
	v, _ := strconv.ParseFloat(when, 64) // what is too large is infinite
	if old && v < 1 || !old && strings.Contains(when, ".") {
		v *= float64(steps)
	}
	return int(max(min(v, float64(steps)), -1))
}

// unroll appends the text at a step, counted from 1.
func unroll(texts []Text, changes []change, step, steps int, old bool) []Text {
	for _, c := range changes {
		switch {
		case c.when != "":
			which := 0
			if step > last(c.when, steps, old) {
				which = 1
			}
			texts = unroll(texts, c.options[which], step, steps, old)
		case c.options != nil:
			texts = unroll(texts, c.options[(step-1)%len(c.options)], step, steps, old)
		default:
			texts = append(texts, c.plain)
		}
	}
	return texts
}

// scheduleParser reads a prompt from left to right. A bracket that does not close
// as one of the grammar's forms is a sign like any other.
type scheduleParser struct {
	t    Text
	seen map[int]bracket // by where it opens
}

// bracket is what begins at an opening bracket; end is -1 if it is no form.
type bracket struct {
	changes []change
	end     int
}

// whole reads all; bad is where the text leaves the grammar, or -1.
func (p *scheduleParser) whole() (changes []change, bad int) {
	for i := 0; i < len(p.t.s); {
		from := i
		changes, i = p.run(changes, i)
		if i == len(p.t.s) {
			break
		}
		if c := p.t.s[i]; c == '|' || c == '\\' {
			return nil, i
		}
		if i == from { // a bracket or colon by itself
			changes = append(changes, change{plain: p.t.cut(i, i+1)})
			i++
		}
	}
	return changes, -1
}

// run reads plain text and whole brackets, as far as they go.
func (p *scheduleParser) run(changes []change, i int) ([]change, int) {
	for i < len(p.t.s) {
		if end := p.plain(i); end > i {
			changes = append(changes, change{plain: p.t.cut(i, end)})
			i = end
			continue
		}
		if c := p.t.s[i]; c != '(' && c != '[' {
			break
		}
		b, ok := p.seen[i]
		if !ok {
			b = p.open(i)
			p.seen[i] = b
		}
		if b.end < 0 {
			break
		}
		changes = append(changes, b.changes...)
		i = b.end
	}
	return changes, i
}

// plain is the end of the plain text at i.
func (p *scheduleParser) plain(i int) int {
	s := p.t.s
	for i < len(s) {
		switch s[i] {
		case '[', ']', '(', ')', ':', '|':
			return i
		case '\\':
			if i+1 == len(s) || s[i+1] == '\n' {
				return i
			}
			_, n := utf8.DecodeRuneInString(s[i+1:])
			i += n
		}
		i++
	}
	return i
}

var number = regexp.MustCompile(`^[\s\x1c-\x1f\x{85}\p{Z}]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[\s\x1c-\x1f\x{85}\p{Z}]*\]`)

// open reads a bracket.
func (p *scheduleParser) open(i int) bracket {
	s := p.t.s
	none := bracket{end: -1}
	var options [][]change
	all := []change{{plain: p.t.cut(i, i+1)}} // for a bracket in which nothing changes
	between := byte(0)
	for at := i + 1; ; {
		inner, end := p.run(nil, at)
		if end == len(s) {
			return none
		}
		options = append(options, inner)
		all = append(append(all, inner...), change{plain: p.t.cut(end, end+1)})
		c := s[end]
		at = end + 1
		switch {
		case s[i] == '(' && c == ')', s[i] == '[' && c == ']' && between == 0:
			return bracket{all, at}
		case s[i] == '[' && c == ']' && between == '|':
			return bracket{[]change{{plain: p.t.cut(i, at), options: options}}, at}
		case s[i] == '(' && c == ':' && between == 0:
		case s[i] == '[' && c == '|' && between != ':':
		case s[i] == '[' && c == ':' && between != '|' && len(options) <= 2:
			if m := number.FindStringSubmatchIndex(s[at:]); m != nil {
				if len(options) == 1 {
					options = [][]change{nil, options[0]}
				}
				return bracket{[]change{{plain: p.t.cut(i, at+m[1]), options: options, when: s[at+m[2] : at+m[3]]}}, at + m[1]}
			}
			if len(options) == 2 {
				return none
			}
		default:
			return none
		}
		between = c
	}
}
