package data

import (
	"math"
	"math/rand/v2"
)

// background is what a sprite stands before.
type background struct {
	phrases []string // ways to say it, "on a blue background"; none for the plain one
	colour  string   // its colour word, "" for scenes
	paint   func(r *rand.Rand) painter
}

// painter returns the colour at x, y, both in 0…1 from the top left corner.
// soft is the width over which an edge is blended: one pixel.
type painter func(x, y, soft float32) rgb

// studio is the background that captions don't mention: a warm light grey.
var studio = background{paint: plain(rgb{0.955, 0.945, 0.925}, 0.008)}

// plainBackgrounds are the backgrounds of one named colour.
var plainBackgrounds = []background{
	plainNamed("red", rgb{0.86, 0.22, 0.22}),
	plainNamed("orange", rgb{0.97, 0.58, 0.20}),
	plainNamed("yellow", rgb{0.99, 0.84, 0.30}),
	plainNamed("green", rgb{0.36, 0.70, 0.38}),
	plainNamed("blue", rgb{0.27, 0.50, 0.88}),
	plainNamed("purple", rgb{0.54, 0.36, 0.78}),
	plainNamed("pink", rgb{0.97, 0.66, 0.78}),
	plainNamed("black", rgb{0.06, 0.06, 0.07}),
	plainNamed("white", rgb{1, 1, 1}),
	plainNamed("grey", rgb{0.55, 0.56, 0.58}, "gray"),
}

func plainNamed(word string, c rgb, spellings ...string) background {
	b := background{colour: word, paint: plain(c, 0.015)}
	for _, w := range append([]string{word}, spellings...) {
		b.phrases = append(b.phrases, "on "+indefinite(w)+" background")
	}
	return b
}

// plain paints one colour, each time lighter or darker by up to vary.
func plain(c rgb, vary float32) func(*rand.Rand) painter {
	return func(r *rand.Rand) painter {
		d := jitter(r, vary)
		one := rgb{}
		for i := range c {
			one[i] = min(max(c[i]+d, 0), 1)
		}
		return func(float32, float32, float32) rgb { return one }
	}
}

// jitter returns a number in −by…by.
func jitter(r *rand.Rand, by float32) float32 { return (2*r.Float32() - 1) * by }

// edge is 0 above the line y = at, 1 below it and blended over one pixel.
func edge(y, at, soft float32) float32 { return min(max((y-at)/soft+0.5, 0), 1) }

// wave returns height·sin(2π(frequency·x + phase)).
func wave(x, frequency, phase, height float32) float32 {
	turns := float32(frequency*x) + phase
	return height * float32(math.Sin(2*math.Pi*float64(turns)))
}
