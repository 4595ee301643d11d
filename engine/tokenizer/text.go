package tokenizer

import "regexp"

// split cuts a text into words: special tokens where they are spelled exactly,
// and in what lies between them, cleaned, an English ending, letters, one digit
// or a run of anything else. HTML's escapes are undone first, twice, since
// captions from the web are often escaped twice.
func split(text string) []located {
	whole := locate(text).unescape().unescape()
	var words []located
	for len(whole.b) > 0 {
		at := special.FindIndex(whole.b)
		if at == nil {
			at = []int{len(whole.b), len(whole.b)}
		}
		clean := whole.cut(0, at[0]).compose().lower()
		for _, w := range word.FindAllIndex(clean.b, -1) {
			words = append(words, clean.cut(w[0], w[1]))
		}
		if at[0] < at[1] {
			words = append(words, whole.cut(at[0], at[1]))
		}
		whole = whole.cut(at[1], len(whole.b))
	}
	return words
}

// CLIP's pattern, in two parts.
var (
	special = regexp.MustCompile(`<\|startoftext\|>|<\|endoftext\|>`)
	word    = regexp.MustCompile(`'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+`)
)

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
