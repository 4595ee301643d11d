package kernel

import (
	"math"
	"testing"
)

// TestWidening goes through all 16-bit numbers at all levels.
func TestWidening(t *testing.T) {
	const n = 1 << 16
	src := make([]uint16, n)
	half, brain := make([]float32, n+1), make([]float32, n+1)
	for i := range src {
		src[i] = uint16(i)
		half[i] = defined(src[i])
		brain[i] = math.Float32frombits(uint32(i) << 16)
	}
	for _, f := range levels() {
		for _, count := range []int{0, 16, 48, n} {
			got := make([]float32, n+1)
			f.widenHalf(got[:count], src[:count])
			if d := differ(got[:count+1], append(clone(half[:count]), 0)); d != "" {
				t.Errorf("%s, float16, %d numbers: %s", f.level, count, d)
			}
			f.widenBrain(got[:count], src[:count])
			if d := differ(got[:count+1], append(clone(brain[:count]), 0)); d != "" {
				t.Errorf("%s, bfloat16, %d numbers: %s", f.level, count, d)
			}
		}
	}
}

// defined is the float16 number with the given bits: a sign, 5 bits of exponent and 10
// of mantissa.
func defined(h uint16) float32 {
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
