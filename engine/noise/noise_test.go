package noise

import (
	"encoding/json"
	"hash/fnv"
	"math"
	"testing"
)

// The values are AUTOMATIC1111's Generator(seed).randn (modules/rng_philox.py)
// evaluated by numpy 2.4.6; index 69999 of the draw guards the counter beyond
// 16 bits.
func TestNormalIsTheNVSource(t *testing.T) {
	for _, c := range []struct {
		seed  uint64
		draw  uint32
		first [4]float32
		far   float32
	}{
		{0, 0, [4]float32{-0.92466241, -0.42534396, -2.6438458, 0.14518388}, -0.4419668},
		{0, 1, [4]float32{0.1808259, -0.5522627, 0.9238134, -0.7349703}, -0.8219533},
		{42, 7, [4]float32{0.78213584, 1.3968862, -0.18155539, -1.3186886}, 0.8059055},
		{math.MaxUint64, math.MaxUint32, [4]float32{0.07250698, -1.4404639, 0.18605067, 0.20524123}, 1.4333578},
	} {
		got := make([]float32, 70000)
		philoxNormals(c.seed, c.draw, 0, got)
		for i, want := range c.first {
			if math.Abs(float64(got[i]-want)) > 2e-7 {
				t.Errorf("seed %d draw %d element %d is %v, want %v", c.seed, c.draw, i, got[i], want)
			}
		}
		if far := got[len(got)-1]; math.Abs(float64(far-c.far)) > 2e-7 {
			t.Errorf("seed %d draw %d last element is %v, want %v", c.seed, c.draw, far, c.far)
		}
	}
}

// The web UI's own documented output for seed 0, made on CUDA in float32.
func TestNormalMatchesCUDA(t *testing.T) {
	want := []float32{
		-0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564,
		-0.62285122, -0.32838709, -1.07454231, -0.36314407, -1.67105067, 2.26550497,
	}
	got := make([]float32, len(want))
	philoxNormals(0, 0, 0, got)
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 1e-6 {
			t.Errorf("element %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestNormalHasTheSameBitsEverywhere(t *testing.T) {
	numbers := make([]float32, 16384)
	philoxNormals(7, 3, 0, numbers)
	hash := fnv.New64a()
	for _, x := range numbers {
		b := math.Float32bits(x)
		hash.Write([]byte{byte(b), byte(b >> 8), byte(b >> 16), byte(b >> 24)})
	}
	if got := hash.Sum64(); got != 0x8308ada925a445d7 {
		t.Errorf("the bits of seed 7, draw 3 hash to %#x: a seed no longer gives the picture it gave", got)
	}
}

func TestNormalIsNormal(t *testing.T) {
	numbers := make([]float32, 1<<18)
	philoxNormals(1, 0, 0, numbers)
	var moments [5]float64
	for _, x := range numbers {
		power := 1.0
		for i := range moments {
			moments[i] += power / float64(len(numbers))
			power *= float64(x)
		}
	}
	// Five standard errors of each sample moment over 2¹⁸ numbers.
	for i, c := range []struct{ want, within float64 }{{1, 1e-9}, {0, 0.01}, {1, 0.014}, {0, 0.038}, {3, 0.096}} {
		if math.Abs(moments[i]-c.want) > c.within {
			t.Errorf("moment %d is %v, want %v", i, moments[i], c.want)
		}
	}
}

func TestLatentIsChannelsLast(t *testing.T) {
	const c, h, w = 3, 2, 5
	planes := make([]float32, c*h*w)
	philoxNormals(11, 2, 0, planes)
	latent := Latent(11, 2, c, h, w)
	if got := latent.Shape(); got[0] != 1 || got[1] != h || got[2] != w || got[3] != c {
		t.Fatalf("shape %v, want (1, %d, %d, %d)", got, h, w, c)
	}
	for channel := range c {
		for y := range h {
			for x := range w {
				got, err := latent.At(0, y, x, channel)
				if err != nil {
					t.Fatal(err)
				}
				if want := planes[(channel*h+y)*w+x]; got != want {
					t.Fatalf("[0,%d,%d,%d] is %v, want %v", y, x, channel, got, want)
				}
			}
		}
	}
}

func TestStreamGoesOnWhereItWas(t *testing.T) {
	stream := Stream{Seed: math.MaxUint64}
	first := stream.Next(2, 3, 3)
	kept, err := json.Marshal(stream)
	if err != nil {
		t.Fatal(err)
	}
	second := stream.Next(2, 3, 3)

	var resumed Stream
	if err := json.Unmarshal(kept, &resumed); err != nil {
		t.Fatal(err)
	}
	if !resumed.Next(2, 3, 3).Eq(second) {
		t.Error("a stream read back draws other numbers")
	}
	if first.Eq(second) {
		t.Error("two draws of a stream are the same")
	}
	if !first.Eq(Latent(math.MaxUint64, 0, 2, 3, 3)) {
		t.Error("a stream's first draw is not draw 0")
	}
}
