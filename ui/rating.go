package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine/gallery"
)

// rating is a row of dots, as many of which are filled as a picture is rated. A click
// on a dot rates it so; on the last filled one, it takes the rating back.
type rating struct {
	widget.BaseWidget
	dots  [gallery.MaxRating]*canvas.Circle
	value int

	OnChanged func(int)
}

const (
	dotPitch = 17
	dotSide  = 9
)

var (
	_ fyne.Tappable      = (*rating)(nil)
	_ desktop.Cursorable = (*rating)(nil)
)

func newRating() *rating {
	r := &rating{}
	for i := range r.dots {
		r.dots[i] = canvas.NewCircle(nil)
		r.dots[i].StrokeWidth = 1
	}
	r.ExtendBaseWidget(r)
	r.paint()
	return r
}

// Set shows a rating.
func (r *rating) Set(value int) {
	if r.value != value {
		r.value = value
		r.paint()
	}
}

// Tapped rates.
func (r *rating) Tapped(ev *fyne.PointEvent) {
	n := min(max(1, int(ev.Position.X/dotPitch)+1), gallery.MaxRating)
	if n == r.value {
		n = 0
	}
	if r.OnChanged != nil {
		r.OnChanged(n)
	}
}

// Cursor is the hand that points at links.
func (r *rating) Cursor() desktop.Cursor { return desktop.PointerCursor }

func (r *rating) paint() {
	for i, d := range r.dots {
		d.FillColor, d.StrokeColor = nil, shade(colorQuiet)
		if i < r.value {
			d.FillColor, d.StrokeColor = shade(theme.ColorNamePrimary), shade(theme.ColorNamePrimary)
		}
		d.Refresh()
	}
}

// CreateRenderer is part of fyne.Widget.
func (r *rating) CreateRenderer() fyne.WidgetRenderer { return ratingRenderer{r} }

type ratingRenderer struct{ r *rating }

func (r ratingRenderer) Layout(size fyne.Size) {
	for i, d := range r.r.dots {
		d.Resize(fyne.NewSquareSize(dotSide))
		d.Move(fyne.NewPos(float32(i*dotPitch)+(dotPitch-dotSide)/2, half(size.Height-dotSide)))
	}
}

func (r ratingRenderer) MinSize() fyne.Size {
	return fyne.NewSize(dotPitch*gallery.MaxRating, dotPitch)
}
func (r ratingRenderer) Refresh() { r.r.paint() }
func (r ratingRenderer) Objects() (all []fyne.CanvasObject) {
	for _, d := range r.r.dots {
		all = append(all, d)
	}
	return all
}
func (r ratingRenderer) Destroy() {}
