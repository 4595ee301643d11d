package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Reader takes a model's tensors out of a file by name and expected shape, and
// remembers which ones were taken. Names are relative to its prefix.
type Reader struct {
	file   *File
	prefix string
	rename func(string) string // from the names it is asked for to the file's; nil if they are the same
	ignore []string            // beginnings of names that nobody needs
	taken  map[string]bool     // full names, shared with the readers made by Sub
}

// Reader reads the tensors whose names begin with prefix, which includes the
// final dot, as in "first_stage_model."; "" is the whole file.
func (f *File) Reader(prefix string) *Reader {
	return &Reader{file: f, prefix: prefix, taken: map[string]bool{}}
}

// Sub reads the tensors below prefix, relative to r's own; what it takes counts
// as taken by r.
func (r *Reader) Sub(prefix string) *Reader {
	s := *r
	if r.rename == nil {
		s.prefix += prefix
	} else {
		s.rename = func(name string) string { return r.rename(prefix + name) }
	}
	return &s
}

// full is the name in the file.
func (r *Reader) full(name string) string {
	if r.rename != nil {
		name = r.rename(name)
	}
	return r.prefix + name
}

// Has reports whether there is such a tensor.
func (r *Reader) Has(name string) bool {
	_, ok := r.file.tensors[r.full(name)]
	return ok
}

// Shape gives a tensor's dimensions, so that a model can read its own geometry
// off its file; false without such a tensor.
func (r *Reader) Shape(name string) ([]int, bool) { return r.file.Shape(r.full(name)) }

// Dim gives the size of a tensor's axis, which it must have.
func (r *Reader) Dim(name string, axis int) (int, error) {
	full := r.full(name)
	shape, ok := r.file.Shape(full)
	if !ok {
		return 0, r.file.missing(full)
	}
	if axis >= len(shape) {
		return 0, fmt.Errorf("tensor %q in %s: shape %v, want %d dimensions or more: the file belongs to a model of another kind",
			full, r.file.name, shape, axis+1)
	}
	return shape[axis], nil
}

// Float32 reads one tensor, which must have the given shape; a linear layer and
// a 1×1 convolution have the same numbers and stand for each other.
func (r *Reader) Float32(name string, shape ...int) (out []float32, err error) {
	full, err := r.check(name, shape)
	if err == nil {
		out, err = r.file.Float32(full)
	}
	if err == nil {
		r.taken[full] = true
	}
	return out, err
}

// Raw shows the numbers of one tensor (see File.Raw), after the same check of its
// shape.
func (r *Reader) Raw(name string, shape []int, use func(t DType, raw []byte) error) error {
	full, err := r.check(name, shape)
	if err == nil {
		err = r.file.Raw(full, use)
	}
	if err == nil {
		r.taken[full] = true
	}
	return err
}

// check gives the name in the file of a tensor that must have a shape if it is there.
func (r *Reader) check(name string, shape []int) (full string, err error) {
	full = r.full(name)
	if have, ok := r.file.Shape(full); ok && !slices.Equal(withoutTaps(have), withoutTaps(shape)) {
		return full, fmt.Errorf("tensor %q in %s: shape %v, want %v: the file belongs to a model of another size or kind",
			full, r.file.name, have, shape)
	}
	return full, nil
}

// withoutTaps is the shape of the linear layer that a 1×1 convolution
// [out,in,1,1] is, and any other shape as it is.
func withoutTaps(shape []int) []int {
	if len(shape) == 4 && shape[2] == 1 && shape[3] == 1 {
		return shape[:2]
	}
	return shape
}

// Unused lists the tensors below the prefix that nobody has read, by their full
// names: what a loader does not understand.
func (r *Reader) Unused() []string {
	var names []string
	for _, n := range r.file.names {
		rest, ours := strings.CutPrefix(n, r.prefix)
		ignored := slices.ContainsFunc(r.ignore, func(begin string) bool { return strings.HasPrefix(rest, begin) })
		if ours && !ignored && !r.taken[n] {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// Complete is the error of a loader that needs every tensor below the prefix but
// has no use for some.
func (r *Reader) Complete() error {
	unused := r.Unused()
	if len(unused) == 0 {
		return nil
	}
	return fmt.Errorf("%s has %d tensors that have no place in this model, such as %q: the file belongs to another kind of model (%w)",
		r.file.name, len(unused), unused[0], errors.ErrUnsupported)
}
