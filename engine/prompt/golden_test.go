package prompt

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

// cases is a file of engine/golden/prompts.py; another one may be named, to
// compare many more than are kept.
func cases(t *testing.T) (all []goldenCase) {
	t.Helper()
	path := os.Getenv("DARKROOM_TEST_PROMPTS")
	if path == "" {
		path = "testdata/golden.json.gz"
	}
	unzip(t, path, &all)
	return all
}

// unzip reads a file of compressed JSON.
func unzip(t *testing.T, path string, into any) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(into); err != nil {
		t.Fatal(err)
	}
}

type goldenCase struct {
	Text      string   `json:"text"`
	Steps     int      `json:"steps"`
	Old       bool     `json:"old"`
	Parts     [][2]any `json:"parts"`
	Attention [][2]any `json:"attention"`
	Comfy     [][2]any `json:"comfy"`
}

func pairs(fragments []fragment) [][2]any {
	all := [][2]any{}
	for _, f := range fragments {
		all = append(all, [2]any{f.text.s, f.weight})
	}
	return all
}

// TestGolden compares with what the programs whose language this is make of the
// same prompts, weights to the last bit.
func TestGolden(t *testing.T) {
	all := cases(t)
	if len(all) < 900 {
		t.Fatalf("%d cases", len(all))
	}
	wrong := 0
	differ := func(what string, c goldenCase, got, want any) {
		g, w := fmt.Sprintf("%q", got), fmt.Sprintf("%q", want)
		if g == w {
			return
		}
		if wrong++; wrong <= 40 {
			t.Errorf("%s of %q in %d steps\n got %s\nwant %s", what, c.Text, c.Steps, g, w)
		}
	}
	failed := 0
	for _, c := range all {
		source := Typed(c.Text)
		if c.Attention != nil {
			fragments, _ := emphasised(source)
			differ("weights", c, pairs(fragments), c.Attention)
		} else {
			failed++
		}
		if c.Comfy != nil {
			differ("comfy weights", c, pairs(comfyEmphasised(source, 1, func(Text, string) {})), c.Comfy)
		} else {
			failed++
		}
		if c.Parts == nil {
			failed++
			continue
		}
		texts, weights := compose(source)
		parts := [][2]any{}
		for i, text := range texts {
			variants, _, err := schedule(text, c.Steps, c.Old)
			if err != nil {
				t.Fatal(err)
			}
			list := []any{}
			for _, v := range variants {
				list = append(list, []any{float64(v.until), v.text.s})
			}
			parts = append(parts, [2]any{weights[i], list})
		}
		differ("schedule", c, parts, c.Parts)
	}
	t.Logf("%d cases, %d wrong; %d answers were failures", len(all), wrong, failed)
}
