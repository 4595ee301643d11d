package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

// flow sets chips one behind the other, in as many lines as it takes.
type flow struct {
	chips []*chip
	width float32 // of the lines, as laid out last
}

// chip is a piece of a word on a ground of its own.
type chip struct {
	text   *canvas.Text
	ground *canvas.Rectangle
	joined bool // follows the one before without a space
}

const (
	chipHeight = 18
	lineGap    = 3
)

func newChip(words string, ground color.Color, joined bool) *chip {
	c := &chip{text: plain(words), ground: canvas.NewRectangle(ground), joined: joined}
	c.ground.CornerRadius = 3
	return c
}

// mark shows a chip as the one meant.
func (c *chip) mark(meant bool) {
	c.ground.StrokeWidth = 0
	if meant {
		c.ground.StrokeColor, c.ground.StrokeWidth = shade(theme.ColorNamePrimary), 1
	}
	c.ground.Refresh()
}

// objects is what flow lays out: the ground of each chip and the text on it.
func (f *flow) objects() []fyne.CanvasObject {
	var all []fyne.CanvasObject
	for _, c := range f.chips {
		all = append(all, c.ground, c.text)
	}
	return all
}

// MinSize is as high as the lines of the width laid out last.
func (f *flow) MinSize([]fyne.CanvasObject) fyne.Size {
	width := f.width
	if width == 0 {
		width = promptWidth - 60
	}
	return fyne.NewSize(40, f.set(width, nil))
}

// Layout sets the chips into lines.
func (f *flow) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	f.width = size.Width
	f.set(size.Width, func(c *chip, x, y, width float32) {
		c.ground.Move(fyne.NewPos(x, y))
		c.ground.Resize(fyne.NewSize(width, chipHeight))
		c.text.Move(fyne.NewPos(x+3, y))
		c.text.Resize(fyne.NewSize(width-6, chipHeight))
	})
}

// set gives each chip its place and tells the height of all.
func (f *flow) set(width float32, place func(c *chip, x, y, width float32)) float32 {
	var x, y float32
	for i, c := range f.chips {
		w := up(c.text.MinSize().Width) + 6
		if i > 0 {
			x += 4
			if c.joined {
				x -= 3
			}
			if x+w > width {
				x, y = 0, y+chipHeight+lineGap
			}
		}
		if place != nil {
			place(c, x, y, w)
		}
		x += w
	}
	return y + chipHeight
}
