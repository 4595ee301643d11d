package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxHeader is the longest header the safetensors format allows.
const maxHeader = 100_000_000

// metadataKey is the header's one key that names no tensor.
const metadataKey = "__metadata__"

// readSafetensors reads and checks the header: 8 bytes with its length
// (little-endian), then JSON (name → dtype, shape, offsets), then the data.
func readSafetensors(s source) (*contents, error) {
	size := s.size()
	prefix, err := take(s, 0, 8)
	if err != nil {
		return nil, err
	}
	if size < 8 {
		return nil, fmt.Errorf("it is %d bytes long: download it again", size)
	}
	length := binary.LittleEndian.Uint64(prefix)
	switch {
	case length > maxHeader:
		return nil, fmt.Errorf("its header would be %d bytes long and %d is the limit: download it again", length, maxHeader)
	case int64(length) > size-8:
		return nil, fmt.Errorf("the file ends at byte %d but its header needs %d: download it again", size, 8+length)
	}
	start := 8 + int64(length)
	header, err := take(s, 8, start)
	if err != nil {
		return nil, err
	}
	c := &contents{tensors: map[string]entry{}}
	if err := c.readEntries(header, s, start); err != nil {
		return nil, fmt.Errorf("its header is damaged (%w): download it again", err)
	}
	return c, checkFilled(c, size, start)
}

// readEntries reads the header's JSON key by key, since a map would hide names
// that occur twice.
func (c *contents) readEntries(header []byte, s source, start int64) error {
	d := json.NewDecoder(bytes.NewReader(header))
	if t, _ := d.Token(); t != json.Delim('{') {
		return errors.New("it does not begin with {")
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string) // a key is always a string
		if name == metadataKey {
			if c.metadata != nil {
				return errors.New("it holds two " + metadataKey)
			}
			c.metadata = map[string]string{}
			if err := d.Decode(&c.metadata); err != nil {
				return fmt.Errorf("%s: %w", metadataKey, err)
			}
			continue
		}
		if _, twice := c.tensors[name]; twice {
			return fmt.Errorf("tensor %q occurs twice", name)
		}
		e, err := readEntry(d)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		e.source, e.begin, e.end = s, e.begin+start, e.end+start
		c.tensors[name] = e
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
	l, known := layouts[e.DType]
	switch {
	case !known || l.count > 1:
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
	shape, need, err := l.extent(e.Shape)
	if err != nil {
		return entry{}, err
	}
	if got := end - begin; got != need {
		return entry{}, fmt.Errorf("shape %v of %s needs %d bytes, its data has %d", e.Shape, e.DType, need, got)
	}
	return entry{dtype: e.DType, shape: shape, begin: begin, end: end}, nil
}

// checkFilled makes sure that the tensors lie back to back from start and fill the
// file, as the format demands: no overlap, no gap, nothing missing.
func checkFilled(c *contents, size, start int64) error {
	at, before := start, "the header"
	for _, name := range c.names() {
		e := c.tensors[name]
		switch {
		case e.begin < at:
			return fmt.Errorf("tensor %q begins at byte %d of the data, inside %q, which ends at %d: the file is damaged, download it again",
				name, e.begin-start, before, at-start)
		case e.begin > at:
			return fmt.Errorf("tensor %q begins at byte %d of the data, but %s ends at %d: the file is damaged, download it again",
				name, e.begin-start, before, at-start)
		case e.end > size:
			return fmt.Errorf("the file ends at byte %d but tensor %q needs %d: download it again", size, name, e.end)
		}
		at, before = e.end, name
	}
	if at < size {
		return fmt.Errorf("%d bytes follow the last tensor: the file is damaged, download it again", size-at)
	}
	return nil
}
