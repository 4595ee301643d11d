package ui

import (
	"fmt"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// curve draws the noise levels of a run: one point for each of the sampler's steps, the
// noise falling from left to right. Its height is atan σ, the angle between the picture
// and the noise in the latent, so that a level that is nothing but noise has a place, too.
type curve struct {
	object fyne.CanvasObject

	levels []float64
	words  *canvas.Text
	parts  *fyne.Container // what is drawn
}

const (
	curveHeight = 46
	curveDot    = 4
	mostDots    = 60  // more would be a line
	mostLines   = 160 // more would not be seen
)

func newCurve() *curve {
	c := &curve{words: caption("")}
	c.parts = container.New(c)
	ground := canvas.NewRectangle(shade(theme.ColorNameOverlayBackground))
	ground.CornerRadius = sizes[theme.SizeNameInputRadius]
	// the words stand where no falling curve comes: low on the left
	c.object = container.NewStack(ground, container.NewBorder(nil, inset(8, 3, c.words), nil, nil), c.parts)
	return c
}

// SetLevels shows other noise levels, falling; none is an empty frame.
func (c *curve) SetLevels(levels []float64) {
	c.levels = levels
	c.parts.RemoveAll()
	words := ""
	if n := len(levels); n > 1 {
		last := levels[n-1]
		if last == 0 && n > 2 {
			last = levels[n-2]
		}
		words = fmt.Sprintf("noise %s to %s", level(levels[0]), level(last))
		for range min(n-1, mostLines) {
			line := canvas.NewLine(shade(theme.ColorNamePrimary))
			line.StrokeWidth = 1.5
			c.parts.Add(line)
		}
		if n <= mostDots {
			for range n {
				c.parts.Add(canvas.NewCircle(shade(theme.ColorNamePrimary)))
			}
		}
	}
	say(c.words, words)
	c.parts.Refresh()
}

// at is where a level is drawn.
func (c *curve) at(i int, size fyne.Size) fyne.Position {
	const margin = 7
	x := margin + float32(i)/float32(len(c.levels)-1)*(size.Width-2*margin)
	y := 1 - math.Atan(c.levels[i])/math.Atan(c.levels[0])
	return fyne.NewPos(x, margin+float32(y)*(size.Height-2*margin))
}

// Layout draws the lines, and the points on them.
func (c *curve) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	n := len(c.levels)
	lines := min(n-1, mostLines)
	for k, o := range objects {
		if k < lines {
			line := o.(*canvas.Line)
			line.Position1, line.Position2 = c.at(k*(n-1)/lines, size), c.at((k+1)*(n-1)/lines, size)
			line.Refresh()
			continue
		}
		o.Resize(fyne.NewSquareSize(curveDot))
		o.Move(c.at(k-lines, size).SubtractXY(curveDot/2, curveDot/2))
	}
}

// MinSize is that of the drawing.
func (c *curve) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(80, curveHeight) }

// level is a noise level in words.
func level(sigma float64) string {
	if sigma >= 100 {
		return fmt.Sprintf("%.0f", sigma)
	}
	return fmt.Sprintf("%.3g", sigma)
}
