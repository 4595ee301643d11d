package nn

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

// filled is a tensor of unit normals.
func filled(r *rand.Rand, shape ...int) *tensor.Dense {
	x := Wrap(make([]float32, size(shape)), shape...)
	for i := range Data(x) {
		Data(x)[i] = float32(r.NormFloat64())
	}
	return x
}

// TestGradients compares the gradient of Σ weights·f(x) with the slope of the
// function itself, for every input and every parameter of each layer.
func TestGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	p := Random(3)
	x := filled(r, 2, 6, 6, 8)
	small := filled(r, 2, 3, 3, 8)
	large, few := filled(r, 4, 18, 20, 20), filled(r, 2, 6, 8, 20)
	tokens := filled(r, 2, 9, 8)
	words := filled(r, 2, 5, 6)
	conv := NewConv2D(p.Sub("conv"), 8, 6, 3, 1)
	winograd := NewConv2D(p.Sub("winograd"), 20, 34, 3, 1)
	square := NewConv2D(p.Sub("square"), 20, 20, 3, 1)
	down := NewDownsample(p.Sub("down"), 8, true)
	downVAE := NewDownsample(p.Sub("down.vae"), 8, false)
	pointwise := NewPointwise(p.Sub("pointwise"), 8, 6)
	linear := NewLinear(p.Sub("linear"), 8, 6, true)
	group := NewGroupNorm(p.Sub("group"), 8, 4, 1e-5, false)
	groupSiLU := NewGroupNorm(p.Sub("group.silu"), 8, 2, 1e-5, true)
	layer := NewLayerNorm(p.Sub("layer"), 8, 1e-5)
	self := NewAttention(p.Sub("self"), 8, 8, 2, true)
	cross := NewAttention(p.Sub("cross"), 8, 6, 2, false)
	causal := NewCausalAttention(p.Sub("causal"), 8, 2)
	table := NewEmbedding(p.Sub("table"), 7, 8)
	positions := NewEmbedding(p.Sub("positions"), 9, 8)
	time := filled(r, 2, 10)
	resnet := NewResnet(p.Sub("resnet"), 8, 12, 10, 4, 1e-5)
	transformer := NewTransformer(p.Sub("transformer"), 8, 6, 2, 1, 4, false, false)
	noise := Data(filled(r, 2, 6, 6, 4))
	for i := range p.All() { // away from the ones and zeros some start at
		for j := range Data(p.All()[i].Value) {
			Data(p.All()[i].Value)[j] += float32(0.2 * r.NormFloat64())
		}
	}

	for _, tt := range []struct {
		name    string
		forward func(c *Context) *tensor.Dense
		inputs  []*tensor.Dense
	}{
		{"conv", func(c *Context) *tensor.Dense { return conv.Forward(c, x) }, []*tensor.Dense{x, conv.W, conv.B}},
		{"conv by Winograd's method", func(c *Context) *tensor.Dense { return winograd.Forward(c, large) }, []*tensor.Dense{large, winograd.W, winograd.B}},
		{"conv of twice the size by Winograd's method", func(c *Context) *tensor.Dense { return winograd.Enlarged(c, large) }, []*tensor.Dense{large, winograd.W, winograd.B}},
		{"conv of twice the size, few tiles", func(c *Context) *tensor.Dense { return winograd.Enlarged(c, few) }, []*tensor.Dense{few, winograd.W, winograd.B}},
		{"conv and what goes round it", func(c *Context) *tensor.Dense { return square.Plus(c, large, SiLU.Forward(c, large)) }, []*tensor.Dense{large, square.W, square.B}},
		{"conv of few tiles", func(c *Context) *tensor.Dense { return winograd.Forward(c, few) }, []*tensor.Dense{few, winograd.W, winograd.B}},
		{"conv twice by Winograd's method", func(c *Context) *tensor.Dense {
			return Add(c, winograd.Forward(c, large), winograd.Forward(c, large))
		}, []*tensor.Dense{large, winograd.W, winograd.B}},
		{"conv stride 2", func(c *Context) *tensor.Dense { return down.Forward(c, x) }, []*tensor.Dense{x, down.W, down.B}},
		{"conv stride 2, padded after", func(c *Context) *tensor.Dense { return downVAE.Forward(c, x) }, []*tensor.Dense{x, downVAE.W, downVAE.B}},
		{"pointwise", func(c *Context) *tensor.Dense { return pointwise.Forward(c, x) }, []*tensor.Dense{x, pointwise.W, pointwise.B}},
		{"linear", func(c *Context) *tensor.Dense { return linear.Forward(c, tokens) }, []*tensor.Dense{tokens, linear.W, linear.B}},
		{"upsample", func(c *Context) *tensor.Dense { return Upsample(c, small) }, []*tensor.Dense{small}},
		{"group norm", func(c *Context) *tensor.Dense { return group.Forward(c, x) }, []*tensor.Dense{x, group.Gamma, group.Beta}},
		{"group norm, SiLU", func(c *Context) *tensor.Dense { return groupSiLU.Forward(c, x) }, []*tensor.Dense{x, groupSiLU.Gamma, groupSiLU.Beta}},
		{"layer norm", func(c *Context) *tensor.Dense { return layer.Forward(c, tokens) }, []*tensor.Dense{tokens, layer.Gamma, layer.Beta}},
		{"SiLU", func(c *Context) *tensor.Dense { return SiLU.Forward(c, tokens) }, []*tensor.Dense{tokens}},
		{"GELU", func(c *Context) *tensor.Dense { return GELU.Forward(c, tokens) }, []*tensor.Dense{tokens}},
		{"quick GELU", func(c *Context) *tensor.Dense { return QuickGELU.Forward(c, tokens) }, []*tensor.Dense{tokens}},
		{"GEGLU", func(c *Context) *tensor.Dense { return GEGLU(c, tokens) }, []*tensor.Dense{tokens}},
		{"add", func(c *Context) *tensor.Dense { return Add(c, x, SiLU.Forward(c, x)) }, []*tensor.Dense{x}},
		{"add per channel", func(c *Context) *tensor.Dense {
			return AddPerChannel(c, small, Reshape(c, Take(c, tokens, []int{1, 4}), 2, 8))
		}, []*tensor.Dense{small, tokens}},
		{"add positions", func(c *Context) *tensor.Dense { return AddPositions(c, tokens, positions.Table) }, []*tensor.Dense{tokens, positions.Table}},
		{"concat", func(c *Context) *tensor.Dense { return Concat(c, tokens, SiLU.Forward(c, tokens)) }, []*tensor.Dense{tokens}},
		{"embedding", func(c *Context) *tensor.Dense { return table.Forward(c, []int{3, 1, 3, 6}, 2) }, []*tensor.Dense{table.Table}},
		{"mean", func(c *Context) *tensor.Dense { return Mean(c, x) }, []*tensor.Dense{x}},
		{"reparameterise", func(c *Context) *tensor.Dense { return Reparameterise(c, x, noise) }, []*tensor.Dense{x}},
		{"self-attention", func(c *Context) *tensor.Dense { return self.Forward(c, tokens, nil) }, []*tensor.Dense{tokens, self.Q.W, self.K.W, self.V.W, self.Out.W, self.Q.B}},
		{"cross-attention", func(c *Context) *tensor.Dense { return cross.Forward(c, tokens, words) }, []*tensor.Dense{tokens, words, cross.Q.W, cross.K.W, cross.V.W}},
		{"causal attention", func(c *Context) *tensor.Dense { return causal.Forward(c, tokens, nil) }, []*tensor.Dense{tokens, causal.Q.W, causal.K.W, causal.V.W}},
		{"resnet", func(c *Context) *tensor.Dense { return resnet.Forward(c, small, time) }, []*tensor.Dense{small, time, resnet.conv1.W, resnet.shortcut.W, resnet.time.W}},
		{"transformer", func(c *Context) *tensor.Dense { return transformer.Forward(c, small, words) }, []*tensor.Dense{small, words, transformer.in.W, transformer.blocks[0].up.W}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := tt.forward(NewContext(context.Background()))
			weights := Data(filled(r, out.Size()))
			value := func() float64 {
				var sum float64
				for i, v := range Data(tt.forward(NewContext(context.Background()))) {
					sum += float64(v) * float64(weights[i])
				}
				return sum
			}
			for _, in := range tt.inputs {
				c := Training(context.Background())
				c.Tape.WatchInput(in)
				c.Tape.Backward(tt.forward(c), weights)
				got := c.Tape.Grad(in)
				if got == nil {
					t.Fatalf("no gradient for an input of shape %v", in.Shape())
				}
				for _, i := range []int{0, in.Size() / 3, in.Size() / 2, in.Size() - 1} {
					const h = 1e-2
					v := Data(in)[i]
					Data(in)[i] = v + h
					above := value()
					Data(in)[i] = v - h
					below := value()
					Data(in)[i] = v
					want := (above - below) / (2 * h)
					if diff := math.Abs(float64(got[i]) - want); diff > 2e-2*(1+math.Abs(want)) {
						t.Errorf("d/d[%d] of shape %v is %g, the slope is %g", i, in.Shape(), got[i], want)
					}
				}
			}
		})
	}
}

// TestCancelled makes sure that no layer works once its context has ended.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := rand.New(rand.NewPCG(1, 2))
	l := NewConv2D(Random(1), 4, 4, 3, 1)
	c := NewContext(ctx)
	y := l.Forward(c, filled(r, 1, 4, 4, 4))
	for _, v := range Data(y) {
		if v != 0 {
			t.Fatal("a cancelled layer computed something")
		}
	}
}

// TestMemoryIsReused makes sure a second pass allocates no new buffers.
func TestMemoryIsReused(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	l := NewResnet(Random(1), 4, 8, 0, 4, 1e-5)
	x := filled(r, 1, 8, 8, 4)
	c := NewContext(context.Background())
	count := func() int {
		l.Forward(c, x, nil)
		c.Reset()
		n := 0
		for _, list := range c.free {
			n += len(list)
		}
		return n
	}
	first := count()
	if again := count(); again != first {
		t.Errorf("%d buffers after the first pass, %d after the second", first, again)
	}
}
