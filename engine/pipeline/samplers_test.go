package pipeline

import (
	"errors"
	"testing"

	"darkroom/engine"
	"darkroom/engine/sampler"
)

// TestEverySamplerPaints makes sure that each gets from the pipeline what it
// needs, and that its steps are counted up to those of the request.
func TestEverySamplerPaints(t *testing.T) {
	p := loadTiny(t)
	pictures := map[string]string{}
	for _, name := range sampler.Names() {
		r, err := p.Resolve(engine.Request{Prompt: "a", Seed: 5, Steps: 3, Guidance: 2, Sampler: name, Schedule: "karras", Model: tiny})
		if err != nil {
			t.Fatal(err)
		}
		steps := 0
		result, err := p.Paint(t.Context(), r, nil, func(g engine.Progress) {
			if g.Step < steps || g.Latent == nil {
				t.Errorf("%s: step %d after step %d", name, g.Step, steps)
			}
			steps = g.Step
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// it chooses its steps itself, and counts the levels on its way
		if name != "dpm_adaptive" && steps != r.Steps {
			t.Errorf("%s: counted %d steps, want %d", name, steps, r.Steps)
		}
		pictures[name] = string(result.Picture.Pix)
	}
	for _, pair := range [][2]string{{"euler", "euler_cfg_pp"}, {"euler", "euler_ancestral"}, {"ddim", "ddim_cfg_pp"}, {"dpmpp_2m", "dpmpp_2m_sde"}} {
		if pictures[pair[0]] == pictures[pair[1]] {
			t.Errorf("%s and %s paint the same", pair[0], pair[1])
		}
	}
	if pictures["euler_cfg_pp"] != pictures["ddim_cfg_pp"] {
		t.Error("Euler CFG++ and DDIM CFG++ are the same without fresh noise, but paint different pictures")
	}
}

func TestResolveKnowsSchedules(t *testing.T) {
	p := loadTiny(t)
	for _, c := range []struct{ sampler, schedule, wantSampler, wantSchedule string }{
		{"euler", "", "euler", ""},
		{"DPM++ 2M Karras", "", "dpmpp_2m", "karras"},
		{"DPM++ 2M Karras", "SGM Uniform", "dpmpp_2m", "sgm_uniform"},
		{"k_euler_a", "Align Your Steps", "euler_ancestral", "align_your_steps"},
	} {
		r, err := p.Resolve(engine.Request{Seed: 1, Steps: 4, Guidance: 1, Sampler: c.sampler, Schedule: c.schedule, Model: tiny})
		if err != nil || r.Sampler != c.wantSampler || r.Schedule != c.wantSchedule {
			t.Errorf("%s with %q: %s with %q, %v", c.sampler, c.schedule, r.Sampler, r.Schedule, err)
		}
	}
	if _, err := p.Resolve(engine.Request{Seed: 1, Steps: 4, Guidance: 1, Sampler: "euler", Schedule: "steep", Model: tiny}); !errors.Is(err, engine.ErrInvalid) {
		t.Errorf("an unknown schedule: %v, want one that is the request's fault", err)
	}
}
