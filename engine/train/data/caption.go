package data

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// Parts of the captions that use a form.
const (
	synonymShare = 0.28 // a synonym instead of the main name
	kindShare    = 0.07 // what it is one of
	colourShare  = 0.20 // the picture's own colour, if it has one to say
	viewShare    = 0.4  // where it is seen from
	plainlyShare = 0.10 // "a picture of …", where no style is named
)

// styleWords are the ways to name a style, what follows being "a cat", and how
// often it is named.
var styleWords = map[string]struct {
	said  float32
	forms []string
}{
	Render:    {0.25, []string{"a 3d render of ", "3d render of "}},
	Flat:      {0.85, []string{"a flat icon of ", "flat icon of "}},
	Cartoon:   {0.85, []string{"a cartoon of ", "cartoon of "}},
	Sticker:   {0.85, []string{"a sticker of ", "sticker of "}},
	Glyph:     {0.95, []string{"a black and white icon of ", "black and white icon of "}},
	Realistic: {0.75, []string{"a realistic picture of ", "a realistic render of ", "realistic picture of "}},
	Portrait:  {0.90, []string{"a portrait of ", "portrait of "}},
	PixelArt:  {0.95, []string{"pixel art of ", "a pixel art picture of "}},
	ClipArt:   {0.90, []string{"clip art of ", "a clip art picture of "}},
}

// caption words a scene: "a cartoon of a red strawberry, on a blue background".
func (s *Set) caption(r *rand.Rand, sc *Scene) string {
	words := s.describeItem(r, sc, sc.Items[0])
	if sc.Relation != "" {
		words += " " + sc.Relation + " " + s.describeItem(r, sc, sc.Items[1])
	}
	style := styleWords[sc.Style]
	switch {
	case r.Float32() < style.said || sc.explicit:
		words = style.forms[r.IntN(len(style.forms))] + words
	case r.Float32() < plainlyShare:
		words = "a picture of " + words
	}
	join := " "
	after := func(phrase string) {
		if phrase != "" {
			words += join + phrase
			join = ", "
		}
	}
	if view := s.cutouts[sc.Items[0].cutout].View; sc.Count == 1 && sc.Relation == "" && r.Float32() < viewShare {
		after(view)
	}
	after(sc.Placing.Place)
	if n := len(sc.background.phrases); n > 0 {
		after(sc.background.phrases[r.IntN(n)])
	}
	return words
}

// describeItem words a thing with its number, size and colour.
func (s *Set) describeItem(r *rand.Rand, sc *Scene, it Item) string {
	c, cut := &s.concepts[it.Concept], &s.cutouts[it.cutout]
	if c.portrait {
		return describePortrait(r, cut, sc.explicit)
	}
	name := s.pickName(r, sc, it)
	var adjectives []string
	if sc.Placing.Size != "" {
		adjectives = append(adjectives, sc.Placing.Size)
	}
	if it.Colour != "" {
		adjectives = append(adjectives, it.Colour)
	} else if cut.Colour != "" && sc.Style != Glyph && r.Float32() < colourShare && !namesColour(name.text) {
		adjectives = append(adjectives, cut.Colour)
	}
	if sc.Count > 1 {
		return strings.Join(append([]string{numberWords[sc.Count]}, append(adjectives, plural(name.text))...), " ")
	}
	return describe(name, adjectives)
}

var numberWords = []string{2: "two", 3: "three", 4: "four"}

// pickName draws a name for an item. Names that speak of a colour are for things
// that have theirs, in the style that the names were given for.
func (s *Set) pickName(r *rand.Rand, sc *Scene, it Item) noun {
	c := &s.concepts[it.Concept]
	fits := func(n noun) bool {
		return (n.article || sc.Count == 1) && (it.Colour == "" && sc.Style == Render || !namesColour(n.text))
	}
	p := r.Float32()
	switch {
	case p < kindShare && c.Kind != "":
		if n := parseNoun(c.Kind); fits(n) {
			return n
		}
	case p < kindShare+synonymShare && len(c.nouns) > 1:
		if n := c.nouns[1+r.IntN(len(c.nouns)-1)]; fits(n) {
			return n
		}
	}
	if n := c.nouns[0]; fits(n) || !slices.ContainsFunc(c.nouns, fits) {
		return bareOf(c.nouns[0], it.Colour)
	}
	return c.nouns[slices.IndexFunc(c.nouns, fits)]
}

// bareOf is a name without the colour word that it begins with, for things that
// were dyed: a "red book" in blue is a "book".
func bareOf(n noun, dyed string) noun {
	if first, rest, found := strings.Cut(n.text, " "); found && dyed != "" && slices.Contains(colourWords, first) {
		n.text = rest
	}
	return n
}

// describe puts adjectives and the article before a noun.
func describe(name noun, adjectives []string) string {
	text, the := name.text, ""
	if rest, ok := strings.CutPrefix(text, "the "); ok {
		the, text = "the ", rest
	}
	bare := the + strings.Join(append(slices.Clone(adjectives), text), " ")
	if name.article {
		return indefinite(bare)
	}
	return bare
}

// describePortrait words a person by some of the traits, or by all.
func describePortrait(r *rand.Rand, c *cutout, all bool) string {
	words := "a person"
	traits := slices.Clone(c.Traits)
	r.Shuffle(len(traits), func(i, j int) { traits[i], traits[j] = traits[j], traits[i] })
	if !all {
		traits = traits[:min(len(traits), r.IntN(4))]
	}
	for i, t := range traits {
		switch {
		case i == 0:
			words += " with " + t
		case i == len(traits)-1:
			words += " and " + t
		default:
			words += ", " + t
		}
	}
	for _, m := range c.Manner {
		if r.Float32() < 0.6 || all {
			words += ", " + m
		}
	}
	return words
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

// irregular are the plurals that no rule gives.
var irregular = map[string]string{
	"mouse": "mice", "goose": "geese", "child": "children", "man": "men", "woman": "women", "person": "people",
	"wolf": "wolves", "knife": "knives", "leaf": "leaves", "loaf": "loaves", "sheaf": "sheaves", "scarf": "scarves", "elf": "elves",
	"sheep": "sheep", "deer": "deer", "moose": "moose", "bison": "bison", "shrimp": "shrimp", "squid": "squid",
	"ox": "oxen", "foot": "feet", "tooth": "teeth", "cactus": "cacti", "dice": "dice", "aircraft": "aircraft", "policeman": "policemen",
	"fireman": "firemen", "snowman": "snowmen", "spaceman": "spacemen",
}

// plural is the plural of a name: of its last word, or of the one before "of",
// "with" and the like.
func plural(name string) string {
	words := strings.Fields(name)
	at := len(words) - 1
	for i := 1; i < len(words); i++ {
		if slices.Contains([]string{"of", "with", "in", "on", "from", "without", "that", "behind", "over", "at", "going", "blowing", "running", "skiing", "wearing"}, words[i]) {
			at = i - 1
			break
		}
	}
	w := words[at]
	last := byte(0)
	if len(w) > 1 {
		last = w[len(w)-2]
	}
	switch {
	case irregular[w] != "":
		w = irregular[w]
	case strings.HasSuffix(w, "fish"):
	case strings.HasSuffix(w, "s") || strings.HasSuffix(w, "x") || strings.HasSuffix(w, "z") || strings.HasSuffix(w, "ch") || strings.HasSuffix(w, "sh"):
		w += "es"
	case strings.HasSuffix(w, "y") && !strings.ContainsRune("aeiou", rune(last)):
		w = w[:len(w)-1] + "ies"
	case slices.Contains([]string{"potato", "tomato", "mango", "volcano", "tornado", "mosquito", "buffalo", "hero", "torpedo"}, w):
		w += "es"
	default:
		w += "s"
	}
	words[at] = w
	return strings.Replace(strings.Join(words, " "), " that is ", " that are ", 1)
}

// namesColour reports whether a name speaks of a colour already, like "red
// apple" or "golden key"; a second colour before it would be wrong or odd.
func namesColour(name string) bool {
	for word := range strings.FieldsSeq(name) {
		switch word {
		case "gold", "golden", "silver", "bronze", "colorful", "rainbow", "orange", "chocolate", "striped", "spotted", "gray", "dark":
			return true
		}
		if slices.Contains(colourWords, word) {
			return true
		}
	}
	return false
}

// Captions returns texts to train a tokenizer on: every name with and without
// its article, then n sampled captions. It always returns the same ones.
func (s *Set) Captions(n int) []string {
	var all []string
	for _, c := range s.concepts {
		for _, name := range c.nouns {
			all = append(all, name.text, describe(name, nil))
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		style := s.pickStyle(r)
		sc := s.compose(r, style, s.pickThing(r, style))
		all = append(all, s.caption(r, &sc))
	}
	return all
}
