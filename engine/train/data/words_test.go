package data

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestConceptList(t *testing.T) {
	entries, err := parseConcepts(conceptsText)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 256 {
		t.Errorf("%d concepts, want 256", len(entries))
	}
	plain := regexp.MustCompile(`^[a-z]+( [a-z]+)*$`)
	for _, e := range entries {
		for _, n := range e.concept().nouns {
			if !plain.MatchString(n.text) {
				t.Errorf("%s: the name %q has more than lower-case words", e.Hex, n.text)
			}
		}
	}
}

func TestParseConceptsErrors(t *testing.T) {
	for text, want := range map[string]string{
		"1f34e":                         "line 1",
		"# head\n1 | a | b | c | d":     "line 2",
		"1 | a | b,":                    "empty name",
		"1 | cat\n2 | tiger | lion,cat": `"cat" already belongs to 1`,
	} {
		if _, err := parseConcepts(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

// Every prompt must be said the way the captions are.
func TestPrompts(t *testing.T) {
	if len(Prompts) != 40 {
		t.Errorf("%d prompts, want 40", len(Prompts))
	}
	entries, err := parseConcepts(conceptsText)
	if err != nil {
		t.Fatal(err)
	}
	var names, locations, backgrounds []string
	for _, e := range entries {
		for _, n := range e.concept().nouns {
			names = append(names, n.text)
		}
	}
	for _, p := range places {
		locations = append(locations, p.phrase)
	}
	for _, b := range slices.Concat(plainBackgrounds, scenes) {
		backgrounds = append(backgrounds, b.phrases...)
	}
	or := func(words []string) string { return "(" + strings.Join(words, "|") + ")" }
	grammar := regexp.MustCompile("^an? (small )?(" + or(colourWords) + " )?" + or(names) +
		"( " + or(locations) + ")?(,? " + or(backgrounds) + ")?$")
	for _, p := range Prompts {
		if !grammar.MatchString(p) {
			t.Errorf("the prompt %q is not of the form of the captions", p)
		}
	}
}
