package nn

import (
	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// Conv2D is a convolution computed as an implicit matrix product, whose rows are
// output pixels and whose columns are the values under the filter, or by
// Winograd's method.
type Conv2D struct {
	W *tensor.Dense // [kh,kw,in,out], nil where the weights are packed
	B *tensor.Dense // [out]

	packed                         *kernel.Weights
	k, stride, padBefore, padAfter int
}

// NewConv2D takes weight [out,in,k,k] and bias [out]; padding is k/2 on every
// side.
func NewConv2D(p Params, in, out, k, stride int) *Conv2D {
	return newConv2D(p, in, out, k, stride, k/2, k/2, true)
}

// NewUnbiasedConv2D is NewConv2D for a convolution without a bias: its bias is
// zeros that are no parameter.
func NewUnbiasedConv2D(p Params, in, out, k, stride int) *Conv2D {
	return newConv2D(p, in, out, k, stride, k/2, k/2, false)
}

// NewDownsample is the stride-2 3×3 convolution. The autoencoder pads only
// below and to the right (ldm/modules/diffusionmodules/model.py), the U-Net
// all round.
func NewDownsample(p Params, channels int, allRound bool) *Conv2D {
	before := 0
	if allRound {
		before = 1
	}
	return newConv2D(p, channels, channels, 3, 2, before, 1, true)
}

func newConv2D(p Params, in, out, k, stride, before, after int, biased bool) *Conv2D {
	l := &Conv2D{k: k, stride: stride, padBefore: before, padAfter: after}
	// Winograd's method needs exact products, and is faster than rounded ones.
	l.W, l.packed = p.weight(conv, fanIn(in*k*k), false, k != 3 || stride != 1, out, in, k, k)
	if biased {
		l.B = p.get("bias", plain, fanIn(in*k*k), out)
	} else {
		l.B = Wrap(make([]float32, out), out)
	}
	return l
}

// Forward maps x [N,H,W,in] to [N,(H+pads−k)/stride+1,(W+pads−k)/stride+1,out].
func (l *Conv2D) Forward(c *Context, x *tensor.Dense) *tensor.Dense {
	if l.packed != nil {
		return l.convolve(c, x, false, l.B, nil)
	}
	if y := l.byWinograd(c, x, false, nil); y != nil {
		return y
	}
	shape := l.shape(x, 1)
	y := c.New(shape[:]...)
	patches, out := l.patches(x, y), l.B.Size()
	c.count(2 * float64(y.Size()*l.k*l.k*patches.C))
	if c.idle() {
		return y
	}
	fillRows(Data(y), l.B, out)
	conv := kernel.TrainedConv{Patches: patches, Out: out}
	conv.Forward(Data(l.W), Data(y))
	c.record(y, func(dy []float32) {
		t := c.Tape
		if dw, add := t.into(l.W); dw != nil {
			conv.WeightGradient(dy, dw, add)
		}
		if dx, add := t.into(x); dx != nil {
			conv.InputGradient(dy, Data(l.W), dx, add)
		}
		t.addColumns(l.B, dy, out)
	}, x, l.W, l.B)
	return y
}

// byWinograd is Forward of x, enlarged or not, plus a residual, if there is one, by
// Winograd's method, which packed weights use too. It returns nil if that does not
// suit the shape.
func (l *Conv2D) byWinograd(c *Context, x *tensor.Dense, enlarge bool, residual *tensor.Dense) *tensor.Dense {
	factor := 1
	if enlarge {
		factor = 2
	}
	shape := l.shape(x, factor)
	in, out := x.Shape()[3], shape[3]
	conv := kernel.TrainedConv3x3{N: shape[0], H: shape[1], W: shape[2], In: in, Out: out, Upsample: enlarge}
	if !l.fits(conv.H, conv.W, in, out) || enlarge && !conv.SuitsWinograd() {
		return nil
	}
	y := c.New(shape[:]...)
	c.count(2 * float64(y.Size()*9*in))
	if c.idle() {
		return y
	}
	var others []float32
	if residual != nil {
		mustMatch("sum of a convolution and what goes round it", y, residual)
		others = Data(residual)
	}
	conv.Forward(Data(x), Data(l.W), Data(l.B), others, Data(y))
	c.record(y, func(dy []float32) {
		t := c.Tape
		switch dw, add := t.into(l.W); {
		case dw != nil && conv.SuitsWinograd():
			conv.WeightGradient(Data(x), dy, dw, add)
		case dw != nil:
			kernel.TrainedConv{Patches: l.patches(x, y), Out: out}.WeightGradient(dy, dw, add)
		}
		if dx, add := t.into(x); dx != nil {
			conv.InputGradient(dy, Data(l.W), dx, add)
		}
		t.addColumns(l.B, dy, out)
		t.pass(residual)
	}, x, l.W, l.B, residual)
	return y
}

// Plus is Forward(x) + residual.
func (l *Conv2D) Plus(c *Context, x, residual *tensor.Dense) *tensor.Dense {
	if l.packed != nil {
		return l.convolve(c, x, false, l.B, residual)
	}
	if y := l.byWinograd(c, x, false, residual); y != nil {
		return y
	}
	h := l.Forward(c, x)
	y := Add(c, h, residual)
	c.Free(h)
	return y
}

// PlusPerChannel is AddPerChannel of Forward(x) and e [N,out], or [1,out] for
// the same numbers for all.
func (l *Conv2D) PlusPerChannel(c *Context, x, e *tensor.Dense) *tensor.Dense {
	if s := x.Shape(); l.packed != nil && (e.Shape()[0] == 1 || l.winograd(s[1], s[2])) {
		sum := c.New(e.Shape()...)
		if !c.idle() {
			for i := 0; i < e.Size(); i += l.packed.Out {
				kernel.Add(Data(sum)[i:i+l.packed.Out], Data(e)[i:i+l.packed.Out], Data(l.B))
			}
		}
		y := l.convolve(c, x, false, sum, nil)
		c.Free(sum)
		return y
	}
	h := l.Forward(c, x)
	y := AddPerChannel(c, h, e)
	c.Free(h)
	return y
}

// Enlarged is Forward of Upsample(x), of twice the height and width.
func (l *Conv2D) Enlarged(c *Context, x *tensor.Dense) *tensor.Dense {
	switch {
	case l.packed != nil && l.winograd(2*x.Shape()[1], 2*x.Shape()[2]):
		return l.convolve(c, x, true, l.B, nil)
	case l.packed == nil:
		if y := l.byWinograd(c, x, true, nil); y != nil {
			return y
		}
	}
	h := Upsample(c, x)
	y := l.Forward(c, h)
	c.Free(h)
	return y
}

// shape is the result's for x, enlarged by a factor first.
func (l *Conv2D) shape(x *tensor.Dense, factor int) [4]int {
	s := x.Shape()
	return [4]int{
		s[0],
		(factor*s[1]+l.padBefore+l.padAfter-l.k)/l.stride + 1,
		(factor*s[2]+l.padBefore+l.padAfter-l.k)/l.stride + 1,
		l.B.Size(),
	}
}

func (l *Conv2D) patches(x, y *tensor.Dense) kernel.Patches {
	s := x.Shape()
	return kernel.Patches{
		Data: Data(x), N: s[0], H: s[1], W: s[2], C: s[3], KH: l.k, KW: l.k, Stride: l.stride,
		PadTop: l.padBefore, PadLeft: l.padBefore, OH: y.Shape()[1], OW: y.Shape()[2],
	}
}

// winograd tells how a result of that size is computed.
func (l *Conv2D) winograd(h, w int) bool { return l.fits(h, w, l.packed.In, l.packed.Out) }

// fits is winograd for channels in and out.
func (l *Conv2D) fits(h, w, in, out int) bool {
	return l.k == 3 && l.stride == 1 && l.padBefore == 1 && l.padAfter == 1 && kernel.SuitsWinograd(h, w, in, out)
}

// convolve is the convolution with packed weights of x, enlarged or not, with a
// bias [out] or, by Winograd's method, [N,out], and what is done to it while it is
// in the cache.
func (l *Conv2D) convolve(c *Context, x *tensor.Dense, enlarge bool, bias, residual *tensor.Dense) *tensor.Dense {
	factor := 1
	if enlarge {
		factor = 2
	}
	shape := l.shape(x, factor)
	y := c.New(shape[:]...)
	n, h, w, out := shape[0], shape[1], shape[2], shape[3]
	flop := 2 * float64(n*h*w*out) * float64(l.packed.Depth())
	c.count(flop)
	if c.idle() {
		return y
	}
	var others []float32
	if residual != nil {
		mustMatch("sum of a convolution and what goes round it", y, residual)
		others = Data(residual)
	}
	start := c.begin()
	if l.winograd(h, w) {
		conv := kernel.Conv3x3{X: Data(x), N: n, H: h, W: w, Upsample: enlarge, Weights: l.packed, Bias: Data(bias), Add: others, Y: Data(y)}
		if bias.Size() > out {
			conv.BiasRow = out
		}
		conv.Run(c.stop)
	} else {
		kernel.Convolve(l.patches(x, y), l.packed, Data(bias), Data(y), kernel.Epilogue{Residual: others, ResidualRow: out}, c.stop)
	}
	c.end(OpConv3, start, flop)
	return y
}

// strip is some rows of a convolution's result.
type strip struct {
	x            []float32 // the rows that it is made from, [rows,W,in]
	above, below int       // how many of them come before and after it: 1 or, at the picture's edge, 0
	enlarge      bool      // every pixel of x counts for two by two
	h, w         int       // size of the whole result
	add          []float32 // [rows,w,out] is added to it, unless it is nil
	y            []float32 // [rows,w,out]
}

// rows does a 3×3 convolution with packed weights for a strip, of one picture. It
// makes the bits that are made of the whole picture if the strip's first row is a
// multiple of 4, the height of Winograd's tiles. It can enlarge where winograd
// says so.
func (l *Conv2D) rows(c *Context, s strip) {
	in, out := l.packed.In, l.packed.Out
	rows := len(s.y) / (s.w * out)
	flop := 2 * float64(len(s.y)) * float64(l.packed.Depth())
	c.count(flop)
	if c.idle() {
		return
	}
	start := c.begin()
	if l.winograd(s.h, s.w) {
		kernel.Conv3x3{
			X: s.x, N: 1, H: rows, W: s.w, Above: s.above, Below: s.below, Upsample: s.enlarge,
			Weights: l.packed, Bias: Data(l.B), Add: s.add, Y: s.y,
		}.Run(c.stop)
	} else {
		kernel.Convolve(kernel.Patches{
			Data: s.x, N: 1, H: s.above + rows + s.below, W: s.w, C: in, KH: l.k, KW: l.k, Stride: 1,
			PadTop: 1 - s.above, PadLeft: 1, OH: rows, OW: s.w,
		}, l.packed, Data(l.B), s.y, kernel.Epilogue{Residual: s.add, ResidualRow: out}, c.stop)
	}
	c.end(OpConv3, start, flop)
}

// Upsample repeats every pixel of x [N,H,W,C] twice in both directions.
func Upsample(c *Context, x *tensor.Dense) *tensor.Dense {
	s := x.Shape()
	n, h, w, ch := s[0], s[1], s[2], s[3]
	y := c.New(n, 2*h, 2*w, ch)
	if c.idle() {
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
