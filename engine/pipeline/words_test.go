package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/clip"
	"darkroom/engine/nn"
	"darkroom/engine/prompt"

	"gorgonia.org/tensor"
)

// contexts is what the first step listens to with guidance, pass by pass.
func contexts(t *testing.T, p *Pipeline, prompt, negative string) (all []*tensor.Dense) {
	t.Helper()
	for _, pass := range steered(t, p, engine.Request{Prompt: prompt, Negative: negative}).at(1, true) {
		all = append(all, pass.context)
	}
	return all
}

// steered gives a request what it lacks.
func steered(t *testing.T, p *Pipeline, r engine.Request) *steering {
	t.Helper()
	r.Steps = max(r.Steps, 1)
	if r.Guidance == 0 {
		r.Guidance = 3
	}
	s, err := p.steer(nn.NewContext(context.Background()), r, r.Guidance)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// guided is the first step's estimate at noise level 5.
func guided(t *testing.T, p *Pipeline, x *tensor.Dense, by *steering) *tensor.Dense {
	t.Helper()
	e, err := p.denoise(nn.NewContext(context.Background()), x, 5, p.Schedule.SigmaToTimestep(5), by, 1)
	if err != nil {
		t.Fatal(err)
	}
	return e.Guided
}

const emphasisGolden = "testdata/emphasis.safetensors"

// TestEmphasisMatchesPyTorch compares the arithmetic of weights, and clip skip.
func TestEmphasisMatchesPyTorch(t *testing.T) {
	g, p := openGolden(t, emphasisGolden), loadTiny(t)
	c := nn.NewContext(context.Background())
	n, window, width := 3, p.Text[0].Config.Positions, p.width()
	var chunks []prompt.Chunk
	weights := make([][]float64, n)
	counts := []int{1, 1, 1}
	for i, row := range slices.Collect(slices.Chunk(g.ints("ids"), window)) {
		var chunk prompt.Chunk
		for _, id := range row[1:slices.Index(row, p.Tokenizer.End())] {
			chunk.Tokens = append(chunk.Tokens, prompt.Token{ID: id})
		}
		chunks = append(chunks, chunk)
		weights[i] = g.float64s("weights")[i*window : (i+1)*window]
	}
	weights[2] = nil // all 1
	check := func(name string, got [][]float32) {
		t.Helper()
		g.near(name, nn.Wrap(slices.Concat(got...), n, window, width), g.get(name), parity)
	}
	var z [][]float32
	for _, skip := range []int{2, 1} {
		e := encoder{Pipeline: p, skip: skip}
		all, err := e.encode(c, chunks)
		if err != nil {
			t.Fatal(err)
		}
		z = nil
		for _, a := range all {
			z = append(z, a.context)
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
	g.near("repeated", nn.Wrap(twice[1], window, width), nn.Wrap(written[2], window, width), 1e-6)
}

// TestEncodersAreWeightedApart has two encoders, of widths 1 and 2.
func TestEncodersAreWeightedApart(t *testing.T) {
	p := &Pipeline{Text: []*clip.Text{{Config: clip.TextConfig{Hidden: 1}}, {Config: clip.TextConfig{Hidden: 2}}}}
	z, weights := []float32{1, 2, 4, 3, 8, 2}, []float64{1, 2}
	for emphasis, want := range map[prompt.Emphasis][]float32{
		prompt.NoNorm:   {1, 2, 4, 6, 16, 4},
		prompt.Original: {float32(4) / 7, 2 * float32(16) / 26, 4 * float32(16) / 26, 6 * float32(4) / 7, 16 * float32(16) / 26, 4 * float32(16) / 26},
		prompt.Comfy:    {1, 2, 4, 5, 15, 3},
	} {
		e := encoder{Pipeline: p, emphasis: emphasis}
		got := e.emphasise([][]float32{z}, [][]float64{weights}, []int{1}, []float32{1, 1, 1, 1, 1, 1})
		for i, v := range got[0] {
			if d := v - want[i]; d > 1e-5 || d < -1e-5 {
				t.Errorf("%s: %v, want %v", emphasis, got[0], want)
				break
			}
		}
	}
}

// TestPromptIsWeighted goes the whole way from a prompt to embeddings.
func TestPromptIsWeighted(t *testing.T) {
	g, p := openGolden(t, emphasisGolden), loadTiny(t)
	window, width := p.Text[0].Config.Positions, p.width()
	near := func(what string, r engine.Request, name string) {
		t.Helper()
		size := window * width
		got := nn.Data(steered(t, p, r).at(1, true)[0].context)[size:]
		g.near(what, nn.Wrap(got, window, width), nn.Wrap(nn.Data(g.get(name))[:size], window, width), parity)
	}
	for emphasis, name := range map[string]string{
		"": "original.each", "original": "original.each", "No norm": "no_norm", "comfy": "comfy", "ignore": "hidden.1",
	} {
		near(emphasis, engine.Request{Prompt: "a (red apple:1.5)", Emphasis: emphasis}, name)
	}
	near("dialect", engine.Request{Prompt: "a (red apple:1.5)", Dialect: "comfyui"}, "comfy")
	near("clip skip", engine.Request{Prompt: "a red apple", ClipSkip: 2}, "hidden.2")
}

// TestPartsPullByTheirWeights compares AND with its formula.
func TestPartsPullByTheirWeights(t *testing.T) {
	g, p := openGolden(t, emphasisGolden), loadTiny(t)
	noise := g.get("composed.noise")
	by := steered(t, p, engine.Request{Prompt: "a red apple AND green , blue tree . :0.5 AND :-0.75"})
	g.near("composed", guided(t, p, noise, by), g.get("composed"), parity)

	// one part with a weight is guided by the product
	x := guided(t, p, noise, steered(t, p, engine.Request{Prompt: "green:0.5", Guidance: 4}))
	y := guided(t, p, noise, steered(t, p, engine.Request{Prompt: "green", Guidance: 2}))
	if !slices.Equal(nn.Data(x), nn.Data(y)) {
		t.Error("a weight of 0.5 is not half the guidance")
	}
}

// TestPromptsOfUnequalLength makes sure that each is heard as it would be alone.
func TestPromptsOfUnequalLength(t *testing.T) {
	g, p := openGolden(t, emphasisGolden), loadTiny(t)
	const long = "red apple blue red apple blue red apple blue red apple blue red apple blue"
	by := steered(t, p, engine.Request{Prompt: long, Negative: "apple"})
	if passes := by.at(1, true); len(passes) != 2 || passes[0].context.Shape()[1] != 16 || passes[1].context.Shape()[1] != 32 {
		t.Fatalf("there are %d passes, of %v first", len(passes), passes[0].context.Shape())
	}
	x := g.get("composed.noise")
	got := guided(t, p, x, by)
	var alone [2][]float32
	for i, words := range []string{"apple", long} {
		one := steered(t, p, engine.Request{Prompt: words, Guidance: 1})
		if len(one.rows) != 1 {
			t.Fatal("guided without guidance")
		}
		alone[i] = slices.Clone(nn.Data(guided(t, p, x, one)))
	}
	for i, u := range alone[0] {
		alone[0][i] = u + 3*(alone[1][i]-u)
	}
	g.near("guided", got, nn.Wrap(alone[0], x.Shape()...), parity)

	// of parts of unequal length, the shorter goes on with its last embedding
	parts := contexts(t, p, "apple AND "+long, "")[1]
	if !parts.Shape().Eq(tensor.Shape{2, 32, 24}) {
		t.Fatalf("parts are %v", parts.Shape())
	}
	for at := 16; at < 32; at++ {
		if !slices.Equal(nn.Data(parts)[at*24:(at+1)*24], nn.Data(parts)[15*24:16*24]) {
			t.Fatalf("embedding %d is not the last one", at)
		}
	}
}

// The web UI counts every time that Heun's method asks the model: twice in a step.
func TestWebUICountsCalls(t *testing.T) {
	p := loadTiny(t)
	last := func(dialect, prompt string) []float32 {
		t.Helper()
		r, err := p.Resolve(engine.Request{Prompt: prompt, Seed: 3, Steps: 4, Guidance: 3, Sampler: "heun", Dialect: dialect, Model: tiny})
		if err != nil {
			t.Fatal(err)
		}
		var latents [][]float32
		if _, err := p.Paint(context.Background(), r, nil, func(at engine.Progress) {
			latents = append(latents, slices.Clone(nn.Data(at.Latent)))
		}); err != nil {
			t.Fatal(err)
		}
		return latents[2] // what the third step began with, and its first call
	}
	for _, c := range []struct {
		dialect, prompt string
		changed         bool
	}{
		{"native", "[red:green:2]", true},
		{"native", "[red:green:3]", false},
		{"a1111", "[red:green:3]", true}, // from the second call of the second step on, counting from 0
		{"a1111", "[red:green:5]", false},
		{"a1111", "[red:green:0.4]", true},
	} {
		if got := !slices.Equal(last(c.dialect, c.prompt), last(c.dialect, "red")); got != c.changed {
			t.Errorf("%s, %s: changed by the third step is %v, want %v", c.dialect, c.prompt, got, c.changed)
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
		if _, err := p.Paint(context.Background(), r, nil, func(at engine.Progress) {
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
		{"red <hypernet:x:1> # and a comment", "", 6},
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
			_, err = p.Paint(context.Background(), r, nil, func(engine.Progress) {})
		}
		if !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
