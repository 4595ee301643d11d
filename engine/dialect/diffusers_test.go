package dialect

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"testing"

	"darkroom/engine"
	"darkroom/engine/schedule"
)

// TestLevelsAreDiffusers compares levels and timesteps with those of diffusers'
// schedulers (engine/golden/diffusers_levels.py).
func TestLevelsAreDiffusers(t *testing.T) {
	file, err := os.Open("testdata/diffusers.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var runs []struct {
		Sampler, Schedule, Own string
		XL                     bool
		Steps                  int
		Sigmas, Timesteps      []float64
	}
	if err := json.NewDecoder(unzipped).Decode(&runs); err != nil {
		t.Fatal(err)
	}
	s, err := schedule.New(schedule.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var farthest float64
	for _, run := range runs {
		s.XL = run.XL
		r := engine.Request{Sampler: run.Sampler, Schedule: run.Schedule, Steps: run.Steps}
		for _, name := range []string{"diffusers", "invokeai"} {
			d, err := Parse(name)
			if err != nil {
				t.Fatal(err)
			}
			got, err := d.Levels(s, r, run.Own)
			if err != nil || len(got) != len(run.Sigmas) {
				t.Errorf("%+v: levels %v (%v), want %v", r, got, err, run.Sigmas)
				continue
			}
			for i, want := range run.Sigmas {
				if math.Abs(got[i]-want) > 4e-7*want { // as float32 has it, and the timestep it is made of
					t.Errorf("%s, %s in %d steps: level %d is %.8g, want %.8g", run.Sampler, run.Schedule, run.Steps, i, got[i], want)
				}
			}
			for i, want := range run.Timesteps {
				between := s.SigmaToTimestep(got[i])
				timestep := d.Timestep(r, between)
				if i > 0 && timestep != between && math.Abs(between-math.Round(between)) < 1e-3 {
					continue // float32 decides
				}
				farthest = max(farthest, math.Abs(timestep-want))
				if math.Abs(timestep-want) > 2e-3 {
					t.Errorf("%s, %s in %d steps: timestep %d is %.6g, want %.6g", run.Sampler, run.Schedule, run.Steps, i, timestep, want)
				}
			}
		}
	}
	t.Logf("%d runs, timesteps off by up to %.1e", len(runs), farthest)
}

func TestTimestepsOfTools(t *testing.T) {
	for _, c := range []struct {
		dialect, sampler, schedule string
		given, want                float64
	}{
		{"native", "euler", "", 500.6, 500.6},
		{"a1111", "dpmpp_2m", "karras", 500.6, 500.6},
		{"comfyui", "euler", "", 500.6, 501},
		{"diffusers", "euler", "karras", 500.6, 500.6},
		{"diffusers", "dpmpp_2m", "karras", 500.6, 501},
		{"diffusers", "dpmpp_2m", "beta", 500.6, 500},
		{"invokeai", "ddim", "", 500.6, 501},
	} {
		d, err := Parse(c.dialect)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Timestep(engine.Request{Sampler: c.sampler, Schedule: c.schedule}, c.given); got != c.want {
			t.Errorf("%s, %s, %q shows timestep %g as %g, want %g", c.dialect, c.sampler, c.schedule, c.given, got, c.want)
		}
	}
}
