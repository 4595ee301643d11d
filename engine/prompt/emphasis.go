package prompt

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Emphasis is a way in which weights change the embeddings, and the grammar of
// brackets that goes with it.
type Emphasis string

// The ways there are. All but Comfy, Compel and Plain read prompts as AUTOMATIC1111's web UI does.
const (
	Original Emphasis = "original" // embeddings times weights, then scaled back to the mean they had
	NoNorm   Emphasis = "no_norm"  // embeddings times weights
	Ignore   Emphasis = "ignore"   // brackets are read, weights mean nothing
	None     Emphasis = "none"     // round and square brackets for weights are signs like any other
	Comfy    Emphasis = "comfy"    // ComfyUI: away from the empty prompt's embeddings; only round brackets and nothing else have a meaning
	Compel   Emphasis = "compel"   // InvokeAI: as Comfy and, below 1, towards the prompt without the words; (words)1.2, word++, .and() and .blend()
	Plain    Emphasis = "plain"    // a prompt is words and nothing else
)

// Emphases is the names there are.
func Emphases() []string {
	return []string{string(Original), string(NoNorm), string(Ignore), string(None), string(Comfy), string(Compel), string(Plain)}
}

// ParseEmphasis finds a way by its name, or by its label in AUTOMATIC1111's web
// UI. No name is Original.
func ParseEmphasis(name string) (Emphasis, error) {
	plain := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "_")
	if plain == "" {
		return Original, nil
	}
	for _, e := range Emphases() {
		if e == plain {
			return Emphasis(e), nil
		}
	}
	return "", fmt.Errorf("emphasis is %q; choose one of %s", name, strings.Join(Emphases(), ", "))
}

// wordsOnly tells that of all the language at most brackets have a meaning.
func (e Emphasis) wordsOnly() bool { return e == Comfy || e == Compel || e == Plain }

// fragment is a piece of text with one weight. Each is cut into tokens by
// itself.
type fragment struct {
	text   Text
	weight float64
	ends   bool // not text, but the end of a chunk: BREAK
}

// isBreak tells by text and weight, as the web UI does: inside of brackets the
// weight is another and BREAK a word.
func (f fragment) isBreak() bool { return f.text.s == breakWord && f.weight == -1 }

const breakWord = "BREAK"

var bracketWeight = regexp.MustCompile(`^:[\s\x1c-\x1f\x{85}\p{Z}]*([+-]?[.0-9]+)[\s\x1c-\x1f\x{85}\p{Z}]*\)`)

// emphasised reads the weights of a text: (a) is 1.1 times the weight, (a:1.5)
// 1.5 times and [a] a 1.1th; brackets in brackets multiply, those that are not
// closed hold to the end, and \ takes its meaning from a bracket.
func emphasised(t Text) ([]fragment, []Problem) {
	var (
		res           []fragment
		round, square []opened
		problems      []Problem
	)
	add := func(text Text, weight float64) { res = append(res, fragment{text: text, weight: weight}) }
	multiply := func(from opened, by float64) {
		for i := from.fragment; i < len(res); i++ {
			res[i].weight *= by
		}
	}
	pop := func(stack *[]opened) opened {
		last := (*stack)[len(*stack)-1]
		*stack = (*stack)[:len(*stack)-1]
		return last
	}
	problem := func(what Text, why string) { problems = append(problems, Problem{what.span(), why}) }
	for i := 0; i < len(t.s); {
		from := i
		i++
		switch c := t.s[from]; {
		case c == '\\':
			if i < len(t.s) && strings.IndexByte(`()[]\`, t.s[i]) >= 0 {
				i++
			} else if i == len(t.s) || strings.IndexByte("{}|", t.s[i]) < 0 { // those are escaped from choices
				problem(t.cut(from, i), `\ is left out before anything but ( ) [ ] \`)
			}
			add(t.cut(from+1, i), 1)
		case c == '(':
			round = append(round, opened{len(res), from})
		case c == '[':
			square = append(square, opened{len(res), from})
		case c == ')' && len(round) > 0:
			multiply(pop(&round), 1.1)
		case c == ']' && len(square) > 0:
			multiply(pop(&square), 1/1.1)
		case c == ')' || c == ']':
			problem(t.cut(from, i), "closes a bracket that is not open, and is a sign like any other")
			add(t.cut(from, i), 1)
		case c == ':':
			if m := bracketWeight.FindStringSubmatchIndex(t.s[from:]); m != nil {
				weight, err := strconv.ParseFloat(t.s[from+m[2]:from+m[3]], 64)
				switch {
				case err != nil:
					problem(t.cut(from+m[2], from+m[3]), "is not a number, so it is text")
				case len(round) == 0:
					i = from + m[1]
					problem(t.cut(from, i), "is a weight without a bracket, and text like any other")
				default:
					i = from + m[1]
					multiply(pop(&round), weight)
					continue
				}
			}
			add(t.cut(from, i), 1)
		default:
			if n := strings.IndexAny(t.s[from:], `\()[]:`); n >= 0 {
				i = from + n
			} else {
				i = len(t.s)
			}
			pieces, keywords := splitAt(t.cut(from, i), breakWord)
			for k, piece := range pieces {
				if k > 0 {
					add(keywords[k-1], -1)
					piece = piece.cut(len(piece.s)-len(strings.TrimLeftFunc(piece.s, isSpace)), len(piece.s))
				}
				if k < len(keywords) {
					piece = piece.trimRight()
				}
				add(piece, 1)
			}
		}
	}
	for _, from := range round {
		multiply(from, 1.1)
	}
	for _, from := range square {
		multiply(from, 1/1.1)
	}
	for _, from := range append(round, square...) {
		problem(t.cut(from.at, from.at+1), "is not closed and holds to the end; put \\ before it if it is a sign like any other")
	}
	if res == nil {
		add(t.cut(len(t.s), len(t.s)), 1)
	}
	return merge(res, problem), problems
}

// opened is an open bracket: the fragment it begins with, and where it stands.
type opened struct{ fragment, at int }

// merge joins neighbours of the same weight.
func merge(res []fragment, problem func(Text, string)) []fragment {
	var merged []fragment
	for i := 0; i < len(res); {
		k := i + 1
		for k < len(res) && res[k].weight == res[i].weight {
			k++
		}
		texts := make([]Text, 0, k-i)
		for _, f := range res[i:k] {
			texts = append(texts, f.text)
		}
		f := fragment{text: texts[0], weight: res[i].weight}
		if len(texts) > 1 {
			f.text = join(texts...)
		}
		f.ends = f.isBreak()
		if f.text.s == breakWord && !f.ends {
			problem(f.text, "does not end a chunk inside of brackets, where it is a word; close the bracket first")
		}
		merged = append(merged, f)
		i = k
	}
	return merged
}

// comfyEmphasised reads the weights of a text as ComfyUI does (comfy/sd1_clip.py):
// (a) is 1.1 times the weight around it, (a:1.5) is 1.5 whatever is around it.
func comfyEmphasised(t Text, weight float64, problem func(Text, string)) []fragment {
	var res []fragment
	for _, item := range comfyBrackets(t) {
		n := len(item.s)
		if n < 2 || item.s[0] != '(' || !endsInBracket(item.s) {
			text := comfyPlain(item)
			if strings.ContainsAny(text.s, "()") && text.s == item.s {
				problem(item, "has a bracket without its other half, which is a sign like any other")
			}
			res = append(res, fragment{text: text, weight: weight})
			continue
		}
		item = item.cut(1, n-1)
		inner := weight * 1.1
		if colon := strings.LastIndexByte(item.s, ':'); colon > 0 {
			number := strings.TrimFunc(item.s[colon+1:], isSpace)
			w, err := strconv.ParseFloat(number, 64)
			if err == nil && !strings.ContainsAny(number, "xXpP_") && !math.IsNaN(w) && !math.IsInf(w, 0) {
				inner, item = w, item.cut(0, colon)
			}
		}
		res = append(res, comfyEmphasised(item, inner, problem)...)
	}
	return res
}

// endsInBracket tells whether a closing bracket ends s, and not an escaped one.
func endsInBracket(s string) bool {
	return strings.HasSuffix(s, ")") && !strings.HasSuffix(s, `\)`)
}

// comfyBrackets cuts a text where the outermost brackets open and close.
func comfyBrackets(t Text) (items []Text) {
	from, depth := 0, 0
	cut := func(to int) {
		if to > from {
			items = append(items, t.cut(from, to))
		}
		from = to
	}
	for i := 0; i < len(t.s); i++ {
		switch t.s[i] {
		case '\\':
			if escapes(t.s[i:]) {
				i++
			}
		case '(':
			if depth == 0 {
				cut(i)
			}
			depth++
		case ')':
			depth--
			if depth == 0 {
				cut(i + 1)
			}
		}
	}
	cut(len(t.s))
	return items
}

func escapes(s string) bool {
	return strings.HasPrefix(s, `\(`) || strings.HasPrefix(s, `\)`)
}

// comfyPlain takes the \ from before brackets.
func comfyPlain(t Text) Text {
	return t.replaced(func(i int) (Text, int) {
		if escapes(t.s[i:]) {
			return t.cut(i+1, i+2), 2
		}
		return Text{}, 0
	})
}
