package data

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Axis is what the examples of Variants differ in.
type Axis string

const (
	ByColour     Axis = "colour"
	ByPlace      Axis = "place"
	ByNumber     Axis = "number"
	BySize       Axis = "size"
	ByStyle      Axis = "style"
	ByBackground Axis = "background"
	ByRelation   Axis = "relation"
	ByPortrait   Axis = "portrait" // all of its traits
)

// Axes lists all of them.
var Axes = []Axis{ByColour, ByPlace, ByNumber, BySize, ByStyle, ByBackground, ByRelation, ByPortrait}

// Variants draws up to n examples, at least two, that differ along one axis and are
// else composed alike: the same thing in other colours, say. Their captions tell them
// apart, and nothing in them is held out. It returns none if, in many tries, nothing
// in the set could be varied so.
func (s *Set) Variants(r *rand.Rand, axis Axis, n, size int) []Example {
	for range 64 {
		scenes := s.vary(r, axis, n)
		if len(scenes) < 2 || !s.shareBackground(r, axis, scenes) {
			continue
		}
		all := make([]Example, len(scenes))
		for i := range scenes {
			all[i] = s.example(r, scenes[i], size)
		}
		return all
	}
	return nil
}

// vary composes scenes with a thing, before the background is chosen.
func (s *Set) vary(r *rand.Rand, axis Axis, n int) []Scene {
	style := s.pickStyle(r)
	if axis == ByPortrait {
		if style = Portrait; len(s.styled[style]) == 0 {
			return nil
		}
	}
	thing := s.pickThing(r, style)
	c := &s.concepts[thing]
	if c.portrait != (axis == ByPortrait) && axis != ByBackground {
		return nil
	}
	base := Scene{Style: style, Count: 1, Placing: normal, background: &studio, Items: []Item{s.item(r, style, thing)}}
	if c.portrait {
		base.Placing.side = 0.92
	}
	of := &s.cutouts[base.Items[0].cutout]
	var all []Scene
	add := func(change func(*Scene)) {
		sc := base
		sc.Items = slices.Clone(base.Items)
		change(&sc)
		all = append(all, sc)
	}
	switch axis {
	case ByColour:
		for _, i := range r.Perm(len(of.Dyes)) {
			if colour := of.Dyes[i]; !HeldColour(c.Name, colour) {
				add(func(sc *Scene) { sc.Items[0].Colour = colour })
			}
		}
	case ByPlace:
		for _, i := range r.Perm(len(places)) {
			add(func(sc *Scene) { sc.Placing = places[i] })
		}
	case ByNumber:
		if !c.nouns[0].article {
			return nil
		}
		for _, i := range r.Perm(4) {
			if i == 0 {
				add(func(*Scene) {})
			} else {
				add(func(sc *Scene) { sc.Count, sc.Placing = i+1, Placing{} })
			}
		}
	case BySize:
		for _, i := range r.Perm(len(sizes)) {
			add(func(sc *Scene) { sc.Placing = sizes[i] })
		}
	case ByStyle:
		for _, i := range r.Perm(len(Styles)) {
			if other := Styles[i]; len(c.cutouts[other]) > 0 && !HeldStyle(c.Name, other) {
				add(func(sc *Scene) {
					sc.Style, sc.explicit = other, true
					sc.Items[0] = s.item(r, other, thing)
					sc.Items[0].Colour = ""
				})
			}
		}
	case ByBackground:
		for range n {
			add(func(*Scene) {})
		}
	case ByRelation:
		other := s.pickThing(r, style)
		if other == thing || HeldPair(c.Name, s.concepts[other].Name) {
			return nil
		}
		base.Items = append(base.Items, s.item(r, style, other))
		base.Placing = Placing{}
		for _, i := range r.Perm(len(relations) - 1) { // the first, "next to", is true of two others
			add(func(sc *Scene) { sc.Relation = relations[i+1].says })
		}
	case ByPortrait:
		list := c.cutouts[style]
		seen := map[string]bool{}
		for range 4 * n {
			cut := list[r.IntN(len(list))]
			if traits := fmt.Sprint(s.cutouts[cut].Traits, s.cutouts[cut].Manner); !seen[traits] {
				seen[traits] = true
				add(func(sc *Scene) { sc.Items[0].cutout, sc.explicit = cut, true })
			}
		}
	}
	return all[:min(n, len(all))]
}

// shareBackground puts all scenes before one background that hides none of them, or
// each before another; it tells whether there are such.
func (s *Set) shareBackground(r *rand.Rand, axis Axis, scenes []Scene) bool {
	if axis == ByBackground {
		used := map[*background]bool{}
		for i := range scenes {
			for range 16 {
				if s.pickBackground(r, &scenes[i]); len(scenes[i].background.phrases) > 0 && !used[scenes[i].background] {
					break
				}
			}
			if b := scenes[i].background; len(b.phrases) == 0 || used[b] {
				return false
			}
			used[scenes[i].background] = true
		}
		return true
	}
	for range 16 {
		first := &scenes[0]
		first.background, first.plain, first.Background = &studio, "", ""
		s.pickBackground(r, first)
		fits := func(sc Scene) bool {
			b := first.background
			colour := first.plain
			if b == &studio {
				colour = "white"
			}
			return !(colour != "" && s.hides(&sc, colour)) && !(len(b.phrases) > 0 && s.keepsFrom(&sc, b)) &&
				!(sc.Style == Glyph && colour == "") // they stand on plain ones only
		}
		if !slices.ContainsFunc(scenes, func(sc Scene) bool { return !fits(sc) }) {
			for i := range scenes[1:] {
				sc := &scenes[i+1]
				sc.background, sc.plain, sc.Background = first.background, first.plain, first.Background
			}
			return true
		}
	}
	return false
}
