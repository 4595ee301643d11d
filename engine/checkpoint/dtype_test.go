package checkpoint

import (
	"encoding/binary"
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
		want, got := halfValue(h), fromHalf(h)
		if math.IsNaN(want) {
			if got == got || ToHalf(got)&0x7c00 != 0x7c00 || ToHalf(got)&0x3ff == 0 {
				t.Errorf("%04x: NaN becomes %g, and %04x again", h, got, ToHalf(got))
			}
			continue
		}
		if float64(got) != want || math.Signbit(float64(got)) != (h&0x8000 != 0) {
			t.Errorf("fromHalf(%04x) = %g, want %g", h, got, want)
		}
		if back := ToHalf(got); back != h {
			t.Errorf("ToHalf(%g) = %04x, want %04x", got, back, h)
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
			if got := ToHalf(c.f); got != c.want {
				t.Fatalf("ToHalf(%g) = %04x, want %04x", c.f, got, c.want)
			}
			if got := ToHalf(-c.f); got != c.want|0x8000 {
				t.Fatalf("ToHalf(%g) = %04x, want %04x", -c.f, got, c.want|0x8000)
			}
		}
	}
}

func TestWiden(t *testing.T) {
	le := binary.LittleEndian
	cases := []struct {
		dtype DType
		raw   []byte
		want  float32
	}{
		{F32, le.AppendUint32(nil, 0x40490fdb), math.Float32frombits(0x40490fdb)},
		{F64, le.AppendUint64(nil, math.Float64bits(math.Pi)), float32(math.Pi)},
		{F16, le.AppendUint16(nil, 0x4248), 3.140625},
		{BF16, le.AppendUint16(nil, 0x4049), 3.140625},
		{BF16, le.AppendUint16(nil, 0x0001), 0x1p-133},
	}
	for _, c := range cases {
		got, err := Widen(c.raw, c.dtype)
		if err != nil || len(got) != 1 || got[0] != c.want {
			t.Errorf("%s % x = %v, want %g", c.dtype, c.raw, got, c.want)
		}
	}
}
