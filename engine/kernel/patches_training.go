package kernel

// TrainedConv is a convolution of Patches whose weights [KH·KW,C,Out] change with every
// step, by products with them as they are: for what TrainedConv3x3 does not suit.
type TrainedConv struct {
	Patches
	Out int
}

// Forward writes y [N,OH,OW,Out], in which the bias is already.
func (t TrainedConv) Forward(w, y []float32) {
	Gemm(t.N*t.OH*t.OW, t.Out, t.depth(), t.Patches, Strided{Data: w, Row: 1, Col: t.Out}, y, t.Out, true)
}

func (t TrainedConv) depth() int { return t.KH * t.KW * t.C }

// back is the gradient of the result as the picture that, with a stride of 1, the
// gradient of the input is a convolution of.
func (t TrainedConv) back(dy []float32) Patches {
	return Patches{
		Data: dy, N: t.N, H: t.OH, W: t.OW, C: t.Out, KH: t.KH, KW: t.KW, Stride: 1,
		PadTop: t.KH - 1 - t.PadTop, PadLeft: t.KW - 1 - t.PadLeft, OH: t.H, OW: t.W,
	}
}

// WeightGradient writes dw, or adds to it: the sum over all pixels of the outer product
// of what is under the filter and dy. Where there are few channels of the result it is
// that of what dy has around a pixel of the input and the pixel.
func (t TrainedConv) WeightGradient(dy, dw []float32, add bool) {
	if t.Stride > 1 || t.Out >= min(t.C, panel) {
		Outer(t.depth(), t.Out, t.N*t.OH*t.OW, t.Patches, dy, t.Out, dw, t.Out, add)
		return
	}
	taps := t.KH * t.KW
	buffer := borrow(len(dw))
	defer giveBack(buffer)
	turned := *buffer // [taps,Out,C]
	Outer(taps*t.Out, t.C, t.N*t.H*t.W, t.back(dy), t.Data, t.C, turned, t.C, false)
	for i := range dw {
		tap, in, out := i/t.Out/t.C, i/t.Out%t.C, i%t.Out
		v := turned[((taps-1-tap)*t.Out+out)*t.C+in]
		if add {
			v += dw[i]
		}
		dw[i] = v
	}
}

// InputGradient writes dx, or adds to it.
func (t TrainedConv) InputGradient(dy, w, dx []float32, add bool) {
	if t.Stride == 1 {
		Gemm(t.N*t.H*t.W, t.C, t.KH*t.KW*t.Out, t.back(dy), Turned{w, t.KH * t.KW, t.C, t.Out}, dx, t.C, add)
		return
	}
	// What a pixel of dy gives to all that was under the filter, for some pictures at
	// a time, and then the sum for each pixel of the input.
	const most = 1 << 19
	size := t.OH * t.OW * t.depth()
	pictures := min(max(1, most/size), t.N)
	buffer := borrow(pictures * size)
	defer giveBack(buffer)
	for n := 0; n < t.N; n += pictures {
		count := min(pictures, t.N-n)
		pixels := count * t.OH * t.OW
		Gemm(pixels, t.depth(), t.Out, Strided{dy[n*t.OH*t.OW*t.Out:], t.Out, 1}, Strided{w, t.Out, 1}, *buffer, t.depth(), false)
		Parallel(count*t.H, func(i int) {
			row := dx[(n*t.H+i)*t.W*t.C:][:t.W*t.C]
			if !add {
				clear(row)
			}
			t.gather(row, (*buffer)[i/t.H*size:][:size], i%t.H)
		})
	}
}

// gather adds to row y of a picture's input what the pixels of dy give to it.
func (t TrainedConv) gather(row, given []float32, y int) {
	for tap := range t.KH * t.KW {
		oy, kx := y+t.PadTop-tap/t.KW, tap%t.KW
		if oy < 0 || oy%t.Stride != 0 || oy/t.Stride >= t.OH {
			continue
		}
		first := ceilDiv(max(0, t.PadLeft-kx), t.Stride)
		end := min(t.OW, ceilDiv(t.W+t.PadLeft-kx, t.Stride))
		to := row[min(first*t.Stride+kx-t.PadLeft, t.W)*t.C:]
		from := given[oy/t.Stride*t.OW*t.depth()+tap*t.C:]
		addRows(to, t.Stride*t.C, to, t.Stride*t.C, from[min(first*t.depth(), len(from)):], t.depth(), t.C, end-first)
	}
}
