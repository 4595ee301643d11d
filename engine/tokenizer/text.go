package tokenizer

import (
	"html"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// split cuts a text into words: special tokens where they are spelled exactly,
// and in what lies between them, cleaned, an English ending, letters, one digit
// or a run of anything else. HTML's escapes are undone first, twice, since
// captions from the web are often escaped twice.
func split(text string) []string {
	text = html.UnescapeString(html.UnescapeString(text))
	var words []string
	for text != "" {
		at := special.FindStringIndex(text)
		if at == nil {
			at = []int{len(text), len(text)}
		}
		words = append(words, word.FindAllString(clean(text[:at[0]]), -1)...)
		if at[0] < at[1] {
			words = append(words, text[at[0]:at[1]])
		}
		text = text[at[1]:]
	}
	return words
}

// CLIP's pattern, in two parts.
var (
	special = regexp.MustCompile(`<\|startoftext\|>|<\|endoftext\|>`)
	word    = regexp.MustCompile(`'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+`)
)

// clean composes accents, makes every run of white space one space and
// lower-cases.
func clean(text string) string {
	text = strings.Join(strings.Fields(norm.NFC.String(text)), " ")
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range text {
		b.WriteRune(unicode.ToLower(r))
		if r == 'İ' { // the one letter that lower-cases to two: i and a dot above
			b.WriteRune('\u0307')
		}
	}
	return b.String()
}

// runeOf and byteOf are CLIP's one-to-one map between bytes and visible runes;
// units lists the bytes in the order of their ids.
var (
	runeOf [256]rune
	byteOf = map[rune]byte{}
	units  []byte
)

// The bytes that are printed as themselves come first ('!' … '~', '¡' … '¬',
// '®' … 'ÿ'); the others, in order, become the runes from 256 on.
func init() {
	printed := func(c int) bool { return c >= '!' && c <= '~' || c >= '¡' && c <= '¬' || c >= '®' }
	for c := range 256 {
		if printed(c) {
			runeOf[c] = rune(c)
			units = append(units, byte(c))
		}
	}
	hidden := rune(256)
	for c := range 256 {
		if !printed(c) {
			runeOf[c] = hidden
			units = append(units, byte(c))
			hidden++
		}
	}
	for c, r := range runeOf {
		byteOf[r] = byte(c)
	}
}

// symbols spells a word in visible runes, one for each byte, and marks the last.
func symbols(word string) []string {
	s := make([]string, len(word))
	for i := range len(word) {
		s[i] = string(runeOf[word[i]])
	}
	s[len(s)-1] += wordEnd
	return s
}
