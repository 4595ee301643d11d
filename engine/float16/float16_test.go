package float16

import (
	"math"
	"testing"
)

// halfValue computes a binary16 number from its definition.
func halfValue(h uint16) float64 {
	sign := 1.0
	if h&0x8000 != 0 {
		sign = -1
	}
	exp, man := int(h>>10&31), float64(h&0x3ff)
	switch exp {
	case 0:
		return sign * math.Ldexp(man, -24)
	case 31:
		if man != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+man, exp-25)
}

func TestHalfIsExact(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		want, got := halfValue(h), Widen(h)
		if math.IsNaN(want) {
			if got == got || Narrow(got)&0x7c00 != 0x7c00 || Narrow(got)&0x3ff == 0 {
				t.Errorf("%04x: NaN becomes %g, and %04x again", h, got, Narrow(got))
			}
			continue
		}
		if float64(got) != want || math.Signbit(float64(got)) != (h&0x8000 != 0) {
			t.Errorf("Widen(%04x) = %g, want %g", h, got, want)
		}
		if back := Narrow(got); back != h {
			t.Errorf("Narrow(%g) = %04x, want %04x", got, back, h)
		}
	}
}

// Between each two neighbours the nearer one wins, and at the middle the even one.
func TestHalfRoundsToNearestEven(t *testing.T) {
	for i := uint16(0); i < 0x7c00; i++ {
		lo, hi := halfValue(i), halfValue(i+1)
		if i == 0x7bff {
			hi = 65536 // where the next number would be
		}
		mid := float32((lo + hi) / 2) // exact: one bit more than a half has
		even := i + i&1
		for _, c := range []struct {
			f    float32
			want uint16
		}{
			{math.Nextafter32(mid, 0), i},
			{mid, even},
			{math.Nextafter32(mid, 1e9), i + 1},
		} {
			if got := Narrow(c.f); got != c.want {
				t.Fatalf("Narrow(%g) = %04x, want %04x", c.f, got, c.want)
			}
			if got := Narrow(-c.f); got != c.want|0x8000 {
				t.Fatalf("Narrow(%g) = %04x, want %04x", -c.f, got, c.want|0x8000)
			}
		}
	}
}
