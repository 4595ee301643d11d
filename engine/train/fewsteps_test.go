package train

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"darkroom/engine/adapter"
	"darkroom/engine/checkpoint"
	"darkroom/engine/nn"
	"darkroom/engine/schedule"

	"gorgonia.org/tensor"
)

// A network of a linear layer and a convolution, changed in rank 2.
func TestLowRankGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	p := nn.Random(1)
	conv := nn.NewConv2D(p.Sub("conv"), 3, 5, 3, 1)
	flat := nn.NewLinear(p.Sub("flat"), 5, 4, true)
	l := newLowRank(p.All(), 2, 1)
	for _, q := range l.params() { // a change that is not nothing
		copy(nn.Data(q.Value), normals(r, q.Value.Size()))
	}
	x := nn.Wrap(normals(r, 2*4*4*3), 2, 4, 4, 3)
	dy := normals(r, 2*4*4*4)
	run := func() (float64, *nn.Tape) {
		l.apply()
		c := nn.Training(context.Background())
		c.Tape.Watch(append(l.params(), l.changed()...)...)
		y := flat.Forward(c, conv.Forward(c, x))
		c.Tape.Backward(y, dy)
		l.backward(c.Tape)
		var sum float64
		for i, v := range nn.Data(y) {
			sum += float64(v) * float64(dy[i])
		}
		return sum, c.Tape
	}
	_, tape := run()
	for _, q := range l.params() {
		g := append([]float32(nil), tape.Grad(q.Value)...)
		for _, i := range []int{0, len(g) / 2, len(g) - 1} {
			const h = 1e-2
			v := nn.Data(q.Value)
			old := v[i]
			v[i] = old + h
			above, _ := run()
			v[i] = old - h
			below, _ := run()
			v[i] = old
			if want := (above - below) / (2 * h); math.Abs(float64(g[i])-want) > 2e-3*(1+math.Abs(want)) {
				t.Errorf("%s: gradient[%d] is %g, the slope is %g", q.Name, i, g[i], want)
			}
		}
	}
}

// What is written is read by the program as the change that training made.
func TestLowRankFile(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	p := nn.Random(1)
	nn.NewConv2D(p.Sub("conv"), 32, 32, 3, 1)
	nn.NewLinear(p.Sub("attn.to_q"), 32, 32, false)
	before := p.Tensors(nil)
	l := newLowRank(p.All(), 3, 1)
	for _, q := range l.params() {
		copy(nn.Data(q.Value), normals(r, q.Value.Size()))
	}
	l.apply()
	want := p.Tensors(nil)
	dir := t.TempDir()
	lora, base := filepath.Join(dir, "lora.safetensors"), filepath.Join(dir, "base.safetensors")
	if err := checkpoint.Write(lora, l.tensors(func(q *nn.Param) []float32 { return nn.Data(q.Value) }), checkpoint.F32, nil); err != nil {
		t.Fatal(err)
	}
	if err := checkpoint.Write(base, before, checkpoint.F32, nil); err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.Open(base)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packed := nn.Load(f.Reader("")).Packed(nn.Float32)
	conv, flat := nn.NewConv2D(packed.Sub("conv"), 32, 32, 3, 1), nn.NewLinear(packed.Sub("attn.to_q"), 32, 32, false)
	a, err := adapter.Open(lora)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := adapter.Apply(context.Background(), []adapter.Network{{Part: adapter.UNet, Products: packed.Products()}}, []adapter.Use{{Adapter: a, UNet: 1}}); err != nil {
		t.Fatal(err)
	}
	changed, err := checkpointOf(t, want)
	if err != nil {
		t.Fatal(err)
	}
	q := nn.Load(changed.Reader(""))
	convWant, flatWant := nn.NewConv2D(q.Sub("conv"), 32, 32, 3, 1), nn.NewLinear(q.Sub("attn.to_q"), 32, 32, false)
	c := nn.NewContext(context.Background())
	x := nn.Wrap(normals(r, 8*8*32), 1, 8, 8, 32)
	for name, pair := range map[string][2]*tensor.Dense{
		"convolution": {conv.Forward(c, x), convWant.Forward(c, x)}, "linear layer": {flat.Forward(c, x), flatWant.Forward(c, x)},
	} {
		for i, got := range nn.Data(pair[0]) {
			if want := nn.Data(pair[1])[i]; math.Abs(float64(got-want)) > 1e-3*(1+math.Abs(float64(want))) {
				t.Fatalf("the %s gives %g, want %g", name, got, want)
			}
		}
	}
}

func checkpointOf(t *testing.T, tensors []checkpoint.Tensor) (*checkpoint.File, error) {
	path := filepath.Join(t.TempDir(), "f.safetensors")
	if err := checkpoint.Write(path, tensors, checkpoint.F32, nil); err != nil {
		return nil, err
	}
	f, err := checkpoint.Open(path)
	if err == nil {
		t.Cleanup(func() { f.Close() })
	}
	return f, err
}

// The way's coarse steps are those of a picture in few steps.
func TestWayMeetsTheSampler(t *testing.T) {
	w, err := newWay(scheduleConfig)
	if err != nil {
		t.Fatal(err)
	}
	s, err := schedule.New(scheduleConfig)
	if err != nil {
		t.Fatal(err)
	}
	sigmas, err := s.Levels("sgm_uniform", FewSteps, schedule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, sigma := range sigmas {
		if got := math.Tan(w.angles[i*finer]); math.Abs(got-sigma) > 1e-6*(1+sigma) {
			t.Errorf("step %d begins at %g, the sampler's at %g", i, got, sigma)
		}
	}
	if _, err := newWay(schedule.Config{}); err == nil {
		t.Error("a model that predicts noise is distilled")
	}
}

// Where the velocity is the true one at every level, every way of going leads to the
// same latent, and the target is that velocity.
func TestWayIsStraightWhereTheVelocityIsTrue(t *testing.T) {
	w, err := newWay(scheduleConfig)
	if err != nil {
		t.Fatal(err)
	}
	c := nn.NewContext(context.Background())
	r := rand.New(rand.NewPCG(3, 3))
	clean, noise := normals(r, 4), normals(r, 4)
	at := func(level int) (x, v *tensor.Dense) {
		x, v = c.New(1, 1, 1, 4), c.New(1, 1, 1, 4)
		sin, cos := math.Sincos(w.angles[level])
		for i := range clean {
			nn.Data(x)[i] = float32(cos*float64(clean[i]) + sin*float64(noise[i]))
			nn.Data(v)[i] = float32(cos*float64(noise[i]) - sin*float64(clean[i]))
		}
		return x, v
	}
	for _, level := range []int{0, 5, 11, 30, 47} {
		end := (level/finer + 1) * finer
		x, v := at(level)
		want, _ := at(end)
		further := w.move(c, x, v, []int{level}, []int{level + 1})
		_, ahead := at(level + 1)
		got := w.move(c, further, ahead, []int{level + 1}, []int{end})
		target := w.velocity(x, got, v, []int{level}, []int{level + 1}, []int{end})
		for i := range clean {
			if math.Abs(float64(nn.Data(got)[i]-nn.Data(want)[i])) > 1e-5 || math.Abs(float64(target[i]-nn.Data(v)[i])) > 1e-4 {
				t.Errorf("level %d: %v, want %v; velocity %v, want %v", level, nn.Data(got), nn.Data(want), target, nn.Data(v))
				break
			}
		}
	}
}
