package words

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"darkroom/engine/checkpoint"
)

// Vectors are those of words, each of length one.
type Vectors struct {
	Words []string

	dim    int
	values []float32 // [words,dim]
	ids    map[string]int
}

func newVectors(words []string, dim int, values []float32) *Vectors {
	v := &Vectors{Words: words, dim: dim, values: values, ids: make(map[string]int, len(words))}
	for i, w := range words {
		v.ids[w] = i
		normalise(v.row(i))
	}
	return v
}

func (v *Vectors) row(i int) []float32 { return v.values[i*v.dim:][:v.dim] }

func normalise(x []float32) {
	var sum float64
	for _, f := range x {
		sum += float64(f) * float64(f)
	}
	length := float32(math.Sqrt(sum) + 1e-12)
	for i := range x {
		x[i] /= length
	}
}

// Neighbour is a word and the cosine of its vector and the one asked for.
type Neighbour struct {
	Word   string
	Cosine float64
}

// Near are the n words nearest to a vector, without some.
func (v *Vectors) Near(to []float32, n int, without ...string) []Neighbour {
	to = slices.Clone(to)
	normalise(to)
	all := make([]Neighbour, 0, len(v.Words))
	for i, w := range v.Words {
		if slices.Contains(without, w) {
			continue
		}
		var dot float64
		for k, x := range v.row(i) {
			dot += float64(x) * float64(to[k])
		}
		all = append(all, Neighbour{w, dot})
	}
	slices.SortFunc(all, func(a, b Neighbour) int { return cmp.Compare(b.Cosine, a.Cosine) })
	return all[:min(n, len(all))]
}

// Of is a word's vector, nil if it has none.
func (v *Vectors) Of(word string) []float32 {
	if i, known := v.ids[word]; known {
		return v.row(i)
	}
	return nil
}

// Analogy are the n words nearest to b − a + c, without these: what is to c as b is
// to a. There are none if one of them is unknown.
func (v *Vectors) Analogy(a, b, c string, n int) []Neighbour {
	va, vb, vc := v.Of(a), v.Of(b), v.Of(c)
	if va == nil || vb == nil || vc == nil {
		return nil
	}
	to := make([]float32, v.dim)
	for i := range to {
		to[i] = vb[i] - va[i] + vc[i]
	}
	return v.Near(to, n, a, b, c)
}

const wordsKey = "words" // of a file's metadata

// Write writes the vectors as a safetensors file.
func (v *Vectors) Write(path string) error {
	words, err := json.Marshal(v.Words)
	if err != nil {
		return err
	}
	return checkpoint.Write(path, []checkpoint.Tensor{{Name: "vectors", Shape: []int{len(v.Words), v.dim}, Data: v.values}},
		checkpoint.F16, map[string]string{wordsKey: string(words)})
}

// Open reads what Write wrote.
func Open(path string) (*Vectors, error) {
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Load(f)
}

// Load is Open of a file that is open.
func Load(f *checkpoint.File) (*Vectors, error) {
	var words []string
	if err := json.Unmarshal([]byte(f.Metadata()[wordsKey]), &words); err != nil {
		return nil, fmt.Errorf("word vectors: the list of words can't be read (%w): train them again", err)
	}
	shape, found := f.Shape("vectors")
	if !found || len(shape) != 2 || shape[0] != len(words) || shape[1] < 1 {
		return nil, fmt.Errorf("word vectors: the vectors are %v, expected one for each of %d words: train them again", shape, len(words))
	}
	values, err := f.Reader("").Float32("vectors", shape...)
	if err != nil {
		return nil, err
	}
	return newVectors(words, shape[1], values), nil
}
