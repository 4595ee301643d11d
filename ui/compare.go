package ui

import (
	"fmt"
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
)

// comparison shows another take beside the one on show, in step with it.
type comparison struct {
	object fyne.CanvasObject

	with    *take // nil for none
	flicker bool  // the other is to be seen in the place of the one on show
	view    *picture
	words   *canvas.Text
}

func newComparison(do func(func())) *comparison {
	c := &comparison{view: newPicture(do), words: caption("")}
	// The words stand in the picture's margin; where there is no room, they go.
	words := container.NewBorder(nil, inset(pictureMargin, 1, between(spacer(0, 0), c.words)), nil, nil)
	c.object = container.NewStack(c.view, words)
	c.object.Hide()
	return c
}

// pairLayout gives the first object all the room, or half of it when the second is
// there.
type pairLayout struct{}

// MinSize is the first one's: a comparison doesn't widen the window.
func (pairLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize()
}

// Layout divides the room.
func (pairLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	if !objects[1].Visible() {
		objects[0].Resize(size)
		return
	}
	left := half(size.Width)
	objects[0].Resize(fyne.NewSize(left, size.Height))
	objects[1].Move(fyne.NewPos(left, 0))
	objects[1].Resize(fyne.NewSize(size.Width-left, size.Height))
}

// toggleCompare holds the take on show beside those that follow; one that branched
// off is compared with its parent at once. Again ends it.
func (s *Studio) toggleCompare() {
	c := s.compared
	switch t := s.shown; {
	case c.with != nil:
		c.with = nil
	case t == nil || t.steps() == 0:
		s.notice.Fail(errNothing)
		return
	case t.parent != nil:
		c.with = t.parent
	default:
		c.with = t
		s.notice.Tell("this picture stays beside the next one you look at, in step with it; hold C to see one in the other's place", "", nil)
	}
	s.present()
}

// compare brings the second picture in line with the take on show.
func (s *Studio) compare(t *take) {
	c := s.compared
	visible := c.with != nil && c.with != t
	if visible {
		look := s.other(c.with)
		c.view.Display(c.with.at(look), s.player.playing)
		words := c.with.recipe()
		if look < c.with.steps()-1 || !c.with.kind.Final() {
			words = fmt.Sprintf("step %d · %s", look+1, words)
		}
		say(c.words, words)
	}
	if visible != c.object.Visible() {
		if visible {
			c.object.Show()
		} else {
			c.object.Hide()
		}
		s.window.Content().Refresh()
	}
}

// other is the look of another take that goes with the one on show.
func (s *Studio) other(t *take) int {
	if s.step >= s.shown.steps()-1 && s.shown.kind.Final() {
		return t.steps() - 1
	}
	return min(s.step, t.steps()-1)
}

// onShow is the picture of a take to be seen now: while C is held, that of the take
// it is compared with, or of the one it branched off.
func (s *Studio) onShow(t *take) *image.RGBA {
	if with := s.compared.with; s.compared.flicker {
		if with == nil || with == t {
			with = t.parent
		}
		if with != nil {
			return with.at(s.other(with))
		}
	}
	return t.at(s.step)
}

// holdKeys hears C going down and up.
func (s *Studio) holdKeys() {
	hold := func(down bool) func(*fyne.KeyEvent) {
		return func(ev *fyne.KeyEvent) {
			if ev.Name == fyne.KeyC && s.shown != nil && s.compared.flicker != down {
				s.compared.flicker = down
				s.present()
			}
		}
	}
	s.strip.OnDown, s.strip.OnUp = hold(true), hold(false)
	if c, ok := s.window.Canvas().(desktop.Canvas); ok { // nothing has the focus
		c.SetOnKeyDown(hold(true))
		c.SetOnKeyUp(hold(false))
	}
}
