package checkpoint

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"darkroom/engine/system"
)

// Stream is one tensor to write, whose numbers are made while the file is written.
type Stream struct {
	Name  string
	Shape []int
	DType DType
	// Write writes the numbers, row-major and little-endian.
	Write func(io.Writer) error
}

// Bytes is what the numbers take.
func (s Stream) Bytes() int64 { return s.DType.Bytes(product(s.Shape)) }

// WriteStreams writes the tensors, in the order given, as the safetensors file path,
// with no more than one of them in memory. The file appears complete or not at all:
// on an error a file that was at path before is still there, untouched. The same
// input gives the same bytes.
func WriteStreams(path string, tensors []Stream, metadata map[string]string) error {
	header, err := describeStreams(tensors, metadata)
	if err == nil {
		err = system.Replace(path, func(w io.Writer) error {
			if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))); err != nil {
				return err
			}
			if _, err := w.Write(header); err != nil {
				return err
			}
			for _, t := range tensors {
				counted := &counter{w: w}
				if err := t.Write(counted); err != nil {
					return fmt.Errorf("tensor %q: %w", t.Name, err)
				}
				if counted.n != t.Bytes() {
					return fmt.Errorf("tensor %q: %d bytes were to be written, and %d were", t.Name, t.Bytes(), counted.n)
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// describeStreams makes the header, padded with spaces so that the data begins at a
// multiple of eight bytes.
func describeStreams(tensors []Stream, metadata map[string]string) ([]byte, error) {
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
	begin := int64(0)
	for _, t := range tensors {
		if seen[t.Name] {
			return nil, fmt.Errorf("there are two tensors %q", t.Name)
		}
		seen[t.Name] = true
		end := begin + t.Bytes()
		err := add(t.Name, struct {
			DType   DType    `json:"dtype"`
			Shape   []int    `json:"shape"`
			Offsets [2]int64 `json:"data_offsets"`
		}{t.DType, append([]int{}, t.Shape...), [2]int64{begin, end}})
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

// Stream is a tensor of the file to write elsewhere under another name, as a type of
// floating-point numbers; "" keeps it as Raw shows it, and other numbers than
// floating-point ones stay what they are.
func (f *File) Stream(name, as string, dtype DType) (Stream, error) {
	shape, ok := f.Shape(name)
	if !ok {
		return Stream{}, f.missing(name)
	}
	stored := f.tensors[name].dtype
	shown := stored
	switch {
	case stored == F64 || layouts[stored].count > 1 || stored == "F8_E4M3" || stored == "F8_E5M2":
		shown = F16
		if stored == F64 {
			shown = F32
		}
	case stored != F32 && stored != F16 && stored != BF16:
		if layouts[stored].bytes == 0 || f.tensors[name].view != nil {
			return Stream{}, fmt.Errorf("%s: tensor %q is stored as %s, which can't be written (%w)", f.name, name, stored, errors.ErrUnsupported)
		}
		return Stream{as, shape, stored, func(w io.Writer) error {
			return f.stored(name, func(_ DType, raw []byte) error { _, err := w.Write(raw); return err })
		}}, nil
	}
	if dtype == "" {
		dtype = shown
	}
	return Stream{as, shape, dtype, func(w io.Writer) error {
		return f.stored(name, func(t DType, raw []byte) error {
			if t == dtype {
				_, err := w.Write(raw)
				return err
			}
			numbers, err := Widen(raw, t)
			if err != nil {
				return err
			}
			return writeAs(w, numbers, dtype)
		})
	}}, nil
}

// writeAs writes numbers as a type of floating-point numbers, rounded to nearest.
func writeAs(w io.Writer, numbers []float32, dtype DType) error {
	switch dtype {
	case F32, F16:
		if err := checkNumbers(Tensor{Shape: []int{len(numbers)}, Data: numbers}, dtype); err != nil {
			return err
		}
		return encode(w, numbers, dtype)
	case BF16:
		raw := make([]byte, 0, 2*len(numbers))
		for _, x := range numbers {
			raw = binary.LittleEndian.AppendUint16(raw, brain(x))
		}
		_, err := w.Write(raw)
		return err
	}
	return fmt.Errorf("models are written as %s, %s or %s, not as %q (%w)", F16, BF16, F32, dtype, errors.ErrUnsupported)
}

// brain rounds to bfloat16, to nearest and ties to even.
func brain(x float32) uint16 {
	b := math.Float32bits(x)
	if x != x {
		return uint16(b>>16) | 0x40 // quiet, so that no payload becomes infinity
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}
