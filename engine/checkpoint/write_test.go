package checkpoint

import (
	"bytes"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWriteRoundTrip(t *testing.T) {
	tensors := []Tensor{
		{"conv.weight", []int{2, 1, 3}, []float32{1, -2, 0.5, 65504, 0x1p-24, float32(math.Inf(1))}},
		{"scale", nil, []float32{3}},
		{"empty", []int{0, 4}, nil},
		{`odd "name" é`, []int{1}, []float32{-0.25}},
	}
	meta := map[string]string{"format": "pt", "a": "b"}
	for _, dtype := range []DType{F32, F16} {
		path := filepath.Join(t.TempDir(), "m.safetensors")
		if err := Write(path, tensors, dtype, meta); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		mapped, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		inMemory, err := OpenBytes("m", raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []*File{mapped, inMemory} {
			if start := f.tensors[tensors[0].Name].begin; start%8 != 0 {
				t.Errorf("the data begins at %d", start)
			}
			if !maps.Equal(f.Metadata(), meta) {
				t.Errorf("metadata %v", f.Metadata())
			}
			for _, want := range tensors {
				got, err := f.Float32(want.Name)
				shape, _ := f.Shape(want.Name)
				if err != nil || !slices.Equal(got, want.Data) || !slices.Equal(shape, want.Shape) {
					t.Errorf("%s %s: %v %v, %v", dtype, want.Name, shape, got, err)
				}
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := Write(path, tensors, dtype, meta); err != nil {
			t.Fatal(err)
		}
		if again, _ := os.ReadFile(path); !bytes.Equal(again, raw) {
			t.Error("the same tensors give other bytes")
		}
	}
}

// A number beyond one piece of the output buffer lands where it belongs.
func TestWriteLarge(t *testing.T) {
	x := make([]float32, 100_003)
	for i := range x {
		x[i] = float32(i)
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := Write(path, []Tensor{{"x", []int{len(x)}, x}}, F32, nil); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := f.Float32("x"); err != nil || !slices.Equal(got, x) {
		t.Errorf("read back differs (%v)", err)
	}
}

func TestWriteErrors(t *testing.T) {
	one := []float32{1}
	cases := []struct {
		name    string
		tensors []Tensor
		dtype   DType
		want    string
	}{
		{"type", []Tensor{{"w", []int{1}, one}}, BF16, "not as \"BF16\""},
		{"shape", []Tensor{{"w", []int{2}, one}}, F32, `tensor "w": shape [2] holds 2 numbers, the data 1`},
		{"negative", []Tensor{{"w", []int{-1, -1}, one}}, F32, "impossible"},
		{"overflow", []Tensor{{"w", []int{1 << 32, 1 << 32}, nil}}, F32, "impossible"},
		{"twice", []Tensor{{"w", []int{1}, one}, {"w", []int{1}, one}}, F32, `two tensors "w"`},
		{"reserved", []Tensor{{"__metadata__", []int{1}, one}}, F32, "__metadata__"},
		{"range", []Tensor{{"w", []int{2}, []float32{1, -65520}}}, F16, "number 1 is -65520, and F16 ends at 65504"},
	}
	for _, c := range cases {
		dir := t.TempDir()
		path := filepath.Join(dir, "m.safetensors")
		if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := Write(path, c.tensors, c.dtype, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
		onlyBefore(t, dir, path)
	}
	if err := Write(filepath.Join(t.TempDir(), "no", "m"), nil, F32, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func onlyBefore(t *testing.T, dir, path string) {
	t.Helper()
	if b, err := os.ReadFile(path); err != nil || string(b) != "before" {
		t.Errorf("the old file is now %q, %v", b, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v, %v", files, err)
	}
}
