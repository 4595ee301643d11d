package nn

import (
	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// SoftClamp bends x to within ±limit: limit·tanh(x/limit).
func SoftClamp(c *Context, x *tensor.Dense, limit float32) *tensor.Dense {
	y := c.New(x.Shape()...)
	if c.idle() {
		return y
	}
	eachChunk(x.Size(), func(lo, hi int) {
		dst := Data(y)[lo:hi]
		kernel.Scale(dst, 2/limit, Data(x)[lo:hi])
		kernel.Sigmoid(dst, dst)
		for i, s := range dst {
			dst[i] = float32(2*limit*s) - limit // tanh(z) = 2σ(2z)−1
		}
	})
	c.record(y, func(dy []float32) {
		dx := c.Tape.zeroed(x)
		for i, v := range Data(y) {
			t := v / limit
			dx[i] += dy[i] * (1 - float32(t*t))
		}
	}, x)
	return y
}
