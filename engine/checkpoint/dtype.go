package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// DType is the type of a tensor's numbers as a safetensors header spells it.
type DType string

// The types Float32 reads; Write writes F32 and F16.
const (
	F64  DType = "F64"
	F32  DType = "F32"
	F16  DType = "F16"  // IEEE 754 binary16
	BF16 DType = "BF16" // the upper half of a float32
)

// sizes holds the bytes per number of every type a header may name, also of
// those that Float32 does not read: their tensors still take room in the file.
// The list is the safetensors format's, without its types smaller than a byte.
var sizes = map[DType]uint64{
	F64: 8, F32: 4, F16: 2, BF16: 2,
	"F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "F8_E4M3FNUZ": 1, "F8_E5M2FNUZ": 1,
	"I64": 8, "I32": 4, "I16": 2, "I8": 1,
	"U64": 8, "U32": 4, "U16": 2, "U8": 1,
	"C64": 8, "BOOL": 1,
}

// Widen turns little-endian numbers into float32; every type but F64 converts
// exactly. Other types than F32, F16, BF16 and F64 are an error that wraps
// errors.ErrUnsupported.
func Widen(raw []byte, t DType) ([]float32, error) {
	var out []float32
	switch t {
	case F32:
		out = make([]float32, len(raw)/4)
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	case F16:
		out = make([]float32, len(raw)/2)
		for i := range out {
			out[i] = fromHalf(binary.LittleEndian.Uint16(raw[2*i:]))
		}
	case BF16:
		out = make([]float32, len(raw)/2)
		for i := range out {
			out[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
		}
	case F64:
		out = make([]float32, len(raw)/8)
		for i := range out {
			out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:])))
		}
	default:
		return nil, fmt.Errorf("it is stored as %s; F32, F16, BF16 and F64 can be read: save the model as one of these (%w)", t, errors.ErrUnsupported)
	}
	return out, nil
}

// fromHalf widens a binary16 number. Moving its exponent and mantissa into
// place leaves the exponent 127−15 = 112 too small, which one exact
// multiplication mends, for subnormal numbers too.
func fromHalf(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	if h&0x7c00 == 0x7c00 { // infinity or NaN
		return math.Float32frombits(sign | 0x7f800000 | uint32(h&0x3ff)<<13)
	}
	f := math.Float32frombits(uint32(h&0x7fff)<<13) * 0x1p112
	return math.Float32frombits(sign | math.Float32bits(f))
}

// maxHalf is the largest finite binary16 number; from halfway to the next power
// of two on, rounding gives infinity.
const (
	maxHalf      = 65504
	halfOverflow = 65520
)

// ToHalf rounds to the nearest binary16 number, ties to even.
func ToHalf(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b>>16) & 0x8000
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000: // NaN: keep what fits of its payload, and keep it a NaN
		return sign | 0x7e00 | uint16(b>>13)&0x3ff
	case math.Float32frombits(b) >= halfOverflow:
		return sign | 0x7c00
	case b < 0x38800000: // below 2⁻¹⁴: near ½ a float32 counts in 2⁻²⁴, like subnormal halves
		return sign | uint16(math.Float32bits(math.Float32frombits(b)+0.5)-math.Float32bits(0.5))
	}
	b -= 112 << 23
	b += 0xfff + b>>13&1
	return sign | uint16(b>>13)
}
