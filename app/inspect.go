package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"darkroom/engine/family"
	"darkroom/engine/models"
	"darkroom/engine/schedule"
	"darkroom/engine/system"
)

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
	in, err := models.Inspect(ctx, path, !quick, nil)
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetEscapeHTML(false)
		return enc.Encode(in)
	}
	return printInspection(terminal{os.Stdout}, in)
}

// printInspection says it to a person.
func printInspection(w io.Writer, in *models.Inspection) error {
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
		sayNames(w, p.Missing, p.Part+" needs them and they are not there: the model can't be used")
		sayNames(w, p.Misshapen, p.Part+" has them in another shape than the rest asks for: the model can't be used")
		sayNames(w, p.Unknown, p.Part+" has no place for them: the file is of another kind of model than it seems to be")
	}
	sayNames(w, in.Unknown, "they belong to no part: they are left aside")
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
func sayNames(w io.Writer, names []string, meaning string) {
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
