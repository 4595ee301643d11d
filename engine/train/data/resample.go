package data

import (
	"image"
	"math"
)

// taps are the source pixels that make up one target pixel along one axis:
// first, first+1, … with their weights.
type taps struct {
	first   int
	weights []float32
}

// catmullRom is the cubic kernel of Catmull and Rom (1974), which keeps edges
// sharper than a box or a triangle. It is zero from |x| = 2 on.
func catmullRom(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return float64(float64(1.5*x-2.5)*x)*x + 1
	case x < 2:
		return float64(float64(float64(float64(-0.5*x+2.5)*x)-4)*x) + 2
	}
	return 0
}

// axis returns the taps for target pixels from … from+len−1 when SpriteSize
// source pixels are laid over the target's stretch [start, start+length).
// Source pixels outside the picture count as transparent: they have their
// share of the weight, which sums to one, but no tap.
func axis(start, length float64, size int) (from int, all []taps) {
	step := SpriteSize / length // source pixels per target pixel
	stretch := max(step, 1)     // widens the kernel, so that shrinking averages
	reach := 2 * stretch / step
	from = max(0, int(math.Floor(start-reach)))
	to := min(size, int(math.Ceil(start+length+reach)))
	for i := from; i < to; i++ {
		centre := (float64(i) + 0.5 - start) * step
		lo := int(math.Ceil(centre - float64(2*stretch) - 0.5))
		hi := int(math.Floor(centre + float64(2*stretch) - 0.5))
		t := taps{first: max(lo, 0)}
		var kept []float64
		sum := 0.0
		for j := lo; j <= hi; j++ {
			w := catmullRom((float64(j) + 0.5 - centre) / stretch)
			sum += w
			if j >= 0 && j < SpriteSize {
				kept = append(kept, w)
			}
		}
		for _, w := range kept {
			t.weights = append(t.weights, float32(w/sum))
		}
		all = append(all, t)
	}
	return from, all
}

// nearestAxis is axis with the one nearest source pixel for each of the target's.
func nearestAxis(start, length float64, size int) (from int, all []taps) {
	from = max(0, int(math.Ceil(start-0.5)))
	for i := from; i < min(size, int(math.Ceil(start+length-0.5))); i++ {
		at := int((float64(i) + 0.5 - start) * SpriteSize / length)
		all = append(all, taps{first: min(max(at, 0), SpriteSize-1), weights: []float32{1}})
	}
	return from, all
}

// drawSprite composes a sprite over pix ([size,size,3], components in 0…1) so
// that it covers the square with the corner (x0, y0) and the given side, in
// target pixels; parts outside the picture are cut off. Pixelated ones keep their
// pixels' edges.
func drawSprite(pix []float32, size int, sprite *image.RGBA, x0, y0, side float64, pixelated bool) {
	along := axis
	if pixelated {
		along = nearestAxis
	}
	left, columns := along(x0, side, size)
	top, rows := along(y0, side, size)
	width := len(columns)

	// Along x first: [SpriteSize, width, 4].
	half := make([]float32, SpriteSize*width*4)
	for y := range SpriteSize {
		line := sprite.Pix[y*sprite.Stride:][:4*SpriteSize]
		for x, t := range columns {
			var r, g, b, a float32
			for k, w := range t.weights {
				p := line[4*(t.first+k):][:4]
				r += float32(w * float32(p[0]))
				g += float32(w * float32(p[1]))
				b += float32(w * float32(p[2]))
				a += float32(w * float32(p[3]))
			}
			o := half[4*(y*width+x):][:4]
			o[0], o[1], o[2], o[3] = r/255, g/255, b/255, a/255
		}
	}

	// Then along y, and over the background. The kernel's negative lobes can
	// leave 0…1 at edges, hence the clamping.
	for y, t := range rows {
		for x := range width {
			var c rgb
			var a float32
			for k, w := range t.weights {
				p := half[4*((t.first+k)*width+x):][:4]
				c[0] += float32(w * p[0])
				c[1] += float32(w * p[1])
				c[2] += float32(w * p[2])
				a += float32(w * p[3])
			}
			a = min(max(a, 0), 1)
			o := pix[3*((top+y)*size+left+x):][:3]
			for i := range o {
				o[i] = float32(o[i]*(1-a)) + min(max(c[i], 0), a)
			}
		}
	}
}
