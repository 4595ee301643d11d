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

// scenes are the backgrounds with something on them.
var scenes = []background{
	{phrases: []string{"on grass", "on the grass", "in a meadow"}, paint: meadow},
	{phrases: []string{"at the beach", "on the beach"}, paint: beach},
	{phrases: []string{"in the snow at night", "in the snow"}, paint: snowyNight},
	{phrases: []string{"at sunset", "in front of a sunset"}, paint: sunset},
	{phrases: []string{"on a wooden table", "on a table"}, paint: table},
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

func meadow(r *rand.Rand) painter {
	horizon, phase, hill := 0.58+jitter(r, 0.02), r.Float32(), 0.015+0.01*r.Float32()
	return func(x, y, soft float32) rgb {
		h := horizon + wave(x, 0.8, phase, hill)
		sky := mix(rgb{0.42, 0.70, 0.96}, rgb{0.84, 0.94, 1}, min(y/horizon, 1))
		grass := mix(rgb{0.58, 0.80, 0.34}, rgb{0.26, 0.57, 0.20}, min(max((y-h)/(1-h), 0), 1))
		return mix(sky, grass, edge(y, h, soft))
	}
}

func beach(r *rand.Rand) painter {
	const horizon = 0.42
	shore, phase := 0.68+jitter(r, 0.02), r.Float32()
	return func(x, y, soft float32) rgb {
		s := shore + wave(x, 1.1, phase, 0.018)
		sky := mix(rgb{0.48, 0.76, 0.98}, rgb{0.88, 0.96, 1}, min(y/horizon, 1))
		sea := mix(rgb{0.10, 0.45, 0.72}, rgb{0.28, 0.76, 0.80}, min(max((y-horizon)/(s-horizon), 0), 1))
		sand := mix(rgb{0.88, 0.76, 0.54}, rgb{0.97, 0.88, 0.68}, min(max((y-s)/(1-s), 0), 1))
		c := mix(sky, sea, edge(y, horizon, soft))
		c = mix(c, rgb{0.97, 0.99, 1}, edge(y, s-0.03, 2*soft)) // surf
		return mix(c, sand, edge(y, s, soft))
	}
}

func snowyNight(r *rand.Rand) painter {
	ground, phase := 0.66+jitter(r, 0.02), r.Float32()
	var stars [14][2]float32
	for i := range stars {
		stars[i] = [2]float32{r.Float32(), 0.58 * r.Float32()}
	}
	return func(x, y, soft float32) rgb {
		g := ground + wave(x, 0.9, phase, 0.025)
		c := mix(rgb{0.04, 0.06, 0.20}, rgb{0.20, 0.25, 0.50}, min(y/g, 1))
		for _, s := range stars {
			dx, dy := (x-s[0])/soft, (y-s[1])/soft
			if d := float32(dx*dx) + float32(dy*dy); d < 1.5 {
				c = mix(c, rgb{1, 0.98, 0.88}, 0.9*(1-d/1.5))
			}
		}
		snow := mix(rgb{0.92, 0.95, 1}, rgb{0.72, 0.79, 0.93}, min(max((y-g)/(1-g), 0), 1))
		return mix(c, snow, edge(y, g, soft))
	}
}

func sunset(r *rand.Rand) painter {
	horizon := 0.70 + jitter(r, 0.02)
	return func(x, y, soft float32) rgb {
		t := min(y/horizon, 1)
		sky := mix(rgb{0.36, 0.20, 0.52}, rgb{0.94, 0.42, 0.38}, min(t/0.6, 1))
		sky = mix(sky, rgb{1, 0.78, 0.36}, max((t-0.6)/0.4, 0))
		land := mix(rgb{0.34, 0.17, 0.26}, rgb{0.18, 0.09, 0.18}, min(max((y-horizon)/(1-horizon), 0), 1))
		return mix(sky, land, edge(y, horizon, soft))
	}
}

func table(r *rand.Rand) painter {
	top, phase := 0.60+jitter(r, 0.02), r.Float32()
	return func(x, y, soft float32) rgb {
		wall := mix(rgb{0.95, 0.92, 0.87}, rgb{0.88, 0.84, 0.77}, min(y/top, 1))
		grain := wave(y+wave(x, 1, phase, 0.012), 14, phase, 0.025)
		wood := mix(rgb{0.74, 0.50, 0.28}, rgb{0.58, 0.36, 0.18}, min(max((y-top)/(1-top), 0), 1))
		for i := range wood {
			wood[i] += grain
		}
		c := mix(wall, rgb{0.86, 0.64, 0.40}, edge(y, top, soft)) // the lit front edge
		return mix(c, wood, edge(y, top+0.02, soft))
	}
}
