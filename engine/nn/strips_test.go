package nn

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// TestStrips compares blocks in strips with whole ones, bit by bit. Some pictures
// end within a strip, a tile or a partial sum, some are wider than a strip.
func TestStrips(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	p := Random(3).Packed(Float32)
	wide := NewResnet(p.Sub("wide"), 32, 32, 0, 4, 1e-6)
	narrowing := NewResnet(p.Sub("narrowing"), 32, 16, 0, 4, 1e-6)
	up := NewConv2D(p.Sub("up"), 32, 32, 3, 1)
	norm := NewGroupNorm(p.Sub("norm"), 32, 4, 1e-6, true)
	colours := NewConv2D(p.Sub("colours"), 32, 3, 3, 1)
	for _, x := range []*tensor.Dense{
		filled(r, 1, 8, 8, 32), filled(r, 2, 150, 96, 32), filled(r, 1, 133, 66, 32), filled(r, 2, 131, 101, 32), filled(r, 1, 7, 5000, 32),
	} {
		for _, tt := range []struct {
			name          string
			strips, whole func(c *Context, x *tensor.Dense) *tensor.Dense
		}{
			{"replaced", wide.Replace, func(c *Context, x *tensor.Dense) *tensor.Dense { return wide.Forward(c, x, nil) }},
			{
				"narrowed",
				func(c *Context, x *tensor.Dense) *tensor.Dense { return narrowing.Consume(c, x, nil) },
				func(c *Context, x *tensor.Dense) *tensor.Dense { return narrowing.Forward(c, x, nil) },
			},
			{
				"enlarged",
				func(c *Context, x *tensor.Dense) *tensor.Dense { return narrowing.Enlarge(c, up, x) },
				func(c *Context, x *tensor.Dense) *tensor.Dense { return narrowing.Forward(c, up.Enlarged(c, x), nil) },
			},
			{
				"enlarged, no narrower",
				func(c *Context, x *tensor.Dense) *tensor.Dense { return wide.Enlarge(c, up, x) },
				func(c *Context, x *tensor.Dense) *tensor.Dense { return wide.Forward(c, up.Enlarged(c, x), nil) },
			},
			{
				"colours",
				func(c *Context, x *tensor.Dense) *tensor.Dense { return colours.Normalised(c, norm, x) },
				func(c *Context, x *tensor.Dense) *tensor.Dense { return colours.Forward(c, norm.Forward(c, x)) },
			},
		} {
			t.Run(fmt.Sprint(tt.name, x.Shape()), func(t *testing.T) {
				c := NewContext(context.Background())
				want := slices.Clone(Data(tt.whole(c, x)))
				copied := Wrap(slices.Clone(Data(x)), x.Shape()...)
				for c.Next(Pass{Network: tt.name}) {
					y := tt.strips(c, copied)
					if !c.planning && !slices.Equal(Data(y), want) {
						t.Error("the results differ")
					}
				}
			})
		}
	}
}
