package main

import (
	"io"
	"strings"
	"unicode"
)

// terminal is where people read what may hold foreign text: names of tensors, prompts
// of pictures, what a server says.
type terminal struct{ io.Writer }

// Write writes a whole text, printable.
func (t terminal) Write(text []byte) (int, error) {
	if _, err := io.WriteString(t.Writer, printable(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// printable is a foreign text without what would command a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
