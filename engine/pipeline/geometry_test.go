package pipeline

import (
	"slices"
	"testing"

	"darkroom/engine/checkpoint"
	"darkroom/engine/clip"
	"darkroom/engine/nn"
	"darkroom/engine/unet"
	"darkroom/engine/vae"
)

// TestGeometriesHaveThePublishedParameters counts without weights: the networks
// are built from an empty file, and nothing is ever written to their memory,
// which therefore takes no room.
func TestGeometriesHaveThePublishedParameters(t *testing.T) {
	empty, err := checkpoint.OpenBytes("nothing", []byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	if err != nil {
		t.Fatal(err)
	}
	var kept []nn.Params // memory that was given back would be cleared when it is used again
	count := func(build func(nn.Params) error) int {
		p := nn.Load(empty.Reader(""))
		if build(p) == nil {
			t.Error("a network was loaded from nothing")
		}
		kept = append(kept, p)
		return p.Count()
	}
	for _, tt := range []struct {
		name            string
		text            []int
		unet, vae, tiny int
	}{
		{"sd15", []int{123_060_480}, 859_520_964, 83_653_863, 2_445_063},
		{"sd21", []int{340_387_840}, 865_910_724, 83_653_863, 2_445_063},
		{"sdxl", []int{123_060_480, 694_659_840}, 2_567_463_684, 83_653_863, 2_445_063},
	} {
		g, ok := GeometryNamed(tt.name)
		if !ok {
			t.Fatalf("there is no geometry %s", tt.name)
		}
		var text []int
		for _, cfg := range g.Text {
			text = append(text, count(func(p nn.Params) error { _, err := clip.NewText(p, cfg); return err }))
		}
		denoiser := count(func(p nn.Params) error { _, err := unet.New(p, g.UNet); return err })
		autoencoder := count(func(p nn.Params) error { _, err := vae.New(p, g.VAE); return err })
		tiny := count(func(p nn.Params) error { _, err := vae.NewTiny(p, g.Tiny); return err })
		if !slices.Equal(text, tt.text) || denoiser != tt.unet || autoencoder != tt.vae || tiny != tt.tiny {
			t.Errorf("%s has %d, %d, %d and %d parameters, want %d, %d, %d and %d", tt.name,
				text, denoiser, autoencoder, tiny, tt.text, tt.unet, tt.vae, tt.tiny)
		}
	}
}
