package kernel

import "testing"

// TestBlockingChangesNothing draws the same with the blocks of machines of all
// sizes.
func TestBlockingChangesNothing(t *testing.T) {
	defer func(b blocks) { blocking = b }(blocking)
	c := newConv3x3(2, 20, 24, 150, 70, false, true)
	a := newAttention(1, 1, 2, 40, 100, 1500, false)
	w := NewWeights(100, 700, 1, Float16, nil, halves(2, 100*700), false)
	x, y := noise(1, 500*700), make([]float32, 500*100)
	run := func() []float32 {
		c.Run(nil)
		a.Run(nil)
		Multiply(500, x, 700, w, nil, y, 100, Epilogue{}, nil)
		return append(append(clone(c.Y), a.Y...), y...)
	}
	want := run()
	for _, caches := range [][3]int{{0, 0, 0}, {16 << 10, 128 << 10, 1 << 20}, {48 << 10, 2 << 20, 96 << 20}, {128 << 10, 16 << 20, 0}} {
		blocking = cut(caches[0], caches[1], caches[2])
		if d := differ(run(), want); d != "" {
			t.Errorf("caches %v, blocks %+v: %s", caches, blocking, d)
		}
	}
}
