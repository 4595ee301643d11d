package models

import (
	"maps"
	"slices"

	"darkroom/engine/checkpoint"
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
	d := Details{Kind: kindOf(f)}
	if d.Kind == Unknown {
		d.Kind = placed(path)
	}
	d.count(f)
	return d
}

// count counts the file's numbers.
func (d *Details) count(f *checkpoint.File) {
	types := map[checkpoint.DType]int{}
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		t, _ := f.DType(name)
		n := 1
		for _, size := range shape {
			n *= size
		}
		d.Parameters += n
		types[t] += n
	}
	for _, t := range slices.Sorted(maps.Keys(types)) {
		if d.Type == "" || types[t] > types[d.Type] {
			d.Type = t
		}
	}
}

// describeFolder looks at the headers of a model folder's parts.
func describeFolder(path string) Details {
	d := Details{Kind: Whole}
	folder, err := checkpoint.OpenFolder(path)
	if err != nil {
		d.Trouble = err.Error()
		return d
	}
	f, err := folder.Weights("unet")
	if err != nil {
		d.Trouble = err.Error()
		return d
	}
	defer f.Close()
	d.count(f)
	return d
}
