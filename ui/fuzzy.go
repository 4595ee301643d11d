package ui

import (
	"strings"
	"unicode"
)

// fuzzy tells how well a text answers what was typed, and whether it does at all: every
// word typed must be in it, letter by letter and in order, though not at a stretch.
// Letters at the beginnings of words and in a row count most.
func fuzzy(typed, text string) (score int, ok bool) {
	letters := []rune(strings.ToLower(text))
	for _, word := range strings.Fields(strings.ToLower(typed)) {
		best := -1
		for from := range letters {
			if s := matched([]rune(word), letters, from); s > best {
				best = s
			}
		}
		if best < 0 {
			return 0, false
		}
		score += best
	}
	return score, true
}

// matched is the score of a word whose first letter is at from; -1 if it is not there.
func matched(word, letters []rune, from int) int {
	if letters[from] != word[0] {
		return -1
	}
	score, at := 0, from
	for i, r := range word {
		next := at
		for next < len(letters) && letters[next] != r {
			next++
		}
		if next == len(letters) {
			return -1
		}
		switch {
		case next == 0 || !unicode.IsLetter(letters[next-1]) && !unicode.IsDigit(letters[next-1]):
			score += 8
		case i > 0 && next == at:
			score += 5
		default:
			score++
		}
		at = next + 1
	}
	return score*16 - min(15, at-from-len(word)) // of two alike, the closer one
}
