package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// page is one of the window's faces.
type page struct {
	name     string
	icon     *theme.ThemedResource
	shortcut *desktop.CustomShortcut
	object   fyne.CanvasObject
	shown    func()      // when it comes on show; nil for nothing to do
	keys     [][2]string // that act on it without a modifier or on what has the focus, and what they do
}

// pages is the window's faces, one of them on show, and the rail at its left edge
// that changes between them.
type pages struct {
	object fyne.CanvasObject
	all    []*page
	tabs   []*tab
	at     *page
}

// newPages shows the first of the faces; strips stand above whichever is on show.
func newPages(strips fyne.CanvasObject, all ...*page) *pages {
	p := &pages{all: all}
	rail, faces := column(4), container.NewStack()
	for _, face := range all {
		t := newTab(face, func() { p.Show(face) })
		p.tabs = append(p.tabs, t)
		rail.Add(t)
		faces.Add(face.object)
	}
	left := container.NewStack(canvas.NewRectangle(shade(theme.ColorNameMenuBackground)), inset(3, 8, rail))
	p.object = container.NewBorder(nil, nil, left, nil, container.NewBorder(strips, nil, nil, nil, faces))
	p.Show(all[0])
	return p
}

// Show brings a face on show.
func (p *pages) Show(face *page) {
	p.at = face
	if c := fyne.CurrentApp().Driver().CanvasForObject(p.object); c != nil {
		c.Unfocus() // what goes out of sight hears no keys
	}
	for i, other := range p.all {
		p.tabs[i].choose(other == face)
		if other == face {
			other.object.Show()
		} else {
			other.object.Hide()
		}
	}
	call(face.shown)
}

// commands is the keys that bring each face on show.
func (p *pages) commands() []command {
	var list []command
	for _, face := range p.all {
		list = append(list, command{face.name, face.shortcut, func() { p.Show(face) }})
	}
	return list
}

// tab is a face's place on the rail: its icon above its name.
type tab struct {
	widget.BaseWidget
	face    *page
	icon    *widget.Icon
	name    *canvas.Text
	ground  *canvas.Rectangle
	chosen  bool
	hovered bool
	tapped  func()
}

var (
	_ fyne.Tappable      = (*tab)(nil)
	_ desktop.Hoverable  = (*tab)(nil)
	_ desktop.Cursorable = (*tab)(nil)
)

func newTab(face *page, tapped func()) *tab {
	t := &tab{face: face, tapped: tapped, icon: widget.NewIcon(face.icon), name: caption(face.name), ground: canvas.NewRectangle(nil)}
	t.name.Alignment = fyne.TextAlignCenter
	t.ground.CornerRadius = sizes[theme.SizeNameInputRadius]
	t.ExtendBaseWidget(t)
	return t
}

func (t *tab) choose(chosen bool) { t.chosen = chosen; t.paint() }

// Tapped brings the face on show.
func (t *tab) Tapped(*fyne.PointEvent) { t.tapped() }

// Cursor is the hand that points at links.
func (t *tab) Cursor() desktop.Cursor { return desktop.PointerCursor }

// MouseIn lights the tab up.
func (t *tab) MouseIn(*desktop.MouseEvent) { t.hovered = true; t.paint() }

// MouseMoved changes nothing.
func (t *tab) MouseMoved(*desktop.MouseEvent) {}

// MouseOut makes the tab quiet again.
func (t *tab) MouseOut() { t.hovered = false; t.paint() }

func (t *tab) paint() {
	words, lit := colorQuiet, theme.ColorNamePlaceHolder
	if t.chosen {
		words, lit = theme.ColorNameForeground, theme.ColorNamePrimary
	}
	t.name.Color, t.icon.Resource, t.ground.FillColor = shade(words), theme.NewColoredResource(t.face.icon, lit), nil
	if t.hovered || t.chosen {
		t.ground.FillColor = shade(theme.ColorNameHover)
	}
	t.Refresh()
}

// CreateRenderer is part of fyne.Widget.
func (t *tab) CreateRenderer() fyne.WidgetRenderer {
	mark := container.NewGridWrap(fyne.NewSquareSize(22), t.icon)
	return widget.NewSimpleRenderer(container.NewStack(t.ground, inset(3, 6, wide(44, column(3, centred(mark), t.name)))))
}
