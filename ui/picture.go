package ui

import (
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// picture shows one picture as large as the room allows, in its own
// proportions and centred. Small pictures are enlarged in software, at the
// screen's own pixels.
type picture struct {
	widget.BaseWidget

	scaler *scaler
	view   *canvas.Image
	source *image.RGBA // what is to be seen; nil for nothing
	brief  bool        // it will soon be followed by another
	asked  scaling     // what the scaler was last asked for
	shown  image.Point // proportions of what is seen now
}

// pictureMargin is the dark border that always stays around the picture.
const pictureMargin = 18

func newPicture(do func(func())) *picture {
	p := &picture{scaler: &scaler{do: do}, view: &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleFastest}}
	p.view.Hide()
	p.ExtendBaseWidget(p)
	return p
}

// Display shows a picture, nil for none. The caller must not change it
// afterwards. One that is on show briefly, as a step in development, is
// enlarged with less care, to leave the processor to the engine.
func (p *picture) Display(source *image.RGBA, brief bool) {
	if p.source == source && p.brief == brief {
		return
	}
	p.source, p.brief = source, brief
	if source == nil || source.Bounds().Empty() {
		p.source = nil
		p.view.Hide()
		return
	}
	p.ask()
}

// ask has the source sized for the room there is.
func (p *picture) ask() {
	density := p.density()
	area := p.place(p.source.Bounds().Size())
	want := scaling{
		source: p.source,
		width:  int(math.Round(float64(area.Width * density))),
		height: int(math.Round(float64(area.Height * density))),
	}
	if p.brief && want.width > 3*want.source.Bounds().Dx() {
		// Half the pixels each way; the screen's own interpolation does the
		// rest, which does not show where every pixel was enlarged before.
		want.width, want.height = (want.width+1)/2, (want.height+1)/2
	}
	if want.width < 1 || want.height < 1 ||
		want.source == p.asked.source && want.width == p.asked.width && want.height == p.asked.height {
		return
	}
	p.asked = want
	p.scaler.scale(want.source, want.width, want.height, func(sized *image.RGBA) {
		p.deliver(sized, want.source.Bounds().Size())
	})
}

// deliver takes a sized picture. It may have been overtaken already; it is
// still newer than the one on the screen.
func (p *picture) deliver(sized *image.RGBA, proportions image.Point) {
	if p.source == nil {
		return
	}
	p.view.Image, p.shown = sized, proportions
	p.arrange()
	p.view.Show()
	p.view.Refresh()
}

// arrange puts the view where the picture in it belongs.
func (p *picture) arrange() {
	if p.view.Image == nil {
		return
	}
	area := p.place(p.shown)
	room := p.Size()
	// Whole pixels, or the picture would be resampled once more.
	density := p.density()
	snap := func(x float32) float32 { return float32(math.Floor(float64(x*density))) / density }
	p.view.Move(fyne.NewPos(snap((room.Width-area.Width)/2), snap((room.Height-area.Height)/2)))
	p.view.Resize(area)
}

// place is the largest size of these proportions that fits the room.
func (p *picture) place(proportions image.Point) fyne.Size {
	room := p.Size().SubtractWidthHeight(2*pictureMargin, 2*pictureMargin)
	if room.Width <= 0 || room.Height <= 0 {
		return fyne.Size{}
	}
	w, h := float32(proportions.X), float32(proportions.Y)
	ratio := min(room.Width/w, room.Height/h)
	density := p.density()
	whole := func(x float32) float32 { return float32(math.Round(float64(x*ratio*density))) / density }
	return fyne.NewSize(whole(w), whole(h))
}

// density is the number of screen pixels per unit of Fyne's coordinates.
func (p *picture) density() float32 { return density(p) }

func density(o fyne.CanvasObject) float32 {
	c := fyne.CurrentApp().Driver().CanvasForObject(o)
	if c == nil {
		return 1
	}
	const far = 4096
	x, _ := c.PixelCoordinateForPosition(fyne.NewPos(far, far))
	if x <= 0 {
		return 1
	}
	return float32(x) / far
}

// CreateRenderer is part of fyne.Widget.
func (p *picture) CreateRenderer() fyne.WidgetRenderer { return pictureRenderer{p} }

type pictureRenderer struct{ p *picture }

func (r pictureRenderer) Layout(fyne.Size) {
	if r.p.source != nil {
		r.p.arrange()
		r.p.ask()
	}
}
func (r pictureRenderer) MinSize() fyne.Size           { return fyne.NewSize(260, 240) }
func (r pictureRenderer) Refresh()                     { r.p.view.Refresh() }
func (r pictureRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.p.view} }
func (r pictureRenderer) Destroy()                     {}
