package adapter

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"darkroom/engine/checkpoint"
)

// The web UI's own form, written by torch (engine/golden/checkpoint.py).
func TestEmbeddingInAPickle(t *testing.T) {
	for _, name := range []string{"embedding.pt", "embedding_module.pt"} {
		e, err := OpenEmbedding(filepath.Join("..", "checkpoint", "testdata", name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		vectors := 0
		for width := range e.Vectors {
			vectors += e.Count(width)
		}
		if vectors == 0 || e.Name == "" {
			t.Errorf("%s: %d vectors of %q", name, vectors, e.Name)
		}
	}
}

func TestEmbeddingOfEveryForm(t *testing.T) {
	rows := []float32{1, 2, 3, 4, 5, 6}
	write := func(tensors ...checkpoint.Tensor) string {
		path := filepath.Join(t.TempDir(), "bad hands.safetensors")
		if err := checkpoint.Write(path, tensors, checkpoint.F32, nil); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for what, c := range map[string]struct {
		tensors []checkpoint.Tensor
		count   map[int]int // by width
	}{
		"web UI":            {[]checkpoint.Tensor{{Name: "emb_params", Shape: []int{2, 3}, Data: rows}}, map[int]int{3: 2}},
		"diffusers":         {[]checkpoint.Tensor{{Name: "<cat-toy>", Shape: []int{6}, Data: rows}}, map[int]int{6: 1}},
		"two text encoders": {[]checkpoint.Tensor{{Name: "clip_l", Shape: []int{2, 3}, Data: rows}, {Name: "clip_g", Shape: []int{1, 2}, Data: rows[:2]}}, map[int]int{3: 2, 2: 1}},
	} {
		e, err := OpenEmbedding(write(c.tensors...))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if e.Name != "bad hands" || e.Count(77) != 0 {
			t.Errorf("%s: %q has %d vectors of width 77", what, e.Name, e.Count(77))
		}
		for width, n := range c.count {
			if e.Count(width) != n || !slices.Equal(e.Vectors[width], rows[:n*width]) {
				t.Errorf("%s: vectors %v", what, e.Vectors)
			}
		}
	}
	for what, tensors := range map[string][]checkpoint.Tensor{
		"a model's tensor":  {{Name: "conv.weight", Shape: []int{1, 2, 3, 1}, Data: rows}},
		"two of one width":  {{Name: "a", Shape: []int{2, 3}, Data: rows}, {Name: "b", Shape: []int{3}, Data: rows[:3]}},
		"nothing at all":    {{Name: "a", Shape: []int{0, 3}, Data: nil}},
		"too many vectors":  {{Name: "a", Shape: []int{1025, 1}, Data: make([]float32, 1025)}},
		"a number, no list": {{Name: "a", Shape: nil, Data: rows[:1]}},
	} {
		if _, err := OpenEmbedding(write(tensors...)); err == nil || !strings.Contains(err.Error(), "no textual inversion") {
			t.Errorf("%s: error %v", what, err)
		}
	}
}
