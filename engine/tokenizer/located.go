package tokenizer

import (
	"bytes"
	"html"
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Span is a range of bytes, From up to but without To.
type Span struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// located is a text on its way from what was typed to words: for each of its
// bytes the bytes of what was typed that it stands for, whole characters.
type located struct {
	b  []byte
	at []Span
}

// locate begins with a text as it was typed.
func locate(text string) located {
	l := located{b: []byte(text), at: make([]Span, len(text))}
	for i := 0; i < len(text); {
		_, n := utf8.DecodeRuneInString(text[i:])
		for k := range n {
			l.at[i+k] = Span{i, i + n}
		}
		i += n
	}
	return l
}

func (l located) cut(from, to int) located { return located{l.b[from:to], l.at[from:to]} }

// span is all that a part of the text stands for.
func (l located) span(from, to int) Span { return Span{l.at[from].From, l.at[to-1].To} }

// add appends bytes that all stand for one span.
func (l *located) add(b []byte, at Span) {
	l.b = append(l.b, b...)
	l.at = append(l.at, slices.Repeat([]Span{at}, len(b))...)
}

// join appends a text as it is.
func (l *located) join(more located) {
	l.b = append(l.b, more.b...)
	l.at = append(l.at, more.at...)
}

// unescape undoes HTML's escapes, each of which ends before the next '&'.
func (l located) unescape() located {
	if bytes.IndexByte(l.b, '&') < 0 {
		return l
	}
	var out located
	for rest := l; len(rest.b) > 0; {
		n := bytes.IndexByte(rest.b[1:], '&') + 1
		if n == 0 {
			n = len(rest.b)
		}
		part := rest.cut(0, n)
		rest = rest.cut(n, len(rest.b))
		plain := []byte(html.UnescapeString(string(part.b)))
		same := 0 // bytes behind the escape
		for same < min(len(plain), n)-1 && plain[len(plain)-1-same] == part.b[n-1-same] {
			same++
		}
		if bytes.Equal(plain, part.b) {
			out.join(part)
			continue
		}
		out.add(plain[:len(plain)-same], part.span(0, n-same))
		out.join(part.cut(n-same, n))
	}
	return out
}

// compose puts letters and accents together (Unicode's NFC).
func (l located) compose() located {
	whole := norm.NFC.Bytes(l.b)
	if bytes.Equal(whole, l.b) {
		return l
	}
	var out located
	for rest := l; len(rest.b) > 0; {
		n := norm.NFC.NextBoundary(rest.b, true)
		if n <= 0 {
			n = len(rest.b)
		}
		part := rest.cut(0, n)
		rest = rest.cut(n, len(rest.b))
		if composed := norm.NFC.Bytes(part.b); bytes.Equal(composed, part.b) {
			out.join(part)
		} else {
			out.add(composed, part.span(0, n))
		}
	}
	if !bytes.Equal(out.b, whole) { // dozens of accents on one letter
		out = located{}
		out.add(whole, l.span(0, len(l.b)))
	}
	return out
}

// lower makes letters small and white space a space.
func (l located) lower() located {
	var out located
	var room [utf8.UTFMax]byte
	for i := 0; i < len(l.b); {
		r, n := utf8.DecodeRune(l.b[i:])
		small := unicode.ToLower(r)
		if unicode.IsSpace(r) {
			small = ' '
		}
		out.add(room[:utf8.EncodeRune(room[:], small)], l.span(i, i+n))
		if r == 'İ' { // the one letter that lower-cases to two: i and a dot above
			out.add([]byte("\u0307"), l.span(i, i+n))
		}
		i += n
	}
	return out
}
