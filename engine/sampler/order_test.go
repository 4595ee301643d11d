package sampler

import (
	"flag"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"darkroom/engine/noise"
	"darkroom/engine/schedule"
)

// With this flag the test writes the figures of docs/samplers.md and their plot.
var writeDocs = flag.Bool("write-docs", false, "write the table and the plot of docs/samplers.md")

// What the order is measured on: Gaussian pictures of deviation spread, from one
// noise level to another, in steps that are even in ln σ.
const orderFrom, orderTo = 10, 0.1

var orderSteps = []int{10, 20, 40, 80, 160}

// axes gives each piece of noise a direction of its own, orthogonal to all
// others, so that the squares of a latent's numbers add up to the variance that
// the latent has over all noise. A Brownian motion gets one for each level that is
// new.
type axes struct {
	next   int
	levels []float64
	path   [][]float64
}

func (a *axes) axis() int {
	a.next++
	return a.next - 1
}

func (a *axes) Next(c, h, w int) *tensor.Dense {
	values := make([]float32, c*h*w)
	values[a.axis()] = 1
	return dense([]int{1, h, w, c}, values)
}

func (a *axes) Between(from, to float64, c, h, w int) *tensor.Dense {
	if a.levels == nil {
		a.levels, a.path = []float64{from}, [][]float64{make([]float64, c*h*w)}
	}
	last := len(a.levels) - 1
	if to < a.levels[last] {
		point := append([]float64(nil), a.path[last]...)
		point[a.axis()] = math.Sqrt(a.levels[last] - to)
		a.levels, a.path = append(a.levels, to), append(a.path, point)
	}
	begin, end := a.at(from), a.at(to)
	values := make([]float32, c*h*w)
	for i := range values {
		values[i] = float32((end[i] - begin[i]) / math.Sqrt(from-to))
	}
	return dense([]int{1, h, w, c}, values)
}

func (a *axes) at(level float64) []float64 {
	for i, known := range a.levels {
		if math.Abs(known-level) < 1e-9*level {
			return a.path[i]
		}
	}
	panic("a level between others: this source only goes down")
}

// deviation is how far a run's standard deviation at the end is off the exact
// one, relatively, and how many estimates a step takes.
func deviation(t *testing.T, name string, steps int) (off, estimates float64) {
	t.Helper()
	sigmas := make([]float64, steps+1)
	for i := range sigmas {
		sigmas[i] = orderFrom * math.Pow(orderTo/float64(orderFrom), float64(i)/float64(steps))
	}
	source := &axes{}
	latent := make([]float32, 4*steps+4)
	latent[source.axis()] = float32(math.Hypot(spread, orderFrom))
	s, err := New(name, sigmas, dense([]int{1, 1, 1, len(latent)}, latent), noise.Stream{})
	if err != nil {
		t.Fatal(err)
	}
	trained, err := schedule.New(schedule.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s.Training = trained.Sigmas
	asked := 0
	count := func(x *tensor.Dense, sigma float64) (Estimate, error) {
		asked++
		return gaussian(x, sigma)
	}
	for !s.Done() {
		if _, err := s.next(count, source); err != nil {
			t.Fatal(err)
		}
	}
	var variance float64
	for _, x := range s.Latent {
		variance += float64(x) * float64(x)
	}
	return math.Abs(math.Sqrt(variance)/math.Hypot(spread, orderTo) - 1), float64(asked) / float64(steps)
}

// measurement is a sampler's errors by orderSteps, and their slope.
type measurement struct {
	name             string
	errors           []float64
	order, estimates float64
}

func measure(t *testing.T, name string) measurement {
	m := measurement{name: name}
	var points [][2]float64
	for _, n := range orderSteps {
		off, estimates := deviation(t, name, n)
		m.errors, m.estimates = append(m.errors, off), estimates
		if off > 1e-5 { // below, float32's rounding takes part
			points = append(points, [2]float64{math.Log2(float64(n)), math.Log2(off)})
		}
	}
	if len(points) > 3 {
		points = points[len(points)-3:]
	}
	first, last := points[0], points[len(points)-1]
	m.order = (first[1] - last[1]) / (last[0] - first[0])
	return m
}

// TestOrderOfConvergence measures by which power of the number of steps the error
// falls: of the solution of the probability-flow equation for samplers that add no
// noise, and of the variance of the distribution for those that do.
func TestOrderOfConvergence(t *testing.T) {
	orders := map[string]float64{
		"euler": 1, "ddim": 1, "euler_cfg_pp": 1, "ddim_cfg_pp": 1,
		"heun": 2, "dpm_2": 2, "restart": 2, "dpmpp_2m": 2, "dpmpp_2s": 2, "lms": 3.5, "deis": 3, "ipndm": 2, "plms": 2, "uni_pc": 2, "uni_pc_bh2": 2,
		"euler_ancestral": 1, "euler_ancestral_cfg_pp": 1, "ddpm": 1, "dpm_2_ancestral": 2, "dpmpp_2s_ancestral": 2,
		"dpmpp_sde": 2, "dpmpp_2m_sde": 2, "dpmpp_2m_sde_heun": 2, "dpmpp_3m_sde": 2,
		"lcm": 0, "tcd": 0, // each step goes all or most of the way to x₀ and back
	}
	var all []measurement
	for _, name := range Names() {
		if name == "dpm_adaptive" {
			continue // has no number of steps
		}
		m := measure(t, name)
		all = append(all, m)
		t.Logf("%-24s order %5.2f  errors %.1e", name, m.order, m.errors)
		if want, ok := orders[name]; !ok || math.Abs(m.order-want) > 0.3 {
			t.Errorf("%s: errors %.2e in %v steps are of order %.2f, want %v", name, m.errors, orderSteps, m.order, want)
		}
	}
	if *writeDocs {
		document(t, all)
	}
}
