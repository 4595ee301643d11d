package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/engine/metadata"
)

const webUI = "a red apple, it's\nNegative prompt: blur\nSteps: 3, Sampler: Euler a, Schedule type: Karras, CFG scale: 6.5, Seed: 7, Size: 32x16, Model: dream, Version: v1.10.1"

// foreign writes a PNG file of texts alone.
func foreign(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.png")
	b := metadata.TextChunk("parameters", text).Append([]byte(metadata.Signature))
	if err := os.WriteFile(path, metadata.NewChunk("IEND", nil).Append(b), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRecipeTells(t *testing.T) {
	path := foreign(t, webUI)
	text, err := printed(t, func() error { return showRecipe(context.Background(), []string{path}) })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"AUTOMATIC1111's web UI v1.10.1", "a red apple, it's", "Without", "blur", "32×16", "Not as it was:\n- The picture was drawn by the model dream",
		"\ndarkroom generate --", " --guidance 6.5 --height 16", " --negative blur", ` --prompt 'a red apple, it'\''s'`, " --sampler euler_ancestral",
		" --seed 7", " --steps 3", " --width 32", " --out picture.png\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	for _, args := range [][]string{{path, "--json"}, {"--json", path}} {
		text, err := printed(t, func() error { return showRecipe(context.Background(), args) })
		var got struct {
			Tool    string
			Request engine.Request
			Notes   []string
			Recipe  map[string]any
		}
		if err != nil || json.Unmarshal([]byte(text), &got) != nil {
			t.Fatalf("%q, %v", text, err)
		}
		if got.Request.Seed != 7 || got.Recipe["model"] != "dream" || len(got.Notes) == 0 || got.Tool == "" {
			t.Errorf("%+v", got)
		}
	}
	for _, args := range [][]string{nil, {"--json"}, {path, path}, {path, "--no"}} {
		if err := showRecipe(context.Background(), args); err == nil || !strings.Contains(err.Error(), "wrong use") {
			t.Errorf("%v: %v", args, err)
		}
	}
	if err := showRecipe(context.Background(), []string{filepath.Join(t.TempDir(), "none.png")}); err == nil {
		t.Error("a file that is not there")
	}
}

// A terminal is never commanded by what a picture holds.
func TestRecipeIsPrintable(t *testing.T) {
	path := foreign(t, strings.Replace(webUI, "apple", "\x1b[2Japple\u202e", 1))
	text, err := printed(t, func() error { return showRecipe(context.Background(), []string{path}) })
	if err != nil || strings.ContainsAny(text, "\x1b\u202e") || !strings.Contains(text, "\ufffd[2Japple\ufffd") {
		t.Errorf("%q, %v", text, err)
	}
}

func TestShellQuoted(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh here")
	}
	for _, word := range []string{"plain", "", "two words", "it's", `"$HOME" \ ` + "`ls`", "-1", "a\nb", "猫", "*", "~", "'"} {
		out, err := exec.Command(sh, "-c", "printf %s "+shellQuoted(word)).Output()
		if word != "" && (err != nil || string(out) != word) {
			t.Errorf("%q becomes %q, %v", word, out, err)
		}
	}
}

// A picture drawn from another's recipe is the same, unless a flag changes it.
func TestGenerateFrom(t *testing.T) {
	dir := t.TempDir()
	first, again, other := filepath.Join(dir, "a.png"), filepath.Join(dir, "b.png"), filepath.Join(dir, "c.jpg")
	if _, err := draw(t, "--prompt", "a red apple", "--seed", "7", "--guidance", "3", "--out", first); err != nil {
		t.Fatal(err)
	}
	from := func(args ...string) error {
		return generate(context.Background(), append([]string{"--from", first}, args...))
	}
	if err := from("--out", again); err != nil {
		t.Fatal(err)
	}
	a, _ := os.ReadFile(first)
	if b, err := os.ReadFile(again); err != nil || !bytes.Equal(a, b) {
		t.Errorf("not the same picture (%v)", err)
	}
	if err := from("--out", other, "--seed", "0", "--steps", "2"); err != nil {
		t.Fatal(err)
	}
	r, err := gallery.ReadFile(other)
	if err != nil || r.Seed != 0 || r.Steps != 2 || r.Guidance != 3 || r.Prompt != "a red apple" {
		t.Errorf("%+v, %v", r, err)
	}
	f, err := os.Open(other)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := jpeg.Decode(f); err != nil {
		t.Errorf("a .jpg file is no JPEG: %v", err)
	}
	if err := generate(context.Background(), []string{"--from", filepath.Join(dir, "none"), "--out", again}); err == nil {
		t.Error("a recipe that is not there")
	}
}

func TestGenerateFromAnotherProgram(t *testing.T) {
	out := filepath.Join(t.TempDir(), "x.png")
	if err := generate(context.Background(), []string{"--from", foreign(t, webUI), "--model", tinyModel, "--out", out}); err != nil {
		t.Fatal(err)
	}
	r, err := gallery.ReadFile(out)
	if err != nil || r.Seed != 7 || r.Sampler != "euler_ancestral" || r.Width != 32 || r.Model != tinyModel {
		t.Errorf("%+v, %v", r, err)
	}
}

// The command draws what the recipe says: every field has a flag that brings it back,
// except which of several pictures it was and what was typed before choices were made.
func TestCommandSaysEveryField(t *testing.T) {
	n := 0.25
	want := engine.Request{
		Prompt: "p", Negative: "n", Seed: 1, Steps: 2, Guidance: 3, Sampler: "heun", Width: 64, Height: 32, Model: "m", Image: "i.png", Mask: "k.png",
		ImageGuidance: 2, Loras: "<lora:a:0.5><lora:b:1:0.25>", VAE: "v", GuidanceRescale: 0.5, GuidanceLow: 1, GuidanceHigh: 9, PerturbedAttention: 3,
		MimicGuidance: 2, ThresholdRatio: 0.995, ThresholdMax: 4, CacheInterval: 2, Precision: "bfloat16", Schedule: "karras", Eta: &n, SNoise: &n, SChurn: 1, STMin: 0.5, STMax: 7, Dialect: "a1111",
		VariationSeed: 4, VariationStrength: 0.5, SeedResizeWidth: 96, SeedResizeHeight: 48, ENSD: 31337, BatchSize: 2, BatchIndex: 1, ClipSkip: 2,
		Emphasis: "no_norm", Template: "t", NegativeTemplate: "u",
	}
	if v := reflect.ValueOf(want); !allSet(v) {
		t.Fatal("a field is new: set it here, and let the command say it")
	}
	words := strings.Fields(command(want)) // none of the values has a blank
	f := flag.NewFlagSet("", flag.ContinueOnError)
	var got engine.Request
	requestVars(f, &got)
	f.String("out", "", "")
	for i := range words {
		words[i] = strings.Trim(words[i], "'")
	}
	if err := f.Parse(words[2:]); err != nil {
		t.Fatal(err)
	}
	got.BatchSize, got.BatchIndex, got.Template, got.NegativeTemplate = 2, 1, "t", "u"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\ndraws %+v\nwant %+v", words, got, want)
	}
}

func allSet(v reflect.Value) bool {
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			return false
		}
	}
	return true
}
