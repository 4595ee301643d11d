package nn

import (
	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// Conv2D is a convolution computed as an implicit matrix product: rows are
// output pixels, columns the values under the filter.
type Conv2D struct {
	W *tensor.Dense // [kh,kw,in,out]
	B *tensor.Dense // [out]

	k, stride, padBefore, padAfter int
}

// NewConv2D takes weight [out,in,k,k] and bias [out]; padding is k/2 on every
// side.
func NewConv2D(p Params, in, out, k, stride int) *Conv2D {
	return newConv2D(p, in, out, k, stride, k/2, k/2)
}

// NewDownsample is the stride-2 3×3 convolution. The autoencoder pads only
// below and to the right (ldm/modules/diffusionmodules/model.py), the U-Net
// all round.
func NewDownsample(p Params, channels int, allRound bool) *Conv2D {
	before := 0
	if allRound {
		before = 1
	}
	return newConv2D(p, channels, channels, 3, 2, before, 1)
}

func newConv2D(p Params, in, out, k, stride, before, after int) *Conv2D {
	return &Conv2D{
		W: p.get("weight", conv, fanIn(in*k*k), out, in, k, k),
		B: p.get("bias", plain, fanIn(in*k*k), out),
		k: k, stride: stride, padBefore: before, padAfter: after,
	}
}

// Forward maps x [N,H,W,in] to [N,(H+pads−k)/stride+1,(W+pads−k)/stride+1,out].
func (l *Conv2D) Forward(c *Context, x *tensor.Dense) *tensor.Dense {
	s := x.Shape()
	n, h, w, in := s[0], s[1], s[2], s[3]
	out := l.B.Size()
	oh := (h+l.padBefore+l.padAfter-l.k)/l.stride + 1
	ow := (w+l.padBefore+l.padAfter-l.k)/l.stride + 1
	y := c.New(n, oh, ow, out)
	if c.cancelled() {
		return y
	}
	depth := l.k * l.k * in
	c.Work += 2 * float64(n*oh*ow*out*depth)
	patches := kernel.Patches{
		Data: Data(x), N: n, H: h, W: w, C: in, KH: l.k, KW: l.k, Stride: l.stride,
		PadTop: l.padBefore, PadLeft: l.padBefore, OH: oh, OW: ow,
	}
	fillRows(Data(y), l.B, out)
	kernel.Gemm(n*oh*ow, out, depth, patches,
		kernel.Strided{Data: Data(l.W), Row: 1, Col: out}, Data(y), out, true)

	c.record(y, func(dy []float32) {
		t := c.Tape
		if dw, acc := t.into(l.W); dw != nil {
			kernel.Gemm(depth, out, n*oh*ow, kernel.PatchesT(patches),
				kernel.Strided{Data: dy, Row: 1, Col: out}, dw, out, acc)
		}
		if dx, acc := t.into(x); dx != nil {
			kernel.Gemm(n*h*w, in, l.k*l.k*out, kernel.Scatter{
				Data: dy, N: n, H: h, W: w, C: out, OH: oh, OW: ow, KH: l.k, KW: l.k,
				Stride: l.stride, PadTop: l.padBefore, PadLeft: l.padBefore,
			}, kernel.Taps{Data: Data(l.W), C: out, Row: out, Tap: in * out}, dx, in, acc)
		}
		t.addColumns(l.B, dy, out)
	}, x, l.W, l.B)
	return y
}

// Upsample repeats every pixel of x [N,H,W,C] twice in both directions.
func Upsample(c *Context, x *tensor.Dense) *tensor.Dense {
	s := x.Shape()
	n, h, w, ch := s[0], s[1], s[2], s[3]
	y := c.New(n, 2*h, 2*w, ch)
	if c.cancelled() {
		return y
	}
	xs, ys := Data(x), Data(y)
	kernel.Parallel(n*h, func(r int) {
		row := ys[r*4*w*ch : (r*4+2)*w*ch]
		for i := range w {
			px := xs[(r*w+i)*ch : (r*w+i+1)*ch]
			copy(row[2*i*ch:], px)
			copy(row[(2*i+1)*ch:], px)
		}
		copy(ys[(r*4+2)*w*ch:(r*4+4)*w*ch], row)
	})
	c.record(y, func(dy []float32) {
		dx := c.Tape.zeroed(x)
		kernel.Parallel(n*h, func(r int) {
			for i := range w {
				d := dx[(r*w+i)*ch : (r*w+i+1)*ch]
				for _, at := range [4]int{r*4*w + 2*i, r*4*w + 2*i + 1, (r*4+2)*w + 2*i, (r*4+2)*w + 2*i + 1} {
					kernel.Add(d, d, dy[at*ch:(at+1)*ch])
				}
			}
		})
	}, x)
	return y
}
