package data

import (
	"image"
	"image/draw"
	"math"
)

// view is where a model is looked at from.
type view struct {
	turn float64 // radians to the right round the model, 0 from its front
	rise float64 // radians above the horizon
	says string  // "from the side", or "" if it isn't mentioned
}

// rasterSize is the height and width of a rendered model, to be scaled down.
const rasterSize = 256

// light falls from the upper left, behind the viewer.
var light = unit(vec{-0.45, 0.7, 0.6})

const (
	ambient  = 0.52 // light from everywhere; a little more from above
	skylight = 0.12
	direct   = 0.55
)

// render draws m, turned by rotation (nil, or a 3×3 matrix) first, filling the
// picture. Surfaces are seen from both sides; what is transparent comes last.
func (m *mesh) render(v view, rotation []float64) *image.NRGBA {
	c := camera{rotation: rotation, cosTurn: math.Cos(v.turn), sinTurn: math.Sin(v.turn), cosRise: math.Cos(v.rise), sinRise: math.Sin(v.rise)}
	seen := make([]vec, len(m.points))
	for i, p := range m.points {
		seen[i] = c.turned(p)
	}
	low, high := vec{math.Inf(1), math.Inf(1), math.Inf(1)}, vec{math.Inf(-1), math.Inf(-1), math.Inf(-1)}
	for _, t := range m.triangles {
		for _, i := range t.point {
			for k, x := range seen[i] {
				low[k], high[k] = min(low[k], x), max(high[k], x)
			}
		}
	}
	size := max(high[0]-low[0], high[1]-low[1])
	if !(size > 0) || math.IsInf(size, 0) {
		return image.NewNRGBA(image.Rect(0, 0, 1, 1))
	}
	scale := (rasterSize - 4) / size
	for i, p := range seen {
		seen[i] = vec{
			(p[0]-(low[0]+high[0])/2)*scale + rasterSize/2,
			rasterSize/2 - (p[1]-(low[1]+high[1])/2)*scale,
			p[2] * scale,
		}
	}
	r := raster{mesh: m, camera: c, seen: seen, out: image.NewNRGBA(image.Rect(0, 0, rasterSize, rasterSize))}
	for i := range r.depth {
		r.depth[i] = math.Inf(-1)
	}
	for _, transparent := range []bool{false, true} {
		for i := range m.triangles {
			if t := &m.triangles[i]; t.material.opacity < 0.98 == transparent {
				r.fill(t)
			}
		}
	}
	return r.out
}

type camera struct {
	rotation                           []float64
	cosTurn, sinTurn, cosRise, sinRise float64
}

func (c *camera) turned(v vec) vec {
	if len(c.rotation) == 9 {
		q := c.rotation
		v = vec{
			q[0]*v[0] + q[1]*v[1] + q[2]*v[2],
			q[3]*v[0] + q[4]*v[1] + q[5]*v[2],
			q[6]*v[0] + q[7]*v[1] + q[8]*v[2],
		}
	}
	x, z := c.cosTurn*v[0]-c.sinTurn*v[2], c.sinTurn*v[0]+c.cosTurn*v[2]
	return vec{x, c.cosRise*v[1] - c.sinRise*z, c.sinRise*v[1] + c.cosRise*z}
}

// raster is a picture under way.
type raster struct {
	*mesh
	camera
	seen  []vec // points in the picture, and their nearness
	out   *image.NRGBA
	depth [rasterSize * rasterSize]float64
}

// fill draws one triangle.
func (r *raster) fill(t *triangle) {
	p, q, s := r.seen[t.point[0]], r.seen[t.point[1]], r.seen[t.point[2]]
	area := (q[0]-p[0])*(s[1]-p[1]) - (q[1]-p[1])*(s[0]-p[0])
	if math.Abs(area) < 1e-9 {
		return
	}
	flat := cross(minus(q, p), minus(s, p))
	flat[1] = -flat[1] // the picture's rows go down
	x0, x1 := span(p[0], q[0], s[0])
	y0, y1 := span(p[1], q[1], s[1])
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			dx, dy := float64(x)+0.5-p[0], float64(y)+0.5-p[1]
			b := (dx*(s[1]-p[1]) - dy*(s[0]-p[0])) / area
			c := ((q[0]-p[0])*dy - (q[1]-p[1])*dx) / area
			weights := vec{1 - b - c, b, c}
			if weights[0] < 0 || b < 0 || c < 0 {
				continue
			}
			near := weights[0]*p[2] + b*q[2] + c*s[2]
			if near <= r.depth[y*rasterSize+x] {
				continue
			}
			if r.paint(t, weights, flat, x, y) {
				r.depth[y*rasterSize+x] = near
			}
		}
	}
}

// span is the pixels between the least and the greatest of three places.
func span(a, b, c float64) (from, to int) {
	return int(max(0, min(a, b, c))), int(min(rasterSize-1, max(a, b, c)))
}

// paint colours the pixel at the place that weights tell, and tells whether it
// hides what is behind.
func (r *raster) paint(t *triangle, weights, flat vec, x, y int) bool {
	colour, opacity := t.material.diffuse, t.material.opacity
	if tex := t.material.texture; tex != nil && min(t.place[0], t.place[1], t.place[2]) >= 0 {
		var u, v float64
		for k, w := range weights {
			u += w * r.places[t.place[k]][0]
			v += w * r.places[t.place[k]][1]
		}
		at := tex.PixOffset(wrap(u, tex.Rect.Dx()), wrap(1-v, tex.Rect.Dy()))
		c := tex.Pix[at : at+4]
		if c[3] < 100 { // leaves and fences are cut out so
			return false
		}
		colour = vec{float64(c[0]) / 255, float64(c[1]) / 255, float64(c[2]) / 255}
	}
	normal := flat
	if min(t.normal[0], t.normal[1], t.normal[2]) >= 0 {
		var n vec
		for k, w := range weights {
			for i, x := range r.normals[t.normal[k]] {
				n[i] += w * x
			}
		}
		normal = r.turned(n)
	}
	normal = unit(normal)
	if normal[2] < 0 { // seen from its other side
		normal = vec{-normal[0], -normal[1], -normal[2]}
	}
	lit := ambient + skylight*normal[1] + direct*max(0, normal[0]*light[0]+normal[1]*light[1]+normal[2]*light[2])
	pix := r.out.Pix[r.out.PixOffset(x, y):][:4]
	behind := pix[3] > 0
	for k := range 3 {
		c := min(1, max(0, colour[k]*lit)) * 255
		if behind && opacity < 0.98 {
			c = c*opacity + float64(pix[k])*(1-opacity)
		}
		pix[k] = uint8(c + 0.5)
	}
	if !behind {
		pix[3] = 255
		if opacity < 0.98 {
			pix[3] = uint8(255 * max(0.25, min(opacity, 1)))
		}
	}
	return opacity >= 0.98
}

// wrap is the pixel of n that a place on a repeated texture falls upon.
func wrap(u float64, n int) int {
	u -= math.Floor(u)
	if !(u >= 0) {
		return 0
	}
	return min(int(u*float64(n)), n-1)
}

func minus(a, b vec) vec { return vec{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }

func cross(a, b vec) vec {
	return vec{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}

func unit(v vec) vec {
	n := math.Sqrt(v[0]*v[0] + v[1]*v[1] + v[2]*v[2])
	if n == 0 {
		return vec{0, 0, 1}
	}
	return vec{v[0] / n, v[1] / n, v[2] / n}
}

// toNRGBA is im with colours that are not multiplied by the opacity.
func toNRGBA(im image.Image) *image.NRGBA {
	b := im.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(out, out.Rect, im, b.Min, draw.Src)
	return out
}
