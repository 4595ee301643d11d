package kernel

import "runtime"

// TrainedConv3x3 is a 3×3 convolution with stride 1 and a margin of one pixel whose
// weights [9,In,Out] change with every step, and its gradients, by Winograd's
// method. It is for shapes that SuitsWinograd.
type TrainedConv3x3 struct {
	N, H, W, In, Out int  // H and W are those of the result
	Upsample         bool // x has half the height and width, and every pixel of it counts for two by two
}

// Forward writes y [N,H,W,Out] for x [N,H,W,In], and adds what add has of that shape,
// unless it is nil.
func (t TrainedConv3x3) Forward(x, w, bias, add, y []float32) {
	packed, buffer := borrowWeights(t.Out, t.In)
	// The panels of a product are plain copies of such a matrix.
	rows := Strided{Data: w, Row: 1, Col: t.Out}
	packed.fill(rows)
	Conv3x3{X: x, N: t.N, H: t.H, W: t.W, Upsample: t.Upsample, Weights: packed, Bias: bias, Add: add, Y: y}.Run(nil)
	giveBack(buffer)
}

// InputGradient writes dx, or adds to it: dy convolved with the weights turned by
// half a turn, input and output swapped.
func (t TrainedConv3x3) InputGradient(dy, w, dx []float32, add bool) {
	packed, buffer := borrowWeights(t.In, t.Out)
	packed.fill(Turned{w, 9, t.In, t.Out})
	none := borrow(t.In)
	clear(*none)
	c := Conv3x3{X: dy, N: t.N, H: t.H, W: t.W, Shrink: t.Upsample, Weights: packed, Bias: *none, Y: dx}
	if add {
		c.Add = dx
	}
	c.Run(nil)
	giveBack(none)
	giveBack(buffer)
}

// borrowWeights are weights of a 3×3 convolution in memory that is to be given back.
func borrowWeights(out, in int) (*Weights, *[]float32) {
	w := &Weights{Out: out, Taps: 9, In: in}
	buffer := borrow(ceilDiv(out, panel) * panel * w.Depth())
	w.wide = *buffer
	return w, buffer
}

// fill packs a matrix into the panels.
func (w *Weights) fill(m Right) {
	size := w.Depth() * panel
	Parallel(len(w.wide)/size, func(p int) {
		m.PackPanel(w.wide[p*size:(p+1)*size], p*panel, min(panel, w.Out-p*panel), w.Depth())
	})
}

// gradientTiles is how many tiles are transformed at a time for the gradient of the
// weights: few enough for the second-level cache to hold one of 36 planes.
const gradientTiles = 512

// WeightGradient writes dw [9,In,Out], or adds to it. With V the transformed input
// and M = A·dy·Aᵀ it is Gᵀ·(Σ V·M over all tiles)·G: 36 products, of 4 times fewer
// multiplications than the sum over all pixels.
func (t TrainedConv3x3) WeightGradient(x, dy, dw []float32, add bool) {
	in := gradientField{
		field: field{
			Conv3x3: Conv3x3{X: x, N: t.N, H: t.H, W: t.W, Upsample: t.Upsample, rows: ceilDiv(t.H, 4), cols: ceilDiv(t.W, 4)},
			in:      t.In, depth: roundUp(t.In, 16),
		},
		dy: dy, wide: roundUp(t.Out, 16), channels: t.Out,
	}
	all := t.N * in.rows * in.cols
	size := min(all, gradientTiles)
	planes := borrow(36 * (plane(size*in.depth) + plane(size*in.wide) + t.In*t.Out))
	sum := (*planes)[:36*t.In*t.Out]
	in.transformed = (*planes)[len(sum):][:36*plane(size*in.depth)]
	in.spread = (*planes)[len(sum)+len(in.transformed):]
	procs := runtime.GOMAXPROCS(0)
	for in.first = 0; in.first < all; in.first += size {
		in.tiles = min(size, all-in.first)
		in.inputTiles = max(1, ceilDiv(in.tiles, tasksAProc*procs))
		in.inputParts = ceilDiv(in.tiles, in.inputTiles)
		Run(in.inputParts, (*fieldInput)(&in.field), nil)
		Run(in.inputParts, &in, nil)
		v, m := plane(in.tiles*in.depth), plane(in.tiles*in.wide)
		Parallel(36, func(e int) {
			if in.idle(e) {
				clear(sum[e*t.In*t.Out:][:t.In*t.Out])
				return
			}
			OuterSerial(t.In, t.Out, in.tiles, Strided{Data: in.transformed[e*v:], Row: in.depth, Col: 1}, in.spread[e*m:], in.wide,
				sum[e*t.In*t.Out:], t.Out, in.first > 0)
		})
	}
	n := t.In * t.Out
	Parallel(ceilDiv(n, gatherSize), func(i int) {
		from := i * gatherSize
		winogradGather(dw[from:], sum[from:], n, min(gatherSize, n-from), add)
	})
	giveBack(planes)
}

// SuitsWinograd tells whether WeightGradient is faster than the sum over all pixels:
// the transform of the result must be worth it.
func (t TrainedConv3x3) SuitsWinograd() bool {
	const leastTiles = 96
	return t.N*ceilDiv(t.H, 4)*ceilDiv(t.W, 4) >= leastTiles
}

// gatherSize is how many filters are transformed back at a time.
const gatherSize = 512

// winogradGather writes the gradient of n filters, dw = Gᵀ·U·G, from that of their
// transform, numbers and taps of which are apart by stride, or adds it to dw.
func winogradGather(dw, u []float32, stride, n int, add bool) {
	work := borrowTask((3*6 + 3 + 2) * n)
	part := func(i int) []float32 { return (*work)[i*n : (i+1)*n] }
	for j := range 6 { // columns: 3 of 6 numbers each
		gather([3][]float32{part(j), part(6 + j), part(12 + j)}, func(i int) []float32 { return u[(6*i+j)*stride:][:n] }, part(21), part(22))
	}
	for i := range 3 {
		row := [3][]float32{part(18), part(19), part(20)}
		gather(row, func(j int) []float32 { return part(6*i + j) }, part(21), part(22))
		for j, v := range row {
			to := dw[(3*i+j)*stride:][:n]
			if add {
				Add(to, to, v)
			} else {
				copy(to, v)
			}
		}
	}
	giveBack(work)
}

// gather computes g = Gᵀ·u for many filters at once.
func gather(g [3][]float32, u func(i int) []float32, near, far []float32) {
	Add(near, u(1), u(2))
	Add(far, u(3), u(4))
	Scale(g[0], quarter, u(0))
	Axpy(g[0], -sixth, near)
	Axpy(g[0], twentyFourth, far)
	copy(g[2], u(5))
	Axpy(g[2], -sixth, near)
	Axpy(g[2], sixth, far)
	Scale(g[1], sixth, u(2))
	Axpy(g[1], -sixth, u(1))
	Axpy(g[1], twelfth, u(3))
	Axpy(g[1], -twelfth, u(4))
}

// gradientField is a convolution whose weights' gradient is under way.
type gradientField struct {
	field
	dy             []float32 // [N,H,W,channels]
	wide, channels int
	spread         []float32 // 36 planes [tiles][wide]
}

// Do spreads the gradient of some tiles.
func (f *gradientField) Do(i int) {
	stride := plane(f.tiles * f.wide)
	whole := f.channels &^ 15
	p := patches.GetTask()
	for t := i * f.inputTiles; t < min((i+1)*f.inputTiles, f.tiles); t++ {
		n, y0, x0 := f.place(f.first + t)
		for k := range p.out {
			y, x := y0+k/4, x0+k%4
			if y >= f.H || x >= f.W {
				p.out[k] = zeros[:f.channels]
				continue
			}
			p.out[k] = f.dy[((n*f.H+y)*f.W+x)*f.channels:][:f.channels]
		}
		to := f.spread[t*f.wide:]
		if whole > 0 {
			active.winogradSpread(to, stride, &p.out, whole)
		}
		if whole < f.channels {
			for k := range p.out {
				p.out[k] = p.out[k][whole:]
			}
			winogradSpreadGo(to[whole:], stride, &p.out, f.channels-whole)
		}
	}
	patches.Put(p)
}
