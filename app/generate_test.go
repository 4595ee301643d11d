package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/engine/kernel"
)

const tinyModel = "../engine/pipeline/testdata/tiny"

// printed returns what f writes to standard output.
func printed(t *testing.T, f func() error) (string, error) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = old }()
	text := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		text <- string(b)
	}()
	err = f()
	w.Close()
	return <-text, err
}

func draw(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return printed(t, func() error {
		return generate(context.Background(), append([]string{"--model", tinyModel, "--steps", "3"}, args...))
	})
}

func TestGenerateReportsAndRepeats(t *testing.T) {
	dir := t.TempDir()
	sums := map[string]string{}
	for _, run := range []struct{ name, seed string }{{"a", "7"}, {"b", "7"}, {"c", "8"}} {
		out := filepath.Join(dir, run.name+".png")
		frames := filepath.Join(dir, run.name)
		text, err := draw(t, "--prompt", "a red apple", "--seed", run.seed, "--out", out, "--frames", frames, "--json")
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		var last report
		for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
			last = report{}
			if err := json.Unmarshal(lines.Bytes(), &last); err != nil {
				t.Fatalf("%q is not JSON: %v", lines.Text(), err)
			}
			kinds = append(kinds, string(last.Event))
		}
		if got := strings.Join(kinds, " "); got != "queued started step step step finished" {
			t.Errorf("events are %s", got)
		}
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		sums[run.name] = hex.EncodeToString(sum[:])
		if last.SHA256 != sums[run.name] || last.Recipe == nil || last.Recipe.Prompt != "a red apple" || last.Seconds == nil {
			t.Errorf("the last event is %+v", last)
		}
		found, _ := filepath.Glob(filepath.Join(frames, "step-*.png"))
		if len(found) != 3 {
			t.Errorf("frames are %v", found)
		}
	}
	if sums["a"] != sums["b"] {
		t.Error("one seed drew two pictures")
	}
	if sums["a"] == sums["c"] {
		t.Error("two seeds drew one picture")
	}
}

// TestGenerateInAPrecision makes sure that the precision is in the recipe, the
// exact one by saying nothing.
func TestGenerateInAPrecision(t *testing.T) {
	files := map[string][]byte{}
	for _, name := range []string{"", "float32", "bfloat16"} {
		path := filepath.Join(t.TempDir(), "x.png")
		args := []string{"--out", path}
		if name != "" {
			args = append(args, "--precision", name)
		}
		if _, err := draw(t, args...); err != nil {
			t.Fatal(err)
		}
		r, err := gallery.ReadFile(path)
		if err != nil || r.Exact() != (name != "bfloat16") {
			t.Errorf("--precision %q is in the recipe as %q (%v)", name, r.Precision, err)
		}
		if files[name], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[""], files["float32"]) {
		t.Error("asked for by name, float32 makes another file")
	}
}

func TestVersionSaysWhatComputes(t *testing.T) {
	text, err := printed(t, func() error { return version(context.Background(), nil) })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{engine.Version, runtime.Version(), kernel.Level(), fmt.Sprintf("on %d threads", runtime.GOMAXPROCS(0))} {
		if !strings.Contains(text, want) {
			t.Errorf("%q does not say %q", text, want)
		}
	}
}

func TestGenerateAcceptsAnEmptyPrompt(t *testing.T) {
	if _, err := draw(t, "--prompt", "", "--out", filepath.Join(t.TempDir(), "x.png")); err != nil {
		t.Fatal(err)
	}
}

func TestGenerateCountsSeedsUp(t *testing.T) {
	dir := t.TempDir()
	if _, err := draw(t, "--count", "2", "--out", filepath.Join(dir, "x.png")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x-1.png", "x-2.png"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestGenerateInADialect makes sure that the flags reach the noise and the
// recipe, and that what several pictures differ in is the dialect's.
func TestGenerateInADialect(t *testing.T) {
	dir := t.TempDir()
	pictures := map[string]bool{}
	for i, tt := range []struct {
		args []string
		want []engine.Request // of each picture, what is asked for here
	}{
		{[]string{"--dialect", "native"}, []engine.Request{{Seed: 7}}},
		{[]string{"--dialect", "a1111-cpu", "--ensd", "31337"}, []engine.Request{{Seed: 7, Dialect: "a1111-cpu", ENSD: 31337}}},
		{[]string{"--dialect", "ComfyUI", "--count", "2"}, []engine.Request{
			{Seed: 7, Dialect: "comfyui", BatchSize: 2}, {Seed: 7, Dialect: "comfyui", BatchSize: 2, BatchIndex: 1},
		}},
		{[]string{"--variation-seed", "1", "--variation-strength", "0.2", "--count", "2"}, []engine.Request{
			{Seed: 7, VariationSeed: 1, VariationStrength: 0.2}, {Seed: 7, VariationSeed: 2, VariationStrength: 0.2},
		}},
		{[]string{"--schedule", "Karras", "--s-churn", "2", "--s-tmax", "9"}, []engine.Request{{Seed: 7, Schedule: "karras", SChurn: 2, STMax: 9}}},
		{[]string{"--seed-resize", "40x24"}, []engine.Request{{Seed: 7, SeedResizeWidth: 40, SeedResizeHeight: 24}}},
	} {
		out, frames := filepath.Join(dir, fmt.Sprintf("%d.png", i)), filepath.Join(dir, fmt.Sprint(i))
		if _, err := draw(t, append(tt.args, "--seed", "7", "--sampler", "euler_ancestral", "--out", out, "--frames", frames)...); err != nil {
			t.Fatalf("%v: %v", tt.args, err)
		}
		for k, want := range tt.want {
			path := numbered(out, k, len(tt.want))
			got, err := gallery.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			drawn := got
			got.Steps, got.Guidance, got.Sampler, got.Model, got.Width, got.Height = 0, 0, "", "", 0, 0
			if got != want {
				t.Errorf("%v: picture %d is %+v, want %+v", tt.args, k, got, want)
			}
			if len(tt.want) > 1 {
				if _, err := os.Stat(filepath.Join(frames, framesOf(drawn), "step-003.png")); err != nil {
					t.Error(err)
				}
			}
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(f)
			f.Close()
			if err != nil {
				t.Fatal(err)
			}
			pictures[fmt.Sprint(img)] = true
		}
	}
	if len(pictures) != 8 {
		t.Errorf("8 recipes drew %d pictures", len(pictures))
	}
}

// damaged copies the tiny model and lets change spoil one file.
func damaged(t *testing.T, file string, change func([]byte) []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(tinyModel)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, file)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(b), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestBadInput checks that each mistake gets one sentence that names the thing,
// and leaves nothing behind.
func TestBadInput(t *testing.T) {
	const unet = "unet/diffusion_pytorch_model.safetensors"
	folder := t.TempDir()
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"no steps", []string{"--steps", "0"}, []string{"steps is 0", "1 to 1000"}},
		{"too many steps", []string{"--steps", "10000"}, []string{"steps is 10000"}},
		{"size that doesn't divide", []string{"--width", "63"}, []string{"width is 63", "multiple of 8"}},
		{"negative size", []string{"--height", "-64"}, []string{"height is -64"}},
		{"unknown sampler", []string{"--sampler", "magic"}, []string{"magic", "euler"}},
		{"guidance", []string{"--guidance", "-1"}, []string{"guidance is -1"}},
		{"precision", []string{"--precision", "half"}, []string{`precision is "half"`, "float32", "bfloat16"}},
		{"unknown dialect", []string{"--dialect", "klingon"}, []string{`dialect is "klingon"`, "comfyui"}},
		{"variation", []string{"--variation-strength", "2"}, []string{"variation_strength is 2"}},
		{"seed of no size", []string{"--seed-resize", "512"}, []string{"512", "as in 512x768"}},
		{"model missing", []string{"--model", "/nowhere/model"}, []string{"/nowhere/model"}},
		{"model truncated", []string{"--model", damaged(t, unet, func(b []byte) []byte { return b[:len(b)/2] })}, []string{unet, "again"}},
		{"model not safetensors", []string{"--model", damaged(t, unet, func([]byte) []byte { return []byte("<html>Not found</html>") })}, []string{unet}},
		{"tensor missing", []string{"--model", damaged(t, unet, func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"conv_in.weight"`), []byte(`"conv_on.weight"`), 1)
		})}, []string{"conv_in.weight", unet}},
		{"tensor of the wrong shape", []string{"--model", damaged(t, "unet/config.json", func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"cross_attention_dim": 24`), []byte(`"cross_attention_dim": 40`), 1)
		})}, []string{"attn2.to_k.weight", "[16 24]"}},
		{"out is a folder", []string{"--out", folder}, []string{folder, "folder"}},
		{"out in no folder", []string{"--out", filepath.Join(folder, "no", "x.png")}, []string{"can't be written", "x.png"}},
		{"no out", []string{"--out", ""}, []string{"--out"}},
		{"stray word", []string{"apple"}, []string{"apple"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := draw(t, append([]string{"--out", filepath.Join(dir, "x.png")}, tt.args...)...)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not mention %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is more than a line", err)
			}
			left, _ := os.ReadDir(dir)
			if len(left) > 0 {
				t.Errorf("%s was left behind", left[0].Name())
			}
		})
	}
}

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want int
	}{
		{[]string{"help"}, 0},
		{[]string{"version"}, 0},
		{[]string{"nonsense"}, 2},
		{[]string{"generate"}, 2},
		{[]string{"train", "cat"}, 2},
		{[]string{"generate", "--out", "x.png", "--model", "/nowhere"}, 1},
	} {
		if _, err := printed(t, func() error {
			if got := run(tt.args); got != tt.want {
				t.Errorf("%v exits with %d, want %d", tt.args, got, tt.want)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}
