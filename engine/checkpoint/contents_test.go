package checkpoint

import (
	"slices"
	"testing"
)

// Parts and transposes of a tensor have its numbers, whether it lies in rows, in
// another order or in blocks.
func TestPartAndTransposed(t *testing.T) {
	for _, c := range []struct {
		file, name string
	}{
		{"protocol2.pt", "rows"},
		{"protocol2.pt", "transposed"},
		{"protocol2.pt", "columns"},
		{"protocol2.pt", "steps"},
		{"protocol2.pt", "half_transposed"},
		{"ggml.gguf", "F32"},
		{"ggml.gguf", "Q8_0"},
		{"ggml.gguf", "Q6_K"},
	} {
		f, err := Open("testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		e := f.tensors[c.name]
		all, err := f.Float32(c.name)
		if err != nil {
			t.Fatal(err)
		}
		rows, cols := e.shape[0], e.shape[1]
		turned, ok := e.transposed()
		if !ok || !slices.Equal(turned.shape, []int{cols, rows}) {
			t.Errorf("%s: transposed to %v", c.name, turned.shape)
		}
		f.tensors["turned"] = turned
		got, err := f.Float32("turned")
		for i := range got {
			if got[i] != all[i%rows*cols+i/rows] {
				t.Errorf("%s: transposed is %v of %v", c.name, got, all)
				break
			}
		}
		if err != nil || len(got) != len(all) {
			t.Errorf("%s: transposed: %d numbers, %v", c.name, len(got), err)
		}
		for n := range rows {
			part, ok := e.part(n, rows)
			f.tensors["part"] = part
			got, err := f.Float32("part")
			if !ok || err != nil || !slices.Equal(got, all[n*cols:(n+1)*cols]) {
				t.Errorf("%s: part %d is %v (%v, %v) of %v", c.name, n, got, ok, err, all)
			}
		}
		if _, ok := e.part(0, rows+1); ok {
			t.Errorf("%s: %d rows are cut into %d parts", c.name, rows, rows+1)
		}
		f.Close()
	}
	if _, ok := (entry{shape: []int{3}}).transposed(); ok {
		t.Error("one axis is transposed")
	}
	if _, ok := (entry{}).part(0, 1); ok {
		t.Error("a scalar is cut")
	}
}
