package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// What the first two pickles of an older torch file are (torch/serialization.py).
const (
	legacyMagic   bigInt = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
	legacyVersion        = int64(1001)
)

// readLegacyTorch reads what torch.save wrote before PyTorch 1.6: pickles with a magic
// number, a version, the system's properties, the value and the keys of its storages;
// then each storage, its number of numbers (8 bytes) and these.
func readLegacyTorch(s source) (*contents, error) {
	var l legacy
	var err error
	if e := s.with(0, min(s.size(), maxDescription), func(raw []byte) { err = l.unpickle(raw) }); e != nil {
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	spans, err := l.spans(s)
	if err != nil {
		return nil, err
	}
	return torchContents(l.root, s, false, func(st *storage) (begin, end int64, err error) {
		span, ok := spans[st.key]
		if !ok {
			return 0, 0, fmt.Errorf("the file has no storage %.200q: it is damaged, download it again", st.key)
		}
		return span[0], span[1], nil
	})
}

type legacy struct {
	root  any
	keys  []any
	types map[string]DType // of the storages
	start int64            // of the storages
}

func (l *legacy) unpickle(raw []byte) error {
	var values [5]any // magic number, version, system, value, keys
	rest := raw
	l.types = map[string]DType{}
	for i := range values {
		var err error
		m := newMachine(rest)
		m.types = l.types
		if values[i], rest, err = m.run(); err != nil {
			return err
		}
		if i == 0 && values[0] != legacyMagic {
			return fmt.Errorf("this is a Python pickle that PyTorch did not write, not a model: choose a .safetensors, .ckpt or .gguf file (%w)", errors.ErrUnsupported)
		}
	}
	system, _ := values[2].(*dict)
	keys, _ := values[4].(*list)
	switch {
	case values[1] != legacyVersion:
		return fmt.Errorf("it is of version %v of PyTorch's older format, and %d is the only known: save the model as safetensors (%w)", values[1], legacyVersion, errors.ErrUnsupported)
	case system == nil || keys == nil:
		return errDamaged
	case system.items["little_endian"] == false:
		return fmt.Errorf("it was saved on a computer with big-endian numbers: save the model there as safetensors (%w)", errors.ErrUnsupported)
	}
	l.root, l.keys, l.start = values[3], keys.items, int64(len(raw)-len(rest))
	return nil
}

// spans is where each storage lies.
func (l *legacy) spans(s source) (map[string][2]int64, error) {
	spans := map[string][2]int64{}
	at := l.start
	for _, k := range l.keys {
		key, _ := k.(string)
		dtype, known := l.types[key]
		if !known {
			return nil, errDamaged
		}
		b, err := take(s, at, at+8)
		if err != nil {
			return nil, err
		}
		count := uint64(math.MaxUint64)
		if len(b) == 8 {
			at += 8
			count = binary.LittleEndian.Uint64(b)
		}
		if width := uint64(layouts[dtype].bytes); count > uint64(s.size()-at)/width {
			return nil, fmt.Errorf("the file ends at byte %d, inside of storage %.200q: it is cut short, download it again", s.size(), key)
		}
		end := at + int64(count)*int64(layouts[dtype].bytes)
		spans[key] = [2]int64{at, end}
		at = end
	}
	return spans, nil
}
