package kernel

// Left is the left operand of a product: a matrix that is read some rows at a
// time.
type Left interface {
	// PackRows writes rows [i0,i0+rows) of columns [k0,k0+depth) to dst: element
	// (i0+r, k0+k) goes to dst[r*ld+k].
	PackRows(dst []float32, ld, i0, rows, k0, depth int)
}

// Right is the right operand of a product, given by the result's columns: its
// element (j,k) meets the left one's (i,k). It is read in panels.
type Right interface {
	// PackPanel writes columns [j0,j0+cols) of the result's, at most panel of
	// them, with k outermost: element (j0+j, k) goes to dst[k*panel+j] for
	// k < depth. Columns from cols to panel are filled with zeros.
	PackPanel(dst []float32, j0, cols, depth int)
}

// panel is the width of a packed panel, at every level.
const panel = 32

// zeros stands for rows outside of a matrix; runs are cut to its length.
var zeros [1024]float32

// Strided is a matrix in memory: element (i,k) is Data[i*Row+k*Col].
type Strided struct {
	Data     []float32
	Row, Col int
}

// PackRows implements Left.
func (s Strided) PackRows(dst []float32, ld, i0, rows, k0, depth int) {
	if s.Col == 1 {
		copyRowsGo(dst, ld, s.Data[i0*s.Row+k0:], s.Row, depth, rows)
		return
	}
	for r := range rows {
		for k := range depth {
			dst[r*ld+k] = s.Data[(i0+r)*s.Row+(k0+k)*s.Col]
		}
	}
}

// PackPanel implements Right.
func (s Strided) PackPanel(dst []float32, j0, cols, depth int) {
	switch {
	case s.Col == 1:
		packRuns(dst, cols, depth, depth, s.Data, func(j, _ int) int { return (j0 + j) * s.Row })
	case s.Row == 1:
		copyRows(dst, panel, s.Data[j0:], s.Col, cols, depth)
		clearColumns(dst, cols, depth)
	default:
		for k := range depth {
			to := dst[k*panel : k*panel+panel]
			for j := range cols {
				to[j] = s.Data[(j0+j)*s.Row+k*s.Col]
			}
			clear(to[cols:])
		}
	}
}

// Turned is the weights [Taps,In,Out] of a convolution as the gradient of its input
// sees them: element (j,k) is that of channels j and k%Out, of the tap opposite of
// k/Out.
type Turned struct {
	Data          []float32
	Taps, In, Out int
}

// PackPanel implements Right.
func (t Turned) PackPanel(dst []float32, j0, cols, depth int) {
	packRuns(dst, cols, depth, t.Out, t.Data, func(j, tap int) int { return ((t.Taps-1-tap)*t.In + j0 + j) * t.Out })
}

// packRuns packs a panel of columns that consist of runs of c contiguous
// elements: run number tap of column j starts at data[at(j, tap)].
func packRuns(dst []float32, cols, depth, c int, data []float32, at func(j, tap int) int) {
	src := borrowRows()
	defer giveBackRows(src)
	for k := 0; k < depth; {
		run := min(c, depth-k, len(zeros))
		if rest := c - k%c; rest < run {
			run = rest
		}
		for j := range cols {
			from := at(j, k/c) + k%c
			src[j] = data[from : from+run]
		}
		for j := cols; j < panel; j++ {
			src[j] = zeros[:run]
		}
		for j := 0; j < panel; j += active.lanes {
			active.transpose(dst[k*panel+j:], panel, src[j:j+active.lanes], run)
		}
		k += run
	}
}

// copyRows writes dst[r*dstStride+i] = src[r*srcStride+i] for i < width and
// r < count, after making sure that they are there.
func copyRows(dst []float32, dstStride int, src []float32, srcStride, width, count int) {
	if count <= 0 {
		return
	}
	_, _ = dst[(count-1)*dstStride+width-1], src[(count-1)*srcStride+width-1]
	for i := 0; i < width; i += 2 * active.lanes {
		active.copyRows(dst[i:], dstStride, src[i:], srcStride, min(2*active.lanes, width-i), count)
	}
}

// addRows writes dst[r*ldd+i] = a[r*lda+i] + b[r*ldb+i] for i < width and
// r < count, after making sure that they are there.
func addRows(dst []float32, ldd int, a []float32, lda int, b []float32, ldb, width, count int) {
	if count <= 0 || width <= 0 {
		return
	}
	_, _, _ = dst[(count-1)*ldd+width-1], a[(count-1)*lda+width-1], b[(count-1)*ldb+width-1]
	active.addRows(dst, ldd, a, lda, b, ldb, width, count)
}

// clearColumns zeroes columns from cols on of a panel.
func clearColumns(dst []float32, cols, depth int) {
	if cols == panel {
		return
	}
	for k := range depth {
		clear(dst[k*panel+cols : k*panel+panel])
	}
}

// transposeGo writes dst[k*stride+r] = src[r][k] for k < depth, a row at a time
// where there are not four.
func transposeGo(dst []float32, stride int, src [][]float32, depth int) {
	r := 0
	for ; r+4 <= len(src); r += 4 {
		s0, s1, s2, s3 := src[r][:depth], src[r+1][:depth], src[r+2][:depth], src[r+3][:depth]
		at := r
		for k := range s0 {
			to := dst[at : at+4 : at+4]
			to[0], to[1], to[2], to[3] = s0[k], s1[k], s2[k], s3[k]
			at += stride
		}
	}
	for ; r < len(src); r++ {
		for k, v := range src[r][:depth] {
			dst[k*stride+r] = v
		}
	}
}

func copyRowsGo(dst []float32, dstStride int, src []float32, srcStride, width, count int) {
	for r := range count {
		copy(dst[r*dstStride:r*dstStride+width], src[r*srcStride:r*srcStride+width])
	}
}

func addRowsGo(dst []float32, ldd int, a []float32, lda int, b []float32, ldb, width, count int) {
	for r := range count {
		addGo(dst[r*ldd:][:width], a[r*lda:][:width], b[r*ldb:][:width])
	}
}
