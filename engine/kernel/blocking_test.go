package kernel

import "testing"

// TestBlockingChangesNothing draws the same with the blocks of machines of all
// sizes.
func TestBlockingChangesNothing(t *testing.T) {
	defer func(b blocks) { blocking = b }(blocking)
	var operations []*operation
	for _, o := range []operator{
		winogradCase{N: 2, H: 20, W: 24, In: 150, Out: 70, Format: Float16, Residual: true},
		attentionCase{N: 1, Heads: 2, D: 40, TQ: 100, TK: 1500},
		productCase{M: 500, K: 700, N: 100, Format: Float16},
		productCase{M: 20, K: 1100, N: 100, Format: Float16, Pairs: true},
	} {
		operations = append(operations, o.build())
	}
	run := func() (y []float32) {
		for _, o := range operations {
			o.run()
			y = append(y, o.y...)
		}
		return y
	}
	want := run()
	for _, caches := range [][3]int{{0, 0, 0}, {16 << 10, 128 << 10, 1 << 20}, {48 << 10, 2 << 20, 96 << 20}, {128 << 10, 16 << 20, 0}} {
		blocking = cut(caches[0], caches[1], caches[2])
		if d := differ(run(), want); d != "" {
			t.Errorf("caches %v, blocks %+v: %s", caches, blocking, d)
		}
	}
}
