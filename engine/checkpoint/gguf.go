package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// ggmlTypes are the numbers GGUF gives to types of tensors (ggml.h, enum ggml_type).
var ggmlTypes = map[uint32]DType{
	0: F32, 1: F16, 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0",
	10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K",
	24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: F64, 30: BF16,
}

// ggmlUnread are types that other programs write and this one does not read.
var ggmlUnread = map[uint32]string{
	9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S",
	23: "IQ4_XS", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}

// The types of GGUF's metadata (gguf.md, enum gguf_metadata_value_type).
const (
	ggufUint8 = iota
	ggufInt8
	ggufUint16
	ggufInt16
	ggufUint32
	ggufInt32
	ggufFloat32
	ggufBool
	ggufString
	ggufArray
	ggufUint64
	ggufInt64
	ggufFloat64
)

// ggufWidths are the bytes of the metadata types that have a fixed number of them.
var ggufWidths = map[uint32]int{
	ggufUint8: 1, ggufInt8: 1, ggufBool: 1, ggufUint16: 2, ggufInt16: 2,
	ggufUint32: 4, ggufInt32: 4, ggufFloat32: 4, ggufUint64: 8, ggufInt64: 8, ggufFloat64: 8,
}

// shownLength is how long an array in the metadata may be to be shown.
const shownLength = 16

// readGGUF reads the description in a GGUF file of version 2 or 3: magic, version,
// number of tensors and of pairs, the pairs (key, type, value), the tensors (name,
// dimensions innermost first, type, offset), then from a multiple of the alignment
// on the data.
func readGGUF(s source) (*contents, error) {
	var c *contents
	var err error
	if e := s.with(0, min(s.size(), maxDescription), func(raw []byte) {
		g := gguf{rest: raw, size: len(raw), dims: map[string][]int64{}, contents: &contents{tensors: map[string]entry{}}}
		c, err = g.contents, g.read(s)
	}); e != nil {
		return nil, e
	}
	return c, err
}

type gguf struct {
	*contents
	rest []byte             // of the description
	size int                // of all of it
	err  error              // the first thing that was wrong
	dims map[string][]int64 // short arrays of integers in the metadata
}

func (g *gguf) read(s source) error {
	g.bytes(4)
	version := g.uint32()
	switch {
	case g.err != nil:
	case version == 1:
		return fmt.Errorf("it is GGUF of version 1, which nobody writes any more: convert the model again (%w)", errors.ErrUnsupported)
	case version&0xffff == 0 && version != 0:
		return fmt.Errorf("it is GGUF with its bytes in big-endian order: get the model's usual GGUF file (%w)", errors.ErrUnsupported)
	case version > 3 || version == 0:
		return fmt.Errorf("it is GGUF of version %d, and versions 2 and 3 can be read: get the model as safetensors (%w)", version, errors.ErrUnsupported)
	}
	tensors, pairs := g.uint64(), g.uint64()
	g.metadata = map[string]string{}
	for range g.count(pairs, 13) { // a key's length, a type, a byte
		g.pair()
	}
	if n := g.dims["split.count"]; len(n) == 1 && n[0] > 1 {
		return fmt.Errorf("it is one of %d files that a model is split into: download all, and join them with llama.cpp's gguf-split (%w)", n[0], errors.ErrUnsupported)
	}
	align := int64(32)
	if a := g.dims["general.alignment"]; len(a) == 1 {
		align = a[0]
		if align < 8 || align > 1<<20 || align&(align-1) != 0 {
			return fmt.Errorf("its general.alignment is %d, want a power of two: the file is damaged, download it again", align)
		}
	}
	for range g.count(tensors, 24) { // a name's length, dimensions, type and offset
		g.tensor()
	}
	if g.err != nil {
		return g.err
	}
	start := (int64(g.size-len(g.rest)) + align - 1) / align * align
	return g.place(s, start, align)
}

// place finds the tensors' data, from start on, and checks it.
func (g *gguf) place(s source, start, align int64) error {
	at, before := start, ""
	for _, name := range g.names() {
		t := g.tensors[name]
		length := t.end - t.begin
		if t.begin%align != 0 || t.begin > math.MaxInt64-start-length {
			return fmt.Errorf("tensor %q begins at byte %d of the data, which is no multiple of %d: the file is damaged, download it again", name, t.begin, align)
		}
		t.source, t.begin, t.end = s, t.begin+start, t.begin+start+length
		switch {
		case t.begin < at:
			return fmt.Errorf("tensor %q begins inside %q: the file is damaged, download it again", name, before)
		case t.end > s.size():
			return fmt.Errorf("the file ends at byte %d but tensor %q needs %d: download it again", s.size(), name, t.end)
		}
		at, before = t.end, name
		g.tensors[name] = t
	}
	return nil
}

// pair reads one key and its value.
func (g *gguf) pair() {
	key := g.string()
	kind := g.uint32()
	text, dims := g.value(kind, 0)
	if _, twice := g.metadata[key]; twice && g.err == nil {
		g.err = fmt.Errorf("its metadata has %q twice: the file is damaged, download it again", key)
	}
	if g.err != nil {
		return
	}
	g.metadata[key] = text
	if dims != nil {
		g.dims[key] = dims
	}
}

// value reads a value of the metadata as text and, of one or some integers, as
// numbers too.
func (g *gguf) value(kind uint32, depth int) (text string, dims []int64) {
	switch kind {
	case ggufString:
		return g.string(), nil
	case ggufArray:
		return g.array(depth)
	}
	width, known := ggufWidths[kind]
	if !known {
		g.fail(fmt.Errorf("its metadata has a value of type %d, which there is not: the file is damaged, download it again", kind))
		return "", nil
	}
	b := g.bytes(width)
	if b == nil {
		return "", nil
	}
	var bits [8]byte
	copy(bits[:], b)
	u := binary.LittleEndian.Uint64(bits[:])
	switch kind {
	case ggufFloat32:
		return fmt.Sprint(math.Float32frombits(uint32(u))), nil
	case ggufFloat64:
		return fmt.Sprint(math.Float64frombits(u)), nil
	case ggufBool:
		return fmt.Sprint(u != 0), nil
	case ggufInt8, ggufInt16, ggufInt32, ggufInt64:
		shift := 64 - 8*width
		u = uint64(int64(u) << shift >> shift)
	case ggufUint64:
		if u > math.MaxInt64 {
			return fmt.Sprint(u), nil
		}
	}
	return fmt.Sprint(int64(u)), []int64{int64(u)}
}

// array reads an array of the metadata; long ones are only counted.
func (g *gguf) array(depth int) (text string, dims []int64) {
	kind := g.uint32()
	n := g.uint64()
	if depth > 2 {
		g.fail(errors.New("its metadata has arrays of arrays of arrays: the file is damaged, download it again"))
		return "", nil
	}
	width := ggufWidths[kind]
	if width > 0 && n > shownLength {
		g.bytes(width * g.count(n, width))
		return fmt.Sprintf("%d values", n), nil
	}
	var texts []string
	for range g.count(n, max(width, 8)) {
		if g.err != nil {
			return "", nil
		}
		if n > shownLength && kind == ggufString {
			g.bytes(g.count(g.uint64(), 1))
			continue
		}
		t, d := g.value(kind, depth+1)
		if n <= shownLength {
			texts = append(texts, t)
			dims = append(dims, d...)
		}
	}
	if n > shownLength {
		return fmt.Sprintf("%d values", n), nil
	}
	if kind == ggufArray {
		dims = nil
	}
	return strings.Join(texts, ", "), dims
}

// tensor reads the description of one tensor, whose begin is relative to the data.
func (g *gguf) tensor() {
	name := g.string()
	axes := g.count(uint64(g.uint32()), 8)
	dims := make([]int64, axes)
	for i := range dims {
		dims[axes-1-i] = int64(g.uint64()) // one too large is negative
	}
	kind := g.uint32()
	offset := int64(g.uint64())
	if g.err != nil {
		return
	}
	t, err := ggmlTensor(dims, kind)
	if _, twice := g.tensors[name]; twice {
		err = errors.New("it occurs twice: the file is damaged, download it again")
	} else if err == nil && offset < 0 {
		err = errors.New("it lies beyond any file: the file is damaged, download it again")
	}
	if err != nil {
		g.fail(fmt.Errorf("tensor %q: %w", name, err))
		return
	}
	// Other dimensions than GGUF can have are told by the metadata (ComfyUI-GGUF).
	if dims, ok := g.dims["comfy.gguf.orig_shape."+name]; ok {
		if shape, n, err := layouts["I8"].extent(dims); err == nil && n == int64(product(t.shape)) {
			t.shape = shape
		}
	}
	if t.end > math.MaxInt64-offset {
		g.fail(fmt.Errorf("tensor %q: it lies beyond any file: the file is damaged, download it again", name))
		return
	}
	t.begin, t.end = offset, offset+t.end
	g.tensors[name] = t
}

// ggmlTensor is a tensor that begins at 0.
func ggmlTensor(dims []int64, kind uint32) (entry, error) {
	dtype, known := ggmlTypes[kind]
	if !known {
		name, named := ggmlUnread[kind]
		if !named {
			return entry{}, fmt.Errorf("it is of ggml's type %d, which this version does not know: get the model as Q8_0, F16 or safetensors (%w)", kind, errors.ErrUnsupported)
		}
		return entry{}, fmt.Errorf("it is stored as %s, which can't be read: get the model as Q8_0, F16 or safetensors (%w)", name, errors.ErrUnsupported)
	}
	shape, length, err := layouts[dtype].extent(dims)
	if err != nil {
		return entry{}, fmt.Errorf("%w: the file is damaged, download it again", err)
	}
	return entry{dtype: dtype, shape: shape, end: length}, nil
}

func (g *gguf) fail(err error) {
	if g.err == nil {
		g.err = err
	}
}

// short is the error of a description that has fewer bytes than it says.
func (g *gguf) short() error {
	if g.size == maxDescription {
		return fmt.Errorf("its description needs more than the %d bytes that are the limit: the file is damaged, or get the model as safetensors (%w)", maxDescription, errors.ErrUnsupported)
	}
	return fmt.Errorf("it ends at byte %d, inside of the description of its tensors: it is cut short or damaged, download it again", g.size)
}

// bytes is the next n of them, nil if there are fewer.
func (g *gguf) bytes(n int) []byte {
	if n > len(g.rest) {
		g.fail(g.short())
	}
	if g.err != nil {
		return nil
	}
	b := g.rest[:n]
	g.rest = g.rest[n:]
	return b
}

// count is n, if the rest has room for as many things of at least some bytes, else
// 0.
func (g *gguf) count(n uint64, least int) int {
	if n > uint64(len(g.rest)/least) {
		g.fail(g.short())
	}
	if g.err != nil {
		return 0
	}
	return int(n)
}

func (g *gguf) uint32() uint32 {
	if b := g.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (g *gguf) uint64() uint64 {
	if b := g.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (g *gguf) string() string {
	return string(bytes.ToValidUTF8(slices.Clone(g.bytes(g.count(g.uint64(), 1))), []byte("\ufffd")))
}
