package pipeline

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/nn"
	"darkroom/engine/sampler"
	"darkroom/engine/unet"

	"gorgonia.org/tensor"
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

// TestPerturbedAttentionMatchesDiffusers compares passes of the U-Net, and whole ways
// down with guidance rescale and without, with engine/golden/perturbed_attention.py's.
func TestPerturbedAttentionMatchesDiffusers(t *testing.T) {
	g, p := openGolden(t, "testdata/perturbed_attention.safetensors"), loadTiny(t)
	c := nn.NewContext(t.Context())
	again := func(x *tensor.Dense) *tensor.Dense { // the last once more
		s := slices.Clone(x.Shape())
		one := x.Size() / s[0]
		s[0]++
		return nn.Wrap(slices.Concat(nn.Data(x), nn.Data(x)[x.Size()-one:]), s...)
	}
	three := again(g.get("context"))
	s := three.Shape()
	two := nn.Wrap(nn.Data(three)[three.Size()/3:], 2, s[1], s[2])
	one := nn.Wrap(nn.Data(three)[2*three.Size()/3:], 1, s[1], s[2])
	pass := func(context *tensor.Dense) *tensor.Dense {
		var y *tensor.Dense
		for c.Next(nn.Pass{Network: "perturbed", Size: [4]int{context.Shape()[0]}}) {
			y = p.UNet.Vary(c, g.get("sample"), g.float64s("timestep"), context, nil, unet.Variant{Perturbed: 1})
		}
		return y
	}
	g.near("with guidance", pass(three), g.get("guided"), parity)
	g.near("without", pass(two), g.get("unguided"), parity)
	last := g.get("unguided")
	h := last.Shape()
	g.near("alone", pass(one), nn.Wrap(nn.Data(last)[last.Size()/2:], 1, h[1], h[2], h[3]), parity)

	xl := named(t, unet.New, miniatureXL)
	sizes := g.float64s("xl.sizes")
	added := &unet.Added{Pooled: again(g.get("xl.pooled")), Sizes: append(sizes, sizes[6:]...)}
	y := xl.Vary(c, g.get("xl.sample"), g.float64s("timestep"), again(g.get("xl.context")), added, unet.Variant{Perturbed: 1})
	g.near("XL", y, g.get("xl.guided"), parity)

	for name, r := range map[string]engine.Request{
		"latent":          {Guidance: 3, PerturbedAttention: 2.5, GuidanceRescale: 0.7},
		"latent.unguided": {Guidance: 1, PerturbedAttention: 2.5},
		"latent.rescaled": {Guidance: 3, GuidanceRescale: 0.7},
	} {
		r.Prompt, r.Seed, r.Steps, r.Sampler, r.Model = "a red apple", 7, 5, "euler", tiny
		_, steps := painted(t, p, r, nil)
		g.near(name, steps[4].Latent, g.get(name), parity)
	}
}

func TestPerturbedAttention(t *testing.T) {
	p := loadTiny(t)
	perturb := func(change func(*engine.Request)) func(*engine.Request) {
		return func(r *engine.Request) {
			r.PerturbedAttention = 3
			change(r)
		}
	}
	levels, plain := drawn(t, p, func(*engine.Request) {})
	// it ends where guidance does
	_, early := drawn(t, p, perturb(func(r *engine.Request) { r.GuidanceLow = levels[0].Level }))
	_, alone := drawn(t, p, func(r *engine.Request) { r.GuidanceLow = 1e6 })
	_, never := drawn(t, p, perturb(func(r *engine.Request) { r.GuidanceLow = 1e6 }))
	if slices.Equal(early[0], plain[0]) || !slices.Equal(never[5], alone[5]) {
		t.Error("perturbed attention acts where nothing is to guide, or does not where it is")
	}
	for what, change := range map[string]func(*engine.Request){
		"parts of a prompt":      func(r *engine.Request) { r.Prompt = "red AND green:0.5" },
		"another length":         func(r *engine.Request) { r.Prompt = strings.Repeat("red apple ", 12) },
		"the unguided estimate":  func(r *engine.Request) { r.Sampler = "euler_cfg_pp" },
		"without guidance":       func(r *engine.Request) { r.Guidance = 1 },
		"shared features":        func(r *engine.Request) { r.CacheInterval = 3 },
		"of a guidance interval": func(r *engine.Request) { r.Sampler, r.GuidanceLow = "euler_cfg_pp", levels[2].Level },
	} {
		if _, with := drawn(t, p, perturb(change)); true {
			if _, without := drawn(t, p, change); slices.Equal(with[1], without[1]) {
				t.Errorf("%s: perturbed attention has no effect", what)
			}
		}
	}
	// one text in two parts is that text: the weights are those of the guidance
	_, whole := drawn(t, p, perturb(func(*engine.Request) {}))
	_, halves := drawn(t, p, perturb(func(r *engine.Request) { r.Prompt = "a red apple:0.5 AND a red apple:0.5" }))
	for i, v := range whole[5] {
		if math.Abs(float64(v-halves[5][i])) > 1e-3 {
			t.Fatalf("a prompt said by two halves is another: %v and %v", v, halves[5][i])
		}
	}
}

func TestPerturbedAttentionOfFamilies(t *testing.T) {
	picture, mask := writePictures(t)
	for name, draws := range map[string]bool{"xl": true, "inpaint": true, "lcm": true, "ssd": false, "ip2p": false, "sdxs": false} {
		t.Run(name, func(t *testing.T) {
			p, err := Load(t.Context(), writeFamily(t, name, nil, nil), nn.Float32)
			if err != nil {
				t.Fatal(err)
			}
			r := engine.Request{Prompt: "x", Steps: 2, Guidance: 3, Sampler: "euler", Width: familySide, Height: familySide}
			switch name {
			case "inpaint":
				r.Image, r.Mask = picture, mask
			case "ip2p":
				r.Image = picture
			}
			perturbed := r
			perturbed.PerturbedAttention = 3
			if draws {
				if _, with := painted(t, p, perturbed, nil); true {
					if _, without := painted(t, p, r, nil); slices.Equal(nn.Data(with[1].Latent), nn.Data(without[1].Latent)) {
						t.Error("perturbed attention has no effect")
					}
				}
			} else if _, err := p.Resolve(perturbed); !errors.Is(err, engine.ErrInvalid) || !strings.Contains(err.Error(), "perturbed_attention") {
				t.Errorf("error %v", err)
			}
		})
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

// TestThresholdIsDiffusers compares dynamic thresholding with diffusers' own
// (engine/golden/threshold.py).
func TestThresholdIsDiffusers(t *testing.T) {
	b, err := os.ReadFile("testdata/threshold.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Ratio, Most       float64
		Estimate, Clipped []float32
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		got := slices.Clone(c.Estimate)
		threshold(got, c.Ratio, c.Most)
		for i, want := range c.Clipped {
			if math.Abs(float64(got[i]-want)) > 1e-6 {
				t.Fatalf("at %g, %g at most: element %d is %v, want %v", c.Ratio, c.Most, i, got[i], want)
			}
		}
	}
	x := slices.Clone(cases[0].Estimate)
	if threshold(x, 0, 1); !slices.Equal(x, cases[0].Estimate) {
		t.Error("at 0 it has an effect")
	}
	p := loadTiny(t)
	_, plain := drawn(t, p, func(*engine.Request) {})
	_, clipped := drawn(t, p, func(r *engine.Request) { r.ThresholdRatio, r.ThresholdMax = 0.5, 0.1 })
	if slices.Equal(clipped[0], plain[0]) {
		t.Error("a request's threshold has no effect")
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
		goesOn(t, first, second, r)
	}
}

// A run that takes another turn computes its first step whole: the features are of
// what was heard before.
func TestTurnDropsSharedFeatures(t *testing.T) {
	p := loadTiny(t)
	r := tinyRequest()
	r.Sampler, r.CacheInterval = "euler", 6
	_, steps := painted(t, p, r, nil)
	for what, change := range map[string]func(*engine.Request){
		"prompt":   func(r *engine.Request) { r.Prompt = "a green boat" },
		"negative": func(r *engine.Request) { r.Negative = "red" },
	} {
		turn, exact := r, r
		change(&turn)
		change(&exact)
		exact.CacheInterval = 0
		_, got := painted(t, p, turn, moments(t, steps[1]))
		_, want := painted(t, p, exact, moments(t, steps[1]))
		if !slices.Equal(nn.Data(got[0].Latent), nn.Data(want[0].Latent)) {
			t.Errorf("%s: the first step of another turn goes by features of the old one", what)
		}
	}
}
