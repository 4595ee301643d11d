// Package float16 is IEEE 754 binary16, the half precision that most models are
// stored in.
package float16

import "math"

// Widen is exact. Moving its exponent and mantissa into
// place leaves the exponent 127−15 = 112 too small, which one exact
// multiplication mends, for subnormal numbers too.
func Widen(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	if h&0x7c00 == 0x7c00 { // infinity or NaN
		return math.Float32frombits(sign | 0x7f800000 | uint32(h&0x3ff)<<13)
	}
	f := math.Float32frombits(uint32(h&0x7fff)<<13) * 0x1p112
	return math.Float32frombits(sign | math.Float32bits(f))
}

// Max is the largest finite number; from Overflow on, halfway to the next power of
// two, rounding gives infinity.
const (
	Max      = 65504
	Overflow = 65520
)

// Narrow rounds to the nearest binary16 number, ties to even.
func Narrow(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b>>16) & 0x8000
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000: // NaN: keep what fits of its payload, and keep it a NaN
		return sign | 0x7e00 | uint16(b>>13)&0x3ff
	case math.Float32frombits(b) >= Overflow:
		return sign | 0x7c00
	case b < 0x38800000: // below 2⁻¹⁴: near ½ a float32 counts in 2⁻²⁴, like subnormal halves
		return sign | uint16(math.Float32bits(math.Float32frombits(b)+0.5)-math.Float32bits(0.5))
	}
	b -= 112 << 23
	b += 0xfff + b>>13&1
	return sign | uint16(b>>13)
}
