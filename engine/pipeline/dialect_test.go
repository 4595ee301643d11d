package pipeline

import (
	"errors"
	"math"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/dialect"
	"darkroom/engine/noise"
	"darkroom/engine/sampler"
)

// TestStartInADialect compares a run's start with the tool's noise and scale.
func TestStartInADialect(t *testing.T) {
	p := loadTiny(t)
	r, err := p.Resolve(engine.Request{Seed: 42, Steps: 4, Guidance: 1, Sampler: "euler", Model: tiny, Dialect: "ComfyUI", BatchSize: 2, BatchIndex: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Dialect != "comfyui" {
		t.Errorf("the dialect resolves to %q", r.Dialect)
	}
	state, err := p.Start(r)
	if err != nil {
		t.Fatal(err)
	}
	shared := noise.Stream{Seed: 42, Source: noise.Mersenne, Batch: 2, Index: 1}
	want := shared.Next(p.VAE.Config.Latent, state.Shape[1], state.Shape[2]).Float32s()
	scale := math.Sqrt(1 + p.Schedule.Max()*p.Schedule.Max())
	for i, x := range state.Latent {
		if math.Abs(float64(x)-float64(want[i])*scale) > 1e-4 {
			t.Fatalf("element %d is %v, want %v", i, x, float64(want[i])*scale)
		}
	}
	if n := state.Noise; n.Source != noise.Philox || n.Seed != 42 || n.Draw != 0 ||
		n.Tree.High != float64(float32(state.Sigmas[0])) || n.Tree.Low != float64(float32(state.Sigmas[3])) {
		t.Errorf("the noise to come is %+v", n)
	}
}

func TestResolveKnowsDialects(t *testing.T) {
	p := loadTiny(t)
	good := engine.Request{Seed: 1, Steps: 2, Guidance: 1, Sampler: "euler", Model: tiny}
	for _, c := range []struct {
		dialect string
		batch   int
		want    string
	}{
		{"Native", 0, ""},
		{"diffusers", 3, ""},
		{"a1111", 3, "batch_size is 3, but the dialect a1111"},
		{"paint", 0, `dialect is "paint"; choose one of native,`},
	} {
		r := good
		r.Dialect, r.BatchSize = c.dialect, c.batch
		r, err := p.Resolve(r)
		if c.want != "" && (!errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), c.want)) || c.want == "" && err != nil {
			t.Errorf("%s: %v, want %q", c.dialect, err, c.want)
		}
		if c.dialect == "Native" && r.Dialect != "" {
			t.Errorf("our own way is called %q in recipes", r.Dialect)
		}
	}
}

func TestDeltaIsForTheSteps(t *testing.T) {
	p := loadTiny(t)
	start := func(delta int64) *sampler.State {
		r, err := p.Resolve(engine.Request{Seed: 42, Steps: 4, Guidance: 1, Sampler: "euler_ancestral", Model: tiny, Dialect: "a1111", ENSD: delta})
		if err != nil {
			t.Fatal(err)
		}
		state, err := p.Start(r)
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	with, without := start(-2), start(0)
	if n := with.Noise; n.Seed != 40 || n.Draw != 0 || n.Tree.Seed != 42 {
		t.Errorf("the noise to come is %+v", n)
	}
	for i, x := range with.Latent {
		if x != without.Latent[i] {
			t.Fatal("the start is another")
		}
	}
}

// TestVariationOfNothing makes sure that a strength of 0 is the seed alone and 1
// the other seed alone.
func TestVariationOfNothing(t *testing.T) {
	p := loadTiny(t)
	start := func(seed, variation uint64, strength float64) []float32 {
		r, err := p.Resolve(engine.Request{Seed: seed, VariationSeed: variation, VariationStrength: strength, Steps: 2, Guidance: 1, Sampler: "euler", Model: tiny})
		if err != nil {
			t.Fatal(err)
		}
		state, err := p.Start(r)
		if err != nil {
			t.Fatal(err)
		}
		return state.Latent
	}
	ours, other := start(1, 2, 0), start(1, 2, 1)
	for i, want := range start(1, 0, 0) {
		if ours[i] != want {
			t.Fatal("a variation of strength 0 is another picture")
		}
	}
	for i, want := range start(2, 0, 0) {
		if math.Abs(float64(other[i]-want)) > 1e-5 {
			t.Fatalf("at strength 1, element %d is %v, the other seed's %v", i, other[i], want)
		}
	}
}

// TestDialectsNameSamplers makes sure that a dialect's rules find the samplers
// there are by the names they have.
func TestDialectsNameSamplers(t *testing.T) {
	for _, name := range dialect.Names() {
		d, err := dialect.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, listed := range d.VariancePreserving {
			if known, _, err := sampler.Parse(listed); err != nil || known != listed {
				t.Errorf("%s: sampler %q is called %q, %v", name, listed, known, err)
			}
		}
	}
}
