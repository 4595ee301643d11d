package ui

import (
	"image"
	"image/draw"

	"github.com/nfnt/resize"
)

// scaler sizes pictures for the screen on a goroutine of its own. It works on
// the latest picture asked for; one that is overtaken while it waits is never
// sized at all.
type scaler struct {
	do func(func()) // runs a function on Fyne's goroutine
	latest
}

// scaling is a picture and the size it is to have, in device pixels.
type scaling struct {
	source        *image.RGBA
	width, height int
}

// scale asks for source at width × height and returns at once; deliver gets the
// sized picture on Fyne's goroutine. The next one is not started before the window
// took the last: it sets the pace.
func (s *scaler) scale(source *image.RGBA, width, height int, deliver func(*image.RGBA)) {
	s.run(func() {
		sized := fit(source, width, height)
		taken := make(chan struct{})
		s.do(func() {
			deliver(sized)
			close(taken)
		})
		<-taken
	})
}

// fit sizes a picture to exactly width × height with Lanczos's filter. The
// result owns a buffer of its very size, which Fyne uploads as it is.
func fit(source *image.RGBA, width, height int) *image.RGBA {
	return compact(resize.Resize(uint(width), uint(height), compact(source), resize.Lanczos3))
}

// thumbnail sizes a picture down to at most side × side pixels; a smaller one
// is enlarged, so that thumbnails stand in line.
func thumbnail(source *image.RGBA, side int) *image.RGBA {
	b := source.Bounds()
	w, h := side, side
	if b.Dx() > b.Dy() {
		h = max(1, side*b.Dy()/b.Dx())
	} else {
		w = max(1, side*b.Dx()/b.Dy())
	}
	return fit(source, w, h)
}

// compact returns the picture as RGBA without a gap between its rows. Fyne's
// painter reads the pixel buffer from its start and ignores the stride.
func compact(source image.Image) *image.RGBA {
	b := source.Bounds()
	if m, ok := source.(*image.RGBA); ok && m.Stride == 4*b.Dx() && b.Min == (image.Point{}) {
		return m
	}
	m := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(m, m.Bounds(), source, b.Min, draw.Src)
	return m
}
