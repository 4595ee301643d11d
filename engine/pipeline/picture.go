package pipeline

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif" // pictures that can be read
	_ "image/jpeg"
	_ "image/png"
	"math"
	"os"

	"darkroom/engine"
	"darkroom/engine/nn"

	"github.com/nfnt/resize"
	_ "golang.org/x/image/webp"
	"gorgonia.org/tensor"
)

// mostPixels is how large a picture may be that is read.
const mostPixels = 200_000_000

// pictureSize is a picture's width and height, without reading all of it.
func pictureSize(path string) (w, h int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, fmt.Errorf("the picture can't be read: %w", err)
	}
	defer f.Close()
	cfg, _, err := image.DecodeConfig(f)
	if err != nil {
		return 0, 0, fmt.Errorf("%s is not a picture that can be read (%w): choose a PNG, JPEG, WebP or GIF file", path, err)
	}
	if cfg.Width < 1 || cfg.Height < 1 || cfg.Width > mostPixels/cfg.Height {
		return 0, 0, fmt.Errorf("%s is %d×%d pixels large: choose a picture of at most %d million", path, cfg.Width, cfg.Height, mostPixels/1_000_000)
	}
	return cfg.Width, cfg.Height, nil
}

// openPicture reads a picture and sizes it so that it covers w×h and is cut off
// evenly where it reaches beyond.
func openPicture(path string, w, h int) (image.Image, error) {
	if _, _, err := pictureSize(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the picture can't be read: %w", err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s is not a picture that can be read (%w): choose a PNG, JPEG, WebP or GIF file", path, err)
	}
	b := img.Bounds()
	if b.Dx() == w && b.Dy() == h {
		return img, nil
	}
	scale := max(float64(w)/float64(b.Dx()), float64(h)/float64(b.Dy()))
	large := resize.Resize(uint(max(w, int(math.Round(float64(b.Dx())*scale)))), uint(max(h, int(math.Round(float64(b.Dy())*scale)))), opaque(img), resize.Lanczos3)
	cut := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(cut, cut.Rect, large, large.Bounds().Min.Add(image.Pt((large.Bounds().Dx()-w)/2, (large.Bounds().Dy()-h)/2)), draw.Src)
	return cut, nil
}

// opaque is a picture's colours without its transparency.
func opaque(img image.Image) *image.RGBA {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			c := color.NRGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
			out.SetRGBA(x, y, color.RGBA{c.R, c.G, c.B, 255})
		}
	}
	return out
}

// readPicture reads a picture as [1,h,w,3] in −1 … 1.
func readPicture(path string, w, h int) (*tensor.Dense, error) {
	img, err := openPicture(path, w, h)
	if err != nil {
		return nil, err
	}
	values := make([]float32, w*h*3)
	for i, v := range opaque(img).Pix {
		if i%4 < 3 {
			values[i/4*3+i%4] = float32(v)/127.5 - 1
		}
	}
	return nn.Wrap(values, 1, h, w, 3), nil
}

// readMask reads a picture's lightness; transparent counts as black.
func readMask(path string, w, h int) (*image.Gray, error) {
	img, err := openPicture(path, w, h)
	if err != nil {
		return nil, err
	}
	mask := image.NewGray(image.Rect(0, 0, w, h))
	draw.Draw(mask, mask.Rect, img, img.Bounds().Min, draw.Over)
	return mask, nil
}

// shaped is the size nearest to the picture's shape with about as many pixels as
// side×side, in multiples of unit.
func shaped(path string, side, unit int) (w, h int, err error) {
	w, h, err = pictureSize(path)
	if err != nil {
		return 0, 0, err
	}
	scale := float64(side) / math.Sqrt(float64(w)*float64(h))
	fit := func(n int) int {
		most := engine.MaxSize / unit * unit
		return min(max(unit, int(math.Round(float64(n)*scale/float64(unit)))*unit), most)
	}
	return fit(w), fit(h), nil
}
