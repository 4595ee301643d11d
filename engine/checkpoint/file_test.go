package checkpoint

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// file puts a length before a header and data after it.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

const twoTensors = `{"__metadata__":{"format":"pt"},` +
	`"b":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},` +
	`"a":{"dtype":"F16","shape":[],"data_offsets":[24,26]}}  `

func TestOpenBytes(t *testing.T) {
	f, err := OpenBytes("two", file(twoTensors, 26))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.Names(); !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("Names() = %v", got)
	}
	if got := f.Metadata(); !maps.Equal(got, map[string]string{"format": "pt"}) {
		t.Errorf("Metadata() = %v", got)
	}
	if s, ok := f.Shape("b"); !ok || !slices.Equal(s, []int{2, 3}) {
		t.Errorf("Shape(b) = %v, %v", s, ok)
	}
	if d, ok := f.DType("a"); !ok || d != F16 {
		t.Errorf("DType(a) = %v, %v", d, ok)
	}
	if _, ok := f.Shape("c"); ok {
		t.Error("Shape(c) reports a tensor that is not there")
	}
	if x, err := f.Float32("a"); err != nil || len(x) != 1 {
		t.Errorf("Float32 of a scalar = %v, %v", x, err)
	}
}

func TestOpenBytesErrors(t *testing.T) {
	one := func(entry string) []byte { return file(`{"w":`+entry+`}`, 8) }
	cases := []struct {
		name string
		b    []byte
		want string
	}{
		{"nothing", nil, "it is 0 bytes long"},
		{"short", []byte{1, 2, 3}, "it is 3 bytes long"},
		{"cut in the header", file(twoTensors, 0)[:40], "the file ends at byte 40 but its header needs 152: download it again"},
		{"cut in the data", file(twoTensors, 20), `the file ends at byte 172 but tensor "b" needs 176: download it again`},
		{"cut in the last", file(twoTensors, 25), `tensor "a" needs 178`},
		{"too long", file(twoTensors, 30), "4 bytes follow the last tensor"},
		{"huge header", binary.LittleEndian.AppendUint64(nil, maxHeader+1), "100000000 is the limit"},
		{"endless header", binary.LittleEndian.AppendUint64(nil, math.MaxUint64), "is the limit"},
		{"web page", []byte("\n<!DOCTYPE html><html><body>Sign in"), "looks like a web page"},
		{"lfs", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:00"), "git lfs pull"},
		{"json", []byte(`{"_class_name": "StableDiffusionPipeline"}`), "plain JSON"},
		{"not an object", file(`[1,2,3]`, 0), "does not begin with {"},
		{"cut JSON", file(`{"w":{"dtype":"F32"`, 0), "its header is damaged"},
		{"two objects", file(`{}{}`, 0), "follows the closing brace"},
		{"twice", file(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), `tensor "w" occurs twice`},
		{"two metadata", file(`{"__metadata__":{},"__metadata__":{}}`, 0), "two __metadata__"},
		{"metadata of numbers", file(`{"__metadata__":{"a":1}}`, 0), "__metadata__"},
		{"unknown type", one(`{"dtype":"F31","shape":[2],"data_offsets":[0,8]}`), `dtype "F31" is unknown`},
		{"no shape", one(`{"dtype":"F32","data_offsets":[0,8]}`), "no shape"},
		{"no offsets", one(`{"dtype":"F32","shape":[2]}`), "data_offsets has 0 numbers"},
		{"three offsets", one(`{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}`), "data_offsets has 3 numbers"},
		{"backwards", one(`{"dtype":"F32","shape":[2],"data_offsets":[8,0]}`), "goes from 8 to 0"},
		{"before the start", one(`{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}`), "goes from -8 to 0"},
		{"wrong size", one(`{"dtype":"F32","shape":[3],"data_offsets":[0,8]}`), "shape [3] of F32 needs 12 bytes, its data has 8"},
		{"negative", one(`{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}`), "shape [-1 -2] is impossible"},
		{"overflow", one(`{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}`), "is impossible"},
		{"fraction", one(`{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}`), "its header is damaged"},
		{"overlap", file(`{"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), `tensor "w" begins at byte 4 of the data, inside "v", which ends at 8`},
		{"gap", file(`{"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}`, 12), `"w" begins at byte 8`},
	}
	for _, c := range cases {
		f, err := OpenBytes("some/file", c.b)
		if f != nil || err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "some/file: ") {
			t.Errorf("%s: error %v, want one about the file that says %q", c.name, err, c.want)
		}
	}
}

// A header length that begins with the sign of another format is no reason to
// take a file for it.
func TestDamagedIsNotForeign(t *testing.T) {
	header := `{"w":7` + strings.Repeat(" ", '{'-7) + "}"
	_, err := OpenBytes("f", file(header, 0))
	if err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("error = %v", err)
	}
}

func TestFloat32Errors(t *testing.T) {
	f, err := OpenBytes("f", file(`{"ids":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}`, 8))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Float32("ids"); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "C64") {
		t.Errorf("reading C64: %v", err)
	}
	if _, err := f.Float32("weight"); err == nil || !strings.Contains(err.Error(), `has no tensor "weight"`) {
		t.Errorf("reading a missing tensor: %v", err)
	}
	f.Close()
	if _, err := f.Float32("ids"); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("reading after Close: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("opening a folder: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("opening nothing: %v", err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(empty); err == nil || !strings.Contains(err.Error(), "0 bytes") {
		t.Errorf("opening an empty file: %v", err)
	}
}

// A mapped file that is cut short while it is open must not end the program.
func TestCutWhileOpen(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files are not mapped there")
	}
	path := filepath.Join(t.TempDir(), "f.safetensors")
	const n = 1 << 18
	if err := Write(path, []Tensor{{"w", []int{n}, make([]float32, n)}}, F32, nil); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Float32("w"); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("error = %v", err)
	}
}
