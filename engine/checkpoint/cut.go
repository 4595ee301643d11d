package checkpoint

import (
	"encoding/binary"
	"math"
	"slices"
)

// part is the nth of as many equal parts of the tensor along its first axis; false if
// it can't be cut so.
func (e entry) part(n, of int) (entry, bool) {
	if len(e.shape) == 0 || e.shape[0]%of != 0 || (e.end-e.begin)%int64(of) != 0 {
		return e, false
	}
	e.shape = slices.Clone(e.shape)
	e.shape[0] /= of
	size := (e.end - e.begin) / int64(of)
	e.begin += int64(n) * size
	e.end = e.begin + size
	return e, true
}

// transposed is the tensor with its two axes the other way round; false if it has not
// two.
func (e entry) transposed() (entry, bool) {
	if len(e.shape) != 2 {
		return e, false
	}
	e.shape = []int{e.shape[1], e.shape[0]}
	e.turned = !e.turned
	return e, true
}

// transpose turns a tensor that is stored [cols,rows] into [rows,cols] of F32.
func transpose(raw []byte, t DType, rows, cols int) ([]byte, error) {
	stored, err := Widen(raw, t)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, 4*len(stored))
	for r := range rows {
		for c := range cols {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(stored[c*rows+r]))
		}
	}
	return out, nil
}
