package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"darkroom/engine/float16"
)

// Tensor is one tensor to write: product(Shape) numbers, row-major.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// Write writes the tensors, in the order given, as the safetensors file path.
// F32 keeps every bit; F16 rounds to nearest, ties to even, and refuses numbers
// that would become infinite. It is otherwise as WriteStreams.
func Write(path string, tensors []Tensor, dtype DType, metadata map[string]string) error {
	if dtype != F32 && dtype != F16 {
		return fmt.Errorf("writing %s: tensors are written as %s or %s, not as %q (%w)", path, F32, F16, dtype, errors.ErrUnsupported)
	}
	var streams []Stream
	for _, t := range tensors {
		if err := checkNumbers(t, dtype); err != nil {
			return fmt.Errorf("writing %s: tensor %q: %w", path, t.Name, err)
		}
		streams = append(streams, Stream{t.Name, t.Shape, dtype, func(w io.Writer) error { return encode(w, t.Data, dtype) }})
	}
	return WriteStreams(path, streams, metadata)
}

// checkNumbers makes sure that the data fits its shape and its type.
func checkNumbers(t Tensor, dtype DType) error {
	n := 1
	for _, d := range t.Shape {
		if d < 0 || d > 0 && n > math.MaxInt/d {
			return fmt.Errorf("shape %v is impossible", t.Shape)
		}
		n *= d
	}
	if n != len(t.Data) {
		return fmt.Errorf("shape %v holds %d numbers, the data %d", t.Shape, n, len(t.Data))
	}
	if dtype != F16 {
		return nil
	}
	for i, f := range t.Data {
		if a := math.Abs(float64(f)); a >= float16.Overflow && !math.IsInf(a, 0) {
			return fmt.Errorf("number %d is %g, and F16 ends at %d: write the file as F32", i, f, float16.Max)
		}
	}
	return nil
}

// encode writes numbers as F16 or F32.
func encode(w io.Writer, data []float32, dtype DType) error {
	var piece []byte
	for part := range slices.Chunk(data, 1<<14) {
		piece = piece[:0]
		for _, f := range part {
			if dtype == F16 {
				piece = binary.LittleEndian.AppendUint16(piece, float16.Narrow(f))
			} else {
				piece = binary.LittleEndian.AppendUint32(piece, math.Float32bits(f))
			}
		}
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	return nil
}
