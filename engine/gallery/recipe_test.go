package gallery

import (
	"bytes"
	"compress/zlib"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/metadata"
)

var request = engine.Request{
	Prompt: "a red apple", Negative: "blue", Seed: 7, Steps: 20, Guidance: 4,
	Sampler: "euler_ancestral", Width: 32, Height: 16, Model: engine.DefaultModel,
}

// picture is a small picture; each k gives another one.
func picture(k int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 32, 16))
	for y := range 16 {
		for x := range 32 {
			img.SetRGBA(x, y, color.RGBA{uint8(x * 8), uint8(y * 16), uint8(k), 255})
		}
	}
	return img
}

func encoded(t testing.TB, img image.Image, r engine.Request) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, img, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	for name, change := range map[string]func(*engine.Request){
		"as it is":   func(*engine.Request) {},
		"seed":       func(r *engine.Request) { r.Seed = math.MaxUint64 },
		"guidance":   func(r *engine.Request) { r.Guidance = 0.1 + 0.2 },
		"unicode":    func(r *engine.Request) { r.Prompt, r.Negative = "猫 <b> & \"é\" 😀", "ß\u2028" },
		"lines":      func(r *engine.Request) { r.Prompt = "a\nNegative prompt: b\n\tSteps: 3, Seed: 9, Size: 1x1\n" },
		"nul":        func(r *engine.Request) { r.Prompt = "a\x00b" },
		"empty":      func(r *engine.Request) { r.Prompt, r.Negative = "", "" },
		"own size":   func(r *engine.Request) { r.Width, r.Height = 0, 0 },
		"model path": func(r *engine.Request) { r.Model = "/models/dream, v2: é" },
		"exact":      func(r *engine.Request) { r.Precision = engine.Float32 },
		"faster":     func(r *engine.Request) { r.Precision = engine.BFloat16 },
		"long":       func(r *engine.Request) { r.Prompt = strings.Repeat("apple ", 10_000) },
	} {
		want := request
		change(&want)
		b := encoded(t, picture(1), want)
		got, err := Read(bytes.NewReader(b))
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		unseekable := struct{ io.Reader }{bytes.NewReader(b)}
		if got, err := Read(unseekable); err != nil || got != want {
			t.Errorf("%s, unseekable: %+v, %v", name, got, err)
		}
		if again := encoded(t, picture(1), want); !bytes.Equal(again, b) {
			t.Errorf("%s: the same picture gives other bytes", name)
		}
		img, err := png.Decode(bytes.NewReader(b))
		if err != nil || !bytes.Equal(img.(*image.RGBA).Pix, picture(1).Pix) {
			t.Errorf("%s: the pixels have changed (%v)", name, err)
		}
	}
}

// What other programs read, by its exact bytes.
func TestParameters(t *testing.T) {
	const rest = "Steps: 20, Sampler: Euler a, CFG scale: 4, Seed: 7, Size: 32x16, Model: default, Version: Darkroom " + engine.Version
	for _, c := range []struct {
		change     func(*engine.Request)
		kind, want string
	}{
		{func(*engine.Request) {}, "tEXt", "a red apple\nNegative prompt: blue\n" + rest},
		{func(r *engine.Request) { r.Negative = "" }, "tEXt", "a red apple\n" + rest},
		{func(r *engine.Request) { r.Prompt, r.Negative = "", "" }, "tEXt", rest},
		{func(r *engine.Request) { r.Prompt, r.Negative = "café", "" }, "tEXt", "café\n" + rest},
		{func(r *engine.Request) { r.Prompt, r.Negative = "猫", "a\x00b" }, "iTXt", "猫\nNegative prompt: a b\n" + rest},
		{func(r *engine.Request) { r.Guidance, r.Negative = 7.5, "" }, "tEXt", "a red apple\n" + strings.Replace(rest, ": 4", ": 7.5", 1)},
		{func(r *engine.Request) { r.Sampler, r.Negative = "dpmpp_2m", "" }, "tEXt", "a red apple\n" + strings.Replace(rest, "Euler a", "DPM++ 2M", 1)},
		{func(r *engine.Request) { r.Model, r.Negative = "/m/dream, v2", "" }, "tEXt", "a red apple\n" + strings.Replace(rest, "default", `"dream, v2"`, 1)},
		{func(r *engine.Request) { r.Precision, r.Negative = engine.Float32, "" }, "tEXt", "a red apple\n" + rest},
		{func(r *engine.Request) { r.Precision, r.Negative = engine.BFloat16, "" }, "tEXt", "a red apple\n" + strings.Replace(rest, ", Version", ", Precision: bfloat16, Version", 1)},
	} {
		r := request
		c.change(&r)
		found := false
		err := metadata.ScanPNG(bytes.NewReader(encoded(t, picture(1), r)), func(ch metadata.Chunk) bool {
			keyword, text, _ := ch.Text()
			if keyword == "parameters" {
				found = true
				if ch.Kind != c.kind || text != c.want {
					t.Errorf("%s %q\nwant %s %q", ch.Kind, text, c.kind, c.want)
				}
			}
			return true
		})
		if err != nil || !found {
			t.Errorf("found %v, %v", found, err)
		}
	}
}

// with puts chunks into a picture without recipe.
func with(t testing.TB, chunks ...metadata.Chunk) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, picture(1)); err != nil {
		t.Fatal(err)
	}
	out := bytes.NewBuffer(bytes.Clone(b.Next(metadata.HeaderSize)))
	for _, c := range chunks {
		out.Write(c.Append(nil))
	}
	out.Write(b.Bytes())
	return out.Bytes()
}

func deflate(text string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.String()
}

const ownRecipe = `{"prompt":"é","seed":1,"steps":2,"guidance":3,"sampler":"ddim","model":"default","later":[1]}`

// Other programs may save the text in another kind of chunk.
func TestReadOtherChunks(t *testing.T) {
	latin := strings.ReplaceAll(ownRecipe, "é", "\xe9")
	for name, c := range map[string]metadata.Chunk{
		"tEXt":            metadata.NewChunk("tEXt", []byte("darkroom\x00"+latin)),
		"zTXt":            metadata.NewChunk("zTXt", []byte("darkroom\x00\x00"+deflate(latin))),
		"iTXt":            metadata.NewChunk("iTXt", []byte("darkroom\x00\x00\x00en\x00Dunkelkammer\x00"+ownRecipe)),
		"compressed iTXt": metadata.NewChunk("iTXt", []byte("darkroom\x00\x01\x00\x00\x00"+deflate(ownRecipe))),
	} {
		got, err := Read(bytes.NewReader(with(t, metadata.NewChunk("tIME", make([]byte, 7)), c)))
		if err != nil || got.Prompt != "é" || got.Sampler != "ddim" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Recipes from before there was another precision mean the exact one.
func TestRecipeWithoutPrecision(t *testing.T) {
	r, err := Read(bytes.NewReader(with(t, metadata.UnicodeChunk("darkroom", ownRecipe))))
	if err != nil || !r.Exact() {
		t.Errorf("precision %q, %v", r.Precision, err)
	}
	if b := encoded(t, picture(1), request); bytes.Contains(b, []byte("recision")) {
		t.Error("a recipe of the exact precision names it")
	}
}

func TestReadErrors(t *testing.T) {
	good := encoded(t, picture(1), request)
	broken := bytes.Clone(good)
	broken[bytes.Index(broken, []byte("red apple"))] ^= 1
	long := bytes.Clone(good)
	long[len(metadata.Signature)] = 0xff
	text := func(s string) []byte { return with(t, metadata.UnicodeChunk("darkroom", s)) }
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"nothing", nil, "not a PNG"},
		{"short", []byte("\x89PN"), "not a PNG"},
		{"another format", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00"), "not a PNG"},
		{"a JPEG without texts, cut", []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), "cut short"},
		{"cut", good[:len(good)-20], "cut short"},
		{"cut in a text", good[:60], "cut short"},
		{"check sum", broken, "check sum"},
		{"too long", long, "bytes long"},
		{"no recipe", with(t), ErrNoRecipe.Error()},
		{"foreign texts", with(t, metadata.TextChunk("parameters", "a cat")), ErrNoRecipe.Error()},
		{"no JSON", text("apple"), "recipe is damaged"},
		{"another JSON", text(`{"steps":"many"}`), "recipe is damaged"},
		{"steps", text(strings.Replace(ownRecipe, `"steps":2`, `"steps":1000000000`, 1)), "can't be drawn: invalid request: steps is"},
		{"precision", text(strings.Replace(ownRecipe, `"steps":2`, `"steps":2,"precision":"half"`, 1)), `can't be drawn: invalid request: precision is "half"`},
		{"no end of keyword", with(t, metadata.NewChunk("tEXt", []byte("darkroom"))), ErrNoRecipe.Error()},
		{"no language", with(t, metadata.NewChunk("iTXt", []byte("darkroom\x00\x00\x00abc"))), ErrNoRecipe.Error()},
		{"no UTF-8", with(t, metadata.NewChunk("iTXt", []byte("darkroom\x00\x00\x00\x00\x00\xff"))), ErrNoRecipe.Error()},
		{"unknown method", with(t, metadata.NewChunk("zTXt", []byte("darkroom\x00\x01"+deflate(ownRecipe)))), ErrNoRecipe.Error()},
		{"no zlib", with(t, metadata.NewChunk("zTXt", []byte("darkroom\x00\x00"+ownRecipe))), ErrNoRecipe.Error()},
		{"bomb", with(t, metadata.NewChunk("zTXt", []byte("darkroom\x00\x00"+deflate(strings.Repeat(" ", metadata.MaxText)+ownRecipe)))), ErrNoRecipe.Error()},
		{"endless text", with(t, metadata.NewChunk("tEXt", []byte("darkroom\x00"+strings.Repeat(" ", metadata.MaxText)+ownRecipe))), ErrNoRecipe.Error()},
	} {
		for _, r := range []io.Reader{bytes.NewReader(c.b), bytes.NewBuffer(c.b)} {
			if got, err := Read(r); err == nil || !strings.Contains(err.Error(), c.want) || got != (engine.Request{}) {
				t.Errorf("%s: %+v, error %v, want %q", c.name, got, err, c.want)
			}
		}
	}
	if _, err := Read(bytes.NewReader(with(t))); !errors.Is(err, ErrNoRecipe) {
		t.Errorf("no recipe: %v", err)
	}
}

func TestTooLongToSave(t *testing.T) {
	r := request
	r.Prompt = strings.Repeat("a", metadata.MaxText)
	if err := Encode(io.Discard, picture(1), r); err == nil || !strings.Contains(err.Error(), "shorten the prompt") {
		t.Errorf("error %v", err)
	}
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.png")
	for k := range 2 { // the second replaces the first
		if err := Save(path, picture(k), request); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, encoded(t, picture(k), request)) {
			t.Errorf("picture %d: other bytes (%v)", k, err)
		}
	}
	if r, err := ReadFile(path); err != nil || r != request {
		t.Errorf("%+v, %v", r, err)
	}
	// What can't be encoded leaves the file that was there, and nothing else.
	if err := Save(path, image.NewRGBA(image.Rectangle{}), request); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("an empty picture: %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, encoded(t, picture(1), request)) {
		t.Errorf("the old picture is gone (%v)", err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files are left", len(files))
	}
	if err := Save(filepath.Join(dir, "no", "a.png"), picture(1), request); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	if _, err := ReadFile(filepath.Join(dir, "none.png")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a picture that is not there: %v", err)
	}
}

// A name that ends like a JPEG's makes one, with the same recipe inside.
func TestSaveJPEG(t *testing.T) {
	r := request
	r.Prompt = "猫, \"quoted\"\nline: <b>"
	for _, name := range []string{"a.jpg", "b.JPEG"} {
		path := filepath.Join(t.TempDir(), name)
		if err := Save(path, picture(1), r); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadFile(path); err != nil || got != r {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if img, err := jpeg.Decode(f); err != nil || img.Bounds() != picture(1).Rect {
			t.Errorf("%s is no JPEG: %v", name, err)
		}
	}
	r.Prompt = strings.Repeat("a", 60_000)
	if err := Save(filepath.Join(t.TempDir(), "a.jpg"), picture(1), r); err == nil || !strings.Contains(err.Error(), "save as PNG") {
		t.Errorf("a recipe that does not fit: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(encoded(f, picture(1), request))
	f.Add(with(f, metadata.NewChunk("zTXt", []byte("darkroom\x00\x00"+deflate(ownRecipe)))))
	f.Add(with(f, metadata.UnicodeChunk("darkroom", ownRecipe), metadata.TextChunk(favouriteKey, "yes")))
	f.Add(with(f, metadata.UnicodeChunk("darkroom", ownRecipe), metadata.UnicodeChunk(marksKey, `{"kept":"2026-01-02T03:04:05Z","rating":3,"tags":["a"],"parent":"00001.png","how":"branch"}`)))
	f.Add([]byte(metadata.Signature + "\xff\xff\xff\xfftEXt"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Read(bytes.NewReader(b))
		if err == nil {
			if err := r.Validate(); err != nil {
				t.Errorf("read an invalid request: %v", err)
			}
		}
		if _, other := Read(bytes.NewBuffer(b)); err == nil && other == nil {
			head, rest, _, err := splitMarks(b)
			if err != nil {
				t.Fatal(err)
			}
			if p, err := read(io.MultiReader(bytes.NewReader(head), bytes.NewReader(rest))); err != nil || p.Request != r || !reflect.DeepEqual(p.Marks, Marks{}) {
				t.Errorf("without mark: %+v, %v, want %+v", p, err, r)
			}
		}
	})
}
