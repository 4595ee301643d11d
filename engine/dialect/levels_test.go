package dialect

import (
	"math"
	"testing"

	"darkroom/engine"
	"darkroom/engine/sampler"
	"darkroom/engine/schedule"
)

func TestLevelsAsTheToolDrawsTheSampler(t *testing.T) {
	s, err := schedule.New(schedule.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dialect, sampler, schedule string
		steps                      int     // that the run makes of 20
		first, second, last        float64 // levels; a second of 0 is any
	}{
		{"native", "euler", "", 20, s.Max(), s.TimestepToSigma(999 - 999./20), 0}, // the model's own
		{"native", "euler", "karras", 20, s.Max(), 0, 0},
		{"native", "dpm_2", "normal", 20, s.Max(), s.TimestepToSigma(999 - 999./19), 0},
		{"native", "dpm_adaptive", "", 20, s.Max(), 0, s.Min()},
		{"native", "dpm_adaptive", "karras", 19, s.Max(), 0, s.Min()},
		{"a1111", "euler", "", 20, s.Max(), s.TimestepToSigma(999 - 999./19), 0}, // Automatic
		{"a1111", "dpmpp_2m", "", 20, s.Max(), 11.7254, 0},                       // Karras
		{"a1111", "dpmpp_2m", "normal", 20, s.Max(), s.TimestepToSigma(999 - 999./19), 0},
		{"a1111", "dpm_2", "normal", 20, s.Max(), s.TimestepToSigma(999 - 999./20), 0},
		{"a1111", "ddim", "karras", 19, s.Sigmas[951], s.Sigmas[901], s.Sigmas[1]},
		{"a1111", "plms", "", 19, s.Sigmas[951], s.Sigmas[901], s.Sigmas[1]},
		{"a1111", "uni_pc", "", 20, s.Max(), s.TimestepToSigma(999 - 999./20), s.Min()},
		{"comfyui", "dpmpp_2m", "normal", 20, s.Max(), s.TimestepToSigma(999 - 999./19), 0},
		{"comfyui", "dpm_2", "normal", 20, s.Max(), s.TimestepToSigma(999 - 999./20), 0},
		{"comfyui", "uni_pc", "normal", 20, s.Max(), s.TimestepToSigma(999 - 999./20), 0.001},
		{"comfyui", "dpm_adaptive", "simple", 20, s.Max(), 0, 0},
		{"diffusers", "dpm_2", "normal", 20, s.Max(), s.TimestepToSigma(999 - 999./19), 0},
	} {
		d, err := Parse(c.dialect)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Levels(s, engine.Request{Sampler: c.sampler, Schedule: c.schedule, Steps: 20}, "sgm_uniform")
		if err != nil {
			t.Fatal(err)
		}
		if n := len(got) - 1; n != c.steps || got[0] != c.first || got[n] != c.last || c.second != 0 && math.Abs(got[1]-c.second) > 1e-4 {
			t.Errorf("%s, %s, %q: %d steps from %v, %v to %v, want %d from %v, %v to %v",
				c.dialect, c.sampler, c.schedule, n, got[0], got[1], got[n], c.steps, c.first, c.second, c.last)
		}
		if _, err := d.Levels(s, engine.Request{Sampler: c.sampler, Schedule: "steep", Steps: 0}, "normal"); err == nil {
			t.Errorf("%s, %s: no steps at all made no error", c.dialect, c.sampler)
		}
	}
}

func TestScalesOfTheDialects(t *testing.T) {
	for _, c := range []struct {
		dialect, sampler string
		guidance, end    float64
	}{
		{"native", "ddim_cfg_pp", 5, 1},
		{"a1111", "ddim_cfg_pp", 0.4, 0.8},
		{"a1111", "ddim", 5, 0.8},
		{"a1111", "euler", 5, 1},
		{"comfyui", "ddim_cfg_pp", 5, 1},
	} {
		d, err := Parse(c.dialect)
		if err != nil {
			t.Fatal(err)
		}
		guidance, end := d.Guidance(c.sampler, 5), d.EndScale(c.sampler, 0.75)
		if math.Abs(guidance-c.guidance) > 1e-12 || math.Abs(end-c.end) > 1e-12 {
			t.Errorf("%s, %s: guidance 5 is %v and the end is scaled by %v, want %v and %v", c.dialect, c.sampler, guidance, end, c.guidance, c.end)
		}
	}
}

func TestOptionsOfTheRecipe(t *testing.T) {
	half, more := 0.5, 1.1
	churned := engine.Request{Sampler: "euler", SNoise: &more, SChurn: 3, STMin: 1, STMax: 2}
	for _, c := range []struct {
		dialect string
		request engine.Request
		usual   float64 // eta
		want    sampler.Options
	}{
		{"native", engine.Request{Sampler: "euler_ancestral"}, 1, sampler.Options{Eta: 1, SNoise: 1}},
		{"native", engine.Request{Sampler: "euler_ancestral", Eta: &half}, 1, sampler.Options{Eta: 0.5, SNoise: 1}},
		{"native", churned, 0, sampler.Options{SNoise: 1.1, SChurn: 3, STMin: 1, STMax: 2}},
		{"native", engine.Request{Sampler: "dpm_adaptive"}, 0, sampler.Options{SNoise: 1}},
		{"diffusers", engine.Request{Sampler: "deis"}, 0, sampler.Options{SNoise: 1, Order: 2, Solver: "logrho"}},
		{"invokeai", engine.Request{Sampler: "uni_pc_bh2"}, 0, sampler.Options{SNoise: 1, Order: 2}},
		{"comfyui", engine.Request{Sampler: "deis"}, 0, sampler.Options{SNoise: 1}},
		{"a1111", engine.Request{Sampler: "dpm_adaptive"}, 0, sampler.Options{Eta: 1, SNoise: 1}},
		{"a1111", engine.Request{Sampler: "dpm_adaptive", Eta: &half}, 0, sampler.Options{Eta: 0.5, SNoise: 1}},
	} {
		d, err := Parse(c.dialect)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Options(sampler.Options{Eta: c.usual, SNoise: 1}, c.request); got != c.want {
			t.Errorf("%s, %s: options %+v, want %+v", c.dialect, c.request.Sampler, got, c.want)
		}
	}
}
