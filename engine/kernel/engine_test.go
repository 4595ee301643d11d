package kernel

import (
	"testing"

	"gorgonia.org/tensor"
)

func dense(seed uint64, shape ...int) *tensor.Dense {
	s := tensor.Shape(shape)
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(noise(seed, s.TotalSize())), tensor.WithEngine(Engine{}))
}

func floats(t tensor.Tensor) []float32 { return t.Data().([]float32) }

func check(t *testing.T, name string, got tensor.Tensor, err error, want []float32) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", name, err)
	} else if d := differ(floats(got), want); d != "" {
		t.Errorf("%s: %s", name, d)
	}
}

// TestEngine makes sure that gorgonia's own calls end up here, for tensors that
// have this engine, and that the unusual ones still work.
func TestEngine(t *testing.T) {
	a, b := dense(1, 30, 70), dense(2, 70, 41)
	want := make([]float32, 30*41)
	Gemm(30, 41, 70, Strided{floats(a), 70, 1}, Strided{floats(b), 1, 41}, want, 41, false)
	c, err := a.MatMul(b)
	check(t, "MatMul", c, err, want)
	c, err = a.MatMul(b, tensor.WithReuse(dense(3, 30, 41)))
	check(t, "MatMul into a tensor", c, err, want)

	x, y := dense(4, 5, 11), dense(5, 5, 11)
	sum, product := make([]float32, 55), make([]float32, 55)
	Add(sum, floats(x), floats(y))
	Mul(product, floats(x), floats(y))
	z, err := tensor.Add(x, y)
	check(t, "Add", z, err, sum)
	z, err = tensor.Mul(x, y)
	check(t, "Mul", z, err, product)
	to := dense(6, 5, 11)
	z, err = tensor.Add(x, y, tensor.WithReuse(to))
	check(t, "Add into a tensor", z, err, sum)
	check(t, "the tensor", to, nil, sum)
	old := clone(floats(to))
	z, err = tensor.Mul(x, y, tensor.WithIncr(to))
	if err != nil {
		t.Fatal(err)
	}
	// The standard engine rounds once or twice, as the compiler likes.
	for i, v := range floats(z) {
		if d := v - (old[i] + product[i]); d > 1e-6 || d < -1e-6 {
			t.Fatalf("Mul onto a tensor, element %d: %g, want %g", i, v, old[i]+product[i])
		}
	}

	// A transposed operand goes to the standard engine.
	bt := dense(7, 41, 70)
	if err := bt.T(); err != nil {
		t.Fatal(err)
	}
	c, err = a.MatMul(bt)
	if err != nil {
		t.Fatal(err)
	}
	Gemm(30, 41, 70, Strided{floats(a), 70, 1}, Strided{floats(bt), 70, 1}, want, 41, false)
	for i, v := range floats(c) {
		if d := v - want[i]; d > 1e-4 || d < -1e-4 {
			t.Fatalf("MatMul with a transposed tensor, element %d: %g, want %g", i, v, want[i])
		}
	}
}

// counting is the engine with a look at what it is asked for.
type counting struct {
	Engine
	calls *int
}

func (e counting) MatMul(a, b, prealloc tensor.Tensor) error {
	*e.calls++
	return e.Engine.MatMul(a, b, prealloc)
}

func TestEngineIsAsked(t *testing.T) {
	calls := 0
	e := counting{calls: &calls}
	a := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking(noise(1, 6)), tensor.WithEngine(e))
	b := tensor.New(tensor.WithShape(3, 4), tensor.WithBacking(noise(2, 12)), tensor.WithEngine(e))
	if _, err := a.MatMul(b); err != nil || calls != 1 {
		t.Errorf("%d calls, error %v; want one call", calls, err)
	}
}
