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
	s := *r
	s.prefix += prefix
	return &s
}

// full is the name in the file.
func (r *Reader) full(name string) string { return r.prefix + name }

// Has reports whether there is such a tensor.
func (r *Reader) Has(name string) bool {
	_, ok := r.file.tensors[r.full(name)]
	return ok
}

// DType gives the type a tensor is stored in; false without such a tensor.
func (r *Reader) DType(name string) (DType, bool) { return r.file.DType(r.full(name)) }

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
func (r *Reader) Float32(name string, shape ...int) ([]float32, error) {
	if err := r.Check(name, shape); err != nil {
		return nil, err
	}
	return r.file.Float32(r.full(name))
}

// Raw shows the numbers of one tensor (see File.Raw), after the same check of its
// shape.
func (r *Reader) Raw(name string, shape []int, use func(t DType, raw []byte) error) error {
	if err := r.Check(name, shape); err != nil {
		return err
	}
	return r.file.Raw(r.full(name), use)
}

// Check makes sure that there is a tensor of the given shape. It counts as taken.
func (r *Reader) Check(name string, shape []int) error {
	full := r.full(name)
	have, ok := r.file.Shape(full)
	if !ok {
		return r.file.missing(full)
	}
	r.taken[full] = true
	if !slices.Equal(withoutTaps(have), withoutTaps(shape)) {
		return fmt.Errorf("tensor %q in %s: shape %v, want %v: the file belongs to a model of another size or kind",
			full, r.file.name, have, shape)
	}
	return nil
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
		if strings.HasPrefix(n, r.prefix) && !r.taken[n] {
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
