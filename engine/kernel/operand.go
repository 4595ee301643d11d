package kernel

import "math"

// Operand is a matrix that Gemm reads panel by panel.
type Operand interface {
	// Pack writes rows [i0,i0+rows) of columns [k0,k0+depth) to dst with k
	// outermost: element (i0+r, k0+k) goes to dst[k*tile+r]. Rows from rows to
	// tile are filled with zeros. tile is at most 32.
	Pack(dst []float32, tile, i0, rows, k0, depth int)
}

// maxTile is the greatest tile that Pack is asked for.
const maxTile = 32

// zeros stands for rows outside of a matrix; runs are cut to its length.
var zeros [1024]float32

// Strided is a matrix in memory: element (i,k) is Data[i*Row+k*Col].
type Strided struct {
	Data     []float32
	Row, Col int
}

// Pack implements Operand.
func (s Strided) Pack(dst []float32, tile, i0, rows, k0, depth int) {
	switch {
	case s.Col == 1:
		packRuns(dst, tile, rows, k0, depth, math.MaxInt, s.Data, func(r, _ int) int {
			return (i0 + r) * s.Row
		})
	case s.Row == 1:
		copyRows(dst, tile, s.Data[i0+k0*s.Col:], s.Col, rows, depth)
		clearRows(dst, tile, rows, depth)
	default:
		for k := range depth {
			to := dst[k*tile : k*tile+tile]
			at := i0*s.Row + (k0+k)*s.Col
			for r := range rows {
				to[r] = s.Data[at]
				at += s.Row
			}
			clear(to[rows:])
		}
	}
}

// Taps is the matrix of a convolution's weights seen from its output: element
// (i,k) is Data[(k/C)*Tap + i*Row + k%C]. Weights [KH,KW,In,Out] with
// C = Out, Row = Out, Tap = In*Out are the right operand that goes with Scatter.
type Taps struct {
	Data        []float32
	C, Row, Tap int
}

// Pack implements Operand.
func (t Taps) Pack(dst []float32, tile, i0, rows, k0, depth int) {
	packRuns(dst, tile, rows, k0, depth, t.C, t.Data, func(r, tap int) int {
		return tap*t.Tap + (i0+r)*t.Row
	})
}

// packRuns packs a matrix whose rows consist of runs of c contiguous elements:
// run number tap of row r starts at data[at(r, tap)], or is zero if at is
// negative.
func packRuns(dst []float32, tile, rows, k0, depth, c int, data []float32, at func(r, tap int) int) {
	src := borrowRows()
	defer giveBackRows(src)
	for k := 0; k < depth; {
		tap, first := (k0+k)/c, (k0+k)%c
		run := min(c-first, depth-k, len(zeros))
		for r := range rows {
			if from := at(r, tap); from >= 0 {
				from += first
				src[r] = data[from : from+run]
			} else {
				src[r] = zeros[:run]
			}
		}
		for r := 0; r < tile; r += active.lanes {
			active.transpose(dst[k*tile+r:], tile, src[r:], min(active.lanes, tile-r), run)
		}
		k += run
	}
}

// copyRows writes dst[r*dstStride+i] = src[r*srcStride+i] for i < width ≤ tile
// and r < count, after making sure that they are there.
func copyRows(dst []float32, dstStride int, src []float32, srcStride, width, count int) {
	_, _ = dst[(count-1)*dstStride+width-1], src[(count-1)*srcStride+width-1]
	active.copyRows(dst, dstStride, src, srcStride, width, count)
}

// clearRows zeroes dst[k*tile+r] for r ≥ rows.
func clearRows(dst []float32, tile, rows, depth int) {
	if rows == tile {
		return
	}
	for k := range depth {
		clear(dst[k*tile+rows : k*tile+tile])
	}
}

func transposeGo(dst []float32, stride int, src [][]float32, rows, depth int) {
	r := 0
	for ; r+4 <= rows; r += 4 {
		s0, s1, s2, s3 := src[r][:depth], src[r+1][:depth], src[r+2][:depth], src[r+3][:depth]
		at := r
		for k := range s0 {
			to := dst[at : at+4 : at+4]
			to[0], to[1], to[2], to[3] = s0[k], s1[k], s2[k], s3[k]
			at += stride
		}
	}
	for ; r < rows; r++ {
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
