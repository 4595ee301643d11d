package family

import (
	"path/filepath"
	"slices"
	"testing"

	"darkroom/engine/checkpoint"
)

// TestSingle writes a model folder as one file and finds the same networks there.
func TestSingle(t *testing.T) {
	m, err := Open("../pipeline/testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, dtype := range []checkpoint.DType{"", checkpoint.F32, checkpoint.BF16} {
		list, metadata, err := m.Single(dtype)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "single.safetensors")
		if err := checkpoint.WriteStreams(path, list, metadata); err != nil {
			t.Fatal(err)
		}
		f, err := checkpoint.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if got := f.Metadata()["modelspec.prediction_type"]; got != "epsilon" {
			t.Errorf("its metadata are %v", f.Metadata())
		}
		parts, unknown := f.Parts()
		if len(unknown) > 0 {
			t.Errorf("%d tensors have lost their place, such as %q", len(unknown), unknown[0])
		}
		for _, p := range m.Parts {
			names := p.File.Names()
			got := parts[p.Part].Names()
			slices.Sort(names)
			slices.Sort(got)
			if !slices.Equal(got, names) {
				t.Fatalf("%s has %d tensors, want %d", p.Part, len(got), len(names))
			}
			for _, name := range names {
				stored, _ := parts[p.Part].DType(name)
				own, _ := p.File.DType(name)
				if dtype != "" && stored != dtype || dtype == "" && stored != own {
					t.Errorf("%s: %s is stored as %s", p.Part, name, stored)
				}
				want, err := p.File.Float32(name)
				if err != nil {
					t.Fatal(err)
				}
				have, err := parts[p.Part].Float32(name)
				if err != nil {
					t.Fatal(err)
				}
				for i := range want {
					allowed := float32(0)
					if dtype == checkpoint.BF16 {
						allowed = max(want[i], -want[i]) / 256
					}
					if d := have[i] - want[i]; d > allowed || -d > allowed {
						t.Fatalf("%s: %s[%d] is %g, want %g", p.Part, name, i, have[i], want[i])
					}
				}
			}
		}
	}
}
