package recipe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/metadata"
	"darkroom/engine/sampler"
)

func golden(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// The expressions find what Python's find, for which they were written.
func TestPairs(t *testing.T) {
	var lines []struct {
		Line  string
		Pairs [][2]string
	}
	golden(t, "pairs.json", &lines)
	for _, l := range lines {
		var got [][2]string
		for _, m := range pairs.FindAllStringSubmatch(l.Line, -1) {
			got = append(got, [2]string{m[1], m[2]})
		}
		if !slices.Equal(got, l.Pairs) {
			t.Errorf("%q: %q\nwant %q", l.Line, got, l.Pairs)
		}
	}
}

// quote writes the very bytes that Python's json.dumps(ensure_ascii=False) does.
func TestQuote(t *testing.T) {
	var values [][2]string
	golden(t, "quoted.json", &values)
	for _, v := range values {
		if got := quote(v[0]); got != v[1] {
			t.Errorf("%q is quoted as %s, want %s", v[0], got, v[1])
		}
		if got := unquote(v[1]); got != v[0] {
			t.Errorf("%s is unquoted as %q, want %q", v[1], got, v[0])
		}
	}
}

// The last line holds settings from three pairs on; lines go to the negative
// prompt from where it begins.
func TestSplitParameters(t *testing.T) {
	const settings = "Steps: 20, Sampler: Euler a, CFG scale: 7"
	for _, c := range []struct {
		text, prompt, negative string
		settings               int
	}{
		{"a cat\n" + settings, "a cat", "", 3},
		{"a cat\nNegative prompt: b\n" + settings, "a cat", "b", 3},
		{"a cat\nNegative prompt: b\nc\n d \n" + settings, "a cat", "b\nc\nd", 3},
		{"a\n\n b\r\n" + settings + "\n\n", "a\n\nb", "", 3},
		{settings, "", "", 3},
		{"Negative prompt: only\n" + settings, "", "only", 3},
		{"a cat\nSteps: 20, Seed: 1", "a cat\nSteps: 20, Seed: 1", "", 0},
		{"aa: 1, bb: 2, cc: 3\ntext", "aa: 1, bb: 2, cc: 3\ntext", "", 0},
		{"a\nNegative prompt: b\nNegative prompt: c\n" + settings, "a", "b\nc", 3},
		{"", "", "", 0},
		{"Negative prompt:\n" + settings, "", "", 3},
		{"a\nSteps: , Sampler: Euler a, CFG scale: 7", "a", "", 2}, // the web UI drops a key without value
	} {
		prompt, negative, got := splitParameters(c.text)
		if prompt != c.prompt || negative != c.negative || len(got) != c.settings {
			t.Errorf("%q: %q, %q, %q", c.text, prompt, negative, got)
		}
	}
}

// alphabet is pieces that prompts in the wild are made of, and those that could
// break the grammar.
var alphabet = []string{
	"a cat", " ", ", ", ": ", "\n", "\"", "'", "\\", "\\\"", "(", ")", "((b))", "[c:d:0.5]", "[e|f]", "<lora:g:0.8>", "{h|i}", "BREAK", "AND",
	"Steps: 20", "Seed: 1, Size: 1x1", "Negative prompts", "é", "猫", "😀", "ß\u2028", "Ã©", "&amp;", "<b>", "\t", "%s", "#", "|", "/", "\u00a0", "__k__",
}

func randomPrompt(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(12) {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// canonical is a prompt as the grammar can hold it: it has no blanks around
// lines and no empty lines at the start. (Nor can a line begin the negative
// prompt, which none of these does.)
func canonical(prompt string) string {
	lines := strings.Split(prompt, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.TrimLeft(strings.Join(lines, "\n"), "\n")
}

// Two hundred recipes of random prompts come back from a picture: Darkroom's own
// JSON to the last bit, the web UI's grammar as far as it goes.
func TestRecipesComeBack(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 5))
	names := sampler.Names()
	for i := range 200 {
		want := engine.Request{
			Prompt: randomPrompt(random), Negative: randomPrompt(random), Seed: random.Uint64() >> random.IntN(64), Steps: 1 + random.IntN(150),
			Guidance: float64(random.IntN(400)) / 16, Sampler: names[random.IntN(len(names))],
			Width: 8 * (2 + random.IntN(100)), Height: 8 * (2 + random.IntN(100)), Model: engine.DefaultModel,
		}
		if i%5 == 0 {
			want.Model, want.Precision = "/models/"+randomModel(random), engine.BFloat16
		}
		own, err := Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		text := Of(want).Parameters()
		file := append([]byte(metadata.Signature), metadata.TextChunk(ParametersKey, text).Append(nil)...)
		foreign := metadata.NewChunk("IEND", nil).Append(slices.Clone(file))
		file = metadata.NewChunk("IEND", nil).Append(metadata.UnicodeChunk(Key, own).Append(file))

		r, err := Read(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if got, notes := r.Request(nil); got != want || len(notes) != 0 {
			t.Errorf("%d: %+v, %q\nwant %+v", i, got, notes, want)
		}

		// What another program reads: the text alone.
		if r, err = Read(bytes.NewReader(foreign)); err != nil {
			t.Fatalf("%d: %v\n%s", i, err, text)
		}
		got, notes := r.Request(nil)
		want.Prompt, want.Negative = canonical(want.Prompt), canonical(want.Negative)
		notes = slices.DeleteFunc(notes, notYet) // of LoRAs in the prompt
		said := 0
		if want.Model != engine.DefaultModel {
			if r.Model != modelName(want.Model) || len(notes) == 0 || !strings.Contains(notes[0], strings.TrimSpace(r.Model)) {
				t.Errorf("%d: the model is %q and the notes %q, want %q", i, r.Model, notes, want.Model)
			}
			want.Model = engine.DefaultModel
			said++
		}
		if len(notes) != said {
			t.Errorf("%d: notes %q", i, notes)
		}
		if got != want {
			t.Errorf("%d: %+v\nwant %+v\n%s", i, got, want, text)
		}
	}
}

// Everything that a recipe can hold and the web UI has a key for comes back from
// its grammar.
func TestSettingsComeBack(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 7))
	maybe := func() *float64 {
		if random.IntN(2) == 0 {
			return nil
		}
		v := float64(random.IntN(1000)) / 64
		return &v
	}
	for i := range 200 {
		seed, variation := random.Uint64(), random.Uint64()
		want := Recipe{
			Tool: "Darkroom", Version: "1.2.3", Prompt: canonical(randomPrompt(random)), Negative: canonical(randomPrompt(random)),
			Dialect: []string{"", "a1111", "a1111-cpu", "comfyui", "invokeai", "diffusers"}[random.IntN(6)],
			Seed:    &seed, Steps: 1 + random.IntN(99), Guidance: maybe(), Sampler: []string{"Euler a", "DDIM", "DPM++ 2M SDE"}[random.IntN(3)],
			Schedule: []string{"", "karras", "sgm_uniform", "kl_optimal", "align_your_steps", "ddim_uniform", "uniform", "beta"}[random.IntN(8)],
			Width:    512, Height: 8 + random.IntN(999), Model: "a, b: c", ModelHash: "6ce0161689", VAE: "mse", VAEHash: "0123456789",
			Eta: maybe(), SChurn: maybe(), STMin: maybe(), STMax: maybe(), SNoise: maybe(), ENSD: random.IntN(3) * 31337,
			ClipSkip: []int{0, 2, 3}[random.IntN(3)], Emphasis: []string{"", "no_norm", "ignore"}[random.IntN(3)],
			Template: randomPrompt(random), NegativeTemplate: "n, __m__", ImageGuidance: maybe(),
		}
		if i%2 == 0 {
			want.VariationSeed, want.VariationStrength, want.SeedResizeWidth, want.SeedResizeHeight = &variation, 0.25, 64, 128
			want.Image, want.Denoising = beginning, maybe()
			if want.Denoising == nil {
				want.Image = ""
			}
		}
		want.Template = strings.TrimSpace(want.Template) // blanks before a value are the grammar's
		text := want.Parameters()
		got, ok := parseParameters(text)
		got.Loras, want.Loras = nil, nil // they are in the prompt
		if !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%d: %+v\nwant %+v\n%s", i, got, want, text)
		}
	}
}

// The keys are in the web UI's order.
func TestParametersOrder(t *testing.T) {
	const want = "a\nNegative prompt: b\nSteps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 7, Image CFG scale: 1.5, Seed: 1, Size: 512x768, " +
		"Model hash: 6ce0161689, Model: dream, VAE hash: 0123456789, VAE: mse, Variation seed: 2, Variation seed strength: 0.5, Seed resize from: 64x128, " +
		"Denoising strength: 0.75, Clip skip: 2, ENSD: 31337, RNG: NV, Emphasis: No norm, Eta: 0.5, Version: v1.10.1"
	r, ok := parseParameters(want)
	r.Tool = "" // Version is the web UI's
	if got := r.Parameters(); !ok || got != strings.Replace(want, ", Version", ", Dialect: a1111, Version", 1) {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func randomModel(r *rand.Rand) string {
	return fmt.Sprintf("dream, %q: v%d %s.safetensors", "q", r.IntN(9), alphabet[r.IntN(4)])
}

// A test that fails when engine.Request has learnt a field and its recipe is
// still said not to be used.
func TestEveryFieldOfARequestIsRestored(t *testing.T) {
	direct := []string{"prompt", "negative", "seed", "steps", "guidance", "sampler", "width", "height", "model"}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[engine.Request]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if slices.Contains(direct, name) {
			continue
		}
		i := slices.IndexFunc(fields, func(f field) bool { return slices.Contains(strings.Fields(f.names), name) })
		if i < 0 || fields[i].set == nil {
			t.Errorf("engine.Request has %q, which no recipe fills in: give its field in request.go a set", name)
		}
	}
}

// A recipe that asks for all there is: what the engine has comes back from the
// request, and for the rest there is a note.
func TestFields(t *testing.T) {
	n := func(v float64) *float64 { return &v }
	seed := uint64(5)
	r := Recipe{
		Tool: "Darkroom", Seed: &seed, Steps: 9, Guidance: n(7), Sampler: sampler.Label(engine.DefaultSampler), Width: 64, Height: 64, Model: engine.DefaultModel,
		Dialect: "a1111", Schedule: "karras", Eta: n(0.5), SNoise: n(1.25), SChurn: n(2), STMin: n(0.5), STMax: n(10), VariationSeed: &seed, VariationStrength: 0.25,
		SeedResizeWidth: 128, SeedResizeHeight: 96, ENSD: 31337, BatchSize: 4, BatchIndex: 1, ClipSkip: 2, Emphasis: "no_norm", Template: "a {b|c}", NegativeTemplate: "__d__",
		Image: "cat.png", Mask: "mask.png", Denoising: n(0.5), ImageGuidance: n(1.5), VAE: "mse", VAEHash: "0123", Loras: []Lora{{"paint", 0.5, "4567"}}, Precision: engine.BFloat16,
		GuidanceRescale: n(0.5), GuidanceLow: n(1), GuidanceHigh: n(9), MimicGuidance: n(3), ThresholdRatio: n(0.995), ThresholdMax: n(4), PerturbedAttention: n(2.5), CacheInterval: 2,
	}
	q, notes := r.Request(nil)
	back := Of(q)
	for _, f := range fields {
		asked := f.asked(r)
		said := slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, asked) })
		switch {
		case asked == "":
			t.Errorf("%s: the recipe does not ask for it", f.names)
		case f.set == nil || f.of == nil:
			if !said {
				t.Errorf("%s: no note says %q: %q", f.names, asked, notes)
			}
		case said:
			t.Errorf("%s: it is said that %q is not restored: %q", f.names, asked, notes)
		case f.asked(back) != asked:
			t.Errorf("%s: %q comes back as %q", f.names, asked, f.asked(back))
		}
		if f.asked(Recipe{}) != "" {
			t.Errorf("%s: an empty recipe asks for %q", f.names, f.asked(Recipe{}))
		}
	}
	for _, c := range []struct{ bad, want string }{{"half", `Not used: the precision half; invalid request: precision is "half"`}} {
		r.Precision = c.bad
		if _, notes := r.Request(nil); !slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, c.want) }) {
			t.Errorf("%q: %q", c.bad, notes)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range texts {
		f.Add(c.text)
	}
	for _, c := range objects {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		q, _ := r.Request(nil)
		if err := q.Validate(); err != nil {
			t.Errorf("a request that can't be drawn: %v", err)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("a recipe that is no JSON: %v", err)
		}
	})
}
