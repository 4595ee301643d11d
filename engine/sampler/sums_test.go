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

// schedulerTest is one run in testdata/sums.json.gz, which
// engine/golden/scheduler_sums.py writes and describes.
type schedulerTest struct {
	Test, Sampler  string
	Options        json.RawMessage
	Sum, Within    float64
	Size           int
	Sigmas         []float64
	Known          [][2]float64 // noise level and timestep
	Form           string
	Prediction     string
	Clip           float64
	Boundary, Data bool
	Scaled         bool
	Velocities     bool
	A, B           float64
	Orders         []int
	Start          []float32
	Before         []float64
	History        [][]float32
}

// Full loops of diffusers' own tests end in the sums of |x| that they expect.
func TestSumsAreDiffusers(t *testing.T) {
	file, err := os.Open("testdata/sums.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var runs []schedulerTest
	if err := json.NewDecoder(unzipped).Decode(&runs); err != nil {
		t.Fatal(err)
	}
	if len(runs) != 80 {
		t.Fatalf("%d runs in the golden file, want 80", len(runs))
	}
	torch := noise.Stream{Source: noise.Mersenne}
	draws := torch.Next(768*1000, 1, 1).Float32s()
	for _, run := range runs {
		t.Run(run.Test, func(t *testing.T) {
			sum := run.end(t, draws)
			if !(math.Abs(sum-run.Sum) < run.Within) {
				t.Errorf("%s: Σ|x| is %.4f, diffusers has %.4f", run.Sampler, sum, run.Sum)
			}
		})
	}
}

// tape is the draws of PyTorch's generator on the CPU with seed 0, 768 numbers
// each, which one draw of all of them is the fastest way to.
type tape struct {
	*noise.Stream
	rest []float32
}

func (s *tape) Next(c, h, w int) *tensor.Dense {
	drawn := s.rest[:c*h*w]
	s.rest = s.rest[c*h*w:]
	return dense([]int{1, h, w, c}, drawn)
}

// end is Σ|x| at the end of the run.
func (run schedulerTest) end(t *testing.T, draws []float32) float64 {
	exploding := run.Form == "exploding"
	start := run.Start
	if start == nil {
		// Their sample and noise rise and fall by 1/768 in the order [c,h,w,batch],
		// and are [batch,c,h,w] ([batch,c,w] and by 1/96 in one dimension). Without noise the sample is x/√(σ²+1) itself in the
		// preserving form.
		scale := 1.0
		if run.Form == "preserving" && run.B == 0 {
			scale = norm(run.Sigmas[0])
		}
		for batch := range 4 {
			for i := range run.Size / 4 {
				rising, n := float64(i*4+batch), float64(run.Size)
				start = append(start, float32(scale*(run.A*rising+run.B*(n-1-rising))/n))
			}
		}
	}
	stream := noise.Stream{Source: noise.Mersenne, Tree: noise.Tree{Source: noise.Mersenne}}
	s, err := New(run.Sampler, run.Sigmas, dense([]int{1, 1, 1, run.Size}, start), stream)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(run.Options, &s.Options); err != nil {
		t.Fatal(err)
	}
	trained, err := schedule.New(schedule.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s.Training = trained.Sigmas
	if run.History != nil {
		s.Step, s.History = len(run.History), run.History
		s.Sigmas = append(run.Before, run.Sigmas...)
	}
	source := &tape{&s.Noise, draws}
	for i := 0; !s.Done(); i++ {
		if exploding {
			// their loop goes on from the model's input
			scale := norm(s.Sigmas[s.Step])
			for k := range s.Latent {
				s.Latent[k] = float32(float64(s.Latent[k]) / scale)
			}
		}
		if run.Orders != nil {
			s.Options.Order = run.Orders[i]
		}
		if run.Velocities {
			run.remember(s)
		}
		if _, err := s.next(run.model(exploding), source); err != nil {
			t.Fatal(err)
		}
	}
	var sum float64
	for _, x := range s.Latent {
		sum += math.Abs(float64(x))
	}
	if run.Form == "preserving" {
		sum /= norm(s.Sigmas[len(s.Sigmas)-1])
	}
	return sum
}

// norm is √(σ²+1).
func norm(sigma float64) float64 { return math.Sqrt(sigma*sigma + 1) }

// model is the tests' model, x·t/(t+1), as an estimate of x₀. In the exploding
// form the first x that it is asked about in a step is the input already.
func (run schedulerTest) model(exploding bool) Denoise {
	first := exploding
	return func(latent *tensor.Dense, sigma float64) (Estimate, error) {
		sigma, timestep := run.nearest(sigma)
		weight := timestep / (timestep + 1)
		clipped, found := latent.Clone().(*tensor.Dense), latent.Clone().(*tensor.Dense)
		for i, x32 := range latent.Float32s() {
			x := float64(x32)
			input := x / norm(sigma)
			if first {
				input = x
			}
			if run.Form == "edm" {
				if input = x; run.Scaled {
					input = x / math.Sqrt(sigma*sigma+0.25)
				}
			}
			output := input * weight
			var x0 float64
			switch {
			case run.Form == "edm":
				part := output * sigma * 0.5 / math.Sqrt(sigma*sigma+0.25)
				if run.Prediction != "epsilon" {
					part = -part
				}
				x0 = x*0.25/(sigma*sigma+0.25) + part
			case !exploding && run.Prediction == "epsilon":
				x0 = x - sigma*output
			case !exploding: // v
				x0 = (input - sigma*output) / norm(sigma)
			case run.Prediction == "epsilon": // the slope is (input−x₀)/σ there
				x0 = x - sigma*output
			default:
				x0 = x - (input - (input/norm(sigma)-output*sigma)/norm(sigma))
			}
			if run.Data {
				x0 += input - x
			}
			found.Float32s()[i] = float32(x0)
			if run.Clip != 0 {
				x0 = min(max(x0, -run.Clip), run.Clip) / run.Clip
			}
			if run.Boundary {
				t := timestep * 10
				x0 = x0*t/math.Sqrt(t*t+0.25) + input*0.25/(t*t+0.25)
			}
			clipped.Float32s()[i] = float32(x0)
		}
		first = false
		return Estimate{clipped, found}, nil
	}
}

// remember gives the state what PNDM extrapolates with a model of velocities: not
// the noise that was found in earlier steps but their velocities, which make noise
// of the latent that there is now.
func (run *schedulerTest) remember(s *State) {
	sigma, timestep := run.nearest(s.Sigmas[s.Step])
	s.History = nil
	for _, v := range run.History {
		noise := make([]float32, len(v))
		for i := range v {
			noise[i] = float32((float64(v[i]) + sigma*float64(s.Latent[i])/norm(sigma)) / norm(sigma))
		}
		s.History = append(s.History, noise)
	}
	now := make([]float32, len(s.Latent))
	for i, x := range s.Latent {
		now[i] = float32(float64(x) / norm(sigma) * timestep / (timestep + 1))
	}
	run.History = append(run.History[1:], now)
}

// nearest is the level and the timestep that the model knows a level by.
func (run schedulerTest) nearest(sigma float64) (level, timestep float64) {
	best := math.Inf(1)
	for _, k := range run.Known {
		if d := math.Abs(math.Log(k[0] / sigma)); d < best {
			best, level, timestep = d, k[0], k[1]
		}
	}
	return level, timestep
}
