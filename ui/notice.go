package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// notice is the strip above the picture that says in words what went wrong or
// what just happened. It stands in nobody's way and stays until it is dismissed
// or overtaken.
type notice struct {
	object fyne.CanvasObject

	surface *canvas.Rectangle
	text    *widget.Label
	action  *button
	act     func()
}

func newNotice(keys plainKeys) *notice {
	n := &notice{surface: canvas.NewRectangle(shade(colorNotice)), text: widget.NewLabel("")}
	n.text.Wrapping = fyne.TextWrapWord
	n.surface.CornerRadius = sizes[theme.SizeNameInputRadius]
	n.action = newButton("", func() { call(n.act) }, keys)
	n.action.Importance = widget.LowImportance
	dismiss := newButton("", n.Clear, keys)
	dismiss.Icon = theme.CancelIcon()
	dismiss.Importance = widget.LowImportance
	line := container.NewBorder(nil, nil, nil, container.NewVBox(row(2, n.action, dismiss)), n.text)
	n.object = inset(12, 8, container.NewStack(n.surface, inset(4, 0, line)))
	n.object.Hide()
	return n
}

// Fail says what went wrong.
func (n *notice) Fail(err error) { n.show(shade(colorNotice), sentence(err.Error()), "", nil) }

// Tell says what happened, with one thing to do about it; "" for none.
func (n *notice) Tell(text, action string, act func()) {
	n.show(shade(theme.ColorNameButton), sentence(text), action, act)
}

// Clear takes the strip away.
func (n *notice) Clear() { n.object.Hide() }

// Text is what the strip says, "" when it is away.
func (n *notice) Text() string {
	if !n.object.Visible() {
		return ""
	}
	return n.text.Text
}

func (n *notice) show(surface interface{ RGBA() (r, g, b, a uint32) }, text, action string, act func()) {
	n.surface.FillColor = surface
	n.surface.Refresh()
	n.text.SetText(text)
	n.act = act
	n.action.SetText(action)
	n.action.Hidden = action == ""
	n.object.Show()
	n.object.Refresh()
}

// sentence begins with a capital letter and ends with a stop, as the strip is
// read by itself.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	s = string(unicode.ToUpper(r)) + s[size:]
	if !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}
