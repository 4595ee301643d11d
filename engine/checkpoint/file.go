// Package checkpoint reads the files that hold a model: safetensors, PyTorch's own
// (.ckpt, .pt, .pth, .bin), GGUF, and the folders in which diffusers lays out a whole
// pipeline. It writes safetensors. What it is given may be cut short, foreign or
// hostile; it says so in words, runs nothing of it, and takes no more memory than the
// file has bytes.
package checkpoint

import (
	"errors"
	"fmt"
	"maps"
	"os"
)

// File is an open file with a model's tensors, or several files that one model is
// split into; its format makes no difference. Reading from several goroutines is
// safe; Close must come after them.
type File struct {
	name     string
	sources  []source
	tensors  map[string]entry
	names    []string // as they lie in the data
	metadata map[string]string
	values   any
}

// Open opens the file at path, whatever its format is, and checks all that describes
// its tensors, so that a file that opens is complete. The data is read when it is
// asked for.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder: choose a file in it, such as a .safetensors file", path)
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
	c, err := open(s)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &File{
		name: name, sources: []source{s},
		tensors: c.tensors, names: c.names(), metadata: c.metadata, values: c.values,
	}, nil
}

// join makes one of the files a model is split into, which belong to it afterwards.
func join(name string, parts []*File) (*File, error) {
	all := &File{name: name, tensors: map[string]entry{}}
	for _, part := range parts {
		all.sources = append(all.sources, part.sources...)
		all.names = append(all.names, part.names...)
		maps.Copy(all.tensors, part.tensors)
		if all.metadata == nil {
			all.metadata = part.metadata
		}
	}
	if len(all.tensors) < len(all.names) {
		all.Close()
		return nil, fmt.Errorf("%s: two of its files hold the same tensor: download the whole folder again", name)
	}
	return all, nil
}

// Name is the path, or the name, the file was opened by.
func (f *File) Name() string { return f.name }

// Names lists the tensors in the order of their data.
func (f *File) Names() []string { return append([]string(nil), f.names...) }

// Metadata is the text the file carries beside its tensors, by key: __metadata__ of
// safetensors, the key-value pairs of GGUF, the single values that a torch file holds;
// nil without.
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

// DType gives the type a tensor is stored in, which Raw may show as another; false
// without such a tensor.
func (f *File) DType(name string) (DType, bool) {
	e, ok := f.tensors[name]
	return e.dtype, ok
}

// Float32 reads one tensor, row-major as stored, into memory of its own, as Widen
// turns its numbers into float32.
func (f *File) Float32(name string) (out []float32, err error) {
	err = f.stored(name, func(t DType, raw []byte) (err error) {
		out, err = Widen(raw, t)
		return err
	})
	return out, err
}

// Raw shows one tensor's little-endian numbers, row-major as stored, to use; they
// are valid only inside of it. Those of float8 and of GGUF's blocks come as F16, so
// that a model takes no more than two bytes for each; Float32 is exact for blocks too.
func (f *File) Raw(name string, use func(t DType, raw []byte) error) error {
	return f.stored(name, func(t DType, raw []byte) error { return use(asHalves(t, raw)) })
}

// stored shows one tensor's numbers in the type the file has.
func (f *File) stored(name string, use func(t DType, raw []byte) error) error {
	e, ok := f.tensors[name]
	if !ok {
		return f.missing(name)
	}
	var used error
	err := e.numbers(func(t DType, raw []byte) { used = use(t, raw) })
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
func (f *File) Close() error {
	var errs []error
	for _, s := range f.sources {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
