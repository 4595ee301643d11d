package checkpoint

import (
	"encoding/binary"
	"math"
	"testing"
)

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
