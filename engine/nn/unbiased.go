package nn

// NewUnbiasedConv2D is NewConv2D for a convolution without a bias: its bias is
// zeros that are no parameter.
func NewUnbiasedConv2D(p Params, in, out, k, stride int) *Conv2D {
	return &Conv2D{
		W: p.get("weight", conv, fanIn(in*k*k), out, in, k, k),
		B: Wrap(make([]float32, out), out),
		k: k, stride: stride, padBefore: k / 2, padAfter: k / 2,
	}
}
