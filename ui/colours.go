package ui

import (
	"cmp"
	"image"
	"image/color"
	"slices"
)

// colours is at most n colours that stand for all of a picture's: the box of colours
// whose values spread most is cut at its mean, until there are enough (Wu 1991's
// measure, Heckbert 1982's boxes). Pixels count without their alpha.
func colours(m *image.RGBA, n int) color.Palette {
	pixels := make([][3]uint8, 0, len(m.Pix)/4)
	const many = 1 << 16 // pixels tell enough
	for i, stride := 0, 4*max(1, len(m.Pix)/4/many); i+3 < len(m.Pix); i += stride {
		pixels = append(pixels, [3]uint8(m.Pix[i:]))
	}
	boxes := []box{newBox(pixels)}
	for len(boxes) < n {
		i := 0
		for j, b := range boxes {
			if b.spread > boxes[i].spread {
				i = j
			}
		}
		if boxes[i].spread == 0 {
			break
		}
		low, high := boxes[i].cut()
		boxes[i] = low
		boxes = append(boxes, high)
	}
	palette := make(color.Palette, len(boxes))
	for i, b := range boxes {
		palette[i] = color.RGBA{uint8(b.mean[0] + 0.5), uint8(b.mean[1] + 0.5), uint8(b.mean[2] + 0.5), 255}
	}
	return palette
}

// box is some of a picture's pixels.
type box struct {
	pixels [][3]uint8
	mean   [3]float64
	axis   int     // the channel that spreads most
	spread float64 // the sum of its squared distances to the mean
}

func newBox(pixels [][3]uint8) box {
	b := box{pixels: pixels}
	for k := range 3 {
		var sum, squares float64
		for _, p := range pixels {
			v := float64(p[k])
			sum += v
			squares += v * v
		}
		b.mean[k] = sum / float64(len(pixels))
		if spread := squares - sum*b.mean[k]; spread > b.spread+1e-6 {
			b.axis, b.spread = k, spread
		}
	}
	return b
}

// cut divides a box that spreads at the mean of its axis.
func (b box) cut() (low, high box) {
	slices.SortFunc(b.pixels, func(p, q [3]uint8) int { return cmp.Compare(p[b.axis], q[b.axis]) })
	at := 0
	for at < len(b.pixels)-1 && float64(b.pixels[at][b.axis]) <= b.mean[b.axis] {
		at++
	}
	at = max(1, at)
	return newBox(b.pixels[:at]), newBox(b.pixels[at:])
}
