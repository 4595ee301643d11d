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

// PackRows implements Left; depth is all of the columns.
func (p Patches) PackRows(dst []float32, ld, i0, rows, depth int) {
	for i := i0; i < i0+rows; i++ {
		image, top, left := i/p.OW/p.OH*p.H, i/p.OW%p.OH*p.Stride-p.PadTop, i%p.OW*p.Stride-p.PadLeft
		row := dst[(i-i0)*ld:]
		for tap := range p.KH * p.KW {
			y, x := top+tap/p.KW, left+tap%p.KW
			if uint(y) < uint(p.H) && uint(x) < uint(p.W) {
				copy(row[:p.C], p.Data[((image+y)*p.W+x)*p.C:])
			} else {
				clear(row[:p.C])
			}
			row = row[p.C:]
		}
	}
}

// PatchesT is the same matrix transposed, for the gradient of the weights: the
// row is (ky,kx,c), the column an output pixel.
type PatchesT Patches

// PackRows implements Left.
func (p PatchesT) PackRows(dst []float32, ld, i0, rows, depth int) {
	for r := 0; r < rows; {
		tap, c := (i0+r)/p.C, (i0+r)%p.C
		run := min(p.C-c, rows-r)
		// Output pixels follow each other in runs along a line.
		for k := 0; k < depth; {
			line, ox := k/p.OW, k%p.OW
			n := min(p.OW-ox, depth-k)
			p.packLine(dst[r*ld+k:], ld, line, ox, n, tap, c, run)
			k += n
		}
		r += run
	}
}

// packLine packs channels [c,c+run) of one tap for n output pixels from ox on.
func (p PatchesT) packLine(dst []float32, ld, line, ox, n, tap, c, run int) {
	y := line%p.OH*p.Stride + tap/p.KW - p.PadTop
	x := ox*p.Stride + tap%p.KW - p.PadLeft
	// Pixels [from,to) see x, the others its margin.
	from, to := 0, 0
	if uint(y) < uint(p.H) {
		from = min(n, max(0, ceilDiv(-x, p.Stride)))
		to = max(from, min(n, ceilDiv(p.W-x, p.Stride)))
	}
	for r := range run {
		clear(dst[r*ld : r*ld+from])
		clear(dst[r*ld+to : r*ld+n])
	}
	if from < to {
		at := ((line/p.OH*p.H+y)*p.W+x+from*p.Stride)*p.C + c
		transposeColumns(dst[from:], ld, p.Data[at:], p.Stride*p.C, run, to-from)
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

// PackRows implements Left; depth is all of the columns.
func (s Scatter) PackRows(dst []float32, ld, i0, rows, depth int) {
	for i := i0; i < i0+rows; i++ {
		// The place of the first tap in dy, times Stride.
		image, top, left := i/s.W/s.H*s.OH, i/s.W%s.H+s.PadTop, i%s.W+s.PadLeft
		row := dst[(i-i0)*ld:]
		for tap := range s.KH * s.KW {
			y, x := top-tap/s.KW, left-tap%s.KW
			if y >= 0 && x >= 0 && y%s.Stride == 0 && x%s.Stride == 0 && y/s.Stride < s.OH && x/s.Stride < s.OW {
				copy(row[:s.C], s.Data[((image+y/s.Stride)*s.OW+x/s.Stride)*s.C:])
			} else {
				clear(row[:s.C])
			}
			row = row[s.C:]
		}
	}
}
