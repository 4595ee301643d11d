package schedule

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

func dense(values ...float32) *tensor.Dense {
	return tensor.New(tensor.WithShape(1, 1, 1, len(values)), tensor.WithBacking(values))
}

// A model that is right about noise and velocity must give back the latent.
func TestToDenoisedInvertsTheNoise(t *testing.T) {
	const clean, epsilon = 0.75, -1.25
	for _, prediction := range []Prediction{Epsilon, Velocity} {
		s, err := New(Config{PredictionType: prediction})
		if err != nil {
			t.Fatal(err)
		}
		for _, sigma := range []float64{0.03, 0.5, 1, 14.6} {
			alphaBar := 1 / (1 + sigma*sigma)
			output := epsilon
			if prediction == Velocity {
				output = math.Sqrt(alphaBar)*epsilon - math.Sqrt(1-alphaBar)*clean
			}
			x := dense(float32(clean + sigma*epsilon))
			got, err := s.ToDenoised(x, dense(float32(output)), sigma)
			if err != nil {
				t.Fatal(err)
			}
			if x0 := got.Float32s()[0]; math.Abs(float64(x0-clean)) > 2e-6*max(1, sigma) {
				t.Errorf("%s at σ %v: x₀ is %v, want %v", prediction, sigma, x0, clean)
			}
		}
	}
}

func TestInputScale(t *testing.T) {
	for _, c := range []struct{ sigma, want float64 }{{0, 1}, {math.Sqrt(3), 0.5}, {3, 1 / math.Sqrt(10)}} {
		if got := InputScale(c.sigma); !near(got, c.want, 1e-15) {
			t.Errorf("σ %v scales by %v, want %v", c.sigma, got, c.want)
		}
	}
}

func TestToDenoisedRefusesOtherShapes(t *testing.T) {
	s := sd1(t)
	doubles := tensor.New(tensor.WithShape(1, 1, 1, 2), tensor.WithBacking([]float64{1, 2}))
	for _, output := range []*tensor.Dense{dense(1, 2, 3), doubles} {
		if _, err := s.ToDenoised(dense(1, 2), output, 1); err == nil || !strings.Contains(err.Error(), "one shape") {
			t.Errorf("output %v %v: error %v, want one that says what is expected", output.Dtype(), output.Shape(), err)
		}
	}
}
