package pipeline

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"testing"

	"darkroom/engine"
	"darkroom/engine/nn"
)

// TestEmbeddingsAreCompels compares what InvokeAI's prompts are to the U-Net with what
// compel makes of them (engine/golden/invokeai_prompts.py).
func TestEmbeddingsAreCompels(t *testing.T) {
	file, err := os.Open("testdata/compel.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Text       string
		Embeddings []float32
	}
	if err := json.NewDecoder(unzipped).Decode(&cases); err != nil {
		t.Fatal(err)
	}
	p := loadTiny(t)
	for _, c := range cases {
		s, err := p.steer(nn.NewContext(t.Context()), engine.Request{Prompt: c.Text, Dialect: "invokeai", Steps: 1, Guidance: 1}, 1)
		if err != nil {
			t.Fatal(err)
		}
		got := s.rows[s.negatives].texts[0].context
		if len(got) != len(c.Embeddings) {
			t.Errorf("%q: %d numbers, want %d", c.Text, len(got), len(c.Embeddings))
			continue
		}
		var worst float64
		for i, want := range c.Embeddings {
			worst = max(worst, float64(max(got[i]-want, want-got[i])))
		}
		if !(worst < 2e-5) {
			t.Errorf("%q: embeddings are off by %.1e", c.Text, worst)
		}
	}
}
