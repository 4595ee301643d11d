package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"darkroom/engine/checkpoint"
	"darkroom/engine/family"
	"darkroom/engine/models"
	"darkroom/engine/schedule"
	"darkroom/engine/system"
)

// inspection is what inspect finds out, as --json prints it.
type inspection struct {
	Path       string            `json:"path"`
	Kind       models.Kind       `json:"kind"`
	Family     family.Family     `json:"family,omitempty"`
	Task       family.Task       `json:"task,omitempty"`
	Prediction string            `json:"prediction,omitempty"`
	ZeroSNR    bool              `json:"zero_terminal_snr,omitempty"`
	Size       int               `json:"size,omitempty"` // pixels on a side
	Usable     bool              `json:"usable"`
	Trouble    string            `json:"trouble,omitempty"` // why pictures can't be drawn with it
	Parts      []inspectedPart   `json:"parts"`
	Unknown    []string          `json:"unknown"` // tensors that belong to no part
	NonFinite  []nonFinite       `json:"non_finite"`
	Scanned    bool              `json:"scanned"` // NonFinite and SHA256 were looked for
	SHA256     string            `json:"sha256,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`
}

// inspectedPart is one network, or all of a file that is no model.
type inspectedPart struct {
	Part       string                   `json:"part"`
	Parameters int                      `json:"parameters"`
	Bytes      int64                    `json:"bytes"`
	Types      map[checkpoint.DType]int `json:"types"` // parameters stored in each
	Missing    []string                 `json:"missing"`
	Misshapen  []string                 `json:"misshapen"`
	Unknown    []string                 `json:"unknown"`
	Trouble    string                   `json:"trouble,omitempty"`
}

// nonFinite is a tensor with numbers that nothing can be computed with.
type nonFinite struct {
	Tensor string `json:"tensor"`
	NaN    int    `json:"nan,omitempty"`
	Inf    int    `json:"inf,omitempty"`
}

// inspect says what a model is, of which parts, and what is wrong with it.
func inspect(ctx context.Context, args []string) error {
	var asJSON, quick bool
	paths, err := operands("inspect", "PATH | NAME [flags]", func(f *flag.FlagSet) {
		f.BoolVar(&asJSON, "json", false, "print one JSON object")
		f.BoolVar(&quick, "quick", false, "only what the headers tell: no search for numbers that are none, no SHA-256")
	}, args, "a model's file or folder, or its name in the library")
	if err != nil {
		return err
	}
	path, err := modelNamed(ctx, paths[0])
	if err != nil {
		return err
	}
	in := &inspection{Path: path, Parts: []inspectedPart{}, Unknown: []string{}, NonFinite: []nonFinite{}, Scanned: !quick}
	if err := in.look(ctx); err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetEscapeHTML(false)
		return enc.Encode(in)
	}
	return in.print(os.Stdout)
}

// look fills the inspection.
func (in *inspection) look(ctx context.Context) error {
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
	in.Kind, in.Family, in.Task, in.Size, in.Metadata = models.Whole, m.Family, m.Task, m.Size, m.Metadata
	in.Unknown = append(in.Unknown, m.Unknown...)
	if m.Family != family.None {
		in.Prediction, in.ZeroSNR = string(m.Schedule.PredictionType), m.Schedule.RescaleBetasZeroSNR
	}
	in.Usable = true
	if err := m.Check(); err != nil {
		in.Usable, in.Trouble = false, err.Error()
	}
	if m.Family == family.None && m.Folder == nil {
		if f, err := checkpoint.Open(in.Path); err == nil {
			in.Kind = models.KindOf(f)
			f.Close()
		}
	}
	for _, p := range m.Parts {
		part := inspectedPart{
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
func (in *inspection) other(ctx context.Context, f *checkpoint.File, why error) error {
	in.Kind, in.Metadata, in.Trouble = models.KindOf(f), f.Metadata(), why.Error()
	part := inspectedPart{Part: "file", Types: map[checkpoint.DType]int{}, Missing: []string{}, Misshapen: []string{}, Unknown: []string{}}
	for _, name := range f.Names() {
		shape, _ := f.Shape(name)
		t, _ := f.DType(name)
		n := 1
		for _, d := range shape {
			n *= d
		}
		part.Parameters += n
		part.Bytes += t.Bytes(n)
		part.Types[t] += n
	}
	in.Parts = append(in.Parts, part)
	if err := in.scan(ctx, f, ""); err != nil {
		return err
	}
	return in.hash(ctx, false)
}

// scan looks for numbers that are none.
func (in *inspection) scan(ctx context.Context, f *checkpoint.File, before string) error {
	if !in.Scanned {
		return nil
	}
	for _, name := range f.Names() {
		if err := ctx.Err(); err != nil {
			return err
		}
		nan, inf, err := f.NonFinite(name)
		if err != nil {
			return err
		}
		if nan+inf > 0 {
			in.NonFinite = append(in.NonFinite, nonFinite{before + name, nan, inf})
		}
	}
	return nil
}

func (in *inspection) hash(ctx context.Context, folder bool) (err error) {
	if in.Scanned && !folder {
		in.SHA256, err = models.SHA256(ctx, in.Path, nil)
	}
	return err
}

// print says it to a person.
func (in *inspection) print(w io.Writer) error {
	say := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	say("%s", in.Path)
	what := cmp.Or(string(in.Family), string(in.Kind))
	if in.Task != "" && in.Task != family.Drawing {
		what += ", for " + string(in.Task)
	}
	say("  %s", what)
	if in.Family != family.None {
		prediction := map[string]string{string(schedule.Epsilon): "noise (ε)", string(schedule.Velocity): "velocity (v)"}[in.Prediction]
		if in.ZeroSNR {
			prediction += ", trained down to pure noise (zero terminal SNR)"
		}
		say("  predicts %s; made for %d×%d pixels", cmp.Or(prediction, in.Prediction), in.Size, in.Size)
	}
	say("")
	for _, p := range in.Parts {
		var types []string
		for _, t := range slices.Sorted(maps.Keys(p.Types)) {
			if len(p.Types) == 1 {
				types = append(types, string(t))
			} else {
				types = append(types, fmt.Sprintf("%s %.1f %%", t, 100*float64(p.Types[t])/float64(max(1, p.Parameters))))
			}
		}
		say("  %-15s %8.1f million parameters  %9s  %s", p.Part, float64(p.Parameters)/1e6, system.Bytes(p.Bytes), strings.Join(types, ", "))
	}
	say("")
	unknown, missing := len(in.Unknown), 0
	for _, p := range in.Parts {
		unknown, missing = unknown+len(p.Unknown), missing+len(p.Missing)
	}
	if in.Family != family.None {
		say("  %d unknown and %d missing tensors", unknown, missing)
	}
	for _, p := range in.Parts {
		if p.Trouble != "" {
			say("  ! %s can't be built: %s", p.Part, p.Trouble)
		}
		in.sayNames(w, p.Missing, p.Part+" needs them and they are not there: the model can't be used")
		in.sayNames(w, p.Misshapen, p.Part+" has them in another shape than the rest asks for: the model can't be used")
		in.sayNames(w, p.Unknown, p.Part+" has no place for them: the file is of another kind of model than it seems to be")
	}
	in.sayNames(w, in.Unknown, "they belong to no part: they are left aside")
	switch {
	case !in.Scanned:
	case len(in.NonFinite) == 0:
		say("  every number is finite")
	default:
		say("  ! %d tensors hold numbers that nothing can be computed with: pictures will be black or noise; get the file again, or another version of it", len(in.NonFinite))
		for _, n := range in.NonFinite[:min(mostNames, len(in.NonFinite))] {
			say("      %s: %d NaN, %d infinite", n.Tensor, n.NaN, n.Inf)
		}
	}
	if in.SHA256 != "" {
		say("  SHA-256 %s", in.SHA256)
	}
	for _, key := range slices.Sorted(maps.Keys(in.Metadata)) {
		value := []rune(strings.Join(strings.Fields(in.Metadata[key]), " "))
		if len(value) > mostValue {
			value = append(value[:mostValue], '…')
		}
		say("  %s: %s", key, string(value))
	}
	if in.Trouble != "" {
		say("\n  It can't be drawn with: %s", in.Trouble)
	}
	return nil
}

// Limits of what is shown to a person; --json has all.
const (
	mostNames = 8
	mostValue = 100
)

// sayNames lists tensors and what it means that they are listed.
func (in *inspection) sayNames(w io.Writer, names []string, meaning string) {
	if len(names) == 0 {
		return
	}
	fmt.Fprintf(w, "  ! %d tensors: %s\n", len(names), meaning)
	for _, n := range names[:min(mostNames, len(names))] {
		fmt.Fprintf(w, "      %s\n", n)
	}
	if len(names) > mostNames {
		fmt.Fprintf(w, "      … and %d more\n", len(names)-mostNames)
	}
}
