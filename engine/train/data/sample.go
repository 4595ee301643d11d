package data

import (
	"math/rand/v2"
)

// Example is one training pair.
type Example struct {
	Pix     []float32 // [size,size,3], sRGB, components in −1…1
	Caption string    // lower case
	Concept int       // index into Set.Concepts
}

// How the pictures are distributed. The rest of the backgrounds is the studio,
// the rest of the placings is normal.
const (
	plainShare  = 0.30 // one named colour
	scenesShare = 0.20
	smallShare  = 0.12
	placedShare = 0.13

	// centreVary is how far the sprite strays from its place, as a part of the
	// picture's width.
	centreVary = 0.02
)

// Sample draws a training pair with a picture of size×size pixels. Every
// concept is equally likely. The same state of r gives the same pair.
func (s *Set) Sample(r *rand.Rand, size int) Example {
	return s.Example(r, r.IntN(len(s.concepts)), size)
}

// Example draws a training pair like Sample, of the given concept.
func (s *Set) Example(r *rand.Rand, concept, size int) Example {
	sc := s.compose(r, concept)
	return Example{Caption: s.caption(r, sc), Pix: s.render(r, sc, size), Concept: concept}
}

// compose draws what a picture of a concept looks like.
func (s *Set) compose(r *rand.Rand, concept int) scene {
	sc := scene{concept: concept, placing: normal, background: &studio}
	switch p := r.Float32(); {
	case p < smallShare:
		sc.placing = small
	case p < smallShare+placedShare:
		sc.placing = places[r.IntN(len(places))]
	}
	switch p := r.Float32(); {
	case p < plainShare:
		// A blue fish on blue would be hard to see, so that is left out.
		i := r.IntN(len(plainBackgrounds))
		if plainBackgrounds[i].colour == s.concepts[concept].Colour {
			i = (i + 1 + r.IntN(len(plainBackgrounds)-1)) % len(plainBackgrounds)
		}
		sc.background = &plainBackgrounds[i]
	case p < plainShare+scenesShare:
		sc.background = &scenes[r.IntN(len(scenes))]
	}
	return sc
}

// render paints a scene: [size,size,3], components in −1…1.
func (s *Set) render(r *rand.Rand, sc scene, size int) []float32 {
	pix := make([]float32, size*size*3)
	paint := sc.background.paint(r)
	pixel := 1 / float32(size)
	for y := range size {
		for x := range size {
			c := paint((float32(x)+0.5)*pixel, (float32(y)+0.5)*pixel, pixel)
			copy(pix[3*(y*size+x):], c[:])
		}
	}
	p := sc.placing
	side := p.side + jitter(r, p.vary)
	left := p.x + jitter(r, centreVary) - side/2
	top := p.y + jitter(r, centreVary) - side/2
	scale := float64(size)
	drawSprite(pix, size, s.sprites[sc.concept], float64(left)*scale, float64(top)*scale, float64(side)*scale)
	for i, v := range pix {
		pix[i] = 2*v - 1
	}
	return pix
}

// Captions returns texts to train a tokenizer on: every name with and without
// its article, then n sampled captions. It always returns the same ones.
func (s *Set) Captions(n int) []string {
	var all []string
	for _, c := range s.concepts {
		for _, name := range c.nouns {
			all = append(all, name.text, describe(0, name, nil))
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		all = append(all, s.caption(r, s.compose(r, r.IntN(len(s.concepts)))))
	}
	return all
}
