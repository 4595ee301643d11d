package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"sort"
)

// maxHeader is the longest header the safetensors format allows.
const maxHeader = 100_000_000

// metadataKey is the header's one key that names no tensor.
const metadataKey = "__metadata__"

// entry says what a tensor is and where: data bytes [begin, end).
type entry struct {
	dtype      DType
	shape      []int
	begin, end int64
	turned     bool // stored with its two axes the other way round
}

// parse reads and checks the header.
func (f *File) parse() error {
	size := f.source.size()
	take := func(from, to int64) (b []byte, err error) {
		err = f.source.with(from, min(to, size), func(raw []byte) { b = bytes.Clone(raw) })
		return b, err
	}
	head, err := take(0, 512)
	if err != nil {
		return err
	}
	if size < 8 {
		return foreign(head, fmt.Errorf("it is %d bytes long", size))
	}
	length := binary.LittleEndian.Uint64(head)
	switch {
	case length > maxHeader:
		return foreign(head, fmt.Errorf("its header would be %d bytes long and %d is the limit", length, maxHeader))
	case int64(length) > size-8:
		return foreign(head, fmt.Errorf("the file ends at byte %d but its header needs %d: download it again", size, 8+length))
	}
	f.start = 8 + int64(length)
	header, err := take(8, f.start)
	if err != nil {
		return err
	}
	if err := f.readEntries(header); err != nil {
		return foreign(head, fmt.Errorf("its header is damaged (%w): download it again", err))
	}
	return f.checkLayout(size - f.start)
}

// readEntries reads the header's JSON key by key, since a map would hide names
// that occur twice.
func (f *File) readEntries(header []byte) error {
	d := json.NewDecoder(bytes.NewReader(header))
	if t, _ := d.Token(); t != json.Delim('{') {
		return errors.New("it does not begin with {")
	}
	f.tensors = map[string]entry{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string) // a key is always a string
		if name == metadataKey {
			if f.metadata != nil {
				return errors.New("it holds two " + metadataKey)
			}
			f.metadata = map[string]string{}
			if err := d.Decode(&f.metadata); err != nil {
				return fmt.Errorf("%s: %w", metadataKey, err)
			}
			continue
		}
		if _, twice := f.tensors[name]; twice {
			return fmt.Errorf("tensor %q occurs twice", name)
		}
		e, err := readEntry(d)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		f.tensors[name] = e
		f.names = append(f.names, name)
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the closing brace")
	}
	return nil
}

// readEntry reads one tensor's description and checks it against itself.
func readEntry(d *json.Decoder) (entry, error) {
	var e struct {
		DType   DType   `json:"dtype"`
		Shape   []int64 `json:"shape"`
		Offsets []int64 `json:"data_offsets"`
	}
	if err := d.Decode(&e); err != nil {
		return entry{}, err
	}
	width, known := sizes[e.DType]
	switch {
	case !known:
		return entry{}, fmt.Errorf("dtype %q is unknown", e.DType)
	case e.Shape == nil:
		return entry{}, errors.New("it has no shape")
	case len(e.Offsets) != 2:
		return entry{}, fmt.Errorf("data_offsets has %d numbers, want 2", len(e.Offsets))
	}
	begin, end := e.Offsets[0], e.Offsets[1]
	if begin < 0 || end < begin {
		return entry{}, fmt.Errorf("its data goes from %d to %d", begin, end)
	}
	shape := make([]int, len(e.Shape))
	need := width
	for i, n := range e.Shape {
		hi, lo := bits.Mul64(need, uint64(n))
		if n < 0 || n > math.MaxInt || hi != 0 || lo > math.MaxInt64 {
			return entry{}, fmt.Errorf("shape %v is impossible", e.Shape)
		}
		shape[i], need = int(n), lo
	}
	if got := uint64(end - begin); got != need {
		return entry{}, fmt.Errorf("shape %v of %s needs %d bytes, its data has %d", e.Shape, e.DType, need, got)
	}
	return entry{dtype: e.DType, shape: shape, begin: begin, end: end}, nil
}

// checkLayout makes sure that the tensors lie back to back and fill the size
// bytes of data, as the format demands: no overlap, no gap, nothing missing.
func (f *File) checkLayout(size int64) error {
	sort.Slice(f.names, func(i, j int) bool {
		a, b := f.tensors[f.names[i]], f.tensors[f.names[j]]
		if a.begin != b.begin {
			return a.begin < b.begin
		}
		if a.end != b.end { // empty tensors come first
			return a.end < b.end
		}
		return f.names[i] < f.names[j]
	})
	var at int64
	before := "the header"
	for _, name := range f.names {
		e := f.tensors[name]
		switch {
		case e.begin < at:
			return fmt.Errorf("tensor %q begins at byte %d of the data, inside %q, which ends at %d: the file is damaged, download it again",
				name, e.begin, before, at)
		case e.begin > at:
			return fmt.Errorf("tensor %q begins at byte %d of the data, but %s ends at %d: the file is damaged, download it again",
				name, e.begin, before, at)
		case e.end > size:
			return fmt.Errorf("the file ends at byte %d but tensor %q needs %d: download it again", f.start+size, name, f.start+e.end)
		}
		at, before = e.end, name
	}
	if at < size {
		return fmt.Errorf("%d bytes follow the last tensor: the file is damaged, download it again", size-at)
	}
	return nil
}
