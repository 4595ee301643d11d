package pipeline

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/kernel"
	"darkroom/engine/nn"
)

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestNeeds compares what is said with what a run leaves on the heap: the weights and
// the memory of its passes, which is kept for the next picture.
func TestNeeds(t *testing.T) {
	ctx := context.Background()
	for _, precision := range []nn.Precision{nn.Float32, nn.BFloat16} {
		r := engine.Request{
			Prompt: "a red apple", Model: engine.DefaultModel, Steps: 2, Guidance: 4, Sampler: engine.DefaultSampler,
			Width: 64, Height: 128, Precision: precision.String(),
		}
		need, resolved, err := Needs(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		if resolved.Width != 64 || resolved.Steps != 2 {
			t.Errorf("the request came back as %+v", resolved)
		}
		kernel.ForgetScratch()
		before := heap()
		p, err := Load(ctx, r.Model, precision)
		if err != nil {
			t.Fatal(err)
		}
		loaded := heap() - before
		if low, high := loaded*8/10, loaded*11/10; need.Weights < low || need.Weights > high {
			t.Errorf("%s: the weights were to take %d bytes, and the model takes %d", precision, need.Weights, loaded)
		}
		if _, err := p.Paint(ctx, resolved, nil, func(engine.Progress) {}); err != nil {
			t.Fatal(err)
		}
		drawn := heap() - before
		if activations := drawn - loaded; activations < need.Activations || drawn > need.Total() {
			t.Errorf("%s: %d bytes of activations and %d in all were to be taken; the picture took %d and %d", precision, need.Activations, need.Total(), activations, drawn)
		}
		runtime.KeepAlive(p)
	}
}

// TestNeedsGrow makes sure that size, guidance and a long prompt count.
func TestNeedsGrow(t *testing.T) {
	base := engine.Request{Prompt: "x", Model: "testdata/tiny", Steps: 2, Guidance: 1, Sampler: engine.DefaultSampler, Width: 64, Height: 64}
	of := func(change func(*engine.Request)) int64 {
		r := base
		change(&r)
		need, _, err := Needs(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		return need.Activations
	}
	small := of(func(*engine.Request) {})
	for name, change := range map[string]func(*engine.Request){
		"a larger picture": func(r *engine.Request) { r.Width = 128 },
		"a long prompt":    func(r *engine.Request) { r.Prompt = strings.Repeat("apple ", 3000) },
	} {
		if n := of(change); n <= small {
			t.Errorf("%s needs %d bytes, as little as %d", name, n, small)
		}
	}
	if _, _, err := Needs(context.Background(), engine.Request{Model: "testdata/nothing", Sampler: "euler", Steps: 1}); err == nil {
		t.Error("a model that is not there needs memory")
	}
}

func TestFits(t *testing.T) {
	r := engine.Request{Width: 1024, Height: 512}
	m := Memory{Weights: 4e9, Activations: 6e8, Rest: 4e8, halves: 2e9}
	if err := m.Fits(5e9, r); err != nil {
		t.Error(err)
	}
	err := m.Fits(4.2e9, r)
	for _, word := range []string{"1024×512", "about 5.00 GB", "4.00 GB for the weights", "1.00 GB to compute with", "4.20 GB are free", "smaller picture", "takes 2.00 GB less", "close other programs"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("the sentence %q does not say %q", err, word)
		}
	}
	r.Width, r.Height, m.halves = 64, 64, 4e9
	if err = m.Fits(0, r); err == nil || strings.Contains(err.Error(), "smaller") || strings.Contains(err.Error(), "float16") {
		t.Errorf("%q gives advice that does not help", err)
	}
}
