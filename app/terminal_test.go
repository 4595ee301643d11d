package main

import (
	"bytes"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/gallery"
	"darkroom/engine/models/download"
)

// TestForeignTextIsPrintable lets files and servers say what would command a
// terminal.
func TestForeignTextIsPrintable(t *testing.T) {
	home := atHome(t)
	const rude = "x\x1b]0;mine\x07\u202ey\x9bz"
	path := filepath.Join(home, "rude.safetensors")
	err := checkpoint.Write(path, []checkpoint.Tensor{{Name: "lora_unet_" + rude, Shape: []int{1}, Data: []float32{1}}}, checkpoint.F32, map[string]string{rude: rude})
	if err != nil {
		t.Fatal(err)
	}
	pictures := filepath.Join(home, "pictures")
	if err := os.Mkdir(pictures, 0o755); err != nil {
		t.Fatal(err)
	}
	r := engine.Request{Prompt: rude, Steps: 1, Sampler: engine.DefaultSampler, Model: engine.DefaultModel}
	if err := gallery.Save(filepath.Join(pictures, "00001.png"), image.NewRGBA(image.Rect(0, 0, 16, 16)), r); err != nil {
		t.Fatal(err)
	}
	var offer bytes.Buffer
	showOffer(terminal{&offer}, &download.Offer{Files: []download.File{{Name: rude}}, Licence: download.Licence{Name: rude, URL: rude, Text: rude}})
	for _, out := range []string{
		says(t, 0, "", "inspect", path),
		says(t, 0, "", "gallery", "list", "--folder", pictures),
		says(t, 0, "", "prompt", "--text", "(red "+rude),
		offer.String(),
	} {
		if strings.ContainsAny(out, "\x1b\x07\u202e\u009b") || !strings.Contains(out, "\ufffd") {
			t.Errorf("a terminal is told %q", out)
		}
	}
}

// TestTerminalCountsWhatItWasGiven keeps io.Writer's promise where what is written is
// longer.
func TestTerminalCountsWhatItWasGiven(t *testing.T) {
	var out strings.Builder
	if n, err := fmt.Fprint(terminal{&out}, "a\x1b\tb\n"); n != 5 || err != nil || out.String() != "a\ufffd\tb\n" {
		t.Errorf("%d, %v, %q", n, err, out.String())
	}
}
