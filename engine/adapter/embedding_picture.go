package adapter

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/png" // the pictures that hold one
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	_ "golang.org/x/image/webp"

	"darkroom/engine/metadata"
)

// A picture can hold a textual inversion, as the web UI saves them
// (modules/textual_inversion/image_embedding.py): as base64 in a text, or in the
// lower four bits of the colours of columns at its left and right, with black columns
// between them and the picture.
const pictureText = "sd-ti-embedding"

// Limits of such a picture: 1 024 vectors of Stable Diffusion XL in decimal take less.
const (
	mostPixels = 1 << 22
	mostJSON   = 1 << 26
)

var errNoEmbedding = errors.New("the picture holds no textual inversion")

// IsPicture tells files that can be a picture with a textual inversion by how their
// names end.
func IsPicture(path string) bool {
	return slices.Contains([]string{".png", ".webp"}, strings.ToLower(filepath.Ext(path)))
}

// HasEmbedding reports whether a picture says in a text that it holds a textual
// inversion. One that has it in its pixels alone must be asked for by its path.
func HasEmbedding(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	texts, _ := metadata.Read(f)
	return slices.ContainsFunc(texts, func(t metadata.Text) bool { return t.Key == pictureText })
}

func openPicture(path string) (*Embedding, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := pictureData(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: choose a textual inversion's file", path, err)
	}
	var data struct {
		Params map[string]struct {
			Rows [][]float32 `json:"TORCHTENSOR"`
		} `json:"string_to_param"`
	}
	if err := json.Unmarshal(text, &data); err != nil {
		return nil, fmt.Errorf("%s: its textual inversion is not the JSON it should be (%w): download it again", path, err)
	}
	base := filepath.Base(path)
	e := &Embedding{Name: strings.TrimSuffix(base, filepath.Ext(base)), Vectors: map[int][]float32{}}
	for name, p := range data.Params {
		if len(p.Rows) == 0 || len(p.Rows) > mostVectors || len(p.Rows[0]) == 0 || e.Vectors[len(p.Rows[0])] != nil {
			return nil, notEmbedding(path, name, []int{len(p.Rows)})
		}
		width := len(p.Rows[0])
		for _, row := range p.Rows {
			if len(row) != width {
				return nil, notEmbedding(path, name, []int{len(p.Rows), len(row)})
			}
			e.Vectors[width] = append(e.Vectors[width], row...)
		}
	}
	if len(e.Vectors) == 0 {
		return nil, fmt.Errorf("%s: %w: choose a textual inversion's file", path, errNoEmbedding)
	}
	return e, nil
}

// pictureData is the JSON that a picture holds.
func pictureData(f io.ReadSeeker) ([]byte, error) {
	texts, err := metadata.Read(f)
	if err != nil {
		return nil, err
	}
	for _, t := range texts {
		if t.Key == pictureText {
			return base64.StdEncoding.DecodeString(t.Value)
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	config, _, err := image.DecodeConfig(f)
	if err != nil {
		return nil, err
	}
	if config.Height == 0 || config.Width > mostPixels/config.Height {
		return nil, errNoEmbedding
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(f)
	if err != nil {
		return nil, err
	}
	return hidden(img)
}

// hidden is what the columns at a picture's sides hold.
func hidden(img image.Image) ([]byte, error) {
	area := lit(img)
	w, h := area.Dx(), area.Dy()
	low := make([]byte, 0, 3*w*h) // the lower four bits of its colours
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			low = append(low, byte(r>>8)&15, byte(g>>8)&15, byte(b>>8)&15)
		}
	}
	left, right := -1, -1 // the first and the last column without any
	for x := range w {
		empty := true
		for y := range h {
			at := (y*w + x) * 3
			empty = empty && low[at] == 0 && low[at+1] == 0 && low[at+2] == 0
		}
		if empty {
			if left < 0 {
				left = x
			}
			right = x
		}
	}
	if left < 1 || right == left || left != w-1-right {
		return nil, errNoEmbedding
	}
	block := func(from, to int) []byte {
		var b []byte
		for y := range h {
			b = append(b, low[(y*w+from)*3:(y*w+to)*3]...)
		}
		var seed uint32 // a linear congruential generator hides them a little
		for i := range b {
			seed = 1664525*seed + 1013904223
			b[i] ^= byte(seed%255) & 15
		}
		return b
	}
	lower, upper := block(0, left), block(right+1, w)
	for i := range lower {
		lower[i] |= upper[i] << 4
	}
	z, err := zlib.NewReader(bytes.NewReader(lower))
	if err != nil {
		return nil, errNoEmbedding
	}
	text, err := io.ReadAll(io.LimitReader(z, mostJSON))
	if err != nil {
		return nil, errNoEmbedding
	}
	return text, nil
}

// lit is a picture without the rows and columns at its edges that have no pixel all of
// whose colours are above 0.
func lit(img image.Image) image.Rectangle {
	b := img.Bounds()
	area := image.Rectangle{Min: b.Max, Max: b.Min}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if r, g, b, _ := img.At(x, y).RGBA(); r>>8 > 0 && g>>8 > 0 && b>>8 > 0 {
				area.Min.X, area.Max.X = min(area.Min.X, x), max(area.Max.X, x+1)
				area.Min.Y, area.Max.Y = min(area.Min.Y, y), max(area.Max.Y, y+1)
			}
		}
	}
	if area.Dx() <= 0 || area.Dy() <= 0 {
		return image.Rectangle{}
	}
	return area
}
