// Package checkpoint reads and writes the files that hold a model: safetensors
// files, and the folders in which diffusers lays out a whole pipeline. What it
// is given may be cut short, foreign or hostile; it says so in words.
package checkpoint

import (
	"fmt"
	"os"
)

// File is an open safetensors file: 8 bytes with the length of the header
// (little-endian), the header (JSON: name → dtype, shape, offsets), the data.
// Reading from several goroutines is safe; Close must come after them.
type File struct {
	name     string
	source   source
	tensors  map[string]entry
	names    []string // as they lie in the data
	start    int64    // of the data
	metadata map[string]string
}

// Open opens the safetensors file at path and checks its whole header, so that
// a file that opens is complete. The data is read when it is asked for.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder: choose a .safetensors file", path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	s, err := openSource(f, info.Size())
	if err != nil {
		return nil, err
	}
	return newFile(path, s)
}

// OpenBytes is Open for a file that is in memory already; name stands for it in
// errors. The bytes must not change while the File is in use.
func OpenBytes(name string, b []byte) (*File, error) {
	return newFile(name, &memory{bytes: b[:len(b):len(b)]})
}

func newFile(name string, s source) (*File, error) {
	f := &File{name: name, source: s}
	if err := f.parse(); err != nil {
		s.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// Name is the path, or the name, the file was opened by.
func (f *File) Name() string { return f.name }

// Names lists the tensors in the order of their data.
func (f *File) Names() []string { return append([]string(nil), f.names...) }

// Metadata is the free text the file carries under __metadata__; nil without.
func (f *File) Metadata() map[string]string { return f.metadata }

// Shape gives a tensor's dimensions, outermost first; false without such a tensor.
func (f *File) Shape(name string) ([]int, bool) {
	e, ok := f.tensors[name]
	return append([]int{}, e.shape...), ok
}

// Has reports whether there is such a tensor.
func (f *File) Has(name string) bool {
	_, ok := f.tensors[name]
	return ok
}

// DType gives the type a tensor is stored in; false without such a tensor.
func (f *File) DType(name string) (DType, bool) {
	e, ok := f.tensors[name]
	return e.dtype, ok
}

// Float32 reads one tensor, row-major as stored, into memory of its own. F16,
// BF16 and F64 are converted (F64 rounds to nearest); other types are an error
// that wraps errors.ErrUnsupported.
func (f *File) Float32(name string) (out []float32, err error) {
	err = f.Raw(name, func(t DType, raw []byte) (err error) {
		out, err = Widen(raw, t)
		return err
	})
	return out, err
}

// Raw shows one tensor's little-endian numbers, row-major as stored, to use; they
// are valid only inside of it.
func (f *File) Raw(name string, use func(t DType, raw []byte) error) error {
	e, ok := f.tensors[name]
	if !ok {
		return f.missing(name)
	}
	var used error
	err := f.source.with(f.start+e.begin, f.start+e.end, func(raw []byte) {
		t := e.dtype
		if e.turned {
			raw, used = transpose(raw, t, e.shape[0], e.shape[1])
			t = F32
		}
		if used == nil {
			used = use(t, raw)
		}
	})
	if err == nil {
		err = used
	}
	if err != nil {
		return fmt.Errorf("%s: tensor %q: %w", f.name, name, err)
	}
	return nil
}

func (f *File) missing(name string) error {
	return fmt.Errorf("%s has no tensor %q: the file belongs to another kind of model, or to another part of it", f.name, name)
}

// Close releases the file; what Float32 returned stays valid.
func (f *File) Close() error { return f.source.Close() }
