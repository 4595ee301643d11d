package prompt

import (
	"slices"
	"unicode"

	"darkroom/engine/tokenizer"
)

// Span is a range of bytes of the prompt as it was typed. An empty one is of
// text that was not typed there, such as a style's.
type Span = tokenizer.Span

// Text is a piece of a prompt that knows for each of its bytes which bytes of the
// prompt as it was typed it stands for.
type Text struct {
	s  string
	at []Span
}

// Typed begins with a prompt as it was typed.
func Typed(s string) Text {
	t := Text{s, make([]Span, len(s))}
	for i := range t.at {
		t.at[i] = Span{From: i, To: i + 1}
	}
	return t
}

// put is text that stands there for another, such as a wildcard's for its name.
func put(s string, at Span) Text { return Text{s, slices.Repeat([]Span{at}, len(s))} }

// String is the text itself.
func (t Text) String() string { return t.s }

func (t Text) cut(from, to int) Text { return Text{t.s[from:to], t.at[from:to]} }

// span is all that was typed from the first to the last of a text's bytes.
func (t Text) span() Span {
	var all Span
	for _, s := range t.at {
		all = cover(all, s)
	}
	return all
}

// cover is the smallest span with both in it.
func cover(a, b Span) Span {
	switch {
	case a.From == a.To:
		return b
	case b.From == b.To:
		return a
	}
	return Span{From: min(a.From, b.From), To: max(a.To, b.To)}
}

// join puts texts one behind the other.
func join(texts ...Text) Text {
	var n int
	for _, t := range texts {
		n += len(t.s)
	}
	b, at := make([]byte, 0, n), make([]Span, 0, n)
	for _, t := range texts {
		b, at = append(b, t.s...), append(at, t.at...)
	}
	return Text{string(b), at}
}

// replaced is t with other text in places: with tells for the byte at i how many from
// there on are replaced, 0 for none, and by what.
func (t Text) replaced(with func(i int) (by Text, n int)) Text {
	var pieces []Text
	from := 0
	for i := 0; i < len(t.s); {
		by, n := with(i)
		if n > 0 {
			pieces = append(pieces, t.cut(from, i), by)
			from = i + n
		}
		i += max(1, n)
	}
	if pieces == nil {
		return t
	}
	return join(append(pieces, t.cut(from, len(t.s)))...)
}

// isSpace and isWord are \s and \w of Python's regular expressions, by which
// other tools cut prompts.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }
