package words

import (
	"encoding/json"
	"fmt"

	"darkroom/engine/checkpoint"
)

// about is what a state says of itself.
type about struct {
	Words  []string `json:"words"`
	Counts []int    `json:"counts"`
	Dim    int      `json:"dim"`
	Epoch  int      `json:"epoch"`
}

const aboutKey = "about"

// Save writes the model so that learning can go on.
func (m *Model) Save(path string) error {
	text, err := json.Marshal(about{m.Words, m.Counts, m.Dim, m.Epoch})
	if err != nil {
		return err
	}
	return checkpoint.Write(path, []checkpoint.Tensor{
		{Name: "in", Shape: []int{len(m.in) / m.Dim, m.Dim}, Data: m.in},
		{Name: "out", Shape: []int{len(m.out) / m.Dim, m.Dim}, Data: m.out},
	}, checkpoint.F32, map[string]string{aboutKey: string(text)})
}

// Resume reads what Save wrote.
func Resume(path string) (*Model, error) {
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var a about
	if err := json.Unmarshal([]byte(f.Metadata()[aboutKey]), &a); err != nil || a.Dim < 1 || len(a.Words) != len(a.Counts) {
		return nil, fmt.Errorf("%s does not hold word vectors that can be trained on: delete it to start over", path)
	}
	m := index(a.Words, a.Counts, a.Dim)
	m.Epoch = a.Epoch
	r := f.Reader("")
	if m.in, err = r.Float32("in", len(m.in)/m.Dim, m.Dim); err != nil {
		return nil, err
	}
	m.out, err = r.Float32("out", len(m.out)/m.Dim, m.Dim)
	return m, err
}
