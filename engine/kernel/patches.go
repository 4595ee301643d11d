package kernel

// Patches is the matrix of a convolution's input, which is never in memory: the
// row is an output pixel (n,oy,ox), the column (ky,kx,c), and the element
// x[n, oy*Stride+ky-PadTop, ox*Stride+kx-PadLeft, c], or 0 outside of x.
type Patches struct {
	Data            []float32 // x [N,H,W,C]
	N, H, W, C      int
	KH, KW          int
	Stride          int
	PadTop, PadLeft int
	OH, OW          int // size of the output
}

// Pack implements Operand.
func (p Patches) Pack(dst []float32, tile, i0, rows, k0, depth int) {
	// The place in x of each row's first tap.
	var image, top, left [maxTile]int
	for r := range rows {
		pixel := (i0 + r) / p.OW
		image[r] = pixel / p.OH * p.H
		top[r] = pixel%p.OH*p.Stride - p.PadTop
		left[r] = (i0+r)%p.OW*p.Stride - p.PadLeft
	}
	packRuns(dst, tile, rows, k0, depth, p.C, p.Data, func(r, tap int) int {
		y, x := top[r]+tap/p.KW, left[r]+tap%p.KW
		if uint(y) >= uint(p.H) || uint(x) >= uint(p.W) {
			return -1
		}
		return ((image[r]+y)*p.W + x) * p.C
	})
}

// PatchesT is the same matrix transposed, for the gradient of the weights: the
// row is (ky,kx,c), the column an output pixel.
type PatchesT Patches

// Pack implements Operand.
func (p PatchesT) Pack(dst []float32, tile, i0, rows, k0, depth int) {
	for r := 0; r < rows; {
		tap, c := (i0+r)/p.C, (i0+r)%p.C
		run := min(p.C-c, rows-r)
		// Output pixels follow each other in runs along a line.
		for k := 0; k < depth; {
			line, ox := (k0+k)/p.OW, (k0+k)%p.OW
			n := min(p.OW-ox, depth-k)
			p.packLine(dst[k*tile+r:], tile, line, ox, n, tap, c, run)
			k += n
		}
		r += run
	}
	clearRows(dst, tile, rows, depth)
}

// packLine packs channels [c,c+run) of one tap for n output pixels from ox on.
func (p PatchesT) packLine(dst []float32, tile, line, ox, n, tap, c, run int) {
	y := line%p.OH*p.Stride + tap/p.KW - p.PadTop
	x := ox*p.Stride + tap%p.KW - p.PadLeft
	// Pixels [from,to) see x, the others its margin.
	from, to := 0, 0
	if uint(y) < uint(p.H) {
		from = min(n, max(0, ceilDiv(-x, p.Stride)))
		to = max(from, min(n, ceilDiv(p.W-x, p.Stride)))
	}
	for k := range from {
		clear(dst[k*tile : k*tile+run])
	}
	if from < to {
		at := ((line/p.OH*p.H+y)*p.W+x+from*p.Stride)*p.C + c
		copyRows(dst[from*tile:], tile, p.Data[at:], p.Stride*p.C, run, to-from)
	}
	for k := to; k < n; k++ {
		clear(dst[k*tile : k*tile+run])
	}
}

// ceilDiv returns ⌈a/b⌉ for b > 0.
func ceilDiv(a, b int) int {
	if a <= 0 {
		return -(-a / b)
	}
	return (a + b - 1) / b
}

// Scatter is the matrix of a convolution's input gradient: the row is an input
// pixel (n,y,x), the column (ky,kx,co), and the element
// dy[n, (y+PadTop-ky)/Stride, (x+PadLeft-kx)/Stride, co] where the divisions
// leave no rest and the place is inside of dy, else 0.
type Scatter struct {
	Data            []float32 // dy [N,OH,OW,C]
	N, H, W         int       // size of the input
	C, OH, OW       int
	KH, KW          int
	Stride          int
	PadTop, PadLeft int
}

// Pack implements Operand.
func (s Scatter) Pack(dst []float32, tile, i0, rows, k0, depth int) {
	// The place of each row's first tap in dy, times Stride.
	var image, top, left [maxTile]int
	for r := range rows {
		pixel := (i0 + r) / s.W
		image[r] = pixel / s.H * s.OH
		top[r] = pixel%s.H + s.PadTop
		left[r] = (i0+r)%s.W + s.PadLeft
	}
	packRuns(dst, tile, rows, k0, depth, s.C, s.Data, func(r, tap int) int {
		y, x := top[r]-tap/s.KW, left[r]-tap%s.KW
		if y < 0 || x < 0 || y%s.Stride != 0 || x%s.Stride != 0 {
			return -1
		}
		y, x = y/s.Stride, x/s.Stride
		if y >= s.OH || x >= s.OW {
			return -1
		}
		return ((image[r]+y)*s.OW + x) * s.C
	})
}
