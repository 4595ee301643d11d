package models

import (
	"context"
	"errors"
	"os"

	"darkroom/engine/checkpoint"
	"darkroom/engine/family"
)

// Inspection is what is found out about a model, in JSON as in words.
type Inspection struct {
	Path       string            `json:"path"`
	Kind       Kind              `json:"kind"`
	Family     family.Family     `json:"family,omitempty"`
	Task       family.Task       `json:"task,omitempty"`
	Prediction string            `json:"prediction,omitempty"`
	ZeroSNR    bool              `json:"zero_terminal_snr,omitempty"`
	Size       int               `json:"size,omitempty"` // pixels on a side
	Usable     bool              `json:"usable"`
	Trouble    string            `json:"trouble,omitempty"` // why pictures can't be drawn with it
	Parts      []InspectedPart   `json:"parts"`
	Unknown    []string          `json:"unknown"` // tensors that belong to no part
	NonFinite  []BadTensor       `json:"non_finite"`
	Scanned    bool              `json:"scanned"` // NonFinite and SHA256 were looked for
	SHA256     string            `json:"sha256,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`

	told       func(share float64)
	read, size int64 // bytes looked at, and that will be
}

// InspectedPart is one network, or all of a file that is no model.
type InspectedPart struct {
	Part       string                   `json:"part"`
	Parameters int                      `json:"parameters"`
	Bytes      int64                    `json:"bytes"`
	Types      map[checkpoint.DType]int `json:"types"` // parameters stored in each
	Missing    []string                 `json:"missing"`
	Misshapen  []string                 `json:"misshapen"`
	Unknown    []string                 `json:"unknown"`
	Trouble    string                   `json:"trouble,omitempty"`
}

// BadTensor is a tensor with numbers that nothing can be computed with.
type BadTensor struct {
	Tensor string `json:"tensor"`
	NaN    int    `json:"nan,omitempty"`
	Inf    int    `json:"inf,omitempty"`
}

// Inspect finds out what the model at path is, of which parts, and what is wrong with
// it. Thoroughly means that every number is looked at and the file hashed; told, if any,
// hears how much of that is done, from 0 to 1. It ends with ctx.
func Inspect(ctx context.Context, path string, thoroughly bool, told func(share float64)) (*Inspection, error) {
	in := &Inspection{
		Path: path, Parts: []InspectedPart{}, Unknown: []string{}, NonFinite: []BadTensor{}, Scanned: thoroughly,
		told: told,
	}
	return in, in.look(ctx)
}

// look fills the inspection.
func (in *Inspection) look(ctx context.Context) error {
	m, err := family.Open(in.Path)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		why := err
		f, err := checkpoint.Open(in.Path)
		if err != nil {
			return why
		}
		defer f.Close()
		return in.other(ctx, f, why)
	case err != nil:
		return err
	}
	defer m.Close()
	in.Kind, in.Family, in.Task, in.Size, in.Metadata = Whole, m.Family, m.Task, m.Size, m.Metadata
	in.Unknown = append(in.Unknown, m.Unknown...)
	if m.Family != family.None {
		in.Prediction, in.ZeroSNR = string(m.Schedule.PredictionType), m.Schedule.RescaleBetasZeroSNR
	}
	for _, p := range m.Parts {
		in.size += p.Bytes
	}
	in.toHash(m.Folder != nil)
	in.Usable = true
	if err := m.Check(); err != nil {
		in.Usable, in.Trouble = false, err.Error()
	}
	if m.Family == family.None && m.Folder == nil {
		if f, err := checkpoint.Open(in.Path); err == nil {
			in.Kind = KindOf(f)
			f.Close()
		}
	}
	for _, p := range m.Parts {
		part := InspectedPart{
			Part: string(p.Part), Parameters: p.Parameters, Bytes: p.Bytes, Types: p.Types,
			Missing: append([]string{}, p.Missing...), Misshapen: append([]string{}, p.Misshapen...), Unknown: append([]string{}, p.Unknown...),
		}
		if p.Trouble != nil {
			part.Trouble = p.Trouble.Error()
		}
		in.Parts = append(in.Parts, part)
		if err := in.scan(ctx, p.File, string(p.Part)+"/"); err != nil {
			return err
		}
	}
	return in.hash(ctx, m.Folder != nil)
}

// other fills the inspection of a file that is no Stable Diffusion.
func (in *Inspection) other(ctx context.Context, f *checkpoint.File, why error) error {
	in.Kind, in.Metadata, in.Trouble = KindOf(f), f.Metadata(), why.Error()
	part := InspectedPart{Part: "file", Missing: []string{}, Misshapen: []string{}, Unknown: []string{}}
	part.Types = typesOf(f)
	for t, n := range part.Types {
		part.Parameters += n
		part.Bytes += t.Bytes(n)
	}
	in.Parts = append(in.Parts, part)
	in.size = part.Bytes
	in.toHash(false)
	if err := in.scan(ctx, f, ""); err != nil {
		return err
	}
	return in.hash(ctx, false)
}

// scan looks for numbers that are none.
func (in *Inspection) scan(ctx context.Context, f *checkpoint.File, before string) error {
	if !in.Scanned {
		return nil
	}
	for _, name := range f.Names() {
		if err := ctx.Err(); err != nil {
			return err
		}
		in.tell(bytesOf(f, name))
		nan, inf, err := f.NonFinite(name)
		if err != nil {
			return err
		}
		if nan+inf > 0 {
			in.NonFinite = append(in.NonFinite, BadTensor{before + name, nan, inf})
		}
	}
	return nil
}

func (in *Inspection) hash(ctx context.Context, folder bool) (err error) {
	if in.Scanned && !folder {
		before := in.read
		in.SHA256, err = SHA256(ctx, in.Path, func(read int64) { in.tell(before + read - in.read) })
	}
	return err
}

// toHash counts the file in, which is read once more for its hash.
func (in *Inspection) toHash(folder bool) {
	if info, err := os.Stat(in.Path); err == nil && !folder {
		in.size += info.Size()
	}
}

// tell says that n more bytes are looked at.
func (in *Inspection) tell(n int64) {
	in.read += n
	if in.told != nil && in.size > 0 {
		in.told(min(1, float64(in.read)/float64(in.size)))
	}
}

// bytesOf is what a tensor takes in its file.
func bytesOf(f *checkpoint.File, name string) int64 {
	shape, _ := f.Shape(name)
	t, _ := f.DType(name)
	n := 1
	for _, d := range shape {
		n *= d
	}
	return t.Bytes(n)
}
