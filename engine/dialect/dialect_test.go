package dialect

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/noise"
)

// TestRunsHaveTheToolsNoise compares the noise of whole runs with what the tools'
// sources describe (engine/golden/noise.py).
func TestRunsHaveTheToolsNoise(t *testing.T) {
	b, err := os.ReadFile("../noise/testdata/tools.json")
	if err != nil {
		t.Fatal(err)
	}
	var runs struct {
		Shape [3]int
		Cases []struct {
			Dialect         string
			Seed, Variation uint64
			Strength        float64
			ENSD            int64
			Old             [2]int
			Batch, Index    int
			First, Between  []float32
			Next            [][]float32
		}
	}
	if err := json.Unmarshal(b, &runs); err != nil {
		t.Fatal(err)
	}
	c, h, w := runs.Shape[0], runs.Shape[1], runs.Shape[2]
	seen := map[string]bool{}
	for i, run := range runs.Cases {
		seen[run.Dialect] = true
		d, err := Parse(run.Dialect)
		if err != nil {
			t.Fatal(err)
		}
		start, stream := d.Noise.Begin(noise.Seeds{
			Seed: run.Seed, Delta: run.ENSD, Variation: run.Variation, Strength: run.Strength,
			Height: run.Old[0], Width: run.Old[1], Batch: run.Batch, Index: run.Index,
		}, c, h, w)
		stream = stream.Over([]float64{14.614642, 3.25, 0.0291675, 0})
		for _, part := range []struct {
			name      string
			got, want []float32
		}{
			{"start", start.Float32s(), run.First},
			{"first step", stream.Next(c, h, w).Float32s(), run.Next[0]},
			{"second step", stream.Next(c, h, w).Float32s(), run.Next[1]},
			{"motion", stream.Between(14.614642, 3.25, c, h, w).Float32s(), run.Between},
		} {
			for k, want := range part.want {
				at := k%(h*w)*c + k/(h*w) // channels last
				if got := part.got[at]; !(math.Abs(float64(got-want)) < 2e-6) {
					t.Errorf("case %d, %s, %s: element %d is %v, want %v", i, run.Dialect, part.name, k, got, want)
					break
				}
			}
		}
	}
	for _, name := range Names() {
		if !seen[name] {
			t.Errorf("no run of %s was compared", name)
		}
	}
}

func TestParse(t *testing.T) {
	for name, want := range map[string]string{"": Native, " Native": Native, "A1111-CPU": "a1111-cpu", "comfyui": "comfyui"} {
		if d, err := Parse(name); err != nil || d.Name != want {
			t.Errorf("%q is %q (%v), want %q", name, d.Name, err, want)
		}
	}
	_, err := Parse("photoshop")
	if !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), `dialect is "photoshop"; choose one of native, a1111,`) {
		t.Errorf("an unknown dialect: %v", err)
	}
	if names := Names(); names[0] != Native || len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
		t.Errorf("the names are %v", names)
	}
}

func TestStartScale(t *testing.T) {
	const highest = 14.6146
	full := math.Sqrt(1 + highest*highest)
	for _, c := range []struct {
		dialect, sampler string
		sigma, want      float64
	}{
		{"native", "ddim", highest, highest},
		{"a1111", "euler", highest, highest},
		{"a1111", "ddim", highest, full},
		{"a1111-cpu", "plms", 3, math.Sqrt(10)},
		{"comfyui", "euler", highest, full},
		{"comfyui", "euler", highest * (1 - 1e-6), full},
		{"comfyui-cpu", "ddim", 3, 3},
		{"invokeai", "ddim", highest, highest},
		{"diffusers", "euler_ancestral", highest, highest},
		{"diffusers", "dpmpp_2m", highest, full},
	} {
		d, err := Parse(c.dialect)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.StartScale(c.sampler, c.sigma, highest); math.Abs(got-c.want) > 1e-4 {
			t.Errorf("%s, %s at %g: %g, want %g", c.dialect, c.sampler, c.sigma, got, c.want)
		}
	}
}

func TestPictures(t *testing.T) {
	for _, c := range []struct {
		dialect  string
		count    int
		strength float64
		want     engine.Request
	}{
		{"native", 1, 0, engine.Request{Seed: 5, VariationSeed: 9}},
		{"native", 4, 0, engine.Request{Seed: 8, VariationSeed: 9}},
		{"a1111", 4, 0.5, engine.Request{Seed: 5, VariationSeed: 12, VariationStrength: 0.5}},
		{"comfyui", 4, 0, engine.Request{Seed: 5, VariationSeed: 9, BatchSize: 4, BatchIndex: 3}},
		{"comfyui", 1, 0, engine.Request{Seed: 5, VariationSeed: 9}},
		{"invokeai", 4, 0, engine.Request{Seed: 8, VariationSeed: 9}},
	} {
		d, err := Parse(c.dialect)
		if err != nil {
			t.Fatal(err)
		}
		r := engine.Request{Seed: 5, VariationSeed: 9, VariationStrength: c.strength}
		if got := d.Picture(r, c.count-1, c.count); got != c.want {
			t.Errorf("%s: the last of %d is %+v, want %+v", c.dialect, c.count, got, c.want)
		}
	}
}
