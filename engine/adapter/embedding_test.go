package adapter

import (
	"bytes"
	"image"
	"image/png"
	"os"
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

// Pictures that engine/golden/embedding_picture.py writes.
func TestEmbeddingInAPicture(t *testing.T) {
	var want []float32
	for k := range 12 {
		want = append(want, 0.5*float32(k)-1.25)
	}
	for _, name := range []string{"embedding_text.png", "embedding_pixels.png", "embedding_pixels.webp"} {
		e, err := OpenEmbedding(filepath.Join("testdata", name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if e.Count(6) != 2 || !slices.Equal(e.Vectors[6], want) {
			t.Errorf("%s: vectors %v", name, e.Vectors)
		}
	}
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var plain bytes.Buffer
	if err := png.Encode(&plain, image.NewRGBA(image.Rect(0, 0, 9, 9))); err != nil {
		t.Fatal(err)
	}
	for path, mentions := range map[string]string{
		write("plain.png", plain.Bytes()):          "holds no textual inversion",
		write("cut.png", plain.Bytes()[:40]):       "cut.png",
		write("page.png", []byte("<html></html>")): "not a PNG",
	} {
		if _, err := OpenEmbedding(path); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: error %v", path, err)
		}
	}
}

func FuzzEmbeddingPicture(f *testing.F) {
	for _, name := range []string{"embedding_text.png", "embedding_pixels.png", "embedding_pixels.webp"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		path := filepath.Join(t.TempDir(), "x.png")
		if err := os.WriteFile(path, file, 0o644); err != nil {
			t.Fatal(err)
		}
		if e, err := OpenEmbedding(path); err == nil {
			for width, rows := range e.Vectors {
				if len(rows)%width != 0 || e.Count(width) == 0 {
					t.Errorf("%d numbers in vectors of %d", len(rows), width)
				}
			}
		}
	})
}
