package train

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"darkroom/engine/nn"
)

// slope compares an analytic gradient with the function's own slope.
func slope(t *testing.T, x, gradient []float32, f func() float64) {
	t.Helper()
	for _, i := range []int{0, len(x) / 3, len(x) - 1} {
		const h = 1e-3
		v := x[i]
		x[i] = v + h
		above := f()
		x[i] = v - h
		below := f()
		x[i] = v
		want := (above - below) / (2 * h)
		if math.Abs(float64(gradient[i])-want) > 1e-3*(0.01+math.Abs(want)) {
			t.Errorf("gradient[%d] is %g, the slope is %g", i, gradient[i], want)
		}
	}
}

func normals(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func TestLossGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	t.Run("reconstruction", func(t *testing.T) {
		const n, size = 2, 8
		x, y := normals(r, n*size*size*3), normals(r, n*size*size*3)
		dy := make([]float32, len(y))
		reconstructionLoss(dy, y, x, n, size)
		slope(t, y, dy, func() float64 { return reconstructionLoss(make([]float32, len(y)), y, x, n, size) })
		if loss := reconstructionLoss(dy, x, x, n, size); loss != 0 {
			t.Errorf("a perfect picture has loss %g", loss)
		}
	})
	t.Run("divergence", func(t *testing.T) {
		moments := normals(r, 24)
		dm := make([]float32, len(moments))
		divergence(dm, moments, 4)
		for i := range dm { // the loss is too small for float32's slope otherwise
			dm[i] /= klWeight
		}
		slope(t, moments, dm, func() float64 { return divergence(make([]float32, 24), moments, 4) / klWeight })
	})
	t.Run("contrast", func(t *testing.T) {
		const d = 7
		said := []string{"one", "two", "three", "two", "five"}
		n := len(said)
		a, b := normals(r, n*d), normals(r, n*d)
		da, db := make([]float32, n*d), make([]float32, n*d)
		scale := []float32{1.5}
		_, ds := contrast(a, b, da, db, said, scale[0])
		loss := func() float64 {
			l, _ := contrast(a, b, make([]float32, n*d), make([]float32, n*d), said, scale[0])
			return l
		}
		slope(t, a, da, loss)
		slope(t, b, db, loss)
		slope(t, scale, []float32{ds}, loss)
		// whether a caption has its picture or the other of the same caption is no matter
		copy(b[3*d:4*d], b[d:2*d])
		if _, ds := contrast(a, b, da, db, said, 9); ds < 0 {
			t.Errorf("the scale grows beyond its bound, by %g", ds)
		}
	})
}

// regression is a stage small enough to run in a test: it fits a linear map.
func regression(t *testing.T, o Options) (*stage, nn.Params) {
	t.Helper()
	p := nn.Random(1)
	l := nn.NewLinear(p, 4, 3, true)
	truth := nn.NewLinear(nn.Random(2), 4, 3, true)
	s := &stage{name: "regression", opt: NewOptimiser(p.All(), o.LR, o.Steps)}
	s.forward = func(c *nn.Context, r *rand.Rand) (float64, error) {
		x := nn.Wrap(normals(r, o.Batch*4), o.Batch, 4)
		y, want := l.Forward(c, x), truth.Forward(c, x)
		dy := make([]float32, y.Size())
		var loss float64
		for i, v := range nn.Data(y) {
			d := v - nn.Data(want)[i]
			loss += float64(d * d)
			dy[i] = 2 * d / float32(len(dy))
		}
		c.Tape.Backward(y, dy)
		return loss, nil
	}
	s.publish = func() error { return nil }
	s.sheet = func(context.Context, string) error { return nil }
	return s, p
}

func TestTrainingLearns(t *testing.T) {
	o := Options{Dir: t.TempDir(), Steps: 400, Batch: 8, LR: 0.05, Every: 400, Log: io.Discard}
	s, _ := regression(t, o)
	if err := o.run(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	c := nn.Training(context.Background())
	loss, err := s.forward(c, rand.New(rand.NewPCG(5, 5)))
	if err != nil {
		t.Fatal(err)
	}
	if loss > 0.01 {
		t.Errorf("after 400 steps the loss is %g", loss)
	}
}

// TestResumedTrainingIsTheSame stops a run half-way and goes on from its
// saved state in a new one.
func TestResumedTrainingIsTheSame(t *testing.T) {
	train := func(dir string, stopAt int) nn.Params {
		o := Options{Dir: dir, Steps: 30, Batch: 4, LR: 0.05, Every: 30, Log: io.Discard}
		s, p := regression(t, o)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		forward := s.forward
		s.forward = func(c *nn.Context, r *rand.Rand) (float64, error) {
			if s.opt.step+1 == stopAt {
				cancel()
			}
			return forward(c, r)
		}
		if err := o.run(ctx, s); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		return p
	}
	whole := train(t.TempDir(), 0)
	dir := t.TempDir()
	train(dir, 13)
	resumed := train(dir, 0)
	for i, p := range whole.All() {
		for j, v := range nn.Data(p.Value) {
			if got := nn.Data(resumed.All()[i].Value)[j]; got != v {
				t.Fatalf("%s[%d] is %g after resuming, %g without a break", p.Name, j, got, v)
			}
		}
	}
}

func TestResumeRefusesAnotherRunsState(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir, Steps: 1, Batch: 2, LR: 0.05, Every: 1, Log: io.Discard}
	s, _ := regression(t, o)
	if err := o.run(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	p := nn.Random(1)
	nn.NewLinear(p, 5, 3, true)
	other := NewOptimiser(p.All(), 0.05, 1)
	err := o.resume(o.path("run", "regression.safetensors"), other)
	if err == nil || !strings.Contains(err.Error(), "delete") {
		t.Errorf("resuming with another shape: %v", err)
	}
}

func TestProgressTellsTheTimeLeft(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, "text", 0, 10, 4)
	p.step(0.5)
	if got := out.String(); !strings.Contains(got, "1/10") || !strings.Contains(got, "left") {
		t.Errorf("progress says %q", got)
	}
}

// A curve that goes on from its file holds what was before, and nothing from after
// the step that is gone on from.
func TestCurveGoesOn(t *testing.T) {
	dir := t.TempDir()
	c := &curve{}
	for step := 1; step <= 5*curveEvery; step++ {
		c.add(step, float64(step))
	}
	if err := c.write(dir + "/loss.txt"); err != nil {
		t.Fatal(err)
	}
	again, err := readCurve(dir+"/loss.txt", 3*curveEvery+1)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(again.points); n != 3 || again.points[2] != (point{3 * curveEvery, 2.5*curveEvery + 0.5}) {
		t.Errorf("the points are %v", again.points)
	}
	if err := c.draw(dir+"/loss.png", "loss"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir + "/loss.png"); err != nil || info.Size() < 1000 {
		t.Errorf("the drawing: %v", err)
	}
	if err := os.WriteFile(dir+"/loss.txt", []byte("20 abc\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readCurve(dir+"/loss.txt", 100); err == nil || !strings.Contains(err.Error(), "delete") {
		t.Errorf("a damaged file: %v", err)
	}
}

func TestSheetIsWritten(t *testing.T) {
	path := t.TempDir() + "/sheet.png"
	if err := Sheet(path, nil, 3); err == nil {
		t.Error("a sheet of nothing was written")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was left behind")
	}
}
