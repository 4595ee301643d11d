package data

import (
	"math/rand/v2"
	"slices"
)

// Scene says how one picture is composed; its caption and its pixels are both
// made from it, which is what keeps the caption true.
type Scene struct {
	Style      string
	Items      []Item // what is shown, in the order of the caption
	Count      int    // how many of the first there are
	Placing    Placing
	Relation   string // between two items: "to the left of", "" else
	Background string // the first phrase of its name, "" for the plain light one

	background *background
	plain      string // the background's colour word
	explicit   bool   // the caption names the style, and all traits of a portrait
}

// Item is a thing in a scene.
type Item struct {
	Concept int    // index into Set.Concepts
	Colour  string // what it was dyed in, "" for its own colours

	cutout int
	flip   bool
}

// Placing is a size and a place in the picture.
type Placing struct {
	Size  string // "small", or "" if the size isn't mentioned
	Place string // "on the left", or "" if the place isn't mentioned

	side float32 // width and height as a part of the picture's
	vary float32 // side varies by this much
	x, y float32 // centre, in 0…1
}

var (
	normal = Placing{side: 0.80, vary: 0.06, x: 0.5, y: 0.5}
	sizes  = []Placing{
		{Size: "small", side: 0.42, vary: 0.02, x: 0.5, y: 0.5},
		{Size: "tiny", side: 0.28, vary: 0.02, x: 0.5, y: 0.5},
		{Size: "big", side: 0.97, vary: 0.02, x: 0.5, y: 0.5},
	}
	places = []Placing{
		{Place: "on the left", side: 0.48, vary: 0.03, x: 0.27, y: 0.5},
		{Place: "on the right", side: 0.48, vary: 0.03, x: 0.73, y: 0.5},
		{Place: "at the top", side: 0.48, vary: 0.03, x: 0.5, y: 0.27},
		{Place: "at the bottom", side: 0.48, vary: 0.03, x: 0.5, y: 0.73},
		{Place: "in the top left corner", side: 0.40, vary: 0.02, x: 0.23, y: 0.23},
		{Place: "in the top right corner", side: 0.40, vary: 0.02, x: 0.77, y: 0.23},
		{Place: "in the bottom left corner", side: 0.40, vary: 0.02, x: 0.23, y: 0.77},
		{Place: "in the bottom right corner", side: 0.40, vary: 0.02, x: 0.77, y: 0.77},
	}
	// groups are where several of a thing stand, by their number.
	groups = map[int][]Placing{
		2: {{side: 0.46, vary: 0.02, x: 0.27, y: 0.5}, {side: 0.46, vary: 0.02, x: 0.73, y: 0.5}},
		3: {
			{side: 0.40, vary: 0.02, x: 0.5, y: 0.26},
			{side: 0.40, vary: 0.02, x: 0.26, y: 0.71},
			{side: 0.40, vary: 0.02, x: 0.74, y: 0.71},
		},
		4: {
			{side: 0.40, vary: 0.02, x: 0.27, y: 0.27},
			{side: 0.40, vary: 0.02, x: 0.73, y: 0.27},
			{side: 0.40, vary: 0.02, x: 0.27, y: 0.73},
			{side: 0.40, vary: 0.02, x: 0.73, y: 0.73},
		},
	}
	// relations are where two things stand.
	relations = []struct {
		says   string
		places [2]Placing
	}{
		{"next to", [2]Placing{{side: 0.46, vary: 0.03, x: 0.27, y: 0.5}, {side: 0.46, vary: 0.03, x: 0.73, y: 0.5}}},
		{"to the left of", [2]Placing{{side: 0.46, vary: 0.03, x: 0.27, y: 0.5}, {side: 0.46, vary: 0.03, x: 0.73, y: 0.5}}},
		{"to the right of", [2]Placing{{side: 0.46, vary: 0.03, x: 0.73, y: 0.5}, {side: 0.46, vary: 0.03, x: 0.27, y: 0.5}}},
		{"above", [2]Placing{{side: 0.46, vary: 0.03, x: 0.5, y: 0.26}, {side: 0.46, vary: 0.03, x: 0.5, y: 0.74}}},
		{"below", [2]Placing{{side: 0.46, vary: 0.03, x: 0.5, y: 0.74}, {side: 0.46, vary: 0.03, x: 0.5, y: 0.26}}},
	}
)

// styleShares are how often the styles are drawn.
var styleShares = []struct {
	style string
	share float32
}{
	{Render, 0.40},
	{Flat, 0.08},
	{Cartoon, 0.10},
	{Sticker, 0.06},
	{Glyph, 0.04},
	{Realistic, 0.16},
	{Portrait, 0.08},
	{PixelArt, 0.05},
	{ClipArt, 0.03},
}

// How scenes are distributed. The rest shows one thing, in the middle, of normal
// size; the rest of the backgrounds is the plain light one.
const (
	pairShare   = 0.15
	groupShare  = 0.12
	sizedShare  = 0.10
	placedShare = 0.15

	plainShare = 0.28 // backgrounds of one named colour
	sceneShare = 0.37

	dyedShare    = 0.35 // of what can be dyed
	flippedShare = 0.3

	// centreVary is how far things stray from their places, as a part of the
	// picture's width.
	centreVary = 0.02
)

// pickStyle draws a style that the set has.
func (s *Set) pickStyle(r *rand.Rand) string {
	for {
		p := r.Float32()
		for _, x := range styleShares {
			if p -= x.share; p < 0 && len(s.styled[x.style]) > 0 {
				return x.style
			}
		}
	}
}

// pickThing draws a thing that may be shown in a style.
func (s *Set) pickThing(r *rand.Rand, style string) int {
	list := s.styled[style]
	for range 64 {
		if t := list[r.IntN(len(list))]; !HeldStyle(s.concepts[t].Name, style) {
			return t
		}
	}
	return list[0] // of a set of a few held things, in a test
}

// styleOf draws a style that a thing may be shown in.
func (s *Set) styleOf(r *rand.Rand, thing int) string {
	c := &s.concepts[thing]
	for range 256 {
		if style := s.pickStyle(r); len(c.cutouts[style]) > 0 && !HeldStyle(c.Name, style) {
			return style
		}
	}
	for _, style := range Styles {
		if len(c.cutouts[style]) > 0 {
			return style
		}
	}
	return ""
}

// compose draws what a picture with a thing in a style looks like.
func (s *Set) compose(r *rand.Rand, style string, thing int) Scene {
	sc := Scene{Style: style, Count: 1, Placing: normal, background: &studio}
	sc.Items = []Item{s.item(r, style, thing)}
	c := &s.concepts[thing]
	p := r.Float32()
	switch {
	case c.portrait:
		sc.Placing.side = 0.92
		if p < placedShare {
			sc.Placing = places[r.IntN(2)]
		}
	case p < pairShare:
		other := s.pickThing(r, style)
		if name := s.concepts[other].Name; other != thing && !HeldPair(c.Name, name) {
			sc.Items = append(sc.Items, s.item(r, style, other))
			sc.Relation = relations[r.IntN(len(relations))].says
			sc.Placing = Placing{}
		}
	case p < pairShare+groupShare:
		if c.nouns[0].article {
			sc.Count, sc.Placing = 2+r.IntN(3), Placing{}
		}
	case p < pairShare+groupShare+sizedShare:
		sc.Placing = sizes[r.IntN(len(sizes))]
	case p < pairShare+groupShare+sizedShare+placedShare:
		sc.Placing = places[r.IntN(len(places))]
	}
	s.pickBackground(r, &sc)
	return sc
}

// item draws a picture of a thing and its colour.
func (s *Set) item(r *rand.Rand, style string, thing int) Item {
	c := &s.concepts[thing]
	list := c.cutouts[style]
	it := Item{Concept: thing, cutout: list[r.IntN(len(list))]}
	it.flip = style != Portrait && r.Float32() < flippedShare
	of := &s.cutouts[it.cutout]
	if len(of.Dyes) > 0 && r.Float32() < dyedShare {
		if colour := of.Dyes[r.IntN(len(of.Dyes))]; !HeldColour(c.Name, colour) {
			it.Colour = colour
		}
	}
	return it
}

// pickBackground draws one before which what is shown can be seen: not of its own
// colour, which for white things the plain light one nearly is.
func (s *Set) pickBackground(r *rand.Rand, sc *Scene) {
	p := r.Float32()
	if p < sceneShare && sc.Style != Glyph {
		for range 16 {
			if b := &scenes[r.IntN(len(scenes))]; !s.keepsFrom(sc, b) {
				sc.background, sc.Background = b, b.phrases[0]
				return
			}
		}
	}
	if p < sceneShare+plainShare || s.hides(sc, "white") {
		for range 16 {
			if b := &plainBackgrounds[r.IntN(len(plainBackgrounds))]; !s.hides(sc, b.colour) {
				sc.background, sc.plain, sc.Background = b, b.colour, b.phrases[0]
				return
			}
		}
	}
}

// keepsFrom tells whether something is never to be seen in a scene.
func (s *Set) keepsFrom(sc *Scene, b *background) bool {
	return slices.ContainsFunc(sc.Items, func(it Item) bool { return HeldScene(s.concepts[it.Concept].Name, b.phrases[0]) })
}

func (s *Set) hides(sc *Scene, colour string) bool {
	for _, it := range sc.Items {
		if own := s.colour(it); own == colour || sc.Style == Glyph && colour == "black" {
			return true
		}
	}
	return false
}

// colour is the word for an item's colour, "" if none fits.
func (s *Set) colour(it Item) string {
	if it.Colour != "" {
		return it.Colour
	}
	return s.cutouts[it.cutout].Colour
}
