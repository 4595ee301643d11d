package ui

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"io"
	"path/filepath"
	"strings"

	"darkroom/engine/system"
)

// Of exported timelines.
const (
	gifDelay = 12  // hundredths of a second that a step is seen
	gifRest  = 250 // the same for the last
	gifSide  = 512 // pixels at most, as more makes files of many megabytes
	cellSide = 192 // pixels of a step in a strip
)

// exportTimeline asks where to, and writes every step of the take on show: as an
// animated GIF, or as a strip when the name ends in .png.
func (s *Studio) exportTimeline() {
	t := s.shown
	if t == nil {
		s.notice.Fail(errNothing)
		return
	}
	if len(t.previews) == 0 {
		s.notice.Fail(errNoSteps)
		return
	}
	var looks []*image.RGBA
	for i := range t.steps() {
		looks = append(looks, t.at(i))
	}
	name := strings.TrimSuffix(t.filename(t.steps()-1), ".png") + ".gif"
	s.askFile("Export as .gif or .png", name, "Export", func(path string) string {
		if ext := strings.ToLower(filepath.Ext(path)); ext != ".png" && ext != ".gif" {
			path += ".gif"
		}
		return path
	}, func(path string) { s.writeTimeline(path, looks) })
}

// writeTimeline writes looks to a file. It is called off Fyne's goroutine.
func (s *Studio) writeTimeline(path string, looks []*image.RGBA) {
	s.do(func() { s.notice.Tell("writing the timeline to "+path, "", nil) })
	write := writeGIF
	if strings.EqualFold(filepath.Ext(path), ".png") {
		write = writeStrip
	}
	err := system.Replace(path, func(w io.Writer) error { return write(w, looks) })
	s.do(func() {
		if err != nil {
			s.notice.Fail(fmt.Errorf("the timeline can't be written to %s: %w", path, err))
			return
		}
		s.notice.Tell(fmt.Sprintf("%d steps are in %s", len(looks), path), "", nil)
	})
}

// sized is the size of the last look, the picture, within a side: all looks get it,
// though the steps before may be smaller.
func sized(looks []*image.RGBA, side int) image.Point {
	size := looks[len(looks)-1].Bounds().Size()
	if longest := max(size.X, size.Y); longest > side {
		size = image.Pt(max(1, size.X*side/longest), max(1, size.Y*side/longest))
	}
	return size
}

// writeGIF writes looks as an animation that rests on the last, each with the best
// colours for it.
func writeGIF(w io.Writer, looks []*image.RGBA) error {
	size := sized(looks, gifSide)
	animation := &gif.GIF{}
	for i, look := range looks {
		look = fit(look, size.X, size.Y)
		frame := image.NewPaletted(look.Rect, colours(look, 256))
		draw.FloydSteinberg.Draw(frame, frame.Rect, look, image.Point{})
		animation.Image = append(animation.Image, frame)
		delay := gifDelay
		if i == len(looks)-1 {
			delay = gifRest
		}
		animation.Delay = append(animation.Delay, delay)
	}
	return gif.EncodeAll(w, animation)
}

// writeStrip writes looks side by side.
func writeStrip(w io.Writer, looks []*image.RGBA) error {
	const gap = 4
	size := sized(looks, cellSide)
	strip := image.NewRGBA(image.Rect(0, 0, len(looks)*(size.X+gap)-gap, size.Y))
	draw.Draw(strip, strip.Rect, image.NewUniform(color.Black), image.Point{}, draw.Src)
	for i, look := range looks {
		at := image.Rectangle{Max: size}.Add(image.Pt(i*(size.X+gap), 0))
		draw.Draw(strip, at, fit(look, size.X, size.Y), image.Point{}, draw.Src)
	}
	return png.Encode(w, strip)
}
