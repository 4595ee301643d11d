package train

import (
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
)

// Sheet writes tiles of one size as a PNG, row by row, on a dark ground.
func Sheet(path string, tiles []image.Image, columns int) error {
	if len(tiles) == 0 {
		return errors.New("a sheet needs at least one picture")
	}
	const gap = 4
	size := tiles[0].Bounds().Size()
	rows := (len(tiles) + columns - 1) / columns
	sheet := image.NewRGBA(image.Rect(0, 0, gap+columns*(size.X+gap), gap+rows*(size.Y+gap)))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.RGBA{18, 17, 16, 255}), image.Point{}, draw.Src)
	for i, t := range tiles {
		at := image.Pt(gap+i%columns*(size.X+gap), gap+i/columns*(size.Y+gap))
		draw.Draw(sheet, image.Rectangle{at, at.Add(size)}, t, t.Bounds().Min, draw.Src)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := png.Encode(f, sheet); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
