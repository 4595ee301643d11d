// Package bpe trains the byte-pair encoding of a CLIP-style tokenizer from
// captions and writes it as a diffusers tokenizer folder.
//
// The encoding is the one of Sennrich, Haddow and Birch (2016) in CLIP's
// variant (Radford et al. 2021): it works on bytes written as printable
// characters, and the last unit of a word carries the mark "</w>".
package bpe

import (
	"html"
	"regexp"
	"slices"
	"strings"
)

const (
	// EndOfWord marks the last unit of a word.
	EndOfWord = "</w>"
	// StartToken and EndToken enclose every encoded text.
	StartToken = "<|startoftext|>"
	EndToken   = "<|endoftext|>"
)

// alphabet holds the character that stands for each byte, in the order CLIP
// numbers them: the printable bytes '!'…'~', '¡'…'¬', '®'…'ÿ' as themselves,
// then the remaining ones as U+0100, U+0101, ….
var alphabet, byteChar = func() (order []string, char [256]string) {
	printable := func(b int) bool {
		return '!' <= b && b <= '~' || '¡' <= b && b <= '¬' || '®' <= b && b <= 'ÿ'
	}
	for b := range 256 {
		if printable(b) {
			char[b] = string(rune(b))
			order = append(order, char[b])
		}
	}
	next := rune(256)
	for b := range 256 {
		if !printable(b) {
			char[b] = string(next)
			order = append(order, char[b])
			next++
		}
	}
	return order, char
}()

// wordPattern is CLIP's: English contractions, runs of letters, single digits,
// runs of anything else that isn't white space.
var wordPattern = regexp.MustCompile(`'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+`)

// words splits a text as CLIP does: HTML entities resolved, in lower case, cut
// by wordPattern.
func words(text string) []string {
	text = html.UnescapeString(html.UnescapeString(text))
	return wordPattern.FindAllString(strings.ToLower(text), -1)
}

// units writes a word as its smallest units, one for each byte.
func units(word string) []string {
	all := make([]string, len(word))
	for i := range len(word) {
		all[i] = byteChar[word[i]]
	}
	all[len(all)-1] += EndOfWord
	return all
}

type pair [2]string

// counted is a distinct word of the training text, cut by the merges so far.
type counted struct {
	units []string
	count int
}

// Train learns a byte-pair encoding: it joins the most frequent pair of
// neighbouring units in the captions, as often as merges says or until there
// is nothing left to join; of equally frequent pairs the first in string order
// goes first. It returns the number of each token, in CLIP's order (bytes,
// bytes with the end-of-word mark, merges, StartToken, EndToken), and the
// merges, "left right", first to last.
func Train(captions []string, merges int) (vocab map[string]int, rules []string) {
	text := distinct(captions)
	tokens := slices.Clone(alphabet)
	for _, c := range alphabet {
		tokens = append(tokens, c+EndOfWord)
	}
	known := map[string]bool{}
	for _, t := range tokens {
		known[t] = true
	}
	for len(rules) < merges {
		best, ok := mostFrequent(text, known)
		if !ok {
			break
		}
		for i := range text {
			text[i].units = join(text[i].units, best)
		}
		token := best[0] + best[1]
		known[token] = true
		tokens = append(tokens, token)
		rules = append(rules, best[0]+" "+best[1])
	}
	vocab = map[string]int{}
	for id, t := range append(tokens, StartToken, EndToken) {
		vocab[t] = id
	}
	return vocab, rules
}

// distinct returns each different word of the captions once, cut into units,
// in order of first appearance.
func distinct(captions []string) []counted {
	var all []counted
	at := map[string]int{}
	for _, caption := range captions {
		for _, w := range words(caption) {
			i, seen := at[w]
			if !seen {
				i = len(all)
				at[w] = i
				all = append(all, counted{units: units(w)})
			}
			all[i].count++
		}
	}
	return all
}

// mostFrequent returns the pair of neighbouring units to join next. A pair
// that spells a token already known is passed over: a token is numbered by the
// one merge that makes it.
func mostFrequent(text []counted, known map[string]bool) (best pair, ok bool) {
	count := map[pair]int{}
	for _, w := range text {
		for i := range len(w.units) - 1 {
			count[pair{w.units[i], w.units[i+1]}] += w.count
		}
	}
	most := 0
	for p, n := range count {
		if n < most || known[p[0]+p[1]] {
			continue
		}
		if n > most || p[0] < best[0] || p[0] == best[0] && p[1] < best[1] {
			best, most, ok = p, n, true
		}
	}
	return best, ok
}

// join replaces each p in units by one unit, from the left, in place.
func join(units []string, p pair) []string {
	out := units[:0]
	for i := 0; i < len(units); i++ {
		if i+1 < len(units) && units[i] == p[0] && units[i+1] == p[1] {
			out = append(out, p[0]+p[1])
			i++
		} else {
			out = append(out, units[i])
		}
	}
	return out
}
