package kernel

import "math"

// fma returns a·b+c rounded once, as the processor's fused multiply-add does.
//
// A product of two float32 is exact in float64; the sum is rounded to float64
// and then to float32, and only rarely is the second rounding wrong.
func fma(a, b, c float32) float32 {
	p, d := float64(a)*float64(b), float64(c)
	s := p + d
	if hard(s) {
		s = toOdd(s, p, d)
	}
	return float32(s)
}

// hard tells whether rounding the rounded sum s to float32 may be wrong: where
// s is a midpoint between two float32 numbers, and where float32 has fewer bits
// because the result is subnormal.
func hard(s float64) bool {
	const (
		tail        = 1<<29 - 1          // the bits that float32 lacks
		midpoint    = 1 << 28            // their value in a midpoint
		leastNormal = (1023 - 126) << 52 // the bits of 2^-126
	)
	u := math.Float64bits(s)
	return u&tail == midpoint || u<<1 < leastNormal<<1
}

// toOdd returns p + d rounded to odd, given s, the sum rounded to nearest: the
// last bit keeps whether anything was lost, so that rounding once more to
// float32 is right. (Boldo and Melquiond, "Emulation of FMA and correctly
// rounded sums: proved algorithms using rounding to odd", 2008.)
//
//go:noinline
func toOdd(s, p, d float64) float64 {
	// Knuth's TwoSum: s + lost is p + d exactly.
	t := s - p
	lost := (p - (s - t)) + (d - t)
	u := math.Float64bits(s)
	if lost == 0 || u&1 == 1 {
		return s
	}
	if (lost > 0) == (s > 0) {
		return math.Float64frombits(u + 1)
	}
	return math.Float64frombits(u - 1)
}
