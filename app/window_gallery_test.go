//go:build window && linux

package main

import (
	"image"
	"path/filepath"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/gallery"
)

// TestWindowGallery finds a picture among others, makes it a favourite, rates it, draws it
// anew with another seed and puts it into the trash, all on the gallery's page. TestWindow
// says how to run it.
func TestWindowGallery(t *testing.T) {
	d, model := sit(t)
	g, err := gallery.Open(filepath.Join(d.home, "Pictures", appName))
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewRGBA(image.Rect(0, 0, 32, 32))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	for i, prompt := range []string{"a red apple", "a green tree", "a red boat", "a cat"} {
		r := engine.Request{Prompt: prompt, Seed: uint64(i), Steps: 2, Guidance: 4, Sampler: "euler", Width: 32, Height: 32, Model: model}
		if _, err := g.Keep(img, r, gallery.Marks{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	d.start()
	d.press("ctrl+2")
	d.press("ctrl+f")
	d.write("boa")
	// The middles of the first two places in the grid.
	const x, second, y = 150, 305, 190
	bright := func(x int) bool { return d.screenshot().RGBAAt(x, y).G > 0x80 }
	d.until("the boat alone is found", func() bool { return bright(x) && !bright(second) })
	boat := func() gallery.Picture { return d.pictures()[len(d.pictures())-3] }
	d.until("the boat is a favourite", func() bool {
		d.click(x, y)
		d.press("ctrl+d")
		return d.settled(func() bool { return boat().Favourite })
	})
	d.press("4")
	d.until("it is rated", func() bool { return boat().Rating == 4 })
	for _, p := range d.pictures() {
		if p.Favourite != strings.Contains(p.Request.Prompt, "boat") {
			t.Errorf("of %q it is said to be a favourite: %t", p.Request.Prompt, p.Favourite)
		}
	}
	d.press("ctrl+r")
	d.until("it is drawn anew", func() bool { return len(d.pictures()) == 5 })
	again, first := d.pictures()[0], boat()
	if again.Parent != first.ID || again.How != gallery.Reseed || again.Request.Seed == first.Request.Seed || again.Request.Prompt != "a red boat" {
		t.Errorf("it is kept as %+v of %+v", again.Lineage, again.Request)
	}
	d.until("both are found", func() bool { return bright(second) })
	d.until("the new one is rated", func() bool { // it comes first
		d.click(x, y)
		d.press("5")
		return d.settled(func() bool { return d.pictures()[0].Rating == 5 })
	})
	d.press("Delete")
	d.until("it is in the trash", func() bool { return len(d.pictures()) == 4 })
	d.press("ctrl+1")
	d.quit()
}
