package data

import (
	"image"
	"math"
)

// dye is how a picture's main colour can be changed: by turning the hues near it.
// The zero value is for pictures without one, which can only be made black or
// white.
type dye struct {
	Hue float64 `json:"hue"` // the middle of the band, in degrees
}

// Hues are the colours that pictures are dyed in.
var dyeHues = []struct {
	word string
	hue  float64
}{
	{"red", 0}, {"orange", 27}, {"yellow", 50}, {"green", 120}, {"blue", 215}, {"purple", 272}, {"pink", 330},
}

const (
	dyeBand     = 50   // degrees to both sides of the main hue that are turned with it
	dyeTogether = 0.75 // least part of what has a colour that must lie in the band
	dyeShows    = 0.45 // least part of a picture that must then have the colour
)

// findDyes tells how a picture's colour can be changed, and what colours it shows
// then, by looking at what comes out.
func findDyes(im *image.RGBA) (*dye, []string) {
	d := mainHue(im)
	if d == nil {
		return nil, nil
	}
	var words []string
	for _, to := range dyeHues {
		if share(d.apply(im, to.word), to.word) >= dyeShows {
			words = append(words, to.word)
		}
	}
	for _, word := range []string{"black", "white"} {
		if share(d.apply(im, word), word) >= dyeShows {
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return nil, nil
	}
	return d, words
}

// mainHue is the middle of the band of hues that holds most of what has a colour,
// nil if there are several or too little has any.
func mainHue(im *image.RGBA) *dye {
	var bins [36]float64
	var all, coloured float64
	for i := 0; i < len(im.Pix); i += 4 {
		h, s, v, ok := pixelHSV(im.Pix[i:])
		if !ok {
			continue
		}
		all++
		if s > 0.25 && v > 0.2 {
			coloured++
			bins[int(h/10)%36]++
		}
	}
	if coloured < 0.45*all || all == 0 {
		return nil
	}
	best, at := 0.0, 0
	const reach = dyeBand/10 - 1
	for i := range bins {
		var sum float64
		for k := -reach; k <= reach; k++ {
			sum += bins[(i+k+36)%36]
		}
		if sum > best {
			best, at = sum, i
		}
	}
	if best < dyeTogether*coloured {
		return nil
	}
	return &dye{Hue: float64(at)*10 + 5}
}

// apply returns a picture in another colour.
func (d *dye) apply(im *image.RGBA, word string) *image.RGBA {
	out := image.NewRGBA(im.Rect)
	copy(out.Pix, im.Pix)
	to := 0.0
	for _, t := range dyeHues {
		if t.word == word {
			to = t.hue
		}
	}
	for i := 0; i < len(out.Pix); i += 4 {
		h, s, v, ok := pixelHSV(out.Pix[i:])
		off := math.Mod(h-d.Hue+540, 360) - 180
		if !ok || s <= 0.08 || math.Abs(off) > dyeBand {
			continue
		}
		switch word {
		case "black":
			s, v = 0.12*s, 0.30*v
		case "white":
			s, v = 0.08*s, 1-(1-v)*0.35
		case "yellow", "orange": // dark ones would be brown
			v = 1 - (1-v)*0.6
			s = max(s, 0.6*s+0.35)
		case "pink":
			s, v = 0.7*s, 1-(1-v)*0.6
		case "red", "purple":
			s = min(1, 1.15*s)
		}
		h = math.Mod(to+float64(off*0.25)+360, 360)
		r, g, b := fromHSV(h, s, v)
		a := float64(out.Pix[i+3])
		out.Pix[i], out.Pix[i+1], out.Pix[i+2] = uint8(r*a+0.5), uint8(g*a+0.5), uint8(b*a+0.5)
	}
	return out
}

// share is the part of a picture that a colour word fits.
func share(im *image.RGBA, word string) float64 {
	n, all := 0, 0
	for i := 0; i < len(im.Pix); i += 4 {
		if a := float64(im.Pix[i+3]); a >= 128 {
			all++
			if colourWord(float64(im.Pix[i])/a, float64(im.Pix[i+1])/a, float64(im.Pix[i+2])/a) == word {
				n++
			}
		}
	}
	return float64(n) / float64(max(all, 1))
}

// pixelHSV is hue, saturation and value of a premultiplied pixel; ok is false
// where it is nearly transparent.
func pixelHSV(p []uint8) (h, s, v float64, ok bool) {
	if p[3] < 16 {
		return 0, 0, 0, false
	}
	a := float64(p[3])
	h, s, v = hsv(min(float64(p[0])/a, 1), min(float64(p[1])/a, 1), min(float64(p[2])/a, 1))
	return h, s, v, true
}

// hsv is hue in degrees, saturation and value of a colour.
func hsv(r, g, b float64) (h, s, v float64) {
	v = max(r, g, b)
	d := v - min(r, g, b)
	if d == 0 {
		return 0, 0, v
	}
	s = d / v
	switch v {
	case r:
		h = 60 * math.Mod((g-b)/d+6, 6)
	case g:
		h = 60 * ((b-r)/d + 2)
	default:
		h = 60 * ((r-g)/d + 4)
	}
	return h, s, v
}

// fromHSV is the inverse.
func fromHSV(h, s, v float64) (r, g, b float64) {
	channel := func(n float64) float64 {
		k := math.Mod(n+h/60, 6)
		return v - float64(v*s)*max(0, min(k, 4-k, 1))
	}
	return channel(5), channel(3), channel(1)
}
