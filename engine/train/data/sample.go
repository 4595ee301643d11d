package data

import (
	"fmt"
	"image"
	"math/rand/v2"
)

// Example is one training pair.
type Example struct {
	Pix     []float32 // [size,size,3], sRGB, components in −1…1
	Caption string    // lower case
	Concept int       // the first thing: index into Set.Concepts
	Scene   Scene     // what the picture shows
}

// Sample draws a training pair with a picture of size×size pixels. The same state
// of r gives the same pair. A set whose file is damaged panics.
func (s *Set) Sample(r *rand.Rand, size int) Example {
	style := s.pickStyle(r)
	return s.example(r, s.compose(r, style, s.pickThing(r, style)), size)
}

// Example draws a training pair like Sample, of the given concept.
func (s *Set) Example(r *rand.Rand, concept, size int) Example {
	return s.example(r, s.compose(r, s.styleOf(r, concept), concept), size)
}

func (s *Set) example(r *rand.Rand, sc Scene, size int) Example {
	return Example{Caption: s.caption(r, &sc), Pix: s.render(r, &sc, size), Concept: sc.Items[0].Concept, Scene: sc}
}

// Reword words the caption of an example anew.
func (s *Set) Reword(r *rand.Rand, e Example) string { return s.caption(r, &e.Scene) }

// render paints a scene: [size,size,3], components in −1…1.
func (s *Set) render(r *rand.Rand, sc *Scene, size int) []float32 {
	pix := make([]float32, size*size*3)
	paint := sc.background.paint(r)
	pixel := 1 / float32(size)
	for y := range size {
		for x := range size {
			c := paint((float32(x)+0.5)*pixel, (float32(y)+0.5)*pixel, pixel)
			for i := range c {
				pix[3*(y*size+x)+i] = min(max(c[i], 0), 1)
			}
		}
	}
	shadows := sc.Background != "" && sc.plain == "" && r.Float32() < 0.5
	for i, at := range sc.placings() {
		it := sc.Items[min(i, len(sc.Items)-1)]
		sprite, err := s.sprite(it.cutout)
		if err != nil {
			panic(fmt.Errorf("training set: %w", err))
		}
		c := &s.cutouts[it.cutout]
		if it.Colour != "" {
			sprite = c.Dye.apply(sprite, it.Colour)
		}
		if it.flip {
			mirror(sprite)
		}
		side := (at.side + jitter(r, at.vary)) * float32(size)
		x, y := (at.x+jitter(r, centreVary))*float32(size), (at.y+jitter(r, centreVary))*float32(size)
		pixelated := c.Style == PixelArt
		if pixelated { // as many whole pixels for each of a tile's
			whole := float32(max(1, int(side/32+0.5)) * 32)
			side, x, y = whole, float32(int(x-whole/2))+whole/2, float32(int(y-whole/2))+whole/2
		}
		if shadows && c.Shadow {
			drawShadow(pix, size, x, y+0.46*side, 0.42*side)
		}
		drawSprite(pix, size, sprite, float64(x-side/2), float64(y-side/2), float64(side), pixelated)
	}
	for i, v := range pix {
		pix[i] = 2*v - 1
	}
	return pix
}

// placings is where each thing stands.
func (sc *Scene) placings() []Placing {
	if sc.Relation != "" {
		for _, rel := range relations {
			if rel.says == sc.Relation {
				return rel.places[:]
			}
		}
	}
	if sc.Count > 1 {
		return groups[sc.Count]
	}
	return []Placing{sc.Placing}
}

// drawShadow darkens a flat ellipse around x, y that is as wide to both sides.
func drawShadow(pix []float32, size int, x, y, wide float32) {
	high := 0.16 * wide
	for py := max(0, int(y-high)); py < min(size, int(y+high)+1); py++ {
		for px := max(0, int(x-wide)); px < min(size, int(x+wide)+1); px++ {
			dx, dy := (float32(px)+0.5-x)/wide, (float32(py)+0.5-y)/high
			if d := 1 - float32(dx*dx) - float32(dy*dy); d > 0 {
				for i := range 3 {
					pix[3*(py*size+px)+i] *= 1 - 0.45*d
				}
			}
		}
	}
}

// mirror swaps left and right.
func mirror(im *image.RGBA) {
	for y := range SpriteSize {
		row := im.Pix[y*im.Stride:][:4*SpriteSize]
		for a, b := 0, 4*(SpriteSize-1); a < b; a, b = a+4, b-4 {
			for k := range 4 {
				row[a+k], row[b+k] = row[b+k], row[a+k]
			}
		}
	}
}
