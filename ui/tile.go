package ui

import (
	"image"
	"math"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine/gallery"
)

// tile is one object of the grid, showing now this picture, now that.
type tile struct {
	id    string // "" for none
	place int

	ground *canvas.Rectangle // what the picture lies on
	view   *canvas.Image
	frame  *canvas.Rectangle // around it when it is chosen
	star   *widget.Icon
	rating *canvas.Text
	corner fyne.Position
}

// tileObjects is how many objects a tile is made of.
const tileObjects = 5

func newTile() *tile {
	c := &tile{
		ground: canvas.NewRectangle(shade(colorPanel)),
		view:   &canvas.Image{FillMode: canvas.ImageFillStretch},
		frame:  canvas.NewRectangle(nil),
		star:   widget.NewIcon(starredIcon),
		rating: caption(""),
	}
	c.ground.CornerRadius, c.frame.CornerRadius = 4, 5
	c.ground.Resize(fyne.NewSquareSize(tileSide))
	c.frame.Resize(fyne.NewSquareSize(tileSide + 6))
	c.star.Resize(fyne.NewSquareSize(14))
	c.rating.Color = shade(theme.ColorNamePrimary)
	c.rating.TextStyle.Bold = true
	return c
}

func (c *tile) objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{c.ground, c.view, c.frame, c.star, c.rating}
}

func (c *tile) hide() {
	c.id = ""
	for _, o := range c.objects() {
		o.Hide()
	}
}

func (c *tile) move(corner fyne.Position) {
	c.corner = corner
	c.ground.Move(corner)
	c.ground.Show()
	c.frame.Move(corner.SubtractXY(3, 3))
	c.rating.Move(corner.AddXY(3, tileSide+2))
	c.star.Move(corner.AddXY(tileSide-15, tileSide+2))
}

// show shows a thumbnail in the middle of the square, as large as it is, or as the
// square is, pixels wide, where it is smaller.
func (c *tile) show(thumb *image.RGBA, pixels float32) {
	if c.view.Hidden = thumb == nil || thumb.Rect.Empty(); c.view.Hidden {
		return
	}
	w, h := float32(thumb.Rect.Dx()), float32(thumb.Rect.Dy())
	scale := tileSide / max(w, h)
	size := fyne.NewSize(float32(math.Round(float64(w*scale))), float32(math.Round(float64(h*scale))))
	c.view.Resize(size)
	c.view.Move(c.corner.AddXY(half(tileSide-size.Width), half(tileSide-size.Height)))
	if c.view.Image != image.Image(thumb) {
		c.view.Image = thumb
		c.view.ScaleMode = canvas.ImageScaleFastest
		if pixels > max(w, h)+1 {
			c.view.ScaleMode = canvas.ImageScaleSmooth // the screen enlarges it
		}
		c.view.Refresh()
	}
}

// mark shows what a person thinks of the picture.
func (c *tile) mark(m gallery.Marks) {
	c.star.Hidden = !m.Favourite
	say(c.rating, strings.Repeat("• ", m.Rating))
	c.rating.Hidden = m.Rating == 0
}

// choose shows whether the picture is chosen, whether keys go on from it, and whether
// the pointer is over it.
func (c *tile) choose(chosen, at, hovered bool) {
	width, colour := float32(0), shade(theme.ColorNamePrimary)
	switch {
	case chosen && at:
		width = 3
	case chosen:
		width = 2
	case at:
		width, colour = 1, shade(colorQuiet)
	case hovered:
		width, colour = 1, shade(colorFrame)
	}
	if c.frame.Hidden = width == 0; c.frame.StrokeWidth != width || c.frame.StrokeColor != colour {
		c.frame.StrokeWidth, c.frame.StrokeColor = width, colour
		c.frame.Refresh()
	}
}
