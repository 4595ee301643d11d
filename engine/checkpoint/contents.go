package checkpoint

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// contents is what a file holds, whatever its format. Each format has one function
// that makes it of a source, after checking everything but the numbers themselves.
type contents struct {
	tensors  map[string]entry
	metadata map[string]string
	values   any // what a pickle holds, tensors and all; see File.Value
}

// entry says what a tensor is and where its numbers lie.
type entry struct {
	dtype      DType
	shape      []int
	source     source
	begin, end int64 // bytes of the source
	view       *view // nil when they are the numbers row by row, little-endian
}

// view is how the numbers of a tensor lie if not row by row.
type view struct {
	strides   []int // in numbers, from one index of an axis to the next
	bigEndian bool
}

// maxDescription is how much of a file may describe its tensors, in formats that don't
// say it before; a hundred times of what models need.
const maxDescription = 64 << 20

// open tells the format of a file by its beginning and reads it.
func open(s source) (*contents, error) {
	head, err := take(s, 0, 512)
	if err != nil {
		return nil, err
	}
	likelySafetensors := len(head) > 8 && head[8] == '{' && bytes.HasPrefix(head[4:], make([]byte, 4))
	switch { // a length below 2³² and a brace: nothing else begins so
	case likelySafetensors:
		return readSafetensors(s)
	case bytes.HasPrefix(head, []byte("GGUF")):
		return readGGUF(s)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return readTorch(s)
	case len(head) > 1 && head[0] == opProto && head[1] <= maxProtocol:
		return readLegacyTorch(s)
	}
	c, err := readSafetensors(s)
	if err != nil {
		return nil, foreign(head, err)
	}
	return c, nil
}

// take copies bytes [from, to) of the source, as far as there are any.
func take(s source, from, to int64) (b []byte, err error) {
	to = min(to, s.size())
	err = s.with(min(from, to), to, func(raw []byte) { b = bytes.Clone(raw) })
	return b, err
}

// names lists the tensors in the order of their data.
func (c *contents) names() []string {
	names := make([]string, 0, len(c.tensors))
	for n := range c.tensors {
		names = append(names, n)
	}
	slices.SortFunc(names, func(n, m string) int {
		a, b := c.tensors[n], c.tensors[m]
		// empty tensors come first
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), cmp.Compare(n, m))
	})
	return names
}

// extent checks a shape and gives the bytes its numbers need.
func (l layout) extent(dims []int64) (shape []int, need int64, err error) {
	n := uint64(1)
	shape = make([]int, len(dims))
	for i, d := range dims {
		hi, lo := bits.Mul64(n, uint64(d))
		if d < 0 || d > math.MaxInt || hi != 0 || lo > math.MaxInt64/8 {
			return nil, 0, fmt.Errorf("shape %v is impossible", dims)
		}
		shape[i], n = int(d), lo
	}
	if l.count > 1 && (len(dims) == 0 || dims[len(dims)-1]%int64(l.count) != 0) {
		return nil, 0, fmt.Errorf("shape %v can't be made of blocks of %d numbers", dims, l.count)
	}
	return shape, int64(n / uint64(l.count) * uint64(l.bytes)), nil
}

// numbers shows the bytes that hold the tensor's numbers, row by row and
// little-endian, to use. They are of the type that the file has, but for a view of
// blocks, which is float32.
func (e entry) numbers(use func(t DType, raw []byte)) error {
	if e.view == nil {
		return e.source.with(e.begin, e.end, func(raw []byte) { use(e.dtype, raw) })
	}
	t, l := e.dtype, layouts[e.dtype]
	var rows []byte
	err := e.source.with(e.begin, e.end, func(raw []byte) {
		if l.count > 1 {
			t, raw = F32, l.wide(raw)
		}
		rows = e.view.gather(raw, e.shape, layouts[t].bytes)
	})
	if err == nil {
		use(t, rows)
	}
	return err
}

// gather copies the numbers of a view of a shape, of width bytes each, into rows.
func (v *view) gather(raw []byte, shape []int, width int) []byte {
	rows := make([]byte, product(shape)*width)
	index := make([]int, len(shape))
	from := 0
	for to := 0; to < len(rows); to += width {
		number := rows[to : to+width]
		copy(number, raw[from*width:])
		if v.bigEndian {
			slices.Reverse(number)
		}
		for axis := len(index) - 1; axis >= 0; axis-- {
			index[axis]++
			from += v.strides[axis]
			if index[axis] < shape[axis] {
				break
			}
			from -= index[axis] * v.strides[axis]
			index[axis] = 0
		}
	}
	return rows
}

// part is the nth of as many equal parts of the tensor along its first axis; false if
// it can't be cut so.
func (e entry) part(n, of int) (entry, bool) {
	if len(e.shape) == 0 || e.shape[0]%of != 0 {
		return e, false
	}
	e.shape = slices.Clone(e.shape)
	e.shape[0] /= of
	l := layouts[e.dtype]
	length := (e.end - e.begin) / int64(of)
	step := length
	switch {
	case product(e.shape) == 0:
		return e, true
	case e.view != nil && l.count > 1:
		return e, false
	case e.view != nil:
		last := 0
		for i, n := range e.shape {
			last += (n - 1) * e.view.strides[i]
		}
		step = int64(e.shape[0] * e.view.strides[0] * l.bytes)
		length = int64((last + 1) * l.bytes)
	case product(e.shape)%l.count != 0:
		return e, false
	}
	e.begin += int64(n) * step
	e.end = e.begin + length
	return e, true
}

// transposed is the tensor with its two axes the other way round; false if it has not
// two.
func (e entry) transposed() (entry, bool) {
	if len(e.shape) != 2 {
		return e, false
	}
	v := view{strides: []int{e.shape[1], 1}}
	if e.view != nil {
		v = *e.view
	}
	e.shape = []int{e.shape[1], e.shape[0]}
	e.view = &view{[]int{v.strides[1], v.strides[0]}, v.bigEndian}
	return e, true
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// place is where a tensor of a shape, with strides, lies in bytes [0, size) of a
// storage, offset numbers behind its beginning: its first byte and the one behind its
// last.
func (l layout) place(shape, strides []int64, offset, size int64) (begin, end int64, err error) {
	outside := fmt.Errorf("shape %v with strides %v from number %d on is not inside its storage of %d bytes: the file is damaged, download it again",
		shape, strides, offset, size)
	if len(shape) != len(strides) || offset < 0 {
		return 0, 0, outside
	}
	room := size / int64(l.bytes)
	count, last := int64(1), offset
	for i, n := range shape {
		if n == 0 {
			return 0, 0, nil
		}
		if n < 0 || strides[i] < 0 || last > room {
			return 0, 0, outside
		}
		hi, step := bits.Mul64(uint64(n-1), uint64(strides[i]))
		if hi != 0 || step > uint64(room) {
			return 0, 0, outside
		}
		last += int64(step)
		if n > room/count {
			return 0, 0, fmt.Errorf("shape %v with strides %v has more numbers than the %d of its storage: save the model with its tensors contiguous (%w)",
				shape, strides, room, errors.ErrUnsupported)
		}
		count *= n
	}
	if last >= room {
		return 0, 0, outside
	}
	return offset * int64(l.bytes), (last + 1) * int64(l.bytes), nil
}

// contiguous tells whether strides are those of rows one after the other.
func contiguous(shape, strides []int) bool {
	want := 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] > 1 && strides[i] != want {
			return false
		}
		want *= shape[i]
	}
	return true
}
