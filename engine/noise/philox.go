package noise

import "math/bits"

// Philox-4x32's multipliers and key increments, and its recommended number of
// rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1,
// 2, 3", SC 2011).
const (
	multiplier0, multiplier1 = 0xD2511F53, 0xCD9E8D57
	weyl0, weyl1             = 0x9E3779B9, 0xBB67AE85
	rounds                   = 10
)

// philox enciphers the counter (draw, 0, index, 0) under the seed as key and
// returns the first two of the four words.
func philox(seed uint64, draw, index uint32) (uint32, uint32) {
	c0, c1, c2, c3 := draw, uint32(0), index, uint32(0)
	k0, k1 := uint32(seed), uint32(seed>>32)
	for range rounds {
		high0, low0 := bits.Mul32(multiplier0, c0)
		high1, low1 := bits.Mul32(multiplier1, c2)
		c0, c1, c2, c3 = high1^c1^k0, low1, high0^c3^k1, low0
		k0 += weyl0
		k1 += weyl1
	}
	return c0, c1
}
