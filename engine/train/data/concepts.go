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
	Hex      string   // hexadecimal Unicode code point of the source picture: "1f34e"
	Colour   string   // "red" or "black and white"; "" if no colour word fits

	nouns []noun // Name and Synonyms with their grammar, in that order
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

// entry is a concept as the index of a built set stores it, with the article
// marks of concepts.txt still on the names.
type entry struct {
	Hex      string   `json:"hex"`
	Name     string   `json:"name"`
	Synonyms []string `json:"synonyms,omitempty"`
	Colour   string   `json:"colour,omitempty"`
}

func (e entry) concept() Concept {
	c := Concept{Hex: e.Hex, Colour: e.Colour, nouns: []noun{parseNoun(e.Name)}}
	c.Name = c.nouns[0].text
	for _, s := range e.Synonyms {
		n := parseNoun(s)
		c.nouns = append(c.nouns, n)
		c.Synonyms = append(c.Synonyms, n.text)
	}
	return c
}

// parseConcepts reads the format of concepts.txt, which its own head describes.
func parseConcepts(text string) ([]entry, error) {
	var all []entry
	owner := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "|")
		if len(fields) < 2 || len(fields) > 4 {
			return nil, fmt.Errorf("concepts: line %d has %d fields, want \"code | name | synonyms | colour\" or the start of it: %q", n, len(fields), line)
		}
		e := entry{Hex: strings.TrimSpace(fields[0]), Name: strings.TrimSpace(fields[1])}
		if len(fields) > 2 {
			for s := range strings.SplitSeq(fields[2], ",") {
				e.Synonyms = append(e.Synonyms, strings.TrimSpace(s))
			}
		}
		if len(fields) > 3 {
			e.Colour = strings.TrimSpace(fields[3])
		}
		for _, name := range e.concept().nouns {
			if name.text == "" {
				return nil, fmt.Errorf("concepts: line %d has an empty name: %q", n, line)
			}
			if other, taken := owner[name.text]; taken {
				return nil, fmt.Errorf("concepts: line %d: the name %q already belongs to %s", n, name.text, other)
			}
			owner[name.text] = e.Hex
		}
		all = append(all, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("concepts: %w", err)
	}
	return all, nil
}
