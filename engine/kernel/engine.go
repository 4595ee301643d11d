package kernel

import "gorgonia.org/tensor"

// Engine is gorgonia's standard engine with this package's arithmetic for what
// matters: products of matrices, and sums and products of elements, of float32
// tensors whose memory is in row-major order. It hands on everything else.
type Engine struct{ tensor.StdEng }

// plain returns the elements of a float32 tensor that lies in memory in
// row-major order without gaps.
func plain(t tensor.Tensor) ([]float32, bool) {
	d, ok := t.(*tensor.Dense)
	if !ok || d.Dtype() != tensor.Float32 || d.IsMasked() || d.RequiresIterator() || !d.DataOrder().IsRowMajor() || d.DataOrder().IsTransposed() {
		return nil, false
	}
	data, ok := d.Data().([]float32)
	return data, ok && len(data) == d.Shape().TotalSize()
}

// MatMul computes prealloc = a·b of matrices.
func (e Engine) MatMul(a, b, prealloc tensor.Tensor) error {
	x, okA := plain(a)
	y, okB := plain(b)
	z, okC := plain(prealloc)
	if !okA || !okB || !okC || a.Dims() != 2 || b.Dims() != 2 || a.Shape()[1] != b.Shape()[0] || len(z) != a.Shape()[0]*b.Shape()[1] {
		return e.StdEng.MatMul(a, b, prealloc)
	}
	m, k, n := a.Shape()[0], a.Shape()[1], b.Shape()[1]
	Gemm(m, n, k, Strided{x, k, 1}, Strided{y, 1, n}, z, n, false)
	return nil
}

// Add computes a + b, into the tensor of tensor.WithReuse if there is one.
func (e Engine) Add(a, b tensor.Tensor, opts ...tensor.FuncOpt) (tensor.Tensor, error) {
	if dst, ok := e.pointwise(a, b, opts, Add); ok {
		return dst, nil
	}
	return e.StdEng.Add(a, b, opts...)
}

// Mul computes a · b element by element, into the tensor of tensor.WithReuse if
// there is one.
func (e Engine) Mul(a, b tensor.Tensor, opts ...tensor.FuncOpt) (tensor.Tensor, error) {
	if dst, ok := e.pointwise(a, b, opts, Mul); ok {
		return dst, nil
	}
	return e.StdEng.Mul(a, b, opts...)
}

// pointwise applies op if all is plain and of one shape.
func (e Engine) pointwise(a, b tensor.Tensor, opts []tensor.FuncOpt, op func(dst, a, b []float32)) (tensor.Tensor, bool) {
	x, okA := plain(a)
	y, okB := plain(b)
	if !okA || !okB || !a.Shape().Eq(b.Shape()) {
		return nil, false
	}
	o := tensor.ParseFuncOpts(opts...)
	if o.Incr() != nil || !o.Safe() {
		return nil, false
	}
	dst := o.Reuse()
	if dst == nil {
		dst = tensor.New(tensor.WithShape(a.Shape()...), tensor.Of(tensor.Float32), tensor.WithEngine(e))
	}
	z, ok := plain(dst)
	if !ok || !dst.Shape().Eq(a.Shape()) {
		return nil, false
	}
	op(z, x, y)
	return dst, true
}
