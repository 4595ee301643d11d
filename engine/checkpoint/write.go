package checkpoint

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
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
// that would become infinite. The file appears complete or not at all: on an
// error a file that was at path before is still there, untouched. The same
// input gives the same bytes.
func Write(path string, tensors []Tensor, dtype DType, metadata map[string]string) error {
	header, err := describe(tensors, dtype, metadata)
	if err == nil {
		err = Replace(path, func(w io.Writer) error { return encode(w, header, tensors, dtype) })
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// describe checks the tensors and makes the header, padded with spaces so that
// the data begins at a multiple of eight bytes.
func describe(tensors []Tensor, dtype DType, metadata map[string]string) ([]byte, error) {
	if dtype != F32 && dtype != F16 {
		return nil, fmt.Errorf("tensors are written as %s or %s, not as %q (%w)", F32, F16, dtype, errors.ErrUnsupported)
	}
	header := []byte{'{'}
	add := func(key string, value any) error {
		k, err := json.Marshal(key)
		if err != nil {
			return err
		}
		v, err := json.Marshal(value)
		if len(header) > 1 {
			header = append(header, ',')
		}
		header = slices.Concat(header, k, []byte{':'}, v)
		return err
	}
	if metadata != nil {
		if err := add(metadataKey, metadata); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{metadataKey: true}
	begin := 0
	for _, t := range tensors {
		if seen[t.Name] {
			return nil, fmt.Errorf("there are two tensors %q", t.Name)
		}
		seen[t.Name] = true
		if err := checkNumbers(t, dtype); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		end := begin + int(dtype.Bytes(len(t.Data)))
		err := add(t.Name, struct {
			DType   DType  `json:"dtype"`
			Shape   []int  `json:"shape"`
			Offsets [2]int `json:"data_offsets"`
		}{dtype, append([]int{}, t.Shape...), [2]int{begin, end}})
		if err != nil {
			return nil, err
		}
		begin = end
	}
	header = append(header, '}')
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	return header, nil
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

func encode(w io.Writer, header []byte, tensors []Tensor, dtype DType) error {
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))); err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	var piece []byte
	for _, t := range tensors {
		for part := range slices.Chunk(t.Data, 1<<14) {
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
	}
	return nil
}

// Replace makes what write writes the file path, wholly or not at all: it goes
// to a temporary file beside it, to the disk, and only then gets the name.
func Replace(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<16)
	if err = write(w); err != nil {
		return err
	}
	if err = w.Flush(); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil { // CreateTemp keeps others from reading
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync() // the name too; not every system can
		dir.Close()
	}
	return nil
}
