package data

import (
	"image"
	"image/color"
	"math"
	"os"
	"strings"
	"testing"
)

func TestColourWord(t *testing.T) {
	for _, b := range plainBackgrounds {
		p := b.paint(random(1))(0.5, 0.5, 0.01)
		if got := colourWord(float64(p[0]), float64(p[1]), float64(p[2])); got != b.colour {
			t.Errorf("the %s background is called %q", b.colour, got)
		}
	}
	if got := colourWord(0, 0, 0); got != "black" {
		t.Errorf("0, 0, 0 is called %q, want black", got)
	}
}

// Shrinking must keep the average: what a sprite covers adds up to its area.
func TestDrawSpriteKeepsTheArea(t *testing.T) {
	for _, side := range []float64{12.3, 40, 51.7} {
		const size = 64
		pix := make([]float32, size*size*3)
		drawSprite(pix, size, disc(color.RGBA{255, 0, 0, 255}), 5.4, 3.1, side)
		sum := 0.0
		for i := 0; i < len(pix); i += 3 {
			sum += float64(pix[i])
			if pix[i+1] != 0 || pix[i+2] != 0 {
				t.Fatalf("side %v: pixel %d is %v, want pure red", side, i/3, pix[i:i+3])
			}
		}
		if want := math.Pi / 4 * side * side; math.Abs(sum/want-1) > 0.02 {
			t.Errorf("side %v: covers %.1f pixels, want %.1f", side, sum, want)
		}
	}
}

// A sprite may reach over the edge of the picture or lie outside altogether.
func TestDrawSpriteClips(t *testing.T) {
	const size = 16
	for _, at := range [][2]float64{{-5, -5}, {12, 12}, {-40, 3}, {3, 40}} {
		pix := make([]float32, size*size*3)
		drawSprite(pix, size, disc(color.RGBA{255, 255, 255, 255}), at[0], at[1], 10)
	}
}

func TestCutOut(t *testing.T) {
	im := image.NewNRGBA(image.Rect(10, 20, 110, 120))
	for y := 50; y < 70; y++ {
		for x := 30; x < 70; x++ {
			im.SetNRGBA(x, y, color.NRGBA{0, 200, 0, 255})
		}
	}
	sprite, err := cutOut(im)
	if err != nil {
		t.Fatal(err)
	}
	// 40×20 visible pixels become 128×64 in the middle of the square.
	for _, tt := range []struct {
		x, y   int
		opaque bool
	}{{2, 64, true}, {125, 64, true}, {64, 36, true}, {64, 91, true}, {64, 26, false}, {64, 101, false}} {
		if got := sprite.RGBAAt(tt.x, tt.y).A > 250; got != tt.opaque {
			t.Errorf("pixel %d, %d: opaque is %v, want %v", tt.x, tt.y, got, tt.opaque)
		}
	}
	if _, err := cutOut(image.NewNRGBA(image.Rect(0, 0, 4, 4))); err == nil {
		t.Error("an empty picture gives no error")
	}
}

func TestBuildWithoutPictures(t *testing.T) {
	out := t.TempDir()
	err := Build(t.TempDir(), out, nil)
	if err == nil || !strings.Contains(err.Error(), "fetch.sh") {
		t.Errorf("error %v, want one that names fetch.sh", err)
	}
	if left, _ := os.ReadDir(out); len(left) != 0 {
		t.Errorf("a failed build leaves %v", left)
	}
}
