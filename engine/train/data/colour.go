package data

import "image"

// rgb is an sRGB colour with components in 0…1.
type rgb [3]float32

// mix returns a + (b−a)·t.
func mix(a, b rgb, t float32) rgb {
	for i := range a {
		a[i] += float32((b[i] - a[i]) * t)
	}
	return a
}

// colourWord names the colour with components r, g, b in 0…1 with the word a
// person would use, or "" where there is no common one. The borders between the words, in hue (degrees),
// saturation and value, were set by eye on the pictures of the set.
func colourWord(r, g, b float64) string {
	h, s, v := hsv(r, g, b)
	switch {
	case v < 0.32 || v < 0.42 && s < 0.35:
		return "black"
	case s < 0.2 && v > 0.76:
		return "white"
	case s < 0.2:
		return "grey"
	}
	switch {
	case h < 14 || h >= 335:
		switch {
		case s < 0.55 && v > 0.8:
			return "pink"
		case v < 0.55 || v < 0.75 && s < 0.7:
			return "brown"
		}
		return "red"
	case h < 38:
		switch {
		case v < 0.8:
			return "brown"
		case s < 0.62:
			return "" // beige and skin, which people call many names
		}
		return "orange"
	case h < 58:
		switch {
		case v < 0.65:
			return "brown"
		case s < 0.4:
			return "" // cream
		}
		return "yellow"
	case h < 168:
		return "green"
	case h < 250:
		return "blue"
	case h < 292:
		return "purple"
	}
	return "pink"
}

// dominantShare is the part of a picture one colour must cover to be used as
// the picture's colour in a caption.
const dominantShare = 0.45

// dominantColour returns the colour word that covers more than dominantShare
// of the opaque pixels of a premultiplied picture, or "" if none does.
func dominantColour(im *image.RGBA) string {
	count := map[string]int{}
	total := 0
	for i := 0; i < len(im.Pix); i += 4 {
		if im.Pix[i+3] < 128 {
			continue
		}
		a := float64(im.Pix[i+3])
		count[colourWord(float64(im.Pix[i])/a, float64(im.Pix[i+1])/a, float64(im.Pix[i+2])/a)]++
		total++
	}
	best, word := 0, ""
	for _, w := range colourWords {
		if count[w] > best {
			best, word = count[w], w
		}
	}
	if float64(best) <= dominantShare*float64(total) {
		return ""
	}
	return word
}

// colourWords lists every word colourWord can return but "".
var colourWords = []string{
	"black", "white", "grey", "red", "pink", "orange", "brown", "yellow", "green", "blue", "purple",
}
