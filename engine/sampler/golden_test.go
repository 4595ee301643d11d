package sampler

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"darkroom/engine/noise"
	"darkroom/engine/schedule"
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

// The means of |x| that diffusers' own tests expect of a full loop: 10 steps on
// linear betas 1e-4 … 0.02, from the sample 0, 1/768, …, with ε = x·t/(t+1).
// (DDIM's there, 172.0067 in all, is made with an ε and a clipped x₀ that
// contradict each other, which an estimate of x₀ alone can't express.)
func TestMeansAreDiffusers(t *testing.T) {
	linear := schedule.Config{BetaSchedule: "linear", BetaStart: 1e-4, BetaEnd: 0.02}
	multi, err := schedule.New(linear)
	if err != nil {
		t.Fatal(err)
	}
	linear.NumTrainTimesteps = 1100
	euler, err := schedule.New(linear)
	if err != nil {
		t.Fatal(err)
	}

	// tests/schedulers/test_scheduler_dpm_multi.py, test_full_loop_no_noise:
	// whole timesteps down to the lowest level above 0; x there is x/√(σ²+1).
	var multiSigmas, multiTimesteps []float64
	for i := range 10 {
		timestep := math.RoundToEven(999 - 99.9*float64(i))
		multiTimesteps = append(multiTimesteps, timestep)
		multiSigmas = append(multiSigmas, multi.Sigmas[int(timestep)])
	}
	multiSigmas = append(multiSigmas, multi.Min())
	scaled := func(x, sigma, t float64) float64 { return x / math.Sqrt(sigma*sigma+1) * t / (t + 1) }
	got := meanAfter(t, "dpmpp_2m", predict(multiSigmas, multiTimesteps, scaled), multiSigmas, math.Sqrt(multi.Max()*multi.Max()+1), false)
	got /= math.Sqrt(multi.Min()*multi.Min() + 1)
	if math.Abs(got-0.3301) > 1e-4 {
		t.Errorf("DPM++ 2M: mean |x| is %.5f, diffusers has 0.3301", got)
	}

	// tests/schedulers/test_scheduler_euler.py, test_full_loop_no_noise: σ
	// interpolated between timesteps, and a loop that goes on from the scaled
	// model input at each step.
	var eulerSigmas, eulerTimesteps []float64
	for i := range 10 {
		timestep := 1099 - 1099*float64(i)/9
		low := min(int(timestep), 1098)
		fraction := timestep - float64(low)
		eulerTimesteps = append(eulerTimesteps, timestep)
		eulerSigmas = append(eulerSigmas, (1-fraction)*euler.Sigmas[low]+fraction*euler.Sigmas[low+1])
	}
	eulerSigmas = append(eulerSigmas, 0)
	unscaled := func(x, _, t float64) float64 { return x * t / (t + 1) }
	got = meanAfter(t, "euler", predict(eulerSigmas, eulerTimesteps, unscaled), eulerSigmas, eulerSigmas[0], true)
	if math.Abs(got*768-10.0807) > 1e-3 {
		t.Errorf("Euler: Σ|x| is %.4f, diffusers has 10.0807", got*768)
	}
}

// meanAfter is the mean |x| at the end of a run from 768 rising numbers times
// scale. With rescale, x is divided by √(σ²+1) before each step.
func meanAfter(t *testing.T, name string, denoise Denoise, sigmas []float64, scale float64, rescale bool) float64 {
	t.Helper()
	sample := make([]float32, 768)
	for i := range sample {
		sample[i] = float32(scale * float64(i) / 768)
	}
	s, err := New(name, sigmas, dense([]int{1, 16, 16, 3}, sample), noise.Stream{})
	if err != nil {
		t.Fatal(err)
	}
	for !s.Done() {
		if rescale {
			for i := range s.Latent {
				s.Latent[i] /= float32(math.Sqrt(sigmas[s.Step]*sigmas[s.Step] + 1))
			}
		}
		if _, err := s.Next(denoise); err != nil {
			t.Fatal(err)
		}
	}
	var sum float64
	for _, x := range s.Latent {
		sum += math.Abs(float64(x))
	}
	return sum / 768
}
