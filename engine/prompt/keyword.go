package prompt

import (
	"strings"
	"unicode/utf8"
)

// splitAt cuts a text at every occurrence of a word that stands by itself. The
// keywords between the pieces are returned as well.
func splitAt(t Text, keyword string) (pieces, keywords []Text) {
	from := 0
	for at := 0; ; {
		i := strings.Index(t.s[at:], keyword)
		if i < 0 {
			return append(pieces, t.cut(from, len(t.s))), keywords
		}
		at += i
		end := at + len(keyword)
		before, _ := utf8.DecodeLastRuneInString(t.s[:at])
		after, _ := utf8.DecodeRuneInString(t.s[end:])
		if isWord(before) || isWord(after) {
			at++
			continue
		}
		pieces, keywords = append(pieces, t.cut(from, at)), append(keywords, t.cut(at, end))
		at, from = end, end
	}
}

// trimRight is t without white space at its end.
func (t Text) trimRight() Text { return t.cut(0, len(strings.TrimRightFunc(t.s, isSpace))) }

// trim is t without white space at both ends.
func (t Text) trim() Text {
	t = t.trimRight()
	return t.cut(len(t.s)-len(strings.TrimLeftFunc(t.s, isSpace)), len(t.s))
}
