package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// linkMargin is the room left and right of a link that listens too.
const linkMargin = 5

// link is a small word that does something, where a button would be too loud.
type link struct {
	widget.BaseWidget
	text    *canvas.Text
	colour  fyne.ThemeColorName // when nothing is done with it
	hovered bool
	chosen  bool

	OnTapped func()
}

var (
	_ fyne.Tappable      = (*link)(nil)
	_ desktop.Hoverable  = (*link)(nil)
	_ desktop.Cursorable = (*link)(nil)
)

func newLink(label string, tapped func()) *link {
	l := &link{text: caption(label), colour: colorQuiet, OnTapped: tapped}
	l.ExtendBaseWidget(l)
	return l
}

// Tapped does what the word says.
func (l *link) Tapped(*fyne.PointEvent) { call(l.OnTapped) }

// Cursor is the hand that points at links.
func (l *link) Cursor() desktop.Cursor { return desktop.PointerCursor }

// MouseIn lights the word up.
func (l *link) MouseIn(*desktop.MouseEvent) { l.hovered = true; l.paint() }

// MouseMoved changes nothing.
func (l *link) MouseMoved(*desktop.MouseEvent) {}

// MouseOut makes the word quiet again.
func (l *link) MouseOut() { l.hovered = false; l.paint() }

// SetChosen shows the word as the one chosen among several.
func (l *link) SetChosen(chosen bool) { l.chosen = chosen; l.paint() }

// SetLabel changes the word.
func (l *link) SetLabel(label string) {
	if l.text.Text != label {
		say(l.text, label)
		l.Refresh()
	}
}

func (l *link) paint() {
	name := l.colour
	switch {
	case l.hovered:
		name = theme.ColorNamePrimary
	case l.chosen:
		name = theme.ColorNameForeground
	}
	l.text.Color = shade(name)
	l.text.Refresh()
}

// CreateRenderer is part of fyne.Widget.
func (l *link) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(inset(linkMargin, 3, l.text))
}
