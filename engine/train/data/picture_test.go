package data

import (
	"image"
	"image/color"
	"math"
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

func TestHSV(t *testing.T) {
	r := random(1)
	for range 1000 {
		want := [3]float64{r.Float64(), r.Float64(), r.Float64()}
		h, s, v := hsv(want[0], want[1], want[2])
		a, b, c := fromHSV(h, s, v)
		if math.Abs(a-want[0])+math.Abs(b-want[1])+math.Abs(c-want[2]) > 1e-12 {
			t.Fatalf("%v becomes %v, %v, %v on the way there and back", want, a, b, c)
		}
	}
}

// What a dye claims to show must be there after it, of any colour before it.
func TestDyes(t *testing.T) {
	for _, c := range []color.RGBA{{220, 30, 30, 255}, {40, 90, 230, 255}, {230, 190, 30, 255}, {60, 170, 70, 255}} {
		im := disc(c)
		d, words := findDyes(im)
		if d == nil || len(words) < 6 {
			t.Errorf("a disc of %v can be dyed in %q only", c, words)
			continue
		}
		for _, w := range words {
			if got := dominantColour(d.apply(im, w)); got != w {
				t.Errorf("%v dyed in %s is %q", c, w, got)
			}
		}
	}
	for _, c := range []color.RGBA{{250, 250, 250, 255}, {20, 20, 20, 255}} {
		if d, words := findDyes(disc(c)); d != nil {
			t.Errorf("a disc of %v can be dyed in %q", c, words)
		}
	}
}

// Every background must be within the colours that there are, at any size.
func TestScenesArePainted(t *testing.T) {
	for _, b := range scenes {
		for seed := range uint64(4) {
			paint := b.paint(random(seed))
			first, differs := paint(0.5, 0.02, 0.01), false
			for i := range 900 {
				c := paint((float32(i%30)+0.5)/30, (float32(i/30)+0.5)/30, 1./30)
				for _, v := range c {
					if v < -0.2 || v > 1.2 || v != v {
						t.Fatalf("%s: a component is %v", b.phrases[0], v)
					}
				}
				differs = differs || c != first
			}
			if !differs {
				t.Errorf("%s is all of one colour", b.phrases[0])
			}
		}
	}
}

// Shrinking must keep the average: what a sprite covers adds up to its area.
func TestDrawSpriteKeepsTheArea(t *testing.T) {
	for _, pixelated := range []bool{false, true} {
		for _, side := range []float64{12.3, 40, 51.7} {
			const size = 64
			pix := make([]float32, size*size*3)
			drawSprite(pix, size, disc(color.RGBA{255, 0, 0, 255}), 5.4, 3.1, side, pixelated)
			sum := 0.0
			for i := 0; i < len(pix); i += 3 {
				sum += float64(pix[i])
				if pix[i+1] != 0 || pix[i+2] != 0 {
					t.Fatalf("side %v: pixel %d is %v, want pure red", side, i/3, pix[i:i+3])
				}
			}
			if want := math.Pi / 4 * side * side; math.Abs(sum/want-1) > 0.05 {
				t.Errorf("side %v: covers %.1f pixels, want %.1f", side, sum, want)
			}
		}
	}
}

// A sprite may reach over the edge of the picture or lie outside altogether.
func TestDrawSpriteClips(t *testing.T) {
	const size = 16
	for _, at := range [][2]float64{{-5, -5}, {12, 12}, {-40, 3}, {3, 40}} {
		for _, pixelated := range []bool{false, true} {
			pix := make([]float32, size*size*3)
			drawSprite(pix, size, disc(color.RGBA{255, 255, 255, 255}), at[0], at[1], 10, pixelated)
		}
	}
}

func TestCutOut(t *testing.T) {
	im := image.NewNRGBA(image.Rect(10, 20, 110, 120))
	for y := 50; y < 70; y++ {
		for x := 30; x < 70; x++ {
			im.SetNRGBA(x, y, color.NRGBA{0, 200, 0, 255})
		}
	}
	sprite, err := cutOut(im, false)
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
	if _, err := cutOut(image.NewNRGBA(image.Rect(0, 0, 4, 4)), false); err == nil {
		t.Error("an empty picture gives no error")
	}
}

func TestMirror(t *testing.T) {
	im := image.NewRGBA(image.Rect(0, 0, SpriteSize, SpriteSize))
	im.SetRGBA(3, 5, color.RGBA{1, 2, 3, 4})
	mirror(im)
	if got := im.RGBAAt(SpriteSize-4, 5); got != (color.RGBA{1, 2, 3, 4}) {
		t.Errorf("the mirrored pixel is %v", got)
	}
}
