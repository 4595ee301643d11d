package pipeline

import (
	"errors"
	"image"
	"slices"
	"testing"

	"darkroom/engine"
	"darkroom/engine/nn"
	"darkroom/engine/sampler"
)

// painted draws and returns the picture and what there was after each step.
func painted(t *testing.T, p *Pipeline, r engine.Request, from engine.Moment) (*image.RGBA, []engine.Progress) {
	t.Helper()
	r, err := p.Resolve(r)
	if err != nil {
		t.Fatal(err)
	}
	var steps []engine.Progress
	result, err := p.Paint(t.Context(), r, from, func(g engine.Progress) {
		m, err := g.Moment()
		if err != nil {
			t.Fatal(err)
		}
		g.Moment = func() (engine.Moment, error) { return m, nil }
		steps = append(steps, g)
	})
	if err != nil {
		t.Fatal(err)
	}
	return result.Picture, steps
}

func moments(t *testing.T, g engine.Progress) engine.Moment {
	t.Helper()
	m, err := g.Moment()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func tinyRequest() engine.Request {
	return engine.Request{
		Prompt: "a red apple", Negative: "blue", Seed: 3, Steps: 6, Guidance: 4, Sampler: "euler_ancestral", Model: "testdata/tiny", Width: 32, Height: 24,
	}
}

// A run that was left after any step and gone on with, by a pipeline that was loaded
// anew, draws the same picture bit for bit.
func TestRunGoesOnFromEveryStep(t *testing.T) {
	first, err := Load(t.Context(), "testdata/tiny", nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Load(t.Context(), "testdata/tiny", nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sampler.Names() {
		r := tinyRequest()
		r.Sampler = name
		goesOn(t, first, second, r)
	}
	zero, half := 0.0, 0.5
	for what, change := range map[string]func(*engine.Request){
		"without fresh noise":      func(r *engine.Request) { r.Eta = &zero },
		"with no noise of its own": func(r *engine.Request) { r.SNoise = &zero },
		"with half of it":          func(r *engine.Request) { r.Eta, r.SNoise = &half, &half },
		"with churn":               func(r *engine.Request) { r.Sampler, r.SChurn, r.STMin, r.STMax = "heun", 5, 0.1, 10 },
		"with shared features":     func(r *engine.Request) { r.Eta, r.CacheInterval = &zero, 4 },
		"with all guidance there is": func(r *engine.Request) {
			r.PerturbedAttention, r.GuidanceRescale, r.MimicGuidance, r.GuidanceLow, r.CacheInterval = 3, 0.5, 2, 0.7, 3
		},
	} {
		t.Run(what, func(t *testing.T) {
			r := tinyRequest()
			r.Sampler = "dpmpp_2m_sde"
			change(&r)
			goesOn(t, first, second, r)
		})
	}
}

// goesOn draws r with first, and with second from each of its steps.
func goesOn(t *testing.T, first, second *Pipeline, r engine.Request) {
	t.Helper()
	want, steps := painted(t, first, r, nil)
	for i, at := range steps {
		got, rest := painted(t, second, r, moments(t, at))
		if !slices.Equal(got.Pix, want.Pix) {
			t.Fatalf("%s: gone on with after step %d, the picture is another", r.Sampler, at.Step)
		}
		if len(rest) != len(steps)-i-1 || len(rest) > 0 && rest[0].Step != steps[i+1].Step {
			t.Fatalf("%s: %d steps follow step %d, want %d", r.Sampler, len(rest), at.Step, len(steps)-i-1)
		}
	}
}

func TestRunTakesAnotherTurn(t *testing.T) {
	p, err := Load(t.Context(), "testdata/tiny", nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	r := tinyRequest()
	first, steps := painted(t, p, r, nil)
	from := moments(t, steps[2])
	for what, change := range map[string]func(*engine.Request){
		"prompt":       func(r *engine.Request) { r.Prompt = "a green boat at night" },
		"guidance":     func(r *engine.Request) { r.Guidance = 9 },
		"seed":         func(r *engine.Request) { r.Seed = 4 },
		"sampler":      func(r *engine.Request) { r.Sampler = "dpmpp_2m" },
		"schedule":     func(r *engine.Request) { r.Schedule = "karras" },
		"more steps":   func(r *engine.Request) { r.Steps = 15 },
		"fewer steps":  func(r *engine.Request) { r.Steps = 3 },
		"eta":          func(r *engine.Request) { r.Eta = new(float64) },
		"random noise": func(r *engine.Request) { r.Dialect = "a1111-cpu" },
	} {
		t.Run(what, func(t *testing.T) {
			turn := r
			change(&turn)
			got, rest := painted(t, p, turn, from)
			if slices.Equal(got.Pix, first.Pix) {
				t.Error("the picture is the same")
			}
			if again, _ := painted(t, p, turn, from); !slices.Equal(again.Pix, got.Pix) {
				t.Error("the same turn draws another picture the next time")
			}
			if len(rest) == 0 || rest[0].Step != 4 || rest[len(rest)-1].Step != rest[0].Steps || rest[0].Level >= steps[2].Level {
				t.Errorf("the steps after the third are %v", rest)
			}
			// a branch of a branch, and the way back from it
			if len(rest) > 1 {
				if again, _ := painted(t, p, turn, moments(t, rest[0])); !slices.Equal(again.Pix, got.Pix) {
					t.Error("the turn can't be gone on with")
				}
			}
		})
	}
}

func TestMomentThatDoesNotFit(t *testing.T) {
	p, err := Load(t.Context(), "testdata/tiny", nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	r := tinyRequest()
	_, steps := painted(t, p, r, nil)
	good := moments(t, steps[1])
	larger := r
	larger.Width += 16
	turn := r
	turn.Steps = 9
	for what, c := range map[string]struct {
		r       engine.Request
		from    engine.Moment
		invalid bool
	}{
		"another size":           {larger, good, true},
		"cut short":              {r, good[:len(good)/2], false},
		"no moment":              {r, engine.Moment("x"), false},
		"nothing left to change": {turn, moments(t, steps[len(steps)-1]), true},
	} {
		r, err := p.Resolve(c.r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Paint(t.Context(), r, c.from, func(engine.Progress) {}); err == nil || errors.Is(err, engine.ErrInvalid) != c.invalid {
			t.Errorf("%s: error %v", what, err)
		}
	}
}
