package schedule

import (
	"fmt"
	"math"
)

// turbo is evenly spaced timesteps of which the highest is the last one, for
// models distilled to few steps: 999 alone, 999 and 499, … (Forge's "Turbo").
// ComfyUI's SDTurboScheduler takes the first n of ten: 999, 899, ….
func turbo(s *Schedule, n int, o Options) ([]float64, error) {
	parts := n
	if o.Variant == ComfyUI {
		if parts = 10; n > parts {
			return nil, fmt.Errorf("noise levels: %d steps of ComfyUI's turbo schedule; it has 10 at most", n)
		}
	}
	timesteps := make([]float64, n)
	for i := range timesteps {
		t := math.RoundToEven(float64(float64(parts-i)*(float64(s.Steps())/float64(parts))) - 1)
		timesteps[i] = max(t, 0)
	}
	return append(s.at(timesteps), 0), nil
}
