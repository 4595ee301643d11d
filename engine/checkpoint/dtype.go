package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"darkroom/engine/float16"
)

// DType is the type of a tensor's numbers, as a safetensors header spells it or,
// for numbers in blocks, GGUF.
type DType string

// The types that are spoken of elsewhere; Write writes F32 and F16.
const (
	F64  DType = "F64"
	F32  DType = "F32"
	F16  DType = "F16"  // IEEE 754 binary16
	BF16 DType = "BF16" // the upper half of a float32
)

// layout says how numbers of a type lie in a file: count of them in bytes bytes.
type layout struct {
	count, bytes int
	// widen turns whole groups of count numbers into float32; nil if that can't be
	// done, and the tensors only take room in the file.
	widen func(out []float32, raw []byte)
}

// layouts has every type a file may name. Those of count 1 are the safetensors
// format's, without its types smaller than a byte.
var layouts = map[DType]layout{
	F64:           {1, 8, each(8, func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) })},
	F32:           {1, 4, widenF32},
	F16:           {1, 2, widenF16},
	BF16:          {1, 2, widenBF16},
	"F8_E4M3":     {1, 1, each(1, func(b []byte) float32 { return float16.Widen(e4m3[b[0]]) })},
	"F8_E5M2":     {1, 1, each(1, func(b []byte) float32 { return float16.Widen(e5m2(b[0])) })},
	"I64":         {1, 8, each(8, func(b []byte) float32 { return float32(int64(binary.LittleEndian.Uint64(b))) })},
	"I32":         {1, 4, each(4, func(b []byte) float32 { return float32(int32(binary.LittleEndian.Uint32(b))) })},
	"I16":         {1, 2, each(2, func(b []byte) float32 { return float32(int16(binary.LittleEndian.Uint16(b))) })},
	"I8":          {1, 1, each(1, func(b []byte) float32 { return float32(int8(b[0])) })},
	"U8":          {1, 1, each(1, func(b []byte) float32 { return float32(b[0]) })},
	"BOOL":        {1, 1, each(1, func(b []byte) float32 { return float32(min(b[0], 1)) })},
	"F8_E8M0":     {1, 1, nil},
	"F8_E4M3FNUZ": {1, 1, nil},
	"F8_E5M2FNUZ": {1, 1, nil},
	"U64":         {1, 8, nil},
	"U32":         {1, 4, nil},
	"U16":         {1, 2, nil},
	"C64":         {1, 8, nil},

	"Q4_0": {32, 18, eachBlock(32, 18, q4_0)},
	"Q4_1": {32, 20, eachBlock(32, 20, q4_1)},
	"Q5_0": {32, 22, eachBlock(32, 22, q5_0)},
	"Q5_1": {32, 24, eachBlock(32, 24, q5_1)},
	"Q8_0": {32, 34, eachBlock(32, 34, q8_0)},
	"Q2_K": {256, 84, eachBlock(256, 84, q2K)},
	"Q3_K": {256, 110, eachBlock(256, 110, q3K)},
	"Q4_K": {256, 144, eachBlock(256, 144, q4K)},
	"Q5_K": {256, 176, eachBlock(256, 176, q5K)},
	"Q6_K": {256, 210, eachBlock(256, 210, q6K)},
}

// Bytes is what n numbers of the type take in a file.
func (t DType) Bytes(n int) int64 {
	l := layouts[t]
	return int64(n) / int64(max(l.count, 1)) * int64(l.bytes)
}

// The types whole models are stored in have loops of their own, several times as
// fast as each.
func widenF32(out []float32, raw []byte) {
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
}

func widenF16(out []float32, raw []byte) {
	for i := range out {
		out[i] = float16.Widen(binary.LittleEndian.Uint16(raw[2*i:]))
	}
}

func widenBF16(out []float32, raw []byte) {
	for i := range out {
		out[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
	}
}

func each(bytes int, widen func([]byte) float32) func([]float32, []byte) {
	return func(out []float32, raw []byte) {
		for i := range out {
			out[i] = widen(raw[i*bytes : (i+1)*bytes : (i+1)*bytes])
		}
	}
}

func eachBlock(count, bytes int, widen func([]float32, []byte)) func([]float32, []byte) {
	return func(out []float32, raw []byte) {
		for len(out) > 0 {
			widen(out[:count:count], raw[:bytes:bytes])
			out, raw = out[count:], raw[bytes:]
		}
	}
}

// Widen turns little-endian numbers into float32: floating-point and blocks
// exactly but for F64, which rounds to nearest, as integers above 2²⁴ do. A type
// that can't be turned is an error that wraps errors.ErrUnsupported.
func Widen(raw []byte, t DType) ([]float32, error) { return WidenIn(nil, raw, t) }

// WidenIn is Widen into the memory of room, if it is large enough.
func WidenIn(room []float32, raw []byte, t DType) ([]float32, error) {
	l := layouts[t]
	if l.widen == nil {
		return nil, fmt.Errorf("it is stored as %s; F32, F16, BF16 and F64 can be read: save the model as one of these (%w)", t, errors.ErrUnsupported)
	}
	n := len(raw) / l.bytes * l.count
	if cap(room) < n {
		room = make([]float32, n)
	}
	out := room[:n]
	l.widen(out, raw)
	return out, nil
}

// asHalves gives numbers of the types that take less room than float16 as F16:
// float8 exactly, blocks rounded to nearest, which is a small part of what making
// blocks of them has rounded already. Blocks with a number too large for F16 become
// F32. Other types stay as they are.
func asHalves(t DType, raw []byte) (DType, []byte) {
	switch {
	case t == "F8_E4M3":
		out := make([]byte, 0, 2*len(raw))
		for _, b := range raw {
			out = binary.LittleEndian.AppendUint16(out, e4m3[b])
		}
		return F16, out
	case t == "F8_E5M2":
		out := make([]byte, 2*len(raw))
		for i, b := range raw {
			out[2*i+1] = b
		}
		return F16, out
	case layouts[t].count > 1:
		return halvesOfBlocks(layouts[t], raw)
	}
	return t, raw
}

func halvesOfBlocks(l layout, raw []byte) (DType, []byte) {
	block := make([]float32, l.count)
	out := make([]byte, 2*(len(raw)/l.bytes*l.count))
	for to, rest := out, raw; len(rest) > 0; rest = rest[l.bytes:] {
		l.widen(block, rest[:l.bytes])
		for i, x := range block {
			h := float16.Narrow(x)
			if h&0x7fff == 0x7c00 && !math.IsInf(float64(x), 0) {
				return F32, l.wide(raw)
			}
			binary.LittleEndian.PutUint16(to[2*i:], h)
		}
		to = to[2*l.count:]
	}
	return F16, out
}

// wide is numbers of the layout as F32.
func (l layout) wide(raw []byte) []byte {
	numbers := make([]float32, len(raw)/l.bytes*l.count)
	l.widen(numbers, raw)
	out := make([]byte, 0, 4*len(numbers))
	for _, x := range numbers {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

// e5m2 as binary16, of which it is the upper byte.
func e5m2(b byte) uint16 { return uint16(b) << 8 }

// e4m3 has as binary16 what each byte is in float8 with 4 bits of exponent, bias 7,
// and 3 of mantissa; it has no infinity, and all ones are NaN (Micikevicius et al.
// 2022, "FP8 formats for deep learning").
var e4m3 = func() (table [256]uint16) {
	for b := range table {
		sign, exponent, mantissa := uint16(b)&0x80<<8, b>>3&15, float32(b&7)
		x := (1 + mantissa/8) * float32(math.Ldexp(1, exponent-7))
		if exponent == 0 {
			x = mantissa / 8 * 0x1p-6
		}
		table[b] = sign | float16.Narrow(x)
		if b&0x7f == 0x7f {
			table[b] = sign | 0x7e00
		}
	}
	return table
}()
