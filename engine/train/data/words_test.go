package data

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every name in the lists must be words that a tokenizer of lower case sees whole,
// and name one thing.
func TestLists(t *testing.T) {
	plain := regexp.MustCompile(`^[a-z]+('s)?( [a-z]+)*( [a-z]+)?$`)
	concepts, err := parseConcepts(conceptsText)
	if err != nil {
		t.Fatal(err)
	}
	if len(concepts) < 800 {
		t.Errorf("%d concepts, want 800 or more", len(concepts))
	}
	lists := map[string][]row{"concepts": concepts}
	for name, text := range map[string]string{"furniture": furnitureText, "pixelart": pixelArtText, "clipart": clipArtText} {
		rows, err := parseRows(name, text)
		if err != nil {
			t.Fatal(err)
		}
		lists[name] = rows
	}
	for list, rows := range lists {
		seen := map[string]bool{}
		for _, r := range rows {
			if seen[r.key] {
				t.Errorf("%s: %s is listed twice", list, r.key)
			}
			seen[r.key] = true
			for _, name := range r.names() {
				if text := parseNoun(name).text; !plain.MatchString(text) && (text != "" || list != "furniture") {
					t.Errorf("%s: %s: the name %q has more than lower-case words", list, r.key, text)
				}
			}
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"1f34e":                         "line 1",
		"# head\n1 | a | b | c | d":     "line 2",
		"1 | a | b,":                    "empty name",
		"1 | cat\n2 | tiger | lion,cat": `"cat" of 2 already belongs to 1`,
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
	rows, err := parseConcepts(conceptsText)
	if err != nil {
		t.Fatal(err)
	}
	var names, locations, backgrounds []string
	for _, r := range rows {
		for _, n := range r.names() {
			names = append(names, parseNoun(n).text)
		}
	}
	for _, p := range places {
		locations = append(locations, p.Place)
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

func TestDescribeFace(t *testing.T) {
	for _, tt := range []struct {
		is             map[string]any
		traits, manner string
	}{
		{
			map[string]any{"hair": "curly", "hairColor": "#6c4545", "skinColor": "#623d36", "mouth": "bigSmile", "clothingColor": "#456dff"},
			"curly brown hair, dark skin", "smiling, in a blue shirt",
		},
		{map[string]any{"hair": "short03", "hairColor": "#0e0e0e", "glasses": "variant02", "skinColor": "#f2d3b1"}, "short black hair, glasses, light skin", ""},
		{map[string]any{"head": "noHair1", "facialHair": "moustache3", "accessories": "sunglasses2", "face": "rage"}, "no hair, sunglasses, a mustache", "looking angry"},
		{map[string]any{"hair": "unheard of", "hairColor": 7}, "", ""},
	} {
		traits, manner := describeFace(tt.is)
		if got := strings.Join(traits, ", "); got != tt.traits {
			t.Errorf("%v has %q, want %q", tt.is, got, tt.traits)
		}
		if got := strings.Join(manner, ", "); got != tt.manner {
			t.Errorf("%v is %q, want %q", tt.is, got, tt.manner)
		}
	}
}
