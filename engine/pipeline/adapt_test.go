package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/nn"
	"darkroom/engine/noise"
	"darkroom/engine/vae"
)

// shelfOf is a shelf with files by their names.
type shelfOf map[string]string

func (s shelfOf) find(name string) (string, error) {
	if path, ok := s[name]; ok {
		return path, nil
	}
	return "", fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

func (s shelfOf) LoRA(_ context.Context, name string) (string, error) { return s.find(name) }
func (s shelfOf) VAE(_ context.Context, name string) (string, error)  { return s.find(name) }

func (s shelfOf) Embeddings(context.Context) (map[string]string, error) {
	words := maps.Clone(s)
	maps.DeleteFunc(words, func(name, _ string) bool { return !strings.HasPrefix(name, "z") })
	return words, nil
}

// loraFor writes a LoRA for some layers, with the names that rename gives them.
func loraFor(t *testing.T, layers []*nn.Product, prefix string, rename func(string) string) string {
	t.Helper()
	var tensors []checkpoint.Tensor
	for i, l := range layers {
		in := l.Shape[1]
		down := checkpoint.Tensor{Shape: append([]int{2}, l.Shape[1:]...)}
		for _, k := range l.Shape[2:] {
			in *= k
		}
		up := checkpoint.Tensor{Shape: []int{l.Shape[0], 2}}
		down.Data, up.Data = make([]float32, 2*in), make([]float32, 2*l.Shape[0])
		name := prefix + strings.ReplaceAll(rename(l.Name), ".", "_")
		down.Name, up.Name = name+".lora_down.weight", name+".lora_up.weight"
		uniform(fmt.Sprint("down", i), down.Data)
		uniform(fmt.Sprint("up", i), up.Data)
		for k := range up.Data {
			up.Data[k] *= 0.1
		}
		tensors = append(tensors, down, up)
	}
	path := filepath.Join(t.TempDir(), "lora.safetensors")
	if err := checkpoint.Write(path, tensors, checkpoint.F32, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoRAInAPromptChangesThePictureAndGoesAgain(t *testing.T) {
	p, err := Load(t.Context(), "testdata/tiny", nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	same := func(name string) string { return name }
	p.Shelf = shelfOf{
		"paint": loraFor(t, p.UNet.Products, "lora_unet_", same),
		"ldm":   loraFor(t, p.UNet.Products, "lora_unet_", p.ldm),
		"words": loraFor(t, p.Text[0].Products, "lora_te_", same),
		"other": loraFor(t, p.UNet.Products[:1], "lora_unet_", func(string) string { return "elsewhere" }),
	}
	draw := func(prompt, loras string) []uint8 {
		t.Helper()
		r := tinyRequest()
		r.Prompt, r.Loras = prompt, loras
		picture, _ := painted(t, p, r, nil)
		return picture.Pix
	}
	plain := draw("a red apple", "")
	paint := draw("a red apple<lora:paint:0.5>", "")
	for what, c := range map[string]struct {
		prompt, loras string
		want          []uint8
	}{
		"in the request":           {"a red apple", "<lora:paint:0.5>", paint},
		"by LDM's names":           {"a red apple<lora:ldm:0.5>", "", paint},
		"in halves":                {"a red apple<lora:paint:0.25>", "<lora:paint:0.25>", paint},
		"of no strength":           {"a red apple<lora:paint:0>", "", plain},
		"of the U-Net alone":       {"a red apple<lora:paint:0:0.5>", "", paint},
		"none any more":            {"a red apple", "", plain},
		"of the words, strength 0": {"a red apple<lora:words:0>", "", plain},
	} {
		if !slices.Equal(draw(c.prompt, c.loras), c.want) {
			t.Errorf("a LoRA %s draws another picture", what)
		}
	}
	if slices.Equal(paint, plain) || slices.Equal(draw("a red apple<lora:words>", ""), plain) {
		t.Error("a LoRA changes nothing")
	}
	for loras, mentions := range map[string]string{
		"<lora:nowhere>":    `the LoRA "nowhere" can't be used`,
		"<lora:other>":      "does not fit this model",
		"paint":             "is no tag",
		"<lora:paint:loud>": "is not a number",
	} {
		r := tinyRequest()
		r.Loras = loras
		r, err := p.Resolve(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Paint(t.Context(), r, nil, func(engine.Progress) {}); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: error %v, want one that mentions %q", loras, err, mentions)
		}
	}
	if !slices.Equal(draw("a red apple", ""), plain) {
		t.Error("after LoRAs that can't be used, the model is another")
	}
}

// A word that is taught with another's vector means the other.
func TestTextualInversionIsAWord(t *testing.T) {
	p, err := Load(t.Context(), "testdata/tiny", nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.Open("testdata/tiny/text_encoder/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := f.Float32("text_model.embeddings.token_embedding.weight")
	if err != nil {
		t.Fatal(err)
	}
	width := p.Text[0].Config.Hidden
	var rows []float32
	ids := p.Tokenizer.Encode("red apple")
	for _, id := range ids {
		rows = append(rows, table[id*width:(id+1)*width]...)
	}
	write := func(name string, shape ...int) string {
		path := filepath.Join(t.TempDir(), name+".safetensors")
		err := checkpoint.Write(path, []checkpoint.Tensor{{Name: "emb_params", Shape: shape, Data: rows[:shape[0]*shape[1]]}}, checkpoint.F32, nil)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	p.Shelf = shelfOf{"zog": write("Zog", len(ids), width), "zwide": write("wide", 1, width-1), "zno": "nowhere"}
	draw := func(prompt string) []uint8 {
		t.Helper()
		r := tinyRequest()
		r.Prompt = prompt
		picture, _ := painted(t, p, r, nil)
		return picture.Pix
	}
	want := draw("a red apple, big")
	for _, prompt := range []string{"a zog, big", "a Zog, big", "a embedding:zog, big"} {
		if !slices.Equal(draw(prompt), want) {
			t.Errorf("%q draws another picture than what it was taught", prompt)
		}
	}
	if slices.Equal(draw("a zig, big"), want) {
		t.Error("any word draws that picture")
	}
	draw("a zwide zno zog") // one of another width is a word like others, and so is one that can't be read
	if notes := p.notes(); len(notes) != 1 || !strings.Contains(notes[0], "zno is not used") {
		t.Errorf("notes %q", notes)
	}
}

// greyVAE is a model whose autoencoder sees nothing.
func greyVAE(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/tiny")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "vae", "diffusion_pytorch_model.safetensors")
	f, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var tensors []checkpoint.Tensor
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		data, err := f.Float32(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "decoder.conv_out.weight" {
			clear(data)
		}
		tensors = append(tensors, checkpoint.Tensor{Name: name, Shape: shape, Data: data})
	}
	if err := checkpoint.Write(path, tensors, checkpoint.F32, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAnotherAutoencoderDecodes(t *testing.T) {
	p, err := Load(t.Context(), "testdata/tiny", nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	p.Shelf = shelfOf{"own": filepath.Join("testdata", "tiny"), "grey": greyVAE(t)}
	draw := func(vae string) ([]uint8, error) {
		r, err := p.Resolve(tinyRequest())
		if err != nil {
			t.Fatal(err)
		}
		r.VAE = vae
		result, err := p.Paint(t.Context(), r, nil, func(engine.Progress) {})
		if err != nil {
			return nil, err
		}
		return result.Picture.Pix, nil
	}
	plain, err := draw("")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := draw("own"); err != nil || !slices.Equal(same, plain) { // another file, with the same weights
		t.Errorf("the same autoencoder from elsewhere draws another picture (%v)", err)
	}
	if grey, err := draw("grey"); err != nil || slices.Equal(grey, plain) {
		t.Errorf("the picture is not the other autoencoder's (%v)", err)
	}
	if again, err := draw(""); err != nil || !slices.Equal(again, plain) {
		t.Errorf("the model's own autoencoder is not back (%v)", err)
	}
	if _, err := draw("none"); !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), `"none"`) {
		t.Errorf("an unknown one: %v", err)
	}
}

// TestReplacedFilesAreSeen puts other files in the place of those that a model draws
// with.
func TestReplacedFilesAreSeen(t *testing.T) {
	p, err := Load(t.Context(), "testdata/tiny", nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "tiny"), os.DirFS("testdata/tiny")); err != nil {
		t.Fatal(err)
	}
	saved := 0
	save := func(name string, tensors []checkpoint.Tensor) (path string) {
		t.Helper()
		path = filepath.Join(dir, name)
		if err := checkpoint.Write(path, tensors, checkpoint.F32, nil); err != nil {
			t.Fatal(err)
		}
		saved++
		changed := time.Unix(int64(1e9+saved), 0)
		if err := os.Chtimes(path, changed, changed); err != nil {
			t.Fatal(err)
		}
		return path
	}
	word := func(value float32) string {
		row := make([]float32, p.Text[0].Config.Hidden)
		for i := range row {
			row[i] = value * float32(i%5)
		}
		return save("zword.safetensors", []checkpoint.Tensor{{Name: "emb_params", Shape: []int{1, len(row)}, Data: row}})
	}
	own := p.VAE.Config
	decoder := func(seed uint64) string {
		random := nn.Random(seed)
		if _, err := vae.New(random, own); err != nil {
			t.Fatal(err)
		}
		save("tiny/vae/diffusion_pytorch_model.safetensors", random.Tensors(nil))
		return filepath.Join(dir, "tiny")
	}
	lora := func(strength float32) string {
		l := p.UNet.Products[0]
		in := 1
		for _, n := range l.Shape[1:] {
			in *= n
		}
		down := checkpoint.Tensor{Name: "lora_unet_" + strings.ReplaceAll(l.Name, ".", "_") + ".lora_down.weight", Shape: append([]int{1}, l.Shape[1:]...), Data: make([]float32, in)}
		up := checkpoint.Tensor{Name: "lora_unet_" + strings.ReplaceAll(l.Name, ".", "_") + ".lora_up.weight", Shape: []int{l.Shape[0], 1}, Data: make([]float32, l.Shape[0])}
		for i := range down.Data {
			down.Data[i] = strength * float32(i%3)
		}
		for i := range up.Data {
			up.Data[i] = float32(i%7) * 0.1
		}
		return save("lora.safetensors", []checkpoint.Tensor{down, up})
	}
	p.Shelf = shelfOf{"zword": word(0.3), "vae": decoder(1), "lora": lora(0.2)}
	for what, test := range map[string]struct {
		change   func(*engine.Request)
		old, new func() string
	}{
		"textual inversion": {change: func(r *engine.Request) { r.Prompt = "a zword" }, old: func() string { return word(0.3) }, new: func() string { return word(-0.7) }},
		"autoencoder":       {change: func(r *engine.Request) { r.VAE = "vae" }, old: func() string { return decoder(1) }, new: func() string { return decoder(2) }},
		"LoRA":              {change: func(r *engine.Request) { r.Loras = "<lora:lora:1>" }, old: func() string { return lora(0.2) }, new: func() string { return lora(0.9) }},
	} {
		r := tinyRequest()
		test.change(&r)
		draw := func() []uint8 {
			picture, _ := painted(t, p, r, nil)
			return picture.Pix
		}
		before := draw()
		test.new()
		if slices.Equal(draw(), before) {
			t.Errorf("the picture is still drawn with the %s that was there before", what)
		}
		test.old()
		if !slices.Equal(draw(), before) {
			t.Errorf("with the first %s, it is not the first picture", what)
		}
	}
}

// A tiny autoencoder decodes the picture and its previews.
func TestTinyAutoencoderDecodes(t *testing.T) {
	p := loadTiny(t)
	random := nn.Random(1)
	if _, err := vae.NewTiny(random, vae.TAESD); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "taesd.safetensors")
	if err := checkpoint.Write(path, random.Tensors(nil), checkpoint.F32, nil); err != nil {
		t.Fatal(err)
	}
	r := tinyRequest()
	r.Sampler, r.VAE = "euler", path
	resolved, err := p.Resolve(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Paint(t.Context(), resolved, nil, func(engine.Progress) {}); !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), "8 pixels") {
		t.Errorf("of another size: %v", err)
	}
	// like Stable Diffusion's, whose latents are of 8 pixels
	p.VAE, err = vae.New(nn.Random(2), vae.Config{
		InChannels: 3, OutChannels: 3, Latent: p.VAE.Config.Latent, Channels: []int{8, 8, 8, 8}, LayersPerBlock: 1, Groups: 4, Scaling: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Width, r.Height = 64, 64
	picture, steps := painted(t, p, r, nil)
	tiny, err := vae.NewTiny(nn.Random(1), vae.TAESD)
	if err != nil {
		t.Fatal(err)
	}
	y := tiny.Decode(nn.NewContext(t.Context()), steps[len(steps)-1].Latent)
	want := Picture(nn.Data(y), 64, 64)
	if d := largestByte(picture.Pix, want.Pix); d > 1 { // its weights are packed
		t.Errorf("the picture is off the tiny autoencoder's by %d", d)
	}
	if !slices.Equal(steps[len(steps)-1].Preview.Pix, picture.Pix) {
		t.Error("the last preview is not the picture")
	}
}

func largestByte(a, b []uint8) int {
	worst := 0
	for i := range a {
		worst = max(worst, int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return worst
}

// What a model ships to show its steps with shows them, and not the picture; another
// autoencoder has other latents, or other colours for them.
func TestShippedPreviews(t *testing.T) {
	p := loadTiny(t)
	ch, unit := p.VAE.Config.Latent, p.VAE.Config.Factor()
	c := nn.NewContext(t.Context())
	latent := noise.Latent(0, 1, ch, 8, 8)
	p.VAE.Config.Preview = make([][3]float64, ch+1)
	p.VAE.Config.Preview[1], p.VAE.Config.Preview[ch] = [3]float64{0.5, 0, 0}, [3]float64{0, 0.25, -0.25}
	seen := Picture(shippedPreview(p.VAE.Config.Preview).apply(nn.Data(latent)), 8, 8)
	for i := range 64 {
		v := nn.Data(latent)[i*ch+1]
		want := Picture([]float32{v / 2, 0.25, -0.25}, 1, 1)
		if !slices.Equal(seen.Pix[4*i:4*i+4], want.Pix) {
			t.Fatalf("place %d is %v, want %v", i, seen.Pix[4*i:4*i+4], want.Pix)
		}
	}
	tiny, err := vae.NewTiny(nn.Random(3), vae.TinyConfig{
		Latent: ch, EncoderChannels: []int{4}, EncoderBlocks: []int{1}, NoEncoder: true,
		DecoderChannels: slices.Repeat([]int{4}, bits.Len(uint(unit))), DecoderBlocks: slices.Repeat([]int{1}, bits.Len(uint(unit))),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.tiny = tiny
	if err := p.check(); err != nil {
		t.Fatal(err)
	}
	preview, err := p.Preview(c, latent)
	if err != nil {
		t.Fatal(err)
	}
	want := Picture(nn.Data(tiny.Decode(c, latent)), 8*unit, 8*unit)
	picture, err := p.Decode(c, latent)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(preview.Pix, want.Pix) || slices.Equal(preview.Pix, picture.Pix) {
		t.Error("the preview is not the tiny autoencoder's")
	}
	tiny.Config.Latent++
	if err := p.check(); err == nil || !strings.Contains(err.Error(), "tiny autoencoder") {
		t.Errorf("one with other latents is taken: %v", err)
	}
}
