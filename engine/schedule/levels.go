package schedule

import (
	"fmt"
	"strings"
)

// curves are the ways down, most usual first: n noise levels from high to low.
var curves = []struct {
	name   string
	levels func(s *Schedule, n int) []float64
}{
	{"normal", normal},
	{"karras", karras},
	{"exponential", exponential},
	{"sgm_uniform", sgmUniform},
}

// Curves is the names that Levels knows.
func Curves() []string {
	names := make([]string, len(curves))
	for i, c := range curves {
		names[i] = c.name
	}
	return names
}

// Levels is the noise levels of n steps along a curve: n falling levels and a
// final 0, so that step i goes from Levels[i] to Levels[i+1]. n is 1 to Steps.
func (s *Schedule) Levels(curve string, n int) ([]float64, error) {
	if n < 1 || n > s.Steps() {
		return nil, fmt.Errorf("noise levels: %d steps asked for; the model was trained on %d timesteps, so choose 1 to %d", n, s.Steps(), s.Steps())
	}
	for _, c := range curves {
		if c.name == curve {
			return append(c.levels(s, n), 0), nil
		}
	}
	return nil, fmt.Errorf("noise levels: no curve is called %q; choose one of %s", curve, strings.Join(Curves(), ", "))
}
