package models

import (
	"maps"
	"slices"

	"darkroom/engine/adapter"
	"darkroom/engine/checkpoint"
	"darkroom/engine/family"
)

// Details is what a file's header and its place tell.
type Details struct {
	Kind       Kind             `json:"kind"`
	Family     string           `json:"family,omitempty"`     // of a whole model
	Type       checkpoint.DType `json:"type,omitempty"`       // that most of its numbers are stored in
	Parameters int              `json:"parameters,omitempty"` // numbers in its tensors
	Trouble    string           `json:"trouble,omitempty"`    // why it can't be read
}

// describe looks at a file's header.
func describe(path string) Details {
	f, err := checkpoint.Open(path)
	if err != nil {
		return Details{Kind: placed(path), Trouble: err.Error()}
	}
	defer f.Close()
	d := Details{Kind: KindOf(f)}
	if d.Kind == Unknown {
		d.Kind = placed(path)
	}
	d.count(typesOf(f))
	if d.Kind == Whole {
		d.recognise(path)
	}
	return d
}

// describePicture looks for a textual inversion in a picture's texts.
func describePicture(path string) Details {
	if adapter.HasEmbedding(path) {
		return Details{Kind: Embedding}
	}
	return Details{Kind: Unknown}
}

// recognise tells a whole model's family, or why it can't be drawn with.
func (d *Details) recognise(path string) {
	m, err := family.Open(path)
	if err != nil {
		d.Trouble = err.Error()
		return
	}
	defer m.Close()
	d.Family = string(m.Family)
	if err := m.Check(); err != nil {
		d.Trouble = err.Error()
	}
	if m.Folder == nil {
		return // counted already, with what belongs to no part
	}
	types := map[checkpoint.DType]int{}
	for _, p := range m.Parts {
		for t, n := range p.Types {
			types[t] += n
		}
	}
	d.count(types)
}

// describeFolder looks at the headers of a model folder's parts.
func describeFolder(path string) Details {
	d := Details{Kind: Whole}
	d.recognise(path)
	return d
}

// typesOf counts the file's numbers by their type.
func typesOf(f *checkpoint.File) map[checkpoint.DType]int {
	types := map[checkpoint.DType]int{}
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		t, _ := f.DType(name)
		n := 1
		for _, size := range shape {
			n *= size
		}
		types[t] += n
	}
	return types
}

// count adds the numbers up.
func (d *Details) count(types map[checkpoint.DType]int) {
	for _, t := range slices.Sorted(maps.Keys(types)) {
		d.Parameters += types[t]
		if d.Type == "" || types[t] > types[d.Type] {
			d.Type = t
		}
	}
}
