package adapter

import (
	"fmt"
	"path/filepath"
	"strings"

	"darkroom/engine/checkpoint"
)

// Embedding is a textual inversion: a word, and the vectors that stand for it.
type Embedding struct {
	Name string // the file's, without folder and suffix: what a prompt calls it by
	// Vectors holds [n,width] for each width there is: a text encoder takes those
	// that are as wide as its own.
	Vectors map[int][]float32
}

// mostVectors is more than any prompt has room for.
const mostVectors = 1024

// OpenEmbedding reads a textual inversion in any of the forms there are: the web
// UI's (emb_params, or string_to_param in a .pt), Stable Diffusion XL's (clip_l and
// clip_g), diffusers' (the word itself), and pictures that hold one.
func OpenEmbedding(path string) (*Embedding, error) {
	if IsPicture(path) {
		return openPicture(path)
	}
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	base := filepath.Base(path)
	e := &Embedding{Name: strings.TrimSuffix(base, filepath.Ext(base)), Vectors: map[int][]float32{}}
	for _, name := range f.Names() {
		if strings.HasPrefix(name, "string_to_token.") {
			continue // the id that stood for the word while it was trained
		}
		shape, _ := f.Shape(name)
		if len(shape) == 0 || len(shape) > 2 {
			return nil, notEmbedding(path, name, shape)
		}
		width := shape[len(shape)-1]
		rows, err := f.Float32(name)
		if err != nil {
			return nil, err
		}
		if width == 0 || len(rows) == 0 || len(rows)/width > mostVectors || e.Vectors[width] != nil {
			return nil, notEmbedding(path, name, shape)
		}
		e.Vectors[width] = rows
	}
	if len(e.Vectors) == 0 {
		return nil, fmt.Errorf("%s holds no vectors: download the textual inversion again", path)
	}
	return e, nil
}

func notEmbedding(path, name string, shape []int) error {
	return fmt.Errorf("%s is no textual inversion: its tensor %q has the shape %v, expected one list of vectors for each text encoder", path, name, shape)
}

// Count is how many vectors of a width there are.
func (e *Embedding) Count(width int) int { return len(e.Vectors[width]) / max(1, width) }
