package data

import (
	"bufio"
	_ "embed"
	"fmt"
	"strings"
)

//go:embed concepts.txt
var conceptsText string

// Concept is one thing the pictures show.
type Concept struct {
	Name     string   // what the picture shows, lower case: "red apple"
	Synonyms []string // other names for it: "apple"
	Kind     string   // what it is one of: "fruit", "" if there is no word for it

	nouns    []noun           // Name and Synonyms with their grammar, in that order
	cutouts  map[string][]int // by style
	portrait bool
}

// noun is a name and whether it takes the article "a" or "an".
type noun struct {
	text    string
	article bool
}

// parseNoun reads a name as concepts.txt has it: a leading "*" marks plurals
// and stuff, which take no article.
func parseNoun(s string) noun {
	text, bare := strings.CutPrefix(strings.TrimSpace(s), "*")
	return noun{text: text, article: !bare}
}

// row is a line of one of the lists: what names a picture in its source and what
// it shows.
type row struct {
	key      string // of the picture in its source
	name     string // with its article mark
	synonyms []string
	colour   string
}

func (r row) names() []string { return append([]string{r.name}, r.synonyms...) }

// parseRows reads a list: key | name | synonym, synonym, … | colour, where the last two
// may be missing and a name may be empty.
func parseRows(list, text string) ([]row, error) {
	var all []row
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "|")
		if len(fields) < 2 || len(fields) > 4 {
			return nil, fmt.Errorf("%s: line %d has %d fields, want \"key | name | synonyms | colour\" or the start of it: %q", list, n, len(fields), line)
		}
		r := row{key: strings.TrimSpace(fields[0]), name: strings.TrimSpace(fields[1])}
		if len(fields) > 2 && strings.TrimSpace(fields[2]) != "" {
			for s := range strings.SplitSeq(fields[2], ",") {
				r.synonyms = append(r.synonyms, strings.TrimSpace(s))
			}
		}
		if len(fields) > 3 {
			r.colour = strings.TrimSpace(fields[3])
		}
		all = append(all, r)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", list, err)
	}
	return all, nil
}

// parseConcepts reads concepts.txt, in which a name belongs to one thing only.
func parseConcepts(text string) ([]row, error) {
	all, err := parseRows("concepts", text)
	if err != nil {
		return nil, err
	}
	owner := map[string]string{}
	for _, r := range all {
		for _, name := range r.names() {
			name = parseNoun(name).text
			if name == "" {
				return nil, fmt.Errorf("concepts: %s has an empty name", r.key)
			}
			if other, taken := owner[name]; taken {
				return nil, fmt.Errorf("concepts: the name %q of %s already belongs to %s", name, r.key, other)
			}
			owner[name] = r.key
		}
	}
	return all, nil
}

// thing is a concept as the index of a built set stores it, with the article
// marks still on the names.
type thing struct {
	Names    []string `json:"names"`
	Kind     string   `json:"kind,omitempty"`
	Portrait bool     `json:"portrait,omitempty"`
}

func (t thing) concept() Concept {
	c := Concept{Kind: t.Kind, portrait: t.Portrait, cutouts: map[string][]int{}}
	for _, s := range t.Names {
		c.nouns = append(c.nouns, parseNoun(s))
	}
	c.Name = c.nouns[0].text
	for _, n := range c.nouns[1:] {
		c.Synonyms = append(c.Synonyms, n.text)
	}
	return c
}

// Styles are how things are drawn.
const (
	Render    = "3d render"
	Flat      = "flat icon"
	Cartoon   = "cartoon"
	Sticker   = "sticker"
	Glyph     = "black and white icon"
	Realistic = "realistic"
	Portrait  = "portrait"
	PixelArt  = "pixel art"
	ClipArt   = "clip art"
)

// Styles lists all of them.
var Styles = []string{Render, Flat, Cartoon, Sticker, Glyph, Realistic, Portrait, PixelArt, ClipArt}

// cutout is one picture of a thing as the index of a built set stores it.
type cutout struct {
	Thing    int      `json:"thing"` // index
	Style    string   `json:"style"`
	View     string   `json:"view,omitempty"`    // "from the side"
	Colour   string   `json:"colour,omitempty"`  // the word for most of it
	Dye      *dye     `json:"dye,omitempty"`     // how to change its colour
	Dyes     []string `json:"dyes,omitempty"`    // the colours that it then shows, verified
	Traits   []string `json:"traits,omitempty"`  // of a portrait: "curly red hair"
	Manner   []string `json:"manner,omitempty"`  // of a portrait: "smiling", "in a blue shirt"
	HeldBack bool     `json:"held,omitempty"`    // for tests, never drawn in training
	Shadow   bool     `json:"shadow,omitempty"`  // may cast one
	Source   string   `json:"source,omitempty"`  // the package
	Made     string   `json:"made_by,omitempty"` // who made it, where that is known one by one
}
