package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
)

// minWidth gives its one object at least this width and, beyond that, all the
// room there is.
type minWidth float32

// MinSize is the object's height and this width.
func (w minWidth) MinSize(objects []fyne.CanvasObject) fyne.Size {
	min := objects[0].MinSize()
	return fyne.NewSize(max(float32(w), min.Width), min.Height)
}

// Layout fills the room.
func (w minWidth) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size)
}

func wide(width float32, object fyne.CanvasObject) fyne.CanvasObject {
	return container.New(minWidth(width), object)
}

// panel is a surface of the side panels' colour with a margin around its
// content.
func panel(content fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(canvas.NewRectangle(shade(colorPanel)), inset(14, 12, content))
}

// inset leaves a margin of x left and right and y above and below.
func inset(x, y float32, content fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(y, y, x, x), content)
}

// column stacks objects with gap between them.
func column(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(gap), objects...)
}

// row lines objects up with gap between them.
func row(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedHBoxLayout(gap), objects...)
}

// between puts left and right at the two ends of a line.
func between(left, right fyne.CanvasObject) fyne.CanvasObject {
	return container.NewBorder(nil, nil, left, right)
}

// spacer is an empty object of this size.
func spacer(width, height float32) fyne.CanvasObject {
	r := canvas.NewRectangle(color.Transparent)
	r.SetMinSize(fyne.NewSize(width, height))
	return r
}

// caption is small quiet text, as above a field.
func caption(text string) *canvas.Text {
	t := canvas.NewText(text, shade(colorQuiet))
	t.TextSize = sizes[theme.SizeNameCaptionText]
	return t
}

// plain is text of the usual size and colour.
func plain(text string) *canvas.Text {
	t := canvas.NewText(text, shade(theme.ColorNameForeground))
	t.TextSize = sizes[theme.SizeNameText]
	return t
}

// say changes a text and shows it, when it is new.
func say(t *canvas.Text, text string) {
	if t.Text != text {
		t.Text = text
		t.Refresh()
	}
}

// hairline is a one-pixel separator.
func hairline() *canvas.Rectangle {
	r := canvas.NewRectangle(shade(theme.ColorNameSeparator))
	r.SetMinSize(fyne.NewSize(1, 1))
	return r
}
