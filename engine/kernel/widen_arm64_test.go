//go:build !purego

package kernel

import (
	"math"
	"testing"
)

// TestWideningNEON goes through all 16-bit numbers, and through tails.
func TestWideningNEON(t *testing.T) {
	all := make([]uint16, 1<<16)
	for i := range all {
		all[i] = uint16(i)
	}
	for name, c := range map[string]struct {
		widen func(dst []float32, src []uint16)
		one   func(h uint16) float32
	}{
		"float16":  {widenFloat16NEON, float16},
		"bfloat16": {widenBFloat16NEON, func(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }},
	} {
		for _, n := range []int{0, 1, 7, 8, 9, 31, len(all)} {
			src := all[len(all)-n:]
			got, want := make([]float32, n+1), make([]float32, n+1)
			got[n], want[n] = 1, 1
			for i, h := range src {
				want[i] = c.one(h)
			}
			c.widen(got[:n], src)
			if d := differ(got, want); d != "" {
				t.Errorf("%s, length %d: %s", name, n, d)
			}
		}
	}
}

// float16 is the number with the given bits: a sign, 5 bits of exponent and 10
// of mantissa.
func float16(h uint16) float32 {
	sign := 1 - 2*float64(h>>15)
	exponent, mantissa := int(h>>10&31), float64(h&1023)
	switch {
	case exponent == 31 && mantissa != 0:
		return float32(math.NaN())
	case exponent == 31:
		return float32(sign * math.Inf(1))
	case exponent == 0:
		return float32(math.Copysign(math.Ldexp(mantissa, -24), sign))
	}
	return float32(sign * math.Ldexp(1024+mantissa, exponent-25))
}
