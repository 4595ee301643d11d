package main

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"darkroom/engine/gallery"
	"darkroom/engine/prompt"
)

func promptShown(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return printed(t, func() error {
		return promptVerb(context.Background(), append([]string{"--model", tinyModel}, args...))
	})
}

func TestPromptIsShown(t *testing.T) {
	text, err := promptShown(t, "--steps", "6", "--text", "a (red:1.5) [apple|blue] BREAK green <lora:x:0.8> AND (b :0.5 # mine")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"tag: lora x 0.8\n", "left out: # mine\n", "part 1 of 2, weight 1\n", "part 2 of 2, weight 0.5\n",
		"steps 1, 3, 5: a (red:1.5) apple BREAK green\n", "(red:1.5)", `note: "(" at 54 is not closed`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	asJSON, err := promptShown(t, "--json", "--text", "a (red:1.5)")
	if err != nil {
		t.Fatal(err)
	}
	var p prompt.Prompt
	if err := json.Unmarshal([]byte(asJSON), &p); err != nil {
		t.Fatal(err)
	}
	if token := p.Parts[0].Variants[0].Chunks[0].Tokens[1]; token.Text != "red" || token.Weight != 1.5 || token.From != 3 || token.To != 6 {
		t.Errorf("the second token is %+v", token)
	}
}

// TestTemplateIsKept draws with a style, a wildcard and a choice.
func TestTemplateIsKept(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("colour.txt", "# colours\nred\n")
	styles := write("styles.csv", "name,prompt,negative_prompt\nink,\"ink drawing of {prompt}, a\",b\n")
	out := filepath.Join(dir, "x.png")
	typed := "{a __colour__ apple|a __colour__ apple}"
	if _, err := draw(t, "--prompt", typed, "--wildcards", dir, "--styles", styles, "--style", "ink", "--clip-skip", "2", "--emphasis", "no_norm", "--out", out); err != nil {
		t.Fatal(err)
	}
	r, err := gallery.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if r.Prompt != "ink drawing of a red apple, a" || r.Template != typed || r.Negative != "b" || r.NegativeTemplate != "" || r.ClipSkip != 2 || r.Emphasis != "no_norm" {
		t.Errorf("the recipe is %+v", r)
	}
	// the recipe alone draws the same, and chooses nothing again
	again := filepath.Join(dir, "y.png")
	if _, err := draw(t, "--from", out, "--out", again); err != nil {
		t.Fatal(err)
	}
	if back, err := gallery.ReadFile(again); err != nil || back != r {
		t.Errorf("the recipe comes back as %+v (%v)", back, err)
	}
	if a, b := pixels(t, out), pixels(t, again); a != b {
		t.Error("what was chosen draws another picture than the template")
	}
	// a style changes what is typed beside the recipe, once
	if _, err := draw(t, "--from", out, "--prompt", "a pear", "--styles", styles, "--style", "ink", "--out", again); err != nil {
		t.Fatal(err)
	}
	if back, err := gallery.ReadFile(again); err != nil || back.Prompt != "ink drawing of a pear, a" || back.Negative != "b" {
		t.Errorf("%q, %q is drawn (%v)", back.Prompt, back.Negative, err)
	}
	if _, err := draw(t, "--from", out, "--styles", styles, "--style", "ink", "--out", again); !errors.Is(err, errUsage) {
		t.Errorf("a style beside a whole recipe: %v", err)
	}
	for _, bad := range [][]string{
		{"--style", "oil", "--styles", styles},
		{"--style", "ink", "--styles", filepath.Join(dir, "none.csv")},
		{"--wildcards", filepath.Join(dir, "none"), "--prompt", "__a__"},
		{"--wildcards", dir, "--prompt", "__none__"},
		{"--emphasis", "loud"},
	} {
		if _, err := draw(t, append(bad, "--out", filepath.Join(dir, "z.png"))...); err == nil {
			t.Errorf("%q draws", bad)
		}
	}
}

// pixels is a PNG's picture without what its texts say.
func pixels(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(img.(*image.RGBA).Pix)
}
