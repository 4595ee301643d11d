package pipeline

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"testing"

	"darkroom/engine"
	"darkroom/engine/kernel"
	"darkroom/engine/nn"
	"darkroom/engine/noise"
)

// apple is the SHA-256 of the pixels that the built-in model draws for "a red
// apple", seed 7, 20 steps, everything else as the program sets it. New
// weights draw another picture and change this line.
const apple = "2f033b6e7b2e14720f0c669351aca6ee063f83a299f0e7ff42e0657bf782076a"

// TestBuiltInModelDrawsTheSameApple holds the promise that a seed means one
// picture on every machine.
func TestBuiltInModelDrawsTheSameApple(t *testing.T) {
	if kernel.Level() == "go" {
		t.Skip("too slow without vector instructions; TestSamePictureEverywhere compares the levels on a smaller model")
	}
	p, err := Load(context.Background(), engine.DefaultModel, nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Resolve(engine.Request{
		Prompt: "a red apple", Seed: 7, Steps: engine.DefaultSteps, Guidance: engine.DefaultGuidance,
		Sampler: engine.DefaultSampler, Model: engine.DefaultModel,
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := p.Paint(context.Background(), r, nil, func(engine.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(result.Picture.Pix)); got != apple {
		t.Errorf("the apple's pixels have SHA-256 %s, want %s", got, apple)
	}
}

// TestCancelEndsWithinALayer cancels from the second step's report and expects
// no further step.
func TestCancelEndsWithinALayer(t *testing.T) {
	p := loadTiny(t)
	r, err := p.Resolve(engine.Request{Prompt: "x", Seed: 1, Steps: 50, Guidance: 2, Sampler: "dpmpp_2m", Model: tiny})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	last := 0
	_, err = p.Paint(ctx, r, nil, func(at engine.Progress) {
		last = at.Step
		if last == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || last != 2 {
		t.Errorf("cancelled at step 2: the last step was %d, the error %v", last, err)
	}
	// and the pipeline is as good as new
	if _, err := p.Paint(context.Background(), r, nil, func(engine.Progress) {}); err != nil {
		t.Error(err)
	}
}

// TestLongPromptsAreReadToTheEnd compares two prompts that differ only beyond
// the text encoder's first window.
func TestLongPromptsAreReadToTheEnd(t *testing.T) {
	p := loadTiny(t)
	long := "a red apple and a red apple and a red apple and a red apple "
	a, b := contexts(t, p, long+"a", "")[1], contexts(t, p, long+"red", "")[1]
	if n := a.Shape()[1]; n <= p.Text[0].Config.Positions || n%p.Text[0].Config.Positions != 0 {
		t.Errorf("a long prompt has %d embeddings, want several windows of %d", n, p.Text[0].Config.Positions)
	}
	same := true
	for i, v := range a.Float32s() {
		same = same && v == b.Float32s()[i]
	}
	if same {
		t.Error("the end of a long prompt makes no difference")
	}
}

// TestLinearPreview compares the preview map with the decoder on even latents,
// where a linear map has a chance.
func TestLinearPreview(t *testing.T) {
	p, err := Load(context.Background(), engine.DefaultModel, nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	c := p.context(context.Background())
	m, err := p.fitPreview(c)
	if err != nil {
		t.Fatal(err)
	}
	const side, tries = 6, 8
	values := nn.Data(noise.Latent(1, 0, m.channels, tries, 1))
	var wrong, plain float64
	for i := range tries {
		value := values[i*m.channels : (i+1)*m.channels]
		c.Reset()
		z := c.New(1, side, side, m.channels)
		for at := 0; at < z.Size(); at += m.channels {
			copy(nn.Data(z)[at:], value)
		}
		y := p.VAE.Decode(c, z)
		width := y.Shape()[2]
		middle := nn.Data(y)[(width/2*width+width/2)*3:][:3]
		for k, v := range m.apply(value) {
			wrong += math.Abs(float64(v - middle[k]))
			plain += math.Abs(float64(middle[k]))
		}
	}
	if wrong > 0.5*plain {
		t.Errorf("the map is off by %.2f of the colours' size, want at most half", wrong/plain)
	}
}
