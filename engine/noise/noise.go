// Package noise makes the Gaussian noise a picture starts from: seeded, the
// same bits on every processor, and the noise other tools make from that seed.
package noise

import (
	"math"

	"gorgonia.org/tensor"

	"darkroom/engine/noise/elementary"
)

// The uniform numbers' scale is the reference's own float32 constants: 2⁻³²,
// and 2⁻³²·2π as CUDA's cuRAND rounds it.
const (
	unit = 0x1p-32
	turn = float64(float32(2.3283064e-10 * 6.2831855))
)

// Normal fills dst with standard normal numbers: the draw-th call of "randn"
// under that seed, counted from 0. The numbers are Philox-4x32-10's first two
// words per element through Box and Muller's transform, as the "NV" source of
// AUTOMATIC1111's web UI (modules/rng_philox.py) and stable-diffusion.cpp's
// "cuda" source have it, which follow PyTorch on CUDA; all agree to within 1e-6,
// the rounding of their sine and logarithm.
func Normal(seed uint64, draw uint32, dst []float32) {
	for i := range dst {
		dst[i] = normal(philox(seed, draw, uint32(i)))
	}
}

// normal turns two uniform words into one normal number: √(−2 ln u)·sin v with
// u in (0, 1) and v in (0, 2π).
func normal(x, y uint32) float32 {
	u := float64(float64(x)*unit) + unit/2
	v := float64(float64(y)*turn) + turn/2
	return float32(math.Sqrt(-2*elementary.Log(u)) * elementary.Sin(v))
}

// Latent is one draw of the shape other tools use, [c,h,w], laid out channels
// last: element (c,y,x) of their draw stands at [0,y,x,c] of a [1,h,w,c]
// tensor. c, h and w are at least 1.
func Latent(seed uint64, draw uint32, c, h, w int) *tensor.Dense {
	area := h * w
	planes := make([]float32, c*area)
	Normal(seed, draw, planes)
	data := make([]float32, c*area)
	for channel := range c {
		for i, value := range planes[channel*area : (channel+1)*area] {
			data[i*c+channel] = value
		}
	}
	return tensor.New(tensor.WithShape(1, h, w, c), tensor.WithBacking(data))
}

// Stream hands out the draws of one seed in order. It is a plain value: kept
// beside a latent it goes on exactly where it was.
type Stream struct {
	Seed uint64 `json:"seed"`
	Draw uint32 `json:"draw"` // the draw that Next returns next
}

// Next is the stream's next draw as [1,h,w,c]; see Latent.
func (s *Stream) Next(c, h, w int) *tensor.Dense {
	latent := Latent(s.Seed, s.Draw, c, h, w)
	s.Draw++
	return latent
}
