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

// PackRows implements Left.
func (p Patches) PackRows(dst []float32, ld, i0, rows, k0, depth int) {
	width := p.KW * p.C // of a line of the patch, which is contiguous inside of x
	for i := i0; i < i0+rows; i++ {
		image, top, left := i/p.OW/p.OH*p.H, i/p.OW%p.OH*p.Stride-p.PadTop, i%p.OW*p.Stride-p.PadLeft
		inside := left >= 0 && left+p.KW <= p.W
		row := dst[(i-i0)*ld:][:depth]
		for k := k0; k < k0+depth; {
			y, from := top+k/width, k%width
			n := min(width-from, k0+depth-k)
			to := row[:n]
			at := ((image+y)*p.W + left) * p.C
			switch {
			case uint(y) >= uint(p.H):
				clear(to)
			case inside:
				copy(to, p.Data[at+from:])
			default: // [begin,end) is inside
				begin := min(max(0, -left*p.C-from), n)
				end := max(begin, min(n, (p.W-left)*p.C-from))
				clear(to[:begin])
				if begin < end {
					copy(to[begin:end], p.Data[at+from+begin:])
				}
				clear(to[end:])
			}
			row, k = row[n:], k+n
		}
	}
}

// ceilDiv returns ⌈a/b⌉ for b > 0.
func ceilDiv(a, b int) int {
	if a <= 0 {
		return -(-a / b)
	}
	return (a + b - 1) / b
}
