package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"darkroom/engine/float16"
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

// Bytes is what n numbers of the type take.
func (t DType) Bytes(n int) int64 { return int64(sizes[t]) * int64(n) }

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
			out[i] = float16.Widen(binary.LittleEndian.Uint16(raw[2*i:]))
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
