package pipeline

import (
	"math"
	"slices"
	"testing"

	"darkroom/engine"
	"darkroom/engine/nn"
	"darkroom/engine/sampler"
)

func latents(steps []engine.Progress) [][]float32 {
	var all [][]float32
	for _, s := range steps {
		all = append(all, slices.Clone(nn.Data(s.Latent)))
	}
	return all
}

// drawn is the estimates of every step of a tiny request that change changes.
func drawn(t *testing.T, p *Pipeline, change func(*engine.Request)) ([]engine.Progress, [][]float32) {
	t.Helper()
	r := tinyRequest()
	r.Sampler = "euler"
	change(&r)
	_, steps := painted(t, p, r, nil)
	return steps, latents(steps)
}

func TestGuidanceBetweenNoiseLevels(t *testing.T) {
	p := loadTiny(t)
	levels, whole := drawn(t, p, func(*engine.Request) {})
	_, none := drawn(t, p, func(r *engine.Request) { r.Guidance = 1 })
	same := func(a, b []float32) bool { return slices.Equal(a, b) }

	// from the third step on, whose level is what the second leaves
	_, late := drawn(t, p, func(r *engine.Request) { r.GuidanceHigh = levels[1].Level })
	if !same(late[0], none[0]) || !same(late[1], none[1]) || same(late[2], none[2]) {
		t.Error("guidance does not begin at its highest noise level")
	}
	// and in the first two only
	_, early := drawn(t, p, func(r *engine.Request) { r.GuidanceLow = levels[0].Level })
	if !same(early[0], whole[0]) || !same(early[1], whole[1]) || same(early[2], whole[2]) {
		t.Error("guidance does not end at its lowest noise level")
	}
	// what is one pass there is what two would be without guidance
	_, alone := drawn(t, p, func(r *engine.Request) { r.GuidanceLow = 1e6 })
	for i := range alone {
		if !same(alone[i], none[i]) {
			t.Fatalf("without guidance in any step, step %d is another than with a guidance of 1", i+1)
		}
	}
	// samplers that need the unguided estimate still have it
	drawn(t, p, func(r *engine.Request) { r.Sampler, r.GuidanceLow = "euler_cfg_pp", levels[2].Level })
	// parts of a prompt keep their weights
	_, parts := drawn(t, p, func(r *engine.Request) { r.Prompt, r.GuidanceLow = "red AND green:0.5", 1e6 })
	if same(parts[0], none[0]) {
		t.Error("without guidance, AND has no effect")
	}
}

// The numbers are diffusers 0.42.1's rescale_noise_cfg(2·[1 −2 0.5 3 −1], [1 −2 0.5 3 −1]
// with the third doubled, 0.7), worked by hand: std([1 −2 1 3 −1])/std(cfg).
func TestRescale(t *testing.T) {
	prompted := []float32{1, -2, 1, 3, -1}
	unguided := []float32{0.5, 1, -1, 0, 2}
	const g, phi = 3.0, 0.7
	guided := make([]float32, len(prompted))
	for i, u := range unguided {
		guided[i] = u + g*(prompted[i]-u)
	}
	deviation := func(x []float32) float64 {
		var mean, squares float64
		for _, v := range x {
			mean += float64(v) / float64(len(x))
		}
		for _, v := range x {
			squares += (float64(v) - mean) * (float64(v) - mean)
		}
		return math.Sqrt(squares / float64(len(x)-1))
	}
	factor := phi*deviation(prompted)/deviation(guided) + 1 - phi
	got := slices.Clone(guided)
	rescale(got, unguided, g, phi)
	for i := range got {
		if want := float64(guided[i]) * factor; math.Abs(float64(got[i])-want) > 1e-5 {
			t.Errorf("%d is %v, want %v", i, got[i], want)
		}
	}
	for _, off := range []func([]float32){
		func(x []float32) { rescale(x, unguided, g, 0) },
		func(x []float32) { rescale(x, unguided, 1, phi) },
	} {
		if x := slices.Clone(guided); true {
			if off(x); !slices.Equal(x, guided) {
				t.Error("it rescales where it should not")
			}
		}
	}
	p := loadTiny(t)
	_, plain := drawn(t, p, func(*engine.Request) {})
	if _, rescaled := drawn(t, p, func(r *engine.Request) { r.GuidanceRescale = 0.7 }); slices.Equal(rescaled[0], plain[0]) {
		t.Error("a request's rescale has no effect")
	}
}

func TestMimicKeepsTheRange(t *testing.T) {
	// two channels: the first goes beyond what guidance 2 would give, the second has
	// one outlier less than that
	unguided := []float32{0, 1, 1, 1, -1, 1, 0, 1}
	prompted := []float32{2, 1, -1, 1, 0, 1, -1, 1}
	guide := func(g float32) []float32 {
		x := make([]float32, len(unguided))
		for i, u := range unguided {
			x[i] = u + g*(prompted[i]-u)
		}
		return x
	}
	largest := func(x []float32, k int) (mean, most float64) {
		for i := k; i < len(x); i += 2 {
			mean += float64(x[i]) / 4
		}
		for i := k; i < len(x); i += 2 {
			most = max(most, math.Abs(float64(x[i])-mean))
		}
		return mean, most
	}
	got, high, low := guide(6), guide(6), guide(2)
	mimic(got, unguided, 2, 6, 2)
	mean, most := largest(got, 0)
	wantMean, _ := largest(high, 0)
	_, wantMost := largest(low, 0)
	if math.Abs(mean-wantMean) > 1e-5 || math.Abs(most-wantMost) > 1e-5 {
		t.Errorf("the first channel has mean %v and range %v, want %v and %v", mean, most, wantMean, wantMost)
	}
	for i := 1; i < len(got); i += 2 {
		if got[i] != high[i] {
			t.Errorf("the second channel, which all agree on, has changed: %v", got)
		}
	}
	for _, m := range []float64{0, 6, 7} {
		if x := guide(6); true {
			if mimic(x, unguided, 2, 6, m); !slices.Equal(x, high) {
				t.Errorf("with %v it has an effect", m)
			}
		}
	}
	p := loadTiny(t)
	_, plain := drawn(t, p, func(r *engine.Request) { r.Guidance = 9 })
	if _, mimicked := drawn(t, p, func(r *engine.Request) { r.Guidance, r.MimicGuidance = 9, 3 }); slices.Equal(mimicked[0], plain[0]) {
		t.Error("a request's mimic guidance has no effect")
	}
}

func TestCachedSteps(t *testing.T) {
	p := loadTiny(t)
	_, whole := drawn(t, p, func(*engine.Request) {})
	_, cached := drawn(t, p, func(r *engine.Request) { r.CacheInterval = 2 })
	if !slices.Equal(cached[0], whole[0]) || slices.Equal(cached[1], whole[1]) {
		t.Error("with an interval of 2, the first step is whole and the second is not")
	}
	if _, off := drawn(t, p, func(r *engine.Request) { r.CacheInterval = 1 }); !slices.Equal(off[5], whole[5]) {
		t.Error("an interval of 1 has an effect")
	}
	// what is heard changes in the fourth step, which is whole then
	_, plain := drawn(t, p, func(r *engine.Request) { r.Prompt, r.CacheInterval = "[red:green:3]", 9 })
	_, fresh := drawn(t, p, func(r *engine.Request) { r.Prompt, r.CacheInterval = "[red:green:3]", 3 })
	if !slices.Equal(plain[3], fresh[3]) {
		t.Error("features made of other words are used")
	}
}

// Saved after any step and gone on with elsewhere, a run with shared features is the
// same bit for bit.
func TestCachedRunGoesOn(t *testing.T) {
	first, second := loadTiny(t), loadTiny(t)
	for _, name := range []string{"euler", "heun", "dpmpp_2m", "dpm_adaptive"} {
		if !slices.Contains(sampler.Names(), name) {
			t.Fatal(name)
		}
		r := tinyRequest()
		r.Sampler, r.CacheInterval, r.Prompt = name, 3, "a [red:green:0.5] apple"
		want, steps := painted(t, first, r, nil)
		for _, at := range steps {
			if got, _ := painted(t, second, r, moments(t, at)); !slices.Equal(got.Pix, want.Pix) {
				t.Fatalf("%s: gone on with after step %d, the picture is another", name, at.Step)
			}
		}
	}
}
