package nn

import (
	"context"
	"math"
	"slices"
	"testing"
)

func TestReLU(t *testing.T) {
	c := Training(context.Background())
	x := Wrap([]float32{-2, -0.5, 0, 0.5, 3}, 1, 5)
	c.Tape.WatchInput(x)
	y := ReLU.Forward(c, x)
	if want := []float32{0, 0, 0, 0.5, 3}; !slices.Equal(Data(y), want) {
		t.Errorf("ReLU is %v, want %v", Data(y), want)
	}
	c.Tape.Backward(y, []float32{1, 2, 3, 4, 5})
	if want := []float32{0, 0, 0, 4, 5}; !slices.Equal(c.Tape.Grad(x), want) {
		t.Errorf("its gradient is %v, want %v", c.Tape.Grad(x), want)
	}
}

func TestSoftClamp(t *testing.T) {
	c := Training(context.Background())
	x := Wrap([]float32{-30, -1, 0, 0.5, 4}, 1, 5)
	c.Tape.WatchInput(x)
	y := SoftClamp(c, x, 3)
	c.Tape.Backward(y, []float32{1, 1, 1, 1, 2})
	for i, v := range Data(x) {
		tanh := math.Tanh(float64(v) / 3)
		slope := (1 - tanh*tanh) * []float64{1, 1, 1, 1, 2}[i]
		if got := float64(Data(y)[i]); math.Abs(got-3*tanh) > 1e-6 {
			t.Errorf("%g becomes %g, want %g", v, got, 3*tanh)
		}
		if got := float64(c.Tape.Grad(x)[i]); math.Abs(got-slope) > 1e-6 {
			t.Errorf("the gradient at %g is %g, want %g", v, got, slope)
		}
	}
}

// TestUnbiasedConv2D makes sure that the zeros it adds are no parameter.
func TestUnbiasedConv2D(t *testing.T) {
	p := Random(1)
	l := NewUnbiasedConv2D(p.Sub("l"), 2, 3, 3, 2)
	if all := p.All(); len(all) != 1 || all[0].Name != "l.weight" {
		t.Errorf("it has %d parameters, want only its weight", len(all))
	}
	c := NewContext(context.Background())
	y := l.Forward(c, Wrap(make([]float32, 1*4*6*2), 1, 4, 6, 2))
	if want := []int{1, 2, 3, 3}; !slices.Equal(y.Shape(), want) {
		t.Errorf("the result has shape %v, want %v", y.Shape(), want)
	}
	for _, v := range Data(y) {
		if v != 0 {
			t.Fatal("of nothing it makes something")
		}
	}
}
