package data

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// scene says how one picture is composed; its caption and its pixels are both
// made from it, which is what keeps the caption true.
type scene struct {
	concept    int
	placing    placing
	background *background
}

// placing is a size and a place of the sprite.
type placing struct {
	adjective string  // "small", or "" if the size isn't mentioned
	phrase    string  // "on the left", or "" if the place isn't mentioned
	side      float32 // width and height of the sprite as a part of the picture's
	vary      float32 // side varies by this much
	x, y      float32 // centre of the sprite, in 0…1
}

var (
	normal = placing{side: 0.80, vary: 0.04, x: 0.5, y: 0.5}
	small  = placing{adjective: "small", side: 0.45, vary: 0.02, x: 0.5, y: 0.5}
	places = []placing{
		{phrase: "on the left", side: 0.48, vary: 0.02, x: 0.27, y: 0.5},
		{phrase: "on the right", side: 0.48, vary: 0.02, x: 0.73, y: 0.5},
		{phrase: "at the top", side: 0.48, vary: 0.02, x: 0.5, y: 0.27},
		{phrase: "at the bottom", side: 0.48, vary: 0.02, x: 0.5, y: 0.73},
	}
)

// Parts of the captions that use a form.
const (
	synonymShare = 0.30 // a synonym instead of the main name
	colourShare  = 0.20 // the picture's own colour, if it has one to say
)

// caption words a scene: "a red strawberry on a blue background".
func (s *Set) caption(r *rand.Rand, sc scene) string {
	c := &s.concepts[sc.concept]
	name := c.nouns[0]
	if r.Float32() < synonymShare && len(c.nouns) > 1 {
		name = c.nouns[1+r.IntN(len(c.nouns)-1)]
	}
	var adjectives []string
	if sc.placing.adjective != "" {
		adjectives = append(adjectives, sc.placing.adjective)
	}
	if r.Float32() < colourShare && c.Colour != "" && !namesColour(name.text) {
		adjectives = append(adjectives, c.Colour)
	}
	words := describe(r.Float32(), name, adjectives)
	join := " "
	if sc.placing.phrase != "" {
		words += join + sc.placing.phrase
		join = ", "
	}
	if n := len(sc.background.phrases); n > 0 {
		words += join + sc.background.phrases[r.IntN(n)]
	}
	return words
}

// describe puts a noun into one of the caption forms; form in 0…1 picks which.
func describe(form float32, name noun, adjectives []string) string {
	text := name.text
	the := ""
	if rest, ok := strings.CutPrefix(text, "the "); ok {
		the, text = "the ", rest
	}
	bare := the + strings.Join(append(slices.Clone(adjectives), text), " ")
	full := bare
	if name.article {
		full = indefinite(bare)
	}
	switch {
	case form < 0.70:
		return full
	case form < 0.82:
		return bare
	case form < 0.92:
		return "a picture of " + full
	case form < 0.96:
		return "a 3d render of " + full
	}
	return "3d render of " + full
}

// indefinite puts "a" or "an" before words, by the sound they start with.
func indefinite(words string) string {
	for _, consonant := range []string{"uni", "uf", "eu", "one"} {
		if strings.HasPrefix(words, consonant) {
			return "a " + words
		}
	}
	if strings.HasPrefix(words, "hour") || words != "" && strings.ContainsRune("aeiou", rune(words[0])) {
		return "an " + words
	}
	return "a " + words
}

// namesColour reports whether a name speaks of a colour already, like "red
// apple" or "golden key"; a second colour before it would be wrong or odd.
func namesColour(name string) bool {
	for word := range strings.FieldsSeq(name) {
		switch word {
		case "gold", "golden", "colorful", "rainbow", "orange", "chocolate", "striped", "spotted":
			return true
		}
		if slices.Contains(colourWords, word) {
			return true
		}
	}
	return false
}
