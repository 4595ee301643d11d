package data

import (
	"math"
	"math/rand/v2"
)

// scenes are the backgrounds with something on them. The first phrase names one.
var scenes = []background{
	{phrases: []string{"on grass", "on the grass", "in a meadow"}, paint: meadow},
	{phrases: []string{"at the beach", "on the beach"}, paint: beach},
	{phrases: []string{"in the snow at night", "in the snow"}, paint: snowyNight},
	{phrases: []string{"at sunset", "in front of a sunset"}, paint: sunset},
	{phrases: []string{"on a wooden table", "on a table"}, paint: table},
	{phrases: []string{"in a forest", "in the woods"}, paint: forest},
	{phrases: []string{"in the desert", "in a desert"}, paint: desert},
	{phrases: []string{"underwater", "under water", "in the sea"}, paint: underwater},
	{phrases: []string{"in space", "in outer space", "among the stars"}, paint: space},
	{phrases: []string{"in a city at night", "in front of a city at night"}, paint: city},
	{phrases: []string{"in a room", "in a living room"}, paint: room},
	{phrases: []string{"on a stage", "in front of a red curtain"}, paint: stage},
	{phrases: []string{"in the rain", "on a rainy day"}, paint: rainyDay},
	{phrases: []string{"in the sky", "among the clouds"}, paint: sky},
	{phrases: []string{"in the mountains", "in front of mountains"}, paint: mountains},
	{phrases: []string{"in front of a brick wall", "by a brick wall"}, paint: brickWall},
	{phrases: []string{"on a striped background"}, paint: stripes},
	{phrases: []string{"on a checkered background", "on a checkerboard"}, paint: checkerboard},
	{phrases: []string{"on a dotted background", "on polka dots"}, paint: dots},
	{phrases: []string{"on a rainbow background"}, paint: rainbow},
}

func meadow(r *rand.Rand) painter {
	horizon, phase, hill := 0.58+jitter(r, 0.02), r.Float32(), 0.015+0.01*r.Float32()
	return func(x, y, soft float32) rgb {
		h := horizon + wave(x, 0.8, phase, hill)
		sky := mix(rgb{0.42, 0.70, 0.96}, rgb{0.84, 0.94, 1}, min(y/horizon, 1))
		grass := mix(rgb{0.58, 0.80, 0.34}, rgb{0.26, 0.57, 0.20}, min(max((y-h)/(1-h), 0), 1))
		return mix(sky, grass, edge(y, h, soft))
	}
}

func beach(r *rand.Rand) painter {
	const horizon = 0.42
	shore, phase := 0.68+jitter(r, 0.02), r.Float32()
	return func(x, y, soft float32) rgb {
		s := shore + wave(x, 1.1, phase, 0.018)
		sky := mix(rgb{0.48, 0.76, 0.98}, rgb{0.88, 0.96, 1}, min(y/horizon, 1))
		sea := mix(rgb{0.10, 0.45, 0.72}, rgb{0.28, 0.76, 0.80}, min(max((y-horizon)/(s-horizon), 0), 1))
		sand := mix(rgb{0.88, 0.76, 0.54}, rgb{0.97, 0.88, 0.68}, min(max((y-s)/(1-s), 0), 1))
		c := mix(sky, sea, edge(y, horizon, soft))
		c = mix(c, rgb{0.97, 0.99, 1}, edge(y, s-0.03, 2*soft)) // surf
		return mix(c, sand, edge(y, s, soft))
	}
}

func snowyNight(r *rand.Rand) painter {
	ground, phase := 0.66+jitter(r, 0.02), r.Float32()
	stars := scatter(r, 14, 0.58)
	return func(x, y, soft float32) rgb {
		g := ground + wave(x, 0.9, phase, 0.025)
		c := mix(rgb{0.04, 0.06, 0.20}, rgb{0.20, 0.25, 0.50}, min(y/g, 1))
		c = twinkle(c, stars, x, y, soft)
		snow := mix(rgb{0.92, 0.95, 1}, rgb{0.72, 0.79, 0.93}, min(max((y-g)/(1-g), 0), 1))
		return mix(c, snow, edge(y, g, soft))
	}
}

// scatter is n places in the upper part of a picture.
func scatter(r *rand.Rand, n int, height float32) [][2]float32 {
	places := make([][2]float32, n)
	for i := range places {
		places[i] = [2]float32{r.Float32(), height * r.Float32()}
	}
	return places
}

// twinkle draws a star of a pixel or two at each place.
func twinkle(c rgb, stars [][2]float32, x, y, soft float32) rgb {
	soft = max(soft, 1.0/128) // in a small picture as many pixels
	for _, s := range stars {
		dx, dy := (x-s[0])/soft, (y-s[1])/soft
		if d := float32(dx*dx) + float32(dy*dy); d < 1.5 {
			c = mix(c, rgb{1, 0.98, 0.88}, 0.9*(1-d/1.5))
		}
	}
	return c
}

func sunset(r *rand.Rand) painter {
	horizon := 0.70 + jitter(r, 0.02)
	return func(x, y, soft float32) rgb {
		t := min(y/horizon, 1)
		sky := mix(rgb{0.36, 0.20, 0.52}, rgb{0.94, 0.42, 0.38}, min(t/0.6, 1))
		sky = mix(sky, rgb{1, 0.78, 0.36}, max((t-0.6)/0.4, 0))
		land := mix(rgb{0.34, 0.17, 0.26}, rgb{0.18, 0.09, 0.18}, min(max((y-horizon)/(1-horizon), 0), 1))
		return mix(sky, land, edge(y, horizon, soft))
	}
}

func table(r *rand.Rand) painter {
	top, phase := 0.60+jitter(r, 0.02), r.Float32()
	return func(x, y, soft float32) rgb {
		wall := mix(rgb{0.95, 0.92, 0.87}, rgb{0.88, 0.84, 0.77}, min(y/top, 1))
		grain := wave(y+wave(x, 1, phase, 0.012), 14, phase, 0.025)
		wood := mix(rgb{0.74, 0.50, 0.28}, rgb{0.58, 0.36, 0.18}, min(max((y-top)/(1-top), 0), 1))
		for i := range wood {
			wood[i] += grain
		}
		c := mix(wall, rgb{0.86, 0.64, 0.40}, edge(y, top, soft)) // the lit front edge
		return mix(c, wood, edge(y, top+0.02, soft))
	}
}

func forest(r *rand.Rand) painter {
	ground, phase := 0.72+jitter(r, 0.03), r.Float32()
	return func(x, y, soft float32) rgb {
		c := mix(rgb{0.55, 0.74, 0.52}, rgb{0.33, 0.52, 0.34}, y)
		for layer := range 2 { // trunks, the nearer ones darker and wider
			n := float32(9 - 4*layer)
			at := float32(x*n) + phase*float32(3+layer)
			at -= float32(math.Floor(float64(at)))
			width := 0.12 + 0.05*float32(layer)
			d := max(at-0.5, 0.5-at)
			trunk := mix(rgb{0.30, 0.42, 0.28}, rgb{0.20, 0.22, 0.15}, float32(layer))
			c = mix(c, trunk, edge(width, d, soft*n))
		}
		leaves := 0.16 + wave(x, 3.1, phase, 0.03) + wave(x, 7.3, phase, 0.02)
		c = mix(rgb{0.13, 0.30, 0.15}, c, edge(y, leaves, soft))
		floor := mix(rgb{0.30, 0.36, 0.16}, rgb{0.20, 0.24, 0.11}, max((y-ground)/(1-ground), 0))
		return mix(c, floor, edge(y, ground+wave(x, 1.2, phase, 0.015), soft))
	}
}

func desert(r *rand.Rand) painter {
	horizon, phase := 0.56+jitter(r, 0.02), r.Float32()
	return func(x, y, soft float32) rgb {
		sky := mix(rgb{0.36, 0.66, 0.92}, rgb{0.98, 0.90, 0.74}, min(y/horizon, 1))
		far := horizon + wave(x, 0.9, phase, 0.04)
		near := horizon + 0.18 + wave(x, 0.6, phase+0.4, 0.05)
		c := mix(sky, mix(rgb{0.93, 0.72, 0.44}, rgb{0.85, 0.60, 0.33}, min(max((y-far)*4, 0), 1)), edge(y, far, soft))
		return mix(c, mix(rgb{0.97, 0.79, 0.50}, rgb{0.88, 0.65, 0.37}, min(max((y-near)*3, 0), 1)), edge(y, near, soft))
	}
}

func underwater(r *rand.Rand) painter {
	phase, floor := r.Float32(), 0.85+jitter(r, 0.03)
	bubbles := scatter(r, 9, 0.9)
	return func(x, y, soft float32) rgb {
		c := mix(rgb{0.18, 0.68, 0.84}, rgb{0.03, 0.22, 0.46}, y)
		ray := wave(x-0.35*y, 3, phase, 0.06) * (1 - y)
		for i := range c {
			c[i] += max(ray, 0)
		}
		for i, b := range bubbles {
			radius := 0.012 + 0.003*float32(i%4)
			dx, dy := x-b[0], y-b[1]
			d := float32(math.Sqrt(float64(float32(dx*dx) + float32(dy*dy))))
			c = mix(c, rgb{0.75, 0.93, 0.98}, 0.6*(1-edge(max(d-radius, radius-d), 0.004, soft)))
		}
		return mix(c, rgb{0.62, 0.62, 0.46}, edge(y, floor+wave(x, 1.3, phase, 0.02), soft))
	}
}

func space(r *rand.Rand) painter {
	stars, phase := scatter(r, 40, 1), r.Float32()
	return func(x, y, soft float32) rgb {
		c := mix(rgb{0.03, 0.02, 0.09}, rgb{0.09, 0.04, 0.20}, y)
		band := 0.5 + wave(x, 0.7, phase, 0.2) - y
		c = mix(c, rgb{0.26, 0.12, 0.40}, max(0, 0.55-2.2*max(band, -band)))
		return twinkle(c, stars, x, y, soft)
	}
}

func city(r *rand.Rand) painter {
	const blocks = 7
	var tops [blocks]float32
	for i := range tops {
		tops[i] = 0.28 + 0.34*r.Float32()
	}
	lit := r.Uint64()
	return func(x, y, soft float32) rgb {
		c := mix(rgb{0.08, 0.08, 0.26}, rgb{0.46, 0.26, 0.48}, y)
		i := min(int(x*blocks), blocks-1)
		house := mix(rgb{0.07, 0.07, 0.15}, rgb{0.11, 0.10, 0.20}, float32(i%2))
		inside := x*blocks - float32(i)
		if wx, wy := int(inside*3.99), int((y-tops[i])*26); y > tops[i]+0.03 && y < 0.82 && wx > 0 && wy%2 == 0 {
			if lit>>(uint(i*7+wx*5+wy)%64)&1 == 1 {
				house = rgb{0.98, 0.82, 0.42}
			}
		}
		c = mix(c, house, edge(y, tops[i], soft))
		return mix(c, rgb{0.17, 0.16, 0.20}, edge(y, 0.84, soft))
	}
}

func room(r *rand.Rand) painter {
	floor := 0.68 + jitter(r, 0.03)
	walls := []rgb{{0.86, 0.78, 0.66}, {0.68, 0.80, 0.82}, {0.84, 0.74, 0.80}, {0.76, 0.82, 0.68}}
	wall := walls[r.IntN(len(walls))]
	left := 0.06 + 0.6*r.Float32()
	return func(x, y, soft float32) rgb {
		c := mix(wall, rgb{0.6, 0.55, 0.5}, 0.12*y)
		if x > left && x < left+0.26 && y > 0.10 && y < 0.40 { // a window
			c = rgb{0.97, 0.96, 0.93}
			px, py := (x-left)/0.26, (y-0.10)/0.30
			if min(px, 1-px) > 0.08 && min(py, 1-py) > 0.07 && max(px-0.5, 0.5-px) > 0.03 {
				c = mix(rgb{0.56, 0.78, 0.96}, rgb{0.82, 0.92, 0.98}, py)
			}
		}
		c = mix(c, rgb{0.95, 0.93, 0.90}, edge(y, floor-0.03, soft)) // skirting
		planks := mix(rgb{0.66, 0.46, 0.28}, rgb{0.52, 0.34, 0.19}, min(max((y-floor)/(1-floor), 0), 1))
		return mix(c, planks, edge(y, floor, soft))
	}
}

func stage(r *rand.Rand) painter {
	phase := r.Float32()
	return func(x, y, soft float32) rgb {
		fold := wave(x, 9, phase, 0.13)
		c := rgb{0.62 + fold, 0.06 + 0.3*fold, 0.10 + 0.3*fold}
		for i := range c {
			c[i] = max(c[i]*(0.85+0.25*y), 0)
		}
		boards := mix(rgb{0.62, 0.42, 0.24}, rgb{0.42, 0.27, 0.15}, min(max((y-0.76)/0.24, 0), 1))
		return mix(c, boards, edge(y, 0.76, soft))
	}
}

func rainyDay(r *rand.Rand) painter {
	phase := r.Float32()
	return func(x, y, soft float32) rgb {
		c := mix(rgb{0.40, 0.46, 0.54}, rgb{0.62, 0.67, 0.72}, y)
		c = mix(c, rgb{0.36, 0.40, 0.42}, edge(y, 0.78, soft))
		column := float32(x*26) + float32(y*4)
		k := float32(math.Floor(float64(column)))
		drop := y*3 + phase + 0.618*k
		drop -= float32(math.Floor(float64(drop)))
		if in := column - k; in < 0.22 && drop < 0.35 {
			c = mix(c, rgb{0.80, 0.87, 0.94}, 0.7)
		}
		return c
	}
}

func sky(r *rand.Rand) painter {
	clouds := scatter(r, 5, 1)
	return func(x, y, soft float32) rgb {
		c := mix(rgb{0.26, 0.57, 0.94}, rgb{0.70, 0.88, 1}, y)
		for i, cl := range clouds {
			for k := range 3 { // three puffs each
				dx := (x - cl[0] + 0.09*float32(k-1)) / 1.2
				dy := y - cl[1] - 0.02*float32(k%2)
				radius := 0.055 + 0.012*float32((i+k)%3)
				d := float32(math.Sqrt(float64(float32(dx*dx) + float32(dy*dy))))
				c = mix(c, rgb{0.98, 0.99, 1}, 0.92*edge(radius, d, 3*soft))
			}
		}
		return c
	}
}

func mountains(r *rand.Rand) painter {
	phase := r.Float32()
	ridge := func(x, at, steep, shift float32) float32 { // a zigzag
		t := float32(x*steep) + shift
		t -= float32(math.Floor(float64(t)))
		return at + 0.34*max(t-0.5, 0.5-t)
	}
	return func(x, y, soft float32) rgb {
		c := mix(rgb{0.46, 0.72, 0.94}, rgb{0.88, 0.94, 0.98}, min(y/0.6, 1))
		far := ridge(x, 0.26, 1.7, phase)
		rock := mix(rgb{0.97, 0.98, 1}, rgb{0.46, 0.52, 0.62}, edge(y, far+0.08+wave(x, 9, phase, 0.012), 2*soft)) // snow on top
		c = mix(c, rock, edge(y, far, soft))
		near := ridge(x, 0.46, 2.3, phase+0.3)
		c = mix(c, rgb{0.34, 0.42, 0.46}, edge(y, near, soft))
		return mix(c, mix(rgb{0.44, 0.62, 0.32}, rgb{0.28, 0.46, 0.22}, max((y-0.72)/0.28, 0)), edge(y, 0.72+wave(x, 0.7, phase, 0.02), soft))
	}
}

func brickWall(r *rand.Rand) painter {
	shade := jitter(r, 0.05)
	return func(x, y, soft float32) rgb {
		const rows, columns = 10, 5
		row := int(y * rows)
		at := x*columns + 0.5*float32(row%2)
		px, py := at-float32(int(at)), y*rows-float32(row)
		tone := 0.04 * float32((row*7+int(at)*5)%4)
		brick := rgb{0.66 + shade + tone, 0.30 + tone, 0.22 + tone}
		return mix(rgb{0.80, 0.76, 0.70}, brick, edge(min(px, 1-px)/columns, 0.008, soft)*edge(min(py, 1-py)/rows, 0.008, soft))
	}
}

// twoTones are a colour and a lighter kind of it.
func twoTones(r *rand.Rand) (a, b rgb) {
	c := []rgb{{0.90, 0.45, 0.45}, {0.45, 0.65, 0.90}, {0.50, 0.76, 0.52}, {0.95, 0.76, 0.40}, {0.70, 0.55, 0.86}, {0.93, 0.60, 0.74}}[r.IntN(6)]
	return c, mix(c, rgb{1, 1, 1}, 0.72)
}

func stripes(r *rand.Rand) painter {
	a, b := twoTones(r)
	n := float32(6 + r.IntN(4))
	slope := float32(r.IntN(3) - 1)
	return func(x, y, soft float32) rgb {
		t := float32(x+slope*y)*n/2 + 8
		t -= float32(int(t))
		d := max(t-0.5, 0.5-t)
		return mix(a, b, edge(d, 0.25, soft*n/2))
	}
}

func checkerboard(r *rand.Rand) painter {
	a, b := twoTones(r)
	n := float32(6 + 2*r.IntN(2))
	return func(x, y, soft float32) rgb {
		if (int(x*n)+int(y*n))%2 == 0 {
			return a
		}
		return b
	}
}

func dots(r *rand.Rand) painter {
	a, b := twoTones(r)
	n := float32(5 + r.IntN(3))
	return func(x, y, soft float32) rgb {
		row := int(y * n)
		px := x*n + 0.5*float32(row%2)
		px -= float32(int(px)) + 0.5
		py := y*n - float32(row) - 0.5
		d := float32(math.Sqrt(float64(float32(px*px) + float32(py*py))))
		return mix(a, b, edge(d, 0.28, soft*n))
	}
}

func rainbow(r *rand.Rand) painter {
	phase := 0.1 * r.Float32()
	return func(x, y, soft float32) rgb {
		red, green, blue := fromHSV(float64(300*min(y+phase, 1)), 0.55, 0.98)
		return rgb{float32(red), float32(green), float32(blue)}
	}
}
