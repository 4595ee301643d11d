package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// scrubber lies over the frames of a filmstrip and hears the mouse: dragging and the
// wheel walk through the steps.
type scrubber struct {
	widget.BaseWidget

	strip *filmstrip
	wheel float32 // turned and not used yet
}

// notch is how far the wheel turns from step to step, in Fyne's units.
const notch = 25.0

var (
	_ fyne.Tappable          = (*scrubber)(nil)
	_ fyne.SecondaryTappable = (*scrubber)(nil)
	_ fyne.Draggable         = (*scrubber)(nil)
	_ fyne.Scrollable        = (*scrubber)(nil)
)

func newScrubber(strip *filmstrip) *scrubber {
	s := &scrubber{strip: strip}
	s.ExtendBaseWidget(s)
	return s
}

// Tapped looks at the frame under the pointer.
func (s *scrubber) Tapped(ev *fyne.PointEvent) { s.strip.Tapped(ev) }

// TappedSecondary asks what can be done with the frame under the pointer.
func (s *scrubber) TappedSecondary(ev *fyne.PointEvent) {
	if index := s.strip.under(ev.Position.X); index < len(s.strip.thumbs) && s.strip.OnMenu != nil {
		s.strip.takeFocus()
		s.strip.OnMenu(index, ev.AbsolutePosition)
	}
}

// Dragged looks at the frame the pointer is dragged over.
func (s *scrubber) Dragged(ev *fyne.DragEvent) {
	s.strip.takeFocus()
	if index := max(0, s.strip.under(ev.Position.X)); min(index, len(s.strip.thumbs)-1) != s.strip.selected {
		s.strip.choose(index)
	}
}

// DragEnd has nothing to do.
func (s *scrubber) DragEnd() {}

// Scrolled looks at the step before (up) or after (down).
func (s *scrubber) Scrolled(ev *fyne.ScrollEvent) {
	s.wheel -= ev.Scrolled.DX + ev.Scrolled.DY
	if n := int(s.wheel / notch); n != 0 {
		s.wheel -= float32(n) * notch
		s.strip.choose(max(0, s.strip.selected+n))
	}
}

// CreateRenderer is part of fyne.Widget; there is nothing to see.
func (s *scrubber) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(spacer(0, 0))
}
