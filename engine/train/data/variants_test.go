package data

import (
	"slices"
	"strings"
	"testing"
)

// Along every axis that the set allows, examples differ in that and in nothing else
// that a caption says.
func TestVariants(t *testing.T) {
	s := openDiscs(t)
	for _, axis := range Axes {
		found := 0
		for seed := range uint64(60) {
			group := s.Variants(random(seed), axis, 4, 16)
			if len(group) == 0 {
				continue
			}
			found++
			if len(group) < 2 || len(group) > 4 {
				t.Fatalf("%s: %d variants", axis, len(group))
			}
			first := group[0].Scene
			said := map[string]bool{}
			for _, e := range group {
				sc := e.Scene
				if said[e.Caption] || len(e.Pix) != 16*16*3 {
					t.Errorf("%s: caption %q twice, or no picture", axis, e.Caption)
				}
				said[e.Caption] = true
				if e.Concept != group[0].Concept || len(sc.Items) != len(first.Items) {
					t.Errorf("%s: another thing", axis)
				}
				if axis != ByColour && axis != ByStyle && sc.Items[0].Colour != first.Items[0].Colour ||
					axis != ByPlace && sc.Placing.Place != first.Placing.Place || axis != BySize && sc.Placing.Size != first.Placing.Size ||
					axis != ByNumber && sc.Count != first.Count || axis != ByStyle && sc.Style != first.Style ||
					axis != ByBackground && sc.Background != first.Background || axis != ByRelation && sc.Relation != first.Relation {
					t.Errorf("%s: %q and %q differ in something else", axis, group[0].Caption, e.Caption)
				}
				tells := map[Axis]string{
					ByColour: sc.Items[0].Colour, ByPlace: sc.Placing.Place, BySize: sc.Placing.Size, ByRelation: sc.Relation,
					ByStyle: strings.TrimSuffix(sc.Style, " icon"),
				}[axis]
				if !strings.Contains(e.Caption, tells) {
					t.Errorf("%s: %q does not say %q", axis, e.Caption, tells)
				}
				for _, it := range sc.Items {
					if name := s.concepts[it.Concept].Name; it.Colour != "" && HeldColour(name, it.Colour) || HeldStyle(name, sc.Style) || sc.Background != "" && sc.plain == "" && HeldScene(name, sc.Background) {
						t.Errorf("%s: %q is held out", axis, e.Caption)
					}
				}
			}
		}
		if want := !slices.Contains([]Axis{ByPortrait}, axis); (found > 0) != want { // there is one portrait only
			t.Errorf("%s: %d groups", axis, found)
		}
	}
}

// Whatever is said of a scene in other words is still true of it.
func TestReword(t *testing.T) {
	s := openDiscs(t)
	for seed := range uint64(40) {
		e := s.Sample(random(seed), 8)
		again := s.Reword(random(seed+100), e)
		for _, word := range append(slices.Clone(colourWords), "left", "right", "above", "below", "two", "three", "four") {
			if dyed := e.Scene.Items[0].Colour; slices.Contains(colourWords, word) && word != dyed {
				continue
			}
			if strings.Contains(e.Caption, word) != strings.Contains(again, word) {
				t.Errorf("%q became %q", e.Caption, again)
			}
		}
	}
}
