package nn

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"

	"darkroom/engine/kernel"
)

// cancelling is a task that cancels its context in its first piece.
type cancelling struct {
	c      *Context
	cancel func()
	pieces atomic.Int32 // begun after that
}

// Do does one piece.
func (t *cancelling) Do(i int) {
	if i == 0 {
		t.cancel()
	}
	for !t.c.stop.Load() { // told by a goroutine of the context's
		runtime.Gosched()
	}
	if i > 0 {
		t.pieces.Add(1)
	}
}

// TestCancelEndsALayer cancels while a layer works: the pieces it has taken are
// finished, one for each thread at most, and no further one is begun.
func TestCancelEndsALayer(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, threads := range []int{1, 2, 3} {
		runtime.GOMAXPROCS(threads)
		ctx, cancel := context.WithCancel(context.Background())
		task := &cancelling{c: NewContext(ctx), cancel: cancel}
		kernel.Run(1000, task, task.c.stop)
		if n := int(task.pieces.Load()); n > threads-1 {
			t.Errorf("on %d threads %d pieces were begun after the end", threads, n)
		}
	}
}

// TestCancelledPassWritesNothing runs a network of every kind of layer in a
// context that ends on the way: nothing behind that place writes to the pass's
// memory, and the next pass is as good as the first.
func TestCancelledPassWritesNothing(t *testing.T) {
	for _, precision := range []Precision{Float32, BFloat16} {
		r := rand.New(rand.NewPCG(1, 2))
		p := Random(3).Packed(precision)
		x, words, time := filled(r, 2, 8, 8, 16), filled(r, 2, 5, 6), filled(r, 2, 10)
		in := NewConv2D(p, 16, 16, 3, 1)
		down := NewDownsample(p, 16, true)
		resnet := NewResnet(p, 16, 32, 10, 4, 1e-5)
		transformer := NewTransformer(p, 32, 6, 2, 1, 4, false, false)
		up := NewConv2D(p, 32, 16, 3, 1)
		norm := NewGroupNorm(p, 32, 4, 1e-5, true)
		tokens := NewCausalAttention(p, 32, 2)
		out := NewPointwise(p, 32, 3)

		c := NewContext(context.Background())
		pass := func(onTheWay func()) []float32 {
			var y []float32
			for c.Next(Pass{Network: "all"}) {
				h := in.Forward(c, x)
				if !c.planning {
					onTheWay()
				}
				h = resnet.Forward(c, down.Forward(c, h), SiLU.Forward(c, time))
				h = transformer.Forward(c, h, words)
				h = Concat(c, up.Enlarged(c, h), x)
				h = norm.Forward(c, h)
				h = tokens.Forward(c, Reshape(c, h, 2, 64, 32), nil)
				h = out.Forward(c, Reshape(c, h, 2, 8, 8, 32))
				y = Data(Add(c, h, h))
			}
			return append([]float32(nil), y...)
		}
		want := pass(func() {})

		ctx, cancel := context.WithCancel(context.Background())
		c.Attach(ctx)
		untouched := float32(math.Inf(1))
		pass(func() {
			cancel()
			for !c.stop.Load() {
				runtime.Gosched()
			}
			for i := range c.arena {
				c.arena[i] = untouched
			}
		})
		if c.Err() == nil {
			t.Errorf("%s: the cancelled pass has no error", precision)
		}
		for i, v := range c.arena {
			if v != untouched {
				t.Fatalf("%s: value %d of the cancelled pass's %d was written", precision, i, len(c.arena))
			}
		}

		c.Attach(context.Background())
		for i, v := range pass(func() {}) {
			if v != want[i] {
				t.Fatalf("%s: after a cancelled pass value %d is %g, want %g", precision, i, v, want[i])
			}
		}
	}
}
