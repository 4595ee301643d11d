package schedule

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// Levels as the tools have them (engine/golden/tools_schedules.py).
func TestLevelsAsTheTools(t *testing.T) {
	data, err := os.ReadFile("testdata/tools.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden []struct {
		Tool, Curve                 string
		Steps                       int
		High, Low, Rho, Alpha, Beta float64
		Discard, Keep               bool
		Levels                      []float64
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	variants := map[string]Variant{"a1111": A1111, "comfyui": ComfyUI}
	s := sd1(t)
	var seen []string
	for _, g := range golden {
		seen = append(seen, g.Curve)
		got, err := s.Levels(g.Curve, g.Steps, Options{
			Variant: variants[g.Tool], High: g.High, Low: g.Low, Rho: g.Rho, Alpha: g.Alpha, Beta: g.Beta,
			DiscardPenultimate: g.Discard, KeepNoise: g.Keep,
		})
		if err != nil {
			t.Errorf("%s's %s in %d steps: %v", g.Tool, g.Curve, g.Steps, err)
			continue
		}
		if len(got) != len(g.Levels) {
			t.Errorf("%s's %s in %d steps: %d levels, want %d", g.Tool, g.Curve, g.Steps, len(got), len(g.Levels))
			continue
		}
		for i, want := range g.Levels {
			if math.Abs(got[i]-want) > 1e-8*max(want, 1e-3) {
				t.Errorf("%s's %s in %d steps: level %d is %.10g, want %.10g", g.Tool, g.Curve, g.Steps, i, got[i], want)
			}
		}
	}
	for _, name := range Curves() {
		if !slices.Contains(seen, name) {
			t.Errorf("%s: no levels of a tool; add it to engine/golden/tools_schedules.py", name)
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ given, want string }{
		{"Uniform", "normal"},
		{"Normal", "normal"},
		{"discrete", "normal"},
		{"Karras", "karras"},
		{"SGMUniform", "sgm_uniform"},
		{"SGM Uniform", "sgm_uniform"},
		{"trailing", "sgm_uniform"},
		{"DDIM", "ddim_uniform"},
		{"KL Optimal", "kl_optimal"},
		{"Align Your Steps GITS", "align_your_steps_gits"},
		{"gits", "align_your_steps_gits"},
		{"AYS", "align_your_steps"},
		{"align_your_steps_11", "align_your_steps"},
		{"linear_quadratic", "linear_quadratic"},
	} {
		if got, err := Parse(c.given); err != nil || got != c.want {
			t.Errorf("Parse(%q) = %q, %v, want %q", c.given, got, err, c.want)
		}
	}
	for _, name := range Curves() {
		if got, err := Parse(Label(name)); err != nil || got != name {
			t.Errorf("the label %q of %s is parsed as %q, %v", Label(name), name, got, err)
		}
	}
	if got := Label("steep"); got != "steep" {
		t.Errorf("the label of an unknown name is %q", got)
	}
}

func TestLevelsRefuseWhatCannotFall(t *testing.T) {
	s := sd1(t)
	for what, c := range map[string]struct {
		curve string
		n     int
		o     Options
	}{
		"a range upside down":   {"karras", 10, Options{High: 1, Low: 2}},
		"a low above the top":   {"karras", 10, Options{Low: 20}},
		"a range of NaN":        {"karras", 10, Options{High: math.NaN()}},
		"a rho below 0":         {"karras", 10, Options{Rho: -7}},
		"a rho without end":     {"karras", 10, Options{Rho: math.Inf(1)}},
		"a beta too sharp":      {"beta", 10, Options{Alpha: 1e5}},
		"ComfyUI's turbo of 11": {"turbo", 11, Options{Variant: ComfyUI}},
		"one level alone":       {"karras", 1, Options{KeepNoise: true}},
	} {
		if levels, err := s.Levels(c.curve, c.n, c.o); err == nil {
			t.Errorf("%s: %v, want an error", what, levels)
		}
	}
}
