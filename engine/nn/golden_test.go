package nn

import (
	"context"
	"math"
	"strings"
	"testing"

	"darkroom/engine/checkpoint"

	"gorgonia.org/tensor"
)

// TestGolden compares outputs and gradients with those of PyTorch, diffusers
// and transformers (made by engine/golden/nn.py).
func TestGolden(t *testing.T) {
	f, err := checkpoint.Open("testdata/golden.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	get := func(t *testing.T, name string) *tensor.Dense {
		t.Helper()
		shape, ok := f.Shape(name)
		if !ok {
			t.Fatalf("the golden file has no %s", name)
		}
		data, err := f.Float32(name)
		if err != nil {
			t.Fatal(err)
		}
		return Wrap(data, shape...)
	}
	type layer func(c *Context, in func(string) *tensor.Dense) *tensor.Dense
	x := func(forward func(*Context, *tensor.Dense) *tensor.Dense) layer {
		return func(c *Context, in func(string) *tensor.Dense) *tensor.Dense { return forward(c, in("x")) }
	}
	for _, tt := range []struct {
		name  string
		build func(p Params) layer
	}{
		{"conv3x3", func(p Params) layer { return x(NewConv2D(p, 6, 5, 3, 1).Forward) }},
		{"conv1x1", func(p Params) layer { return x(NewPointwise(p, 6, 5).Forward) }},
		{"down_all_round", func(p Params) layer { return x(NewDownsample(p, 6, true).Forward) }},
		{"down_after", func(p Params) layer { return x(NewDownsample(p, 6, false).Forward) }},
		{"linear", func(p Params) layer { return x(NewLinear(p, 8, 6, true).Forward) }},
		{"linear_without_bias", func(p Params) layer { return x(NewLinear(p, 8, 6, false).Forward) }},
		{"layer_norm", func(p Params) layer { return x(NewLayerNorm(p, 8, 1e-5).Forward) }},
		{"group_norm", func(p Params) layer { return x(NewGroupNorm(p, 8, 4, 1e-5, false).Forward) }},
		{"group_norm_silu", func(p Params) layer { return x(NewGroupNorm(p, 8, 4, 1e-6, true).Forward) }},
		{"silu", func(Params) layer { return x(SiLU.Forward) }},
		{"gelu", func(Params) layer { return x(GELU.Forward) }},
		{"quick_gelu", func(Params) layer { return x(QuickGELU.Forward) }},
		{"geglu", func(p Params) layer {
			proj := NewLinear(p.Sub("proj"), 8, 12, true)
			return x(func(c *Context, x *tensor.Dense) *tensor.Dense { return GEGLU(c, proj.Forward(c, x)) })
		}},
		{"upsample", func(Params) layer { return x(Upsample) }},
		{"self_attention", func(p Params) layer {
			l := NewAttention(p, 8, 8, 2, false)
			return func(c *Context, in func(string) *tensor.Dense) *tensor.Dense {
				return l.Forward(c, in("hidden_states"), nil)
			}
		}},
		{"cross_attention", func(p Params) layer {
			l := NewAttention(p, 8, 6, 2, false)
			return func(c *Context, in func(string) *tensor.Dense) *tensor.Dense {
				return l.Forward(c, in("hidden_states"), in("encoder_hidden_states"))
			}
		}},
		{"causal_attention", func(p Params) layer {
			l := NewCausalAttention(p, 8, 2)
			return x(func(c *Context, x *tensor.Dense) *tensor.Dense { return l.Forward(c, x, nil) })
		}},
		{"resnet", func(p Params) layer {
			l := NewResnet(p, 8, 12, 10, 4, 1e-5)
			return func(c *Context, in func(string) *tensor.Dense) *tensor.Dense {
				return l.Forward(c, in("input_tensor"), SiLU.Forward(c, in("temb")))
			}
		}},
		{"transformer", func(p Params) layer {
			l := NewTransformer(p, 8, 6, 2, 1, 4, false, false)
			return func(c *Context, in func(string) *tensor.Dense) *tensor.Dense {
				return l.Forward(c, in("hidden_states"), in("encoder_hidden_states"))
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := Load(f.Reader(tt.name + "."))
			forward := tt.build(p)
			if err := p.Err(); err != nil {
				t.Fatal(err)
			}
			c := Training(context.Background())
			c.Tape.Watch(p.All()...)
			inputs := map[string]*tensor.Dense{}
			out := forward(c, func(name string) *tensor.Dense {
				if inputs[name] == nil {
					inputs[name] = get(t, tt.name+".in."+name)
					c.Tape.WatchInput(inputs[name])
				}
				return inputs[name]
			})
			near(t, "out", Data(out), Data(get(t, tt.name+".out")))
			// the same with packed weights and planned memory
			packed := tt.build(Load(f.Reader(tt.name + ".")).Packed(Float32))
			draws := NewContext(context.Background())
			for range 2 {
				var drawn *tensor.Dense
				for draws.Next(Pass{Network: tt.name}) {
					drawn = packed(draws, func(name string) *tensor.Dense { return get(t, tt.name+".in."+name) })
				}
				near(t, "packed", Data(drawn), Data(out))
			}
			c.Tape.Backward(out, Data(get(t, tt.name+".seed")))
			for name, x := range inputs {
				near(t, "grad."+name, c.Tape.Grad(x), Data(get(t, tt.name+".grad."+name)))
			}
			for _, q := range p.All() {
				got := make([]float32, q.Value.Size())
				q.reorder(c.Tape.Grad(q.Value), got, false)
				near(t, "grad."+q.Name, got, Data(get(t, tt.name+".grad."+q.Name)))
			}
		})
	}
	t.Run("timestep", func(t *testing.T) {
		var timesteps []float64
		for _, v := range Data(get(t, "timestep.in.timesteps")) {
			timesteps = append(timesteps, float64(v))
		}
		c := NewContext(context.Background())
		near(t, "out", Data(TimestepEmbedding(c, timesteps, 32)), Data(get(t, "timestep.out")))
	})
}

// near allows for float32's rounding over a few dozen sums, no more.
func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, v := range got {
		if diff := math.Abs(float64(v - want[i])); !(diff <= 1e-5*(1+math.Abs(float64(want[i])))) {
			t.Errorf("%s[%d] = %g, want %g", strings.TrimPrefix(what, "."), i, v, want[i])
			return
		}
	}
}
