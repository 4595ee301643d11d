package checkpoint

import (
	"fmt"
	"slices"
	"strings"
)

// Reader takes a model's tensors out of a file by name and expected shape, and
// remembers which ones were taken. Names are relative to its prefix.
type Reader struct {
	file   *File
	prefix string
	taken  map[string]bool // full names, shared with the readers made by Sub
}

// Reader reads the tensors whose names begin with prefix, which includes the
// final dot, as in "first_stage_model."; "" is the whole file.
func (f *File) Reader(prefix string) *Reader {
	return &Reader{file: f, prefix: prefix, taken: map[string]bool{}}
}

// Sub reads the tensors below prefix, relative to r's own; what it takes counts
// as taken by r.
func (r *Reader) Sub(prefix string) *Reader {
	return &Reader{file: r.file, prefix: r.prefix + prefix, taken: r.taken}
}

// Has reports whether there is such a tensor.
func (r *Reader) Has(name string) bool {
	_, ok := r.file.tensors[r.prefix+name]
	return ok
}

// Shape gives a tensor's dimensions, so that a model can read its own geometry
// off its file; false without such a tensor.
func (r *Reader) Shape(name string) ([]int, bool) { return r.file.Shape(r.prefix + name) }

// Float32 reads one tensor, which must have the given shape.
func (r *Reader) Float32(name string, shape ...int) ([]float32, error) {
	full := r.prefix + name
	if have, ok := r.file.Shape(full); ok && !slices.Equal(have, shape) {
		return nil, fmt.Errorf("tensor %q in %s: shape %v, want %v: the file belongs to a model of another size or kind",
			full, r.file.name, have, shape)
	}
	data, err := r.file.Float32(full)
	if err == nil {
		r.taken[full] = true
	}
	return data, err
}

// Unused lists the tensors below the prefix that nobody has read, by their full
// names: what a loader does not understand.
func (r *Reader) Unused() []string {
	var names []string
	for _, n := range r.file.names {
		if strings.HasPrefix(n, r.prefix) && !r.taken[n] {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}
