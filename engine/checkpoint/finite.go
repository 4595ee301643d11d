package checkpoint

import (
	"encoding/binary"
	"math"
)

// NonFinite counts the numbers of a tensor that are none, and the infinite ones.
// Whatever is computed with one of them is lost.
func (f *File) NonFinite(name string) (nan, infinite int, err error) {
	count := func(exponentFull, mantissaZero bool) {
		switch {
		case !exponentFull:
		case mantissaZero:
			infinite++
		default:
			nan++
		}
	}
	err = f.Raw(name, func(t DType, raw []byte) error {
		switch t {
		case F16:
			for i := 0; i+1 < len(raw); i += 2 {
				b := binary.LittleEndian.Uint16(raw[i:])
				count(b&0x7c00 == 0x7c00, b&0x3ff == 0)
			}
		case BF16:
			for i := 0; i+1 < len(raw); i += 2 {
				b := binary.LittleEndian.Uint16(raw[i:])
				count(b&0x7f80 == 0x7f80, b&0x7f == 0)
			}
		case F32:
			for i := 0; i+3 < len(raw); i += 4 {
				b := binary.LittleEndian.Uint32(raw[i:])
				count(b&0x7f800000 == 0x7f800000, b&0x7fffff == 0)
			}
		case F64:
			for i := 0; i+7 < len(raw); i += 8 {
				b := math.Float64frombits(binary.LittleEndian.Uint64(raw[i:]))
				count(math.IsNaN(b) || math.IsInf(b, 0), math.IsInf(b, 0))
			}
		}
		return nil
	})
	return nan, infinite, err
}
