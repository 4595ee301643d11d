package ui

import (
	"image/color"
	"math"

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

// panelMargin is what a panel leaves free left and right.
const panelMargin = 14

// panel is a surface of the side panels' colour with a margin around its
// content.
func panel(content fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(canvas.NewRectangle(shade(colorPanel)), inset(panelMargin, 12, content))
}

// inset leaves a margin of x left and right and y above and below.
func inset(x, y float32, content fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(y, y, x, x), content)
}

// flush lets content reach that far beyond its place left and right.
func flush(left, right float32, content fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(0, 0, -left, -right), content)
}

// column stacks objects with gap between them.
func column(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(columnLayout(gap), objects...)
}

// row lines objects up with gap between them.
func row(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(rowLayout(gap), objects...)
}

// columnLayout and rowLayout are Fyne's boxes in whole units: text that begins
// between two pixels is blurred.
type (
	columnLayout float32
	rowLayout    float32
)

// MinSize is the widest object's width and all heights.
func (gap columnLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for i, o := range visible(objects) {
		min := wholeMinSize(o)
		size.Width = max(size.Width, min.Width)
		size.Height += min.Height
		if i > 0 {
			size.Height += float32(gap)
		}
	}
	return size
}

// Layout gives every object the whole width.
func (gap columnLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	var y float32
	for _, o := range visible(objects) {
		height := wholeMinSize(o).Height
		o.Move(fyne.NewPos(0, y))
		o.Resize(fyne.NewSize(size.Width, height))
		y += height + float32(gap)
	}
}

// MinSize is the highest object's height and all widths.
func (gap rowLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for i, o := range visible(objects) {
		min := wholeMinSize(o)
		size.Height = max(size.Height, min.Height)
		size.Width += min.Width
		if i > 0 {
			size.Width += float32(gap)
		}
	}
	return size
}

// Layout gives every object the whole height.
func (gap rowLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	var x float32
	for _, o := range visible(objects) {
		width := wholeMinSize(o).Width
		o.Move(fyne.NewPos(x, 0))
		o.Resize(fyne.NewSize(width, size.Height))
		x += width + float32(gap)
	}
}

// centred keeps an object at its smallest size in the middle.
func centred(object fyne.CanvasObject) *fyne.Container {
	return container.New(centreLayout{}, object)
}

type centreLayout struct{}

// MinSize is the object's.
func (centreLayout) MinSize(objects []fyne.CanvasObject) fyne.Size { return wholeMinSize(objects[0]) }

// Layout centres the object, in whole units.
func (centreLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	min := wholeMinSize(objects[0])
	objects[0].Resize(min)
	objects[0].Move(fyne.NewPos(half(size.Width-min.Width), half(size.Height-min.Height)))
}

func visible(objects []fyne.CanvasObject) []fyne.CanvasObject {
	var seen []fyne.CanvasObject
	for _, o := range objects {
		if o.Visible() {
			seen = append(seen, o)
		}
	}
	return seen
}

func wholeMinSize(o fyne.CanvasObject) fyne.Size {
	min := o.MinSize()
	return fyne.NewSize(up(min.Width), up(min.Height))
}

// up is the next whole number, half the whole part of a half.
func up(x float32) float32   { return float32(math.Ceil(float64(x))) }
func half(x float32) float32 { return float32(math.Floor(float64(x / 2))) }

// between puts left and right at the two ends of a line. Where there is no room
// for both, the right one is left out.
func between(left, right fyne.CanvasObject) fyne.CanvasObject {
	return container.New(ends{}, left, right)
}

type ends struct{}

// MinSize is that of the left object, and high enough for both.
func (ends) MinSize(objects []fyne.CanvasObject) fyne.Size {
	left, right := wholeMinSize(objects[0]), wholeMinSize(objects[1])
	return fyne.NewSize(left.Width, max(left.Height, right.Height))
}

// Layout centres both in the line's height.
func (ends) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	const gap = 16
	left, right := wholeMinSize(objects[0]), wholeMinSize(objects[1])
	objects[0].Resize(left)
	objects[0].Move(fyne.NewPos(0, half(size.Height-left.Height)))
	objects[1].Resize(right)
	objects[1].Move(fyne.NewPos(size.Width-right.Width, half(size.Height-right.Height)))
	if left.Width+gap+right.Width <= size.Width {
		objects[1].Show()
	} else {
		objects[1].Hide()
	}
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
