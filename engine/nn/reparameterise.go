package nn

import (
	"math"

	"gorgonia.org/tensor"
)

// maxLogVar bounds the encoder's log-variance as ldm/modules/distributions
// does; it is hit only by an untrained network.
const maxLogVar = 20

// Reparameterise draws from the Gaussian that moments [N,H,W,2·c] describe
// (means, then log-variances): mean + exp(logvar/2)·noise, [N,H,W,c]
// (Kingma & Welling 2014).
func Reparameterise(c *Context, moments *tensor.Dense, noise []float32) *tensor.Dense {
	m, ch2 := rows(moments)
	ch := ch2 / 2
	y := c.like(moments, ch)
	deviation := c.buffer(m * ch)
	src, dst := Data(moments), Data(y)
	for i := range dst {
		at := i/ch*ch2 + i%ch
		logvar := min(max(float64(src[at+ch]), -30), maxLogVar)
		deviation[i] = float32(math.Exp(logvar / 2))
		dst[i] = src[at] + deviation[i]*noise[i]
	}
	c.record(y, func(dy []float32) {
		d := c.Tape.zeroed(moments)
		for i, v := range dy {
			at := i/ch*ch2 + i%ch
			d[at] += v
			d[at+ch] += v * noise[i] * deviation[i] / 2
		}
	}, moments)
	return y
}
