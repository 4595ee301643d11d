package sampler

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"darkroom/engine/noise"
)

// trajectory is one run in testdata/diffusers.json, which
// engine/golden/samplers.py writes and describes.
type trajectory struct {
	Sigmas, Timesteps []float64
	Seed              uint64
	Start             []float32
	Steps             [][]float32
}

// predict is a model that predicts ε from x, σ and the timestep of σ.
func predict(sigmas, timesteps []float64, epsilon func(x, sigma, timestep float64) float64) Denoise {
	return func(latent *tensor.Dense, sigma float64) (Estimate, error) {
		timestep := timesteps[slices.Index(sigmas, sigma)]
		x0 := make([]float32, 0, latent.Size())
		for _, x := range latent.Float32s() {
			x0 = append(x0, float32(float64(x)-sigma*epsilon(float64(x), sigma, timestep)))
		}
		return Estimate{Guided: tensor.New(tensor.WithShape(latent.Shape().Clone()...), tensor.WithBacking(x0))}, nil
	}
}

// largestDifference is max|a−b| relative to max|b|.
func largestDifference(a, b []float32) float64 {
	var difference, size float64
	for i := range b {
		difference = max(difference, math.Abs(float64(a[i]-b[i])))
		size = max(size, math.Abs(float64(b[i])))
	}
	return difference / size
}

func TestTrajectoriesAreDiffusers(t *testing.T) {
	data, err := os.ReadFile("testdata/diffusers.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string]trajectory
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	for name, want := range golden {
		stream := noise.Stream{Seed: want.Seed}
		start, err := Start(stream.Next(2, 3, 3), want.Sigmas[0])
		if err != nil {
			t.Fatal(err)
		}
		if d := largestDifference(start.Float32s(), want.Start); d > 1e-6 {
			t.Errorf("%s: start is off by %.1e", name, d)
		}
		s, err := New(name, want.Sigmas, start, stream)
		if err != nil {
			t.Fatal(err)
		}
		denoise := predict(want.Sigmas, want.Timesteps, func(x, sigma, t float64) float64 {
			return math.Tanh(x/math.Sqrt(sigma*sigma+1)) * t / (t + 1)
		})
		for !s.Done() {
			if _, err := s.Next(denoise); err != nil {
				t.Fatal(err)
			}
			if d := largestDifference(s.Latent, want.Steps[s.Step-1]); d > 1e-5 {
				t.Errorf("%s: after step %d x is off by %.1e of its largest number", name, s.Step, d)
			}
		}
		if s.Step != len(want.Steps) {
			t.Errorf("%s: %d steps, want %d", name, s.Step, len(want.Steps))
		}
	}
}
