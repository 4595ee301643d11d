package sampler

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"darkroom/engine/noise"
	"darkroom/engine/schedule"
)

const spread = 0.5

// gaussian is the perfect denoiser for pictures whose every number is normal
// with mean 0 and standard deviation spread: x₀ = x·s²/(s²+σ²).
func gaussian(latent *tensor.Dense, sigma float64) (Estimate, error) {
	for i, x := range latent.Float32s() {
		latent.Float32s()[i] = float32(float64(x) * spread * spread / (spread*spread + float64(sigma*sigma)))
	}
	return Estimate{Guided: latent}, nil
}

// start is a new run of 24 steps, enough for restarts, of a small latent.
func start(t *testing.T, name string) *State {
	t.Helper()
	s, err := schedule.New(schedule.Config{})
	if err != nil {
		t.Fatal(err)
	}
	sigmas, err := s.Levels("karras", 24, schedule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	stream := noise.Stream{Seed: 99}
	x, err := Start(stream.Next(3, 4, 5), sigmas[0])
	if err != nil {
		t.Fatal(err)
	}
	state, err := New(name, sigmas, x, stream)
	if err != nil {
		t.Fatal(err)
	}
	state.Training = s.Sigmas
	return state
}

func finish(t *testing.T, s *State) *State {
	t.Helper()
	for !s.Done() {
		if _, err := s.Next(gaussian); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// The probability-flow equation of Gaussian pictures, dx/dσ = x·σ/(s²+σ²), has
// the solution x(σ) = x(σ₀)·√((s²+σ²)/(s²+σ₀²)): twice the steps halve the
// error of a first-order method and quarter that of a second-order one.
func TestErrorFallsWithTheOrder(t *testing.T) {
	const from, to = 10, 0.1
	exact := math.Sqrt((spread*spread + to*to) / (spread*spread + from*from))
	relativeError := func(name string, steps int) float64 {
		sigmas := make([]float64, steps+1)
		for i := range sigmas {
			sigmas[i] = from * math.Pow(to/from, float64(i)/float64(steps))
		}
		s, err := New(name, sigmas, dense([]int{1, 1, 1, 1}, []float32{1}), noise.Stream{})
		if err != nil {
			t.Fatal(err)
		}
		return math.Abs(float64(finish(t, s).Latent[0])/exact - 1)
	}
	for _, c := range []struct {
		name  string
		order float64
	}{{"euler", 1}, {"ddim", 1}, {"dpmpp_2m", 2}} {
		coarse, fine := relativeError(c.name, 40), relativeError(c.name, 80)
		if order := math.Log2(coarse / fine); math.Abs(order-c.order) > 0.2 {
			t.Errorf("%s: error %.2e in 40 steps and %.2e in 80 is order %.2f, want %v", c.name, coarse, fine, order, c.order)
		}
	}
}

// Ancestral noise must leave Gaussian pictures Gaussian: mean 0, deviation s.
func TestAncestralKeepsTheDistribution(t *testing.T) {
	sigmas := make([]float64, 101)
	for i := range 100 {
		sigmas[i] = 10 * math.Pow(0.01/10, float64(i)/99)
	}
	stream := noise.Stream{Seed: 5}
	x, err := Start(stream.Next(4, 32, 32), sigmas[0])
	if err != nil {
		t.Fatal(err)
	}
	s, err := New("euler_ancestral", sigmas, x, stream)
	if err != nil {
		t.Fatal(err)
	}
	var sum, squares float64
	for _, v := range finish(t, s).Latent {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(s.Latent))
	if mean, deviation := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 0.03 || math.Abs(deviation-spread) > 0.04 {
		t.Errorf("mean %.3f and deviation %.3f, want 0 and %v", mean, deviation, spread)
	}
}

func TestWithoutFreshNoiseAncestralIsNot(t *testing.T) {
	for ancestral, plain := range map[string]string{"euler_ancestral": "euler", "dpm_2_ancestral": "dpm_2", "euler_ancestral_cfg_pp": "euler_cfg_pp"} {
		s := start(t, ancestral)
		s.Options.Eta = 0
		if want := finish(t, start(t, plain)); !slices.Equal(finish(t, s).Latent, want.Latent) {
			t.Errorf("%s at η = 0 is not %s", ancestral, plain)
		}
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for what, spoil := range map[string]func(o *Options){
		"eta":        func(o *Options) { o.Eta = -1 },
		"s_noise":    func(o *Options) { o.SNoise = math.NaN() },
		"s_churn":    func(o *Options) { o.SChurn = math.Inf(1) },
		"order is 9": func(o *Options) { o.Order = 9 },
		"solver":     func(o *Options) { o.Solver = "leap" },
	} {
		s := start(t, "deis")
		spoil(&s.Options)
		if _, err := s.Next(gaussian); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: error %v, want it named", what, err)
		}
	}
	s := start(t, "tcd")
	s.Training = nil
	if _, err := s.Next(gaussian); err == nil || !strings.Contains(err.Error(), "Training") {
		t.Errorf("TCD without the model's levels: error %v", err)
	}
	s = start(t, "dpm_adaptive")
	if _, err := s.Next(func(x *tensor.Dense, _ float64) (Estimate, error) {
		x.Float32s()[0] = float32(math.NaN())
		return Estimate{Guided: x}, nil
	}); err == nil || !strings.Contains(err.Error(), "another sampler") {
		t.Errorf("DPM adaptive with a model that fails: error %v", err)
	}
}

func TestDDIMIsEuler(t *testing.T) {
	euler, ddim := finish(t, start(t, "euler")), finish(t, start(t, "ddim"))
	if d := largestDifference(ddim.Latent, euler.Latent); d > 1e-5 {
		t.Errorf("DDIM without extra noise is off Euler by %.1e", d)
	}
}

// codecs are the ways a State is saved.
var codecs = map[string]func(s *State) (*State, error){
	"gob": func(s *State) (*State, error) {
		var buffer bytes.Buffer
		if err := gob.NewEncoder(&buffer).Encode(s); err != nil {
			return nil, err
		}
		read := new(State)
		return read, gob.NewDecoder(&buffer).Decode(read)
	},
	"JSON": func(s *State) (*State, error) {
		data, err := json.Marshal(s)
		if err != nil {
			return nil, err
		}
		read := new(State)
		return read, json.Unmarshal(data, read)
	},
}

// A run that is saved, read back and gone on with at every step is the run that
// nothing interrupts, after each of them.
func TestResumedRunIsTheSameBitForBit(t *testing.T) {
	for _, name := range Names() {
		for codec, save := range codecs {
			whole, resumed := start(t, name), start(t, name)
			for !whole.Done() {
				read, err := save(resumed)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(read, resumed) {
					t.Fatalf("%s: %s changes the state after step %d", name, codec, whole.Step)
				}
				resumed = read
				for _, s := range []*State{whole, resumed} {
					if _, err := s.Next(gaussian); err != nil {
						t.Fatal(err)
					}
				}
				if !reflect.DeepEqual(resumed, whole) {
					t.Fatalf("%s: resumed from %s, step %d is another", name, codec, whole.Step)
				}
			}
		}
	}
}

func TestRunsHaveTheSameBitsEverywhere(t *testing.T) {
	hash := fnv.New64a()
	for _, name := range Names() {
		for _, x := range finish(t, start(t, name)).Latent {
			fmt.Fprintf(hash, "%x ", math.Float32bits(x))
		}
	}
	if got := hash.Sum64(); got != 0xb1f25e3323501081 {
		t.Errorf("the bits of the runs hash to %#x: a seed no longer gives the picture it gave", got)
	}
}

func TestPlainCopyIsASnapshot(t *testing.T) {
	for _, name := range Names() {
		s := start(t, name)
		for range 3 {
			if _, err := s.Next(gaussian); err != nil {
				t.Fatal(err)
			}
		}
		snapshot := *s
		end := finish(t, s)
		if !reflect.DeepEqual(finish(t, &snapshot), end) {
			t.Errorf("%s: going on from a copy makes another picture", name)
		}
	}
}

func TestFailedStepLeavesTheStateAsItWas(t *testing.T) {
	for _, name := range Names() {
		s := start(t, name)
		for range 2 {
			if _, err := s.Next(gaussian); err != nil {
				t.Fatal(err)
			}
		}
		before, err := codecs["gob"](s)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			denoise  Denoise
			mentions string
		}{
			{func(latent *tensor.Dense, _ float64) (Estimate, error) {
				latent.Float32s()[0] = 1e9
				return Estimate{Guided: latent}, context.Canceled
			}, fmt.Sprintf("step %d of 24", s.Step+1)},
			{func(*tensor.Dense, float64) (Estimate, error) { return Estimate{}, nil }, "missing"},
			{func(*tensor.Dense, float64) (Estimate, error) {
				return Estimate{Guided: dense([]int{1, 4, 3, 5}, make([]float32, 60))}, nil
			}, "keep the shape"},
			{func(*tensor.Dense, float64) (Estimate, error) {
				return Estimate{Guided: tensor.New(tensor.WithShape(1, 4, 5, 3), tensor.Of(tensor.Float64))}, nil
			}, "must be float32"},
			{func(latent *tensor.Dense, _ float64) (Estimate, error) {
				return Estimate{latent, tensor.New(tensor.WithShape(1), tensor.WithBacking([]float32{1}))}, nil
			}, "without guidance"},
		} {
			_, err := s.Next(c.denoise)
			if err == nil || !strings.Contains(err.Error(), c.mentions) || !strings.Contains(err.Error(), Label(name)) {
				t.Errorf("%s: error %v, want it to mention %q", name, err, c.mentions)
			}
			if !reflect.DeepEqual(s, before) {
				t.Fatalf("%s: a step that failed (%v) changed the state", name, err)
			}
		}
		if _, err := s.Next(func(*tensor.Dense, float64) (Estimate, error) { return Estimate{}, context.Canceled }); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v does not wrap the denoiser's", name, err)
		}
	}
}

func TestNextReturnsTheEstimate(t *testing.T) {
	for _, name := range Names() {
		s := start(t, name)
		var x0 *tensor.Dense
		var err error
		for !s.Done() {
			if x0, err = s.Next(gaussian); err != nil {
				t.Fatal(err)
			}
		}
		// The last step goes to level 0: the latent is the estimate, but for the
		// methods that go there along other slopes, too, or end above it.
		if slices.Contains([]string{"lms", "plms", "dpm_adaptive"}, name) {
			continue
		}
		if !slices.Equal(x0.Float32s(), s.Latent) || !slices.Equal([]int(x0.Shape()), s.Shape) {
			t.Errorf("%s: the last estimate is not the latent", name)
		}
		if _, err := s.Next(gaussian); !errors.Is(err, ErrDone) {
			t.Errorf("%s: error %v after the last step, want ErrDone", name, err)
		}
	}
}

// Levels fall from each step to the next, over the rises of a restart too, to
// where the run ends.
func TestLevelIsTheLatents(t *testing.T) {
	for _, name := range Names() {
		s := start(t, name)
		first, rises := s.Level(), 0
		if math.Abs(first/s.Sigmas[0]-1) > 1e-12 {
			t.Errorf("%s: begins at %v, want %v", name, first, s.Sigmas[0])
		}
		for last := first; !s.Done(); last = s.Level() {
			if _, err := s.Next(gaussian); err != nil {
				t.Fatal(err)
			}
			if s.Level() > last {
				rises++
			}
		}
		end, wanted := 0.0, 0
		switch name {
		case "dpm_adaptive":
			end = s.Sigmas[23]
		case "restart":
			wanted = 1 // after the step that begins with its noise
		}
		if math.Abs(s.Level()-end) > 1e-12 || rises != wanted {
			t.Errorf("%s: ends at %v with %d rises, want %v with %d", name, s.Level(), rises, end, wanted)
		}
	}
}

func TestNewRefusesWhatCannotRun(t *testing.T) {
	good := dense([]int{1, 1, 2, 1}, []float32{1, 2})
	for _, c := range []struct {
		what     string
		name     string
		sigmas   []float64
		start    *tensor.Dense
		mentions string
	}{
		{"unknown sampler", "leap", []float64{1, 0}, good, "euler_ancestral"},
		{"one level", "euler", []float64{1}, good, "at least 2"},
		{"rising levels", "euler", []float64{1, 2, 0}, good, "must fall"},
		{"equal levels", "euler", []float64{1, 1, 0}, good, "must fall"},
		{"NaN", "euler", []float64{math.NaN(), 0}, good, "must fall"},
		{"infinite", "euler", []float64{math.Inf(1), 0}, good, "must fall"},
		{"below zero", "euler", []float64{1, -1}, good, "not below 0"},
		{"no start", "euler", []float64{1, 0}, nil, "missing"},
		{"flat start", "euler", []float64{1, 0}, tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{1, 2})), "[1, height, width, channels]"},
		{"two pictures", "euler", []float64{1, 0}, dense([]int{2, 1, 1, 1}, []float32{1, 2}), "[1, height, width, channels]"},
		{"float64", "euler", []float64{1, 0}, tensor.New(tensor.WithShape(1, 1, 2, 1), tensor.Of(tensor.Float64)), "float32"},
	} {
		if _, err := New(c.name, c.sigmas, c.start, noise.Stream{}); err == nil || !strings.Contains(err.Error(), c.mentions) {
			t.Errorf("%s: error %v, want it to mention %q", c.what, err, c.mentions)
		}
	}
}

func TestNextRefusesADamagedState(t *testing.T) {
	for what, damage := range map[string]func(s *State){
		"short latent":  func(s *State) { s.Latent = s.Latent[1:] },
		"step too high": func(s *State) { s.Step = 25 },
		"step below 0":  func(s *State) { s.Step = -1 },
		"lost history":  func(s *State) { s.History = nil },
		"short history": func(s *State) { s.History = [][]float32{{1}} },
	} {
		s := start(t, "dpmpp_2m")
		if _, err := s.Next(gaussian); err != nil {
			t.Fatal(err)
		}
		damage(s)
		if _, err := s.Next(gaussian); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: error %v, want one that says the run is damaged", what, err)
		}
	}
}
