package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/nn"

	"gorgonia.org/tensor"
)

// contexts is what a step of one listens to with guidance.
func contexts(t *testing.T, p *Pipeline, prompt, negative string) []*tensor.Dense {
	t.Helper()
	w := readWords(t, p, engine.Request{Prompt: prompt, Negative: negative})
	return w.At(1).Contexts
}

// readWords gives a request what it lacks.
func readWords(t *testing.T, p *Pipeline, r engine.Request) *Words {
	t.Helper()
	r.Steps = max(r.Steps, 1)
	if r.Guidance == 0 {
		r.Guidance = 3
	}
	w, err := p.Words(nn.NewContext(context.Background()), r)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// guided is a step's estimate at noise level 5.
func guided(p *Pipeline, c *nn.Context, x *tensor.Dense, words *Steering, guidance float64) (*tensor.Dense, error) {
	e, err := p.denoise(c, x, 5, p.timestep(5, false), words, guidance)
	return e.Guided, err
}

const emphasisGolden = "testdata/emphasis.safetensors"

// TestEmphasisMatchesPyTorch compares the arithmetic of weights, and clip skip.
func TestEmphasisMatchesPyTorch(t *testing.T) {
	g, p := openGolden(t, emphasisGolden), loadTiny(t)
	e := encoder{Pipeline: p}
	c := nn.NewContext(context.Background())
	n, window := 3, p.Text.Config.Positions
	rows := slices.Collect(slices.Chunk(g.ints("ids"), window))
	weights := make([][]float64, n)
	counts := []int{1, 1, 1}
	for i := range weights {
		weights[i] = g.float64s("weights")[i*window : (i+1)*window]
	}
	weights[2] = nil // all 1
	check := func(name string, got [][]float32) {
		t.Helper()
		g.near(name, nn.Wrap(slices.Concat(got...), n, window, p.Text.Config.Hidden), g.get(name), parity)
	}
	var z [][]float32
	for _, skip := range []int{2, 1} {
		var err error
		e.skip = skip
		if z, err = e.encode(c, rows); err != nil {
			t.Fatal(err)
		}
		check(fmt.Sprintf("hidden.%d", skip), z)
	}
	check("no_norm", multiplied(z, weights, counts, false))
	check("original", multiplied(z, weights, counts, true))
	var each [][]float32
	for i := range z {
		each = append(each, multiplied(z[i:i+1], weights[i:i+1], counts[:1], true)...)
	}
	check("original.each", each)
	check("comfy", awayFrom(z[2], z, weights))

	// a text that is there twice counts twice
	twice := multiplied([][]float32{z[0], z[1]}, weights[:2], []int{2, 1}, true)
	written := multiplied([][]float32{z[0], z[0], z[1]}, [][]float64{weights[0], weights[0], weights[1]}, counts, true)
	g.near("repeated", nn.Wrap(twice[1], window, p.Text.Config.Hidden), nn.Wrap(written[2], window, p.Text.Config.Hidden), 1e-6)
}

// TestPromptIsWeighted goes the whole way from a prompt to embeddings.
func TestPromptIsWeighted(t *testing.T) {
	g, p := openGolden(t, emphasisGolden), loadTiny(t)
	size := p.Text.Config.Positions * p.Text.Config.Hidden
	for emphasis, name := range map[string]string{
		"": "original.each", "original": "original.each", "No norm": "no_norm", "comfy": "comfy", "ignore": "hidden.1",
	} {
		w := readWords(t, p, engine.Request{Prompt: "a (red apple:1.5)", Emphasis: emphasis})
		got := nn.Data(w.At(1).Contexts[0])[size:]
		want := nn.Data(g.get(name))[:size]
		g.near(emphasis, nn.Wrap(got, 16, 24), nn.Wrap(want, 16, 24), parity)
	}
	w := readWords(t, p, engine.Request{Prompt: "a red apple", ClipSkip: 2})
	g.near("clip skip", nn.Wrap(nn.Data(w.At(1).Contexts[0])[size:], 16, 24), nn.Wrap(nn.Data(g.get("hidden.2"))[:size], 16, 24), parity)
}

// TestPartsPullByTheirWeights compares AND with its formula.
func TestPartsPullByTheirWeights(t *testing.T) {
	g, p := openGolden(t, emphasisGolden), loadTiny(t)
	c := nn.NewContext(context.Background())
	w := readWords(t, p, engine.Request{Prompt: "a red apple AND green , blue tree . :0.5 AND :-0.75", Guidance: 3})
	got, err := guided(p, c, g.get("composed.noise"), w.At(1), 3)
	if err != nil {
		t.Fatal(err)
	}
	g.near("composed", got, g.get("composed"), parity)

	// one part with a weight is guided by the product
	a := readWords(t, p, engine.Request{Prompt: "green:0.5", Guidance: 4})
	b := readWords(t, p, engine.Request{Prompt: "green", Guidance: 2})
	x, err := guided(p, c, g.get("composed.noise"), a.At(1), 4)
	if err != nil {
		t.Fatal(err)
	}
	y, err := guided(p, c, g.get("composed.noise"), b.At(1), 2)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(nn.Data(x), nn.Data(y)) {
		t.Error("a weight of 0.5 is not half the guidance")
	}
}

// TestPromptsOfUnequalLength makes sure that each is heard as it would be alone.
func TestPromptsOfUnequalLength(t *testing.T) {
	g, p := openGolden(t, emphasisGolden), loadTiny(t)
	c := nn.NewContext(context.Background())
	const long = "red apple blue red apple blue red apple blue red apple blue red apple blue"
	w := readWords(t, p, engine.Request{Prompt: long, Negative: "apple"})
	if s := w.At(1); len(s.Contexts) != 2 {
		t.Fatalf("%d contexts", len(s.Contexts))
	} else if s.Contexts[0].Shape()[1] != 16 || s.Contexts[1].Shape()[1] != 32 {
		t.Fatalf("contexts are %v and %v", s.Contexts[0].Shape(), s.Contexts[1].Shape())
	}
	x := g.get("composed.noise")
	got, err := guided(p, c, x, w.At(1), 3)
	if err != nil {
		t.Fatal(err)
	}
	var alone [2][]float32
	for i, prompt := range []string{"apple", long} {
		one := readWords(t, p, engine.Request{Prompt: prompt, Guidance: 1})
		if one.At(1).Guided {
			t.Fatal("guided without guidance")
		}
		y, err := guided(p, c, x, one.At(1), 1)
		if err != nil {
			t.Fatal(err)
		}
		alone[i] = slices.Clone(nn.Data(y))
	}
	for i, u := range alone[0] {
		alone[0][i] = u + 3*(alone[1][i]-u)
	}
	g.near("guided", got, nn.Wrap(alone[0], x.Shape()...), parity)

	// of parts of unequal length, the shorter goes on with its last embedding
	w = readWords(t, p, engine.Request{Prompt: "apple AND " + long})
	parts := w.At(1).Contexts[1]
	if !parts.Shape().Eq(tensor.Shape{2, 32, 24}) {
		t.Fatalf("parts are %v", parts.Shape())
	}
	for at := 16; at < 32; at++ {
		if !slices.Equal(nn.Data(parts)[at*24:(at+1)*24], nn.Data(parts)[15*24:16*24]) {
			t.Fatalf("embedding %d is not the last one", at)
		}
	}
}

// TestScheduleChangesThePictureAtItsStep follows the latent after every step.
func TestScheduleChangesThePictureAtItsStep(t *testing.T) {
	p := loadTiny(t)
	const steps = 6
	run := func(prompt, negative string) (latents [][]float32) {
		t.Helper()
		r, err := p.Resolve(engine.Request{Prompt: prompt, Negative: negative, Seed: 3, Steps: steps, Guidance: 3, Sampler: "euler", Model: tiny})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Paint(context.Background(), r, func(at engine.Progress) {
			latents = append(latents, slices.Clone(nn.Data(at.Latent)))
		}); err != nil {
			t.Fatal(err)
		}
		return latents
	}
	plain := run("red", "")
	for _, c := range []struct {
		prompt, negative string
		same             int // steps that are as with "red" alone
	}{
		{"[red:green:2]", "", 2},
		{"[red:green:0.5]", "", 3},
		{"[red:green:5]", "", 5},
		{"[red:green:6]", "", 6},
		{"[red:green:0]", "", 0},
		{"red[green:4]", "", 4},
		{"red[apple::0]", "", 6},
		{"[red|green]", "", 1},
		{"[red|red|green]", "", 2},
		{"red", "[green:3]", 3},
		{"(red:1.0)", "", 6},
		{"(red:1.2)", "", 0},
		{"red AND green", "", 0},
		{"red AND green:0", "", 6},
		{"red AND [green:blue:3]:0", "", 6},
		{"red <lora:x:1> # and a comment", "", 6},
	} {
		got := run(c.prompt, c.negative)
		for step := range steps {
			if same := slices.Equal(got[step], plain[step]); same != (step < c.same) {
				t.Errorf("%q, %q: step %d is as with the plain prompt: %v, want %d such steps", c.prompt, c.negative, step+1, same, c.same)
				break
			}
		}
	}
}

func TestWordsThatCantBeDrawn(t *testing.T) {
	p := loadTiny(t)
	for _, c := range []struct {
		change func(*engine.Request)
		want   string
	}{
		{func(r *engine.Request) { r.Emphasis = "loud" }, `emphasis is "loud"; choose one of original`},
		{func(r *engine.Request) { r.ClipSkip = 3 }, "clip_skip is 3, but the model's text encoder has 2 layers"},
		{func(r *engine.Request) { r.Prompt = strings.Repeat("red ", 20000) }, "80000 bytes long and 65536 is the limit"},
		{func(r *engine.Request) { r.Negative = "(a:9999999)" }, `the negative one: the weight of "a" is`},
	} {
		r := engine.Request{Prompt: "x", Seed: 1, Steps: 2, Guidance: 2, Sampler: "euler", Model: tiny}
		c.change(&r)
		r, err := p.Resolve(r)
		if err == nil {
			_, err = p.Paint(context.Background(), r, func(engine.Progress) {})
		}
		if !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
