package kernel

import "math"

// join adds up the lanes of a reduction: 8+8, 4+4, 2+2, 1+1.
func join(lanes *[16]float32) float32 {
	for n := 8; n > 0; n /= 2 {
		for i := range n {
			lanes[i] += lanes[i+n]
		}
	}
	return lanes[0]
}

// Sum returns Σ x.
func Sum(x []float32) float32 {
	lanes := borrowLanes(0)
	defer giveBackLanes(lanes)
	n := len(x) &^ 15
	active.sumLanes(lanes, x[:n])
	sumLanesGo(lanes, x[n:])
	return join(lanes)
}

// Dot returns Σ a·b.
func Dot(a, b []float32) float32 {
	same("Dot", len(a), len(b))
	lanes := borrowLanes(0)
	defer giveBackLanes(lanes)
	n := len(a) &^ 15
	active.dotLanes(lanes, a[:n], b[:n])
	dotLanesGo(lanes, a[n:], b[n:])
	return join(lanes)
}

// Max returns the greatest of x, −Inf for none.
func Max(x []float32) float32 {
	lanes := borrowLanes(0)
	defer giveBackLanes(lanes)
	return greatest(lanes, x)
}

// Softmax computes e^(scale·x) / Σ e^(scale·x) over the row, in place, for
// scale > 0.
func Softmax(row []float32, scale float32) {
	scale *= log2E
	lanes := borrowLanes(0)
	defer giveBackLanes(lanes)
	sum := pow2Sum(lanes, row, scale, greatest(lanes, row)*scale)
	active.scale(row, row, 1/sum)
}

// greatest returns the greatest of x, −Inf for none.
func greatest(lanes *[16]float32, x []float32) float32 {
	for i := range lanes {
		lanes[i] = float32(math.Inf(-1))
	}
	n := len(x) &^ 15
	active.maxLanes(lanes, x[:n])
	maxLanesGo(lanes, x[n:])
	peak := lanes[0]
	for _, v := range lanes[1:] {
		peak = max(peak, v)
	}
	return peak
}

// pow2Sum writes 2^(scale·x−shift), for exponents up to 1, over x and returns
// their sum.
func pow2Sum(lanes *[16]float32, x []float32, scale, shift float32) float32 {
	*lanes = [16]float32{}
	n := len(x) &^ 15
	active.pow2SumLanes(lanes, x[:n], scale, -shift)
	pow2SumLanesGo(lanes, x[n:], scale, -shift)
	return join(lanes)
}

// ColumnDots adds up columns of a [rows,c] and of its product with b [rows,c],
// row after row: sum[j] += a[r,j] and dot[j] = fma(a[r,j], b[r,j], dot[j]).
func ColumnDots(sum, dot, a, b []float32, rows, c int) {
	same("ColumnDots", c, len(sum), len(dot))
	same("ColumnDots", rows*c, len(a), len(b))
	if rows > 0 {
		active.columnDots(sum, dot, a, b, rows)
	}
}
