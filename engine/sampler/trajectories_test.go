package sampler

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"testing"

	"gorgonia.org/tensor"

	"darkroom/engine/noise"
	"darkroom/engine/schedule"
)

// bumps is the perfect denoiser of clean numbers that are normal around −mean or
// mean: nonlinear, with a slope that changes along the way.
func bumps(x, sigma, mean, deviation float64) float64 {
	square := deviation * deviation
	total := square + sigma*sigma
	return (square*x + sigma*sigma*mean*math.Tanh(mean*x/total)) / total
}

// twoBumps estimates with guidance and without as engine/golden/trajectories.py.
func twoBumps(latent *tensor.Dense, sigma float64) (Estimate, error) {
	guided, unguided := latent.Clone().(*tensor.Dense), latent.Clone().(*tensor.Dense)
	for i, x := range latent.Float32s() {
		guided.Float32s()[i] = float32(bumps(float64(x), sigma, 1, 0.3))
		unguided.Float32s()[i] = float32(bumps(float64(x), sigma, 0.5, 0.6))
	}
	return Estimate{guided, unguided}, nil
}

// inOrder hands out a stream's draws, also where a Brownian motion is asked for.
type inOrder struct{ *noise.Stream }

func (s inOrder) Between(_, _ float64, c, h, w int) *tensor.Dense { return s.Next(c, h, w) }

func TestTrajectoriesAreTheReferences(t *testing.T) {
	file, err := os.Open("testdata/trajectories.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var runs []struct {
		Sampler string
		Options json.RawMessage
		Sigmas  []float64
		Seed    uint64
		First   float64
		Start   []float32
		Steps   [][]float32
	}
	if err := json.NewDecoder(unzipped).Decode(&runs); err != nil {
		t.Fatal(err)
	}
	trained, err := schedule.New(schedule.Config{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]float64{}
	for _, run := range runs {
		s, err := New(run.Sampler, run.Sigmas, dense([]int{1, 2, 3, 2}, run.Start), noise.Stream{Seed: run.Seed, Draw: 1})
		if err != nil {
			t.Fatal(err)
		}
		s.Training = trained.Sigmas
		if err := json.Unmarshal(run.Options, &s.Options); err != nil {
			t.Fatal(err)
		}
		var worst float64
		if run.First != 0 {
			s.Numbers, s.History = []float64{-math.Log(run.Sigmas[0]), run.First}, [][]float32{s.Latent}
		}
		stream := s.Noise
		for !s.Done() {
			if _, err := s.next(twoBumps, inOrder{&stream}); err != nil {
				t.Fatal(err)
			}
			if len(run.Steps) != s.Steps() && !s.Done() {
				continue // the end alone is known
			}
			want := run.Steps[min(s.Step, len(run.Steps))-1]
			for i, x := range want {
				// off by so much of the number, or of the noise there is
				size := max(1, math.Abs(float64(x)))
				worst = max(worst, math.Abs(float64(s.Latent[i]-x))/size)
			}
		}
		seen[run.Sampler] = max(seen[run.Sampler], worst)
		if !(worst < 1e-4) {
			t.Errorf("%s in %d steps, %s: off by %.1e", run.Sampler, len(run.Sigmas)-1, run.Options, worst)
		}
	}
	for _, name := range Names() {
		worst, ok := seen[name]
		if !ok {
			t.Errorf("%s: no reference run; add it to engine/golden/trajectories.py", name)
		}
		t.Logf("%-24s off by %.1e at most", name, worst)
	}
}
