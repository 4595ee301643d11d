package train

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"darkroom/engine/clip"
	"darkroom/engine/nn"
	"darkroom/engine/train/bpe"
	"darkroom/engine/train/data"
	"darkroom/engine/unet"
	"darkroom/engine/vae"
)

// toy makes the networks small and lays out a folder to train in: three things in two
// styles, which can be dyed, and a tokenizer.
func toy(t *testing.T) Options {
	t.Helper()
	oldText, oldImage, oldVAE, oldUNet, oldTiny := textConfig, imageConfig, autoencoderConfig, unetConfig, tinyConfig
	t.Cleanup(func() {
		textConfig, imageConfig, autoencoderConfig, unetConfig, tinyConfig = oldText, oldImage, oldVAE, oldUNet, oldTiny
	})
	tinyConfig.DecoderChannels, tinyConfig.DecoderBlocks = []int{4, 4, 4, 4}, []int{1, 1, 1, 1}
	textConfig.Hidden, textConfig.MLP, textConfig.Layers, textConfig.Heads, textConfig.Projection = 16, 32, 1, 2, 16
	imageConfig = clip.ImageConfig{Size: 16, Channels: []int{8, 8, 16}, Groups: 4, Embed: 16}
	autoencoderConfig = vae.Config{
		InChannels: 3, OutChannels: 3, Latent: 4, Channels: []int{4, 4, 8, 8}, LayersPerBlock: 1, Groups: 4, Scaling: 1, SampleSize: Size,
	}
	unetConfig = unet.Config{
		SampleSize: 16, InChannels: 4, OutChannels: 4, Channels: []int{8, 16}, LayersPerBlock: 1,
		DownBlocks: []string{"DownBlock2D", "CrossAttnDownBlock2D"}, UpBlocks: []string{"CrossAttnUpBlock2D", "UpBlock2D"},
		ContextDim: 16, Heads: unet.PerBlock{2}, Groups: 4, NormEps: 1e-5,
	}
	o := Options{Dir: t.TempDir(), Log: t.Output()}
	writeToySet(t, o.path("data"))
	set, err := data.Open(o.path("data"))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	vocab, merges := bpe.Train(set.Captions(200), 200)
	if err := bpe.Write(filepath.Join(o.Model(), "tokenizer"), vocab, merges, MaxTokens); err != nil {
		t.Fatal(err)
	}
	p := nn.Random(1)
	if _, err := vae.New(p, autoencoderConfig); err != nil {
		t.Fatal(err)
	}
	if err := o.publish("vae", "AutoencoderKL", autoencoderConfig, p, NewOptimiser(p.All(), 1, 1)); err != nil {
		t.Fatal(err)
	}
	return o
}

func writeToySet(t *testing.T, dir string) {
	t.Helper()
	type object = map[string]any
	var things, cutouts []object
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	member := func(name string, write func(f *bytes.Buffer) error) {
		var text bytes.Buffer
		if err := write(&text); err != nil {
			t.Fatal(err)
		}
		f, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(text.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{"box", "ball", "roof"} {
		things = append(things, object{"names": []string{name}, "kind": "shape"})
		for k, style := range []string{data.Render, data.Cartoon} {
			im := image.NewNRGBA(image.Rect(0, 0, data.SpriteSize, data.SpriteSize))
			for y := range data.SpriteSize {
				for x := range data.SpriteSize {
					dx, dy := x-64, y-64
					if inside := [3]bool{true, dx*dx+dy*dy < 64*64, 2*max(dx, -dx) < y}[i]; inside {
						im.SetNRGBA(x, y, color.NRGBA{uint8(220 - 60*k), 30, 30, 255})
					}
				}
			}
			member([]string{"00000.png", "00001.png", "00002.png", "00003.png", "00004.png", "00005.png"}[2*i+k], func(f *bytes.Buffer) error { return png.Encode(f, im) })
			cutouts = append(cutouts, object{
				"thing": i, "style": style, "colour": "red", "dye": object{"hue": 5}, "dyes": []string{"green", "blue", "yellow", "pink"}, "shadow": true,
			})
		}
	}
	member("index.json", func(f *bytes.Buffer) error {
		return json.NewEncoder(f).Encode(object{"things": things, "cutouts": cutouts})
	})
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sprites.zip"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
