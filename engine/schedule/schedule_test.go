package schedule

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// golden is testdata/diffusers.json, which engine/golden/schedules.py writes.
// diffusers multiplies in float32: its ᾱ are right to about 1e-6, and to 1e-3 of
// themselves, worst where zero terminal SNR subtracts nearly equal numbers.
func golden(t *testing.T) (g struct {
	Timesteps     []int
	AlphasCumprod map[string]struct {
		Config        Config
		AlphasCumprod []float64 `json:"alphas_cumprod"`
	} `json:"alphas_cumprod"`
	Levels map[string][]float64
},
) {
	t.Helper()
	data, err := os.ReadFile("testdata/diffusers.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func near(got, want, relative float64) bool {
	return math.Abs(got-want) <= relative*math.Abs(want)
}

func sd1(t *testing.T) *Schedule {
	t.Helper()
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAlphasCumprodAsDiffusers(t *testing.T) {
	g := golden(t)
	if len(g.AlphasCumprod) != 4 {
		t.Fatalf("%d configs in the golden file, want 4", len(g.AlphasCumprod))
	}
	for name, c := range g.AlphasCumprod {
		s, err := New(c.Config)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, timestep := range g.Timesteps {
			want := c.AlphasCumprod[i]
			if name == "zero_snr" && timestep == 999 {
				want = terminalAlphaBar // diffusers has its own stand-in for 0 here, 2⁻²⁴
			}
			if got := s.AlphasCumprod[timestep]; !near(got, want, 1e-3) || math.Abs(got-want) > 1e-6 {
				t.Errorf("%s: ᾱ at %d is %v, want %v", name, timestep, got, want)
			}
		}
	}
}

func TestLevelsAsDiffusers(t *testing.T) {
	g := golden(t)
	s := sd1(t)
	for curve, want := range g.Levels {
		got, err := s.Levels(curve, len(want)-1, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) || len(want) != 11 {
			t.Fatalf("%s: %d levels, want %d", curve, len(got), len(want))
		}
		for i := range want {
			if !near(got[i], want[i], 1e-4) {
				t.Errorf("%s: level %d is %v, want %v", curve, i, got[i], want[i])
			}
		}
	}
}

// The noise levels users of k-diffusion know for Stable Diffusion 1.
func TestStableDiffusionRange(t *testing.T) {
	s := sd1(t)
	if !near(s.Min(), 0.0291672, 1e-5) || !near(s.Max(), 14.6146, 1e-5) || s.Steps() != 1000 {
		t.Errorf("σ from %v to %v over %d timesteps, want 0.0291672 to 14.6146 over 1000", s.Min(), s.Max(), s.Steps())
	}
}

func TestLevelsFallToZero(t *testing.T) {
	zeroSNR, err := New(Config{RescaleBetasZeroSNR: true, PredictionType: Velocity})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Schedule{sd1(t), zeroSNR} {
		for _, curve := range Curves() {
			for _, n := range []int{1, 2, 3, 20, 999, 1000} {
				levels, err := s.Levels(curve, n, Options{})
				if err != nil {
					t.Fatal(err)
				}
				if len(levels) != n+1 || levels[n] != 0 {
					t.Fatalf("%s in %d steps: %d levels to %v, want %d to 0", curve, n, len(levels), levels[len(levels)-1], n+1)
				}
				// These have tables of their own, or leave the top out.
				free := []string{"ddim_uniform", "align_your_steps", "align_your_steps_gits"}
				if !slices.Contains(free, curve) && levels[0] != s.Max() {
					t.Fatalf("%s in %d steps: starts at %v, want %v", curve, n, levels[0], s.Max())
				}
				for i := range n {
					if !(levels[i] > levels[i+1]) {
						t.Fatalf("%s in %d steps: level %d is %v and the next %v; levels must fall", curve, n, i, levels[i], levels[i+1])
					}
				}
			}
		}
	}
}

func TestZeroTerminalSNR(t *testing.T) {
	s, err := New(Config{RescaleBetasZeroSNR: true, PredictionType: Velocity})
	if err != nil {
		t.Fatal(err)
	}
	plain := sd1(t)
	if !near(s.Min(), plain.Min(), 1e-12) {
		t.Errorf("lowest level is %v, want it unchanged at %v", s.Min(), plain.Min())
	}
	if want := math.Sqrt((1 - terminalAlphaBar) / terminalAlphaBar); s.Max() != want || !near(want, 4518.8, 1e-4) {
		t.Errorf("highest level is %v, want %v, about 4518.8", s.Max(), want)
	}
}

func TestTimestepAndSigmaAreInverse(t *testing.T) {
	s := sd1(t)
	for _, timestep := range []float64{0, 0.25, 1, 17.5, 499.999, 749.25, 998.5, 999} {
		if got := s.SigmaToTimestep(s.TimestepToSigma(timestep)); math.Abs(got-timestep) > 1e-9 {
			t.Errorf("timestep %v comes back as %v", timestep, got)
		}
	}
	for i, sigma := range s.Sigmas {
		if got := s.SigmaToTimestep(sigma); got != float64(i) {
			t.Fatalf("σ of timestep %d is at %v", i, got)
		}
	}
	// Half-way between timesteps is the geometric mean of their levels.
	if got, want := s.TimestepToSigma(500.5), math.Sqrt(s.Sigmas[500]*s.Sigmas[501]); !near(got, want, 1e-14) {
		t.Errorf("σ at 500.5 is %v, want %v", got, want)
	}
	for _, c := range []struct{ sigma, want float64 }{{0, 0}, {1e-3, 0}, {100, 999}, {math.Inf(1), 999}} {
		if got := s.SigmaToTimestep(c.sigma); got != c.want {
			t.Errorf("σ %v is at timestep %v, want %v", c.sigma, got, c.want)
		}
	}
	for _, c := range []struct{ timestep, want float64 }{{-1, s.Min()}, {2000, s.Max()}} {
		if got := s.TimestepToSigma(c.timestep); got != c.want {
			t.Errorf("σ at timestep %v is %v, want %v", c.timestep, got, c.want)
		}
	}
}

func TestLevelsHaveTheSameBitsEverywhere(t *testing.T) {
	for _, part := range []struct {
		curves []string
		want   uint64
	}{
		{[]string{"normal", "karras", "exponential", "sgm_uniform"}, 0x3d1edd8f46d2fbf0},
		{Curves(), 0x3af8d9bf2096118a},
	} {
		hash := fnv.New64a()
		for _, c := range []Config{{}, {BetaSchedule: "linear"}, {BetaSchedule: "squaredcos_cap_v2"}, {RescaleBetasZeroSNR: true}} {
			s, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			for _, curve := range part.curves {
				levels, err := s.Levels(curve, 37, Options{})
				if err != nil {
					t.Fatal(err)
				}
				for _, level := range levels {
					fmt.Fprintf(hash, "%x %x ", math.Float64bits(level), math.Float64bits(s.SigmaToTimestep(level)))
				}
			}
		}
		if got := hash.Sum64(); got != part.want {
			t.Errorf("the bits of the levels of %v hash to %#x: a seed no longer gives the picture it gave", part.curves, got)
		}
	}
}

func TestTrainedBetas(t *testing.T) {
	s, err := New(Config{TrainedBetas: []float64{0.1, 0.2, 0.5}})
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{0.9, 0.72, 0.36}
	if !slices.EqualFunc(s.AlphasCumprod, want, func(a, b float64) bool { return near(a, b, 1e-12) }) {
		t.Errorf("ᾱ is %v, want %v", s.AlphasCumprod, want)
	}
}

func TestErrorsSayWhatWouldHelp(t *testing.T) {
	for _, c := range []struct {
		config   Config
		mentions string
	}{
		{Config{BetaSchedule: "sigmoid"}, "scaled_linear"},
		{Config{PredictionType: "sample"}, "v_prediction"},
		{Config{NumTrainTimesteps: 1}, "num_train_timesteps is 1"},
		{Config{NumTrainTimesteps: 1e9}, "num_train_timesteps"},
		{Config{BetaSchedule: "linear", BetaEnd: 1.5}, "beta_end"},
		{Config{BetaStart: -1}, "beta_start"},
		{Config{TrainedBetas: []float64{0.1, 0}}, "trained_betas"},
	} {
		if _, err := New(c.config); err == nil || !strings.Contains(err.Error(), c.mentions) {
			t.Errorf("%+v: error %v, want it to mention %q", c.config, err, c.mentions)
		}
	}
	s := sd1(t)
	if _, err := s.Levels("steep", 10, Options{}); err == nil || !strings.Contains(err.Error(), "karras") {
		t.Errorf("unknown curve: error %v, want it to list the curves", err)
	}
	for _, n := range []int{-1, 0, 1001} {
		if _, err := s.Levels("karras", n, Options{}); err == nil || !strings.Contains(err.Error(), "1 to 1000") {
			t.Errorf("%d steps: error %v, want it to name the range", n, err)
		}
	}
}
