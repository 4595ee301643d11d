package train

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"

	"darkroom/engine/system"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// point is the mean loss of the steps since the one before.
type point struct {
	step int
	loss float64
}

// curve is how a stage's loss went, kept in a text file beside its state: a line
// with step and loss for each point.
type curve struct {
	points []point
	sum    float64
	n      int
}

// curveEvery is how many steps make a point.
const curveEvery = 20

// add notes the loss of a step.
func (c *curve) add(step int, loss float64) {
	c.sum += loss
	c.n++
	if step%curveEvery == 0 {
		c.points = append(c.points, point{step, c.sum / float64(c.n)})
		c.sum, c.n = 0, 0
	}
}

// readCurve reads the points up to a step; without a file there are none.
func readCurve(path string, upTo int) (*curve, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &curve{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := &curve{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var p point
		if _, err := fmt.Sscan(lines.Text(), &p.step, &p.loss); err != nil {
			return nil, fmt.Errorf("%s: %q is not a step and its loss; delete the file to go on without the curve so far", path, lines.Text())
		}
		if p.step <= upTo {
			c.points = append(c.points, p)
		}
	}
	return c, lines.Err()
}

func (c *curve) write(path string) error {
	return system.Replace(path, func(w io.Writer) error {
		for _, p := range c.points {
			if _, err := fmt.Fprintf(w, "%d %.6g\n", p.step, p.loss); err != nil {
				return err
			}
		}
		return nil
	})
}

// draw writes the curve as a PNG: the loss, on a logarithmic scale, by the step.
func (c *curve) draw(path, title string) error {
	if len(c.points) < 2 {
		return nil
	}
	const width, height, left, top, right, bottom = 960, 480, 70, 30, 20, 30
	ground, grid, ink := color.RGBA{18, 17, 16, 255}, color.RGBA{52, 50, 47, 255}, color.RGBA{240, 170, 70, 255}
	im := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(im, im.Rect, image.NewUniform(ground), image.Point{}, draw.Src)
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range c.points {
		if p.loss > 0 {
			low, high = min(low, p.loss), max(high, p.loss)
		}
	}
	low, high = math.Log(low), math.Log(high)
	if !(high > low) {
		high = low + 1
	}
	last := c.points[len(c.points)-1].step
	at := func(p point) (x, y float64) {
		share := (math.Log(max(p.loss, 1e-30)) - low) / (high - low)
		return left + float64(p.step)/float64(last)*(width-left-right), height - bottom - share*(height-top-bottom)
	}
	say := func(x, y int, text string) {
		d := font.Drawer{Dst: im, Src: image.NewUniform(color.RGBA{200, 195, 190, 255}), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
		d.DrawString(text)
	}
	for i := range 5 {
		y := height - bottom - i*(height-top-bottom)/4
		draw.Draw(im, image.Rect(left, y, width-right, y+1), image.NewUniform(grid), image.Point{}, draw.Src)
		say(8, y+4, fmt.Sprintf("%.3g", math.Exp(low+float64(i)/4*(high-low))))
		x := left + i*(width-left-right)/4
		say(x-3*len(fmt.Sprint(last*i/4)), height-10, fmt.Sprint(last*i/4))
	}
	say(left, 18, strings.TrimSpace(title))
	x0, y0 := at(c.points[0])
	for _, p := range c.points[1:] {
		x1, y1 := at(p)
		n := int(max(math.Abs(x1-x0), math.Abs(y1-y0))) + 1
		for i := range n {
			t := float64(i) / float64(n)
			x, y := int(x0+(x1-x0)*t), int(y0+(y1-y0)*t)
			draw.Draw(im, image.Rect(x, y, x+2, y+2), image.NewUniform(ink), image.Point{}, draw.Src)
		}
		x0, y0 = x1, y1
	}
	return system.Replace(path, func(w io.Writer) error { return png.Encode(w, im) })
}
