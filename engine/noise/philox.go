package noise

import (
	"math"
	"math/bits"

	"darkroom/engine/noise/elementary"
)

// Philox-4x32's multipliers and key increments, and its recommended number of
// rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1,
// 2, 3", SC 2011).
const (
	multiplier0, multiplier1 = 0xD2511F53, 0xCD9E8D57
	weyl0, weyl1             = 0x9E3779B9, 0xBB67AE85
	rounds                   = 10
)

// philox enciphers a counter under a key.
func philox(c [4]uint32, key [2]uint32) [4]uint32 {
	for range rounds {
		high0, low0 := bits.Mul32(multiplier0, c[0])
		high1, low1 := bits.Mul32(multiplier1, c[2])
		c = [4]uint32{high1 ^ c[1] ^ key[0], low1, high0 ^ c[3] ^ key[1], low0}
		key[0] += weyl0
		key[1] += weyl1
	}
	return c
}

// The uniform numbers' scale is the reference's own float32 constants: 2⁻³²,
// and 2⁻³²·2π as CUDA's cuRAND rounds it.
const (
	unit = 0x1p-32
	turn = float64(float32(2.3283064e-10 * 6.2831855))
)

// philoxNormals fills dst with the numbers from the first on of the draw-th
// draw. Number i comes of the first two words of the counter (draw, 0, i, 0)
// under the seed as key, through Box and Muller's transform, as the "NV" source
// of AUTOMATIC1111's web UI (modules/rng_philox.py) and stable-diffusion.cpp's
// "cuda" source have it, which follow PyTorch on CUDA; all agree to within 1e-6,
// the rounding of their sine and logarithm.
func philoxNormals(seed uint64, draw uint32, first int, dst []float32) {
	key := [2]uint32{uint32(seed), uint32(seed >> 32)}
	for i := range dst {
		words := philox([4]uint32{draw, 0, uint32(first + i), 0}, key)
		u := float64(float64(words[0])*unit) + unit/2 // in (0, 1)
		v := float64(float64(words[1])*turn) + turn/2 // in (0, 2π)
		dst[i] = float32(math.Sqrt(-2*elementary.Log(u)) * elementary.Sin(v))
	}
}
