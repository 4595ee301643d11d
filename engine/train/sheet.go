package train

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"darkroom/engine/pipeline"
	"darkroom/engine/train/data"
)

// DataSheet writes the first samples of the data set as a PNG, and their captions
// beside it, a line for each.
func DataSheet(set *data.Set, path string) error {
	const rows, columns = 7, 12
	var tiles []image.Image
	var captions strings.Builder
	for i := range rows * columns {
		e := set.Sample(rand.New(rand.NewPCG(uint64(i), 0)), Size)
		tiles = append(tiles, pipeline.Picture(e.Pix, Size, Size))
		fmt.Fprintf(&captions, "%d,%d %s\n", i/columns+1, i%columns+1, e.Caption)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return errors.Join(Sheet(path, tiles, columns), os.WriteFile(strings.TrimSuffix(path, ".png")+".txt", []byte(captions.String()), 0o644))
}

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
