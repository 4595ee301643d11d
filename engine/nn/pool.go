package nn

import (
	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// Take picks one token of each sequence: x [N,T,C] at index[n] → [N,C].
func Take(c *Context, x *tensor.Dense, index []int) *tensor.Dense {
	t, ch := x.Shape()[1], x.Shape()[2]
	y := c.New(len(index), ch)
	for i, at := range index {
		copy(Data(y)[i*ch:(i+1)*ch], Data(x)[(i*t+at)*ch:])
	}
	c.record(y, func(dy []float32) {
		dx := c.Tape.zeroed(x)
		for i, at := range index {
			d := dx[(i*t+at)*ch:][:ch]
			kernel.Add(d, d, dy[i*ch:(i+1)*ch])
		}
	}, x)
	return y
}

// Mean averages each picture over its places: x [N,H,W,C] → [N,C].
func Mean(c *Context, x *tensor.Dense) *tensor.Dense {
	n := x.Shape()[0]
	m, ch := rows(x)
	pixels := m / n
	y := c.New(n, ch)
	if c.idle() {
		return y
	}
	sum, _ := columnStats(Data(x), Data(x), n, pixels, ch)
	for i, s := range sum {
		Data(y)[i] = float32(s / float64(pixels))
	}
	c.record(y, func(dy []float32) {
		dx := c.Tape.zeroed(x)
		for i := range n {
			for r := i * pixels; r < (i+1)*pixels; r++ {
				kernel.Axpy(dx[r*ch:(r+1)*ch], 1/float32(pixels), dy[i*ch:(i+1)*ch])
			}
		}
	}, x)
	return y
}
