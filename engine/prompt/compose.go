package prompt

import (
	"regexp"
	"strconv"
	"strings"
)

// compose cuts a prompt at AND into the parts that each pull at the picture, with
// the weight that may end a part behind a colon ("a cat AND a dog :0.5"). A
// prompt without AND is one part, whose end is a weight too.
func compose(t Text) (parts []Text, weights []float64) {
	pieces, _ := splitAt(t, "AND")
	for _, piece := range pieces {
		piece = piece.trimRight()
		weight := 1.0
		if colon := strings.LastIndexByte(piece.s, ':'); colon >= 0 {
			number := strings.TrimLeftFunc(piece.s[colon+1:], isSpace)
			if partWeight.MatchString(number) {
				if w, err := strconv.ParseFloat(number, 64); err == nil {
					piece, weight = piece.cut(0, colon).trimRight(), w
				}
			}
		}
		parts, weights = append(parts, piece), append(weights, weight)
	}
	return parts, weights
}

var partWeight = regexp.MustCompile(`^[-+]?(?:[0-9]+\.?|[0-9]*\.[0-9]+)$`)
