package noise

import "gorgonia.org/tensor"

// Convention is how a tool makes the noise of a run from a seed. The zero
// Convention is our own: Philox throughout, as the web UI's "NV".
type Convention struct {
	Start  Source // of what the picture starts from
	Steps  Source // of what samplers add
	Tree   Source // of the Brownian motion of the samplers that use one
	Shared bool   // one draw serves all pictures of a batch, where others count the seed up
	// Own is the seed of the generator that the steps draw from, if it isn't the
	// start's that goes on.
	Own func(seed uint64) uint64
}

// Seeds says which noise of a convention is meant.
type Seeds struct {
	Seed          uint64
	Delta         int64   // added to the seed of the steps' draws: the web UI's eta noise seed delta
	Variation     uint64  // seed of the noise that the start's is turned towards
	Strength      float64 // how far, from 0 to 1
	Height, Width int     // if not 0, the size in latent pixels whose noise is set into the start's middle
	Batch, Index  int     // with Shared: how many pictures a draw serves, and which of them this is
}

// Begin is the noise a run starts from, [1,h,w,c] of unit variance, and the
// stream of the noise to come. Variation and size are the web UI's (modules/
// rng.py, ImageRNG).
func (v Convention) Begin(s Seeds, c, h, w int) (*tensor.Dense, Stream) {
	start := Stream{Seed: s.Seed, Source: v.Start}
	steps := Stream{Seed: s.Seed, Source: v.Steps, Draw: 1, Tree: Tree{Seed: s.Seed, Source: v.Tree}}
	if v.Shared {
		start.Batch, start.Index = s.Batch, s.Index
		steps.Batch, steps.Index = s.Batch, s.Index
	}
	if v.Own != nil {
		steps.Seed, steps.Draw = v.Own(s.Seed), 0
	}
	if s.Delta != 0 {
		steps.Seed, steps.Draw = steps.Seed+uint64(s.Delta), 0
	}

	height, width := h, w
	if s.Height > 0 && s.Width > 0 {
		height, width = s.Height, s.Width
	}
	planes := start.planes(c * height * width)
	if s.Strength != 0 {
		other := start
		other.Seed = s.Variation
		planes = slerp(s.Strength, planes, other.planes(c*height*width), c, height, width)
	}
	if height != h || width != w {
		whole := start.planes(c * h * w)
		setMiddle(whole, h, w, planes, height, width)
		planes = whole
	}
	return channelsLast(planes, c, h, w), steps
}

// setMiddle sets the middle of the noise [c,fromH,fromW] into the middle of the
// noise [c,h,w].
func setMiddle(noise []float32, h, w int, from []float32, fromH, fromW int) {
	y, fromY, rows := overlap(h, fromH)
	x, fromX, columns := overlap(w, fromW)
	for channel := range len(noise) / (h * w) {
		for row := range rows {
			copy(noise[(channel*h+y+row)*w+x:][:columns], from[(channel*fromH+fromY+row)*fromW+fromX:])
		}
	}
}

// overlap is where n middle lines out of from lines stand: at to among size
// lines, from at on.
func overlap(size, from int) (to, at, n int) {
	off := (size - from) >> 1 // rounds down
	if off >= 0 {
		return off, 0, from
	}
	return 0, -off, from + 2*off
}
