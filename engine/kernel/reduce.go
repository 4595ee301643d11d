package kernel

import "math"

// join adds up the lanes of a reduction: 8+8, 4+4, 2+2, 1+1. It is written out,
// since attention asks for it once for every row of scores.
func join(l *[16]float32) float32 {
	a0, a1, a2, a3 := l[0]+l[8], l[1]+l[9], l[2]+l[10], l[3]+l[11]
	a4, a5, a6, a7 := l[4]+l[12], l[5]+l[13], l[6]+l[14], l[7]+l[15]
	b0, b1, b2, b3 := a0+a4, a1+a5, a2+a6, a3+a7
	return (b0 + b2) + (b1 + b3)
}

// Sum returns Σ x.
func Sum(x []float32) float32 {
	lanes := borrowLanes(0)
	defer giveBackLanes(lanes)
	return sum(lanes, x)
}

func sum(lanes *[16]float32, x []float32) float32 {
	*lanes = [16]float32{}
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
	return dot(lanes, a, b)
}

func dot(lanes *[16]float32, a, b []float32) float32 {
	*lanes = [16]float32{}
	n := len(a) &^ 15
	active.dotLanes(lanes, a[:n], b[:n])
	dotLanesGo(lanes, a[n:], b[n:])
	return join(lanes)
}

// NormaliseRows makes the mean of each row of x 0 and its variance 1, and then
// scales and shifts its elements: y = (x−mean)·rstd·gamma + beta, where rstd is
// 1/√(variance+eps). The rows are as long as gamma and beta, and as many as mean
// and rstd, to which what was found is written.
func NormaliseRows(y, x, gamma, beta, mean, rstd []float32, eps float64) {
	c := len(gamma)
	same("NormaliseRows", len(mean)*c, len(y), len(x))
	lanes := borrowLanes(0)
	defer giveBackLanes(lanes)
	for r := range mean {
		row, out := x[r*c:(r+1)*c], y[r*c:(r+1)*c]
		mu := sum(lanes, row) / float32(c)
		for j, v := range row {
			out[j] = v - mu
		}
		variance := float64(dot(lanes, out, out)) / float64(c)
		mean[r], rstd[r] = mu, float32(1/math.Sqrt(variance+eps))
		active.scale(out, out, rstd[r])
		active.scaleShift(out, out, gamma, beta)
	}
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

// lowest is lanes that everything is greater than.
var lowest = func() (l [16]float32) {
	for i := range l {
		l[i] = float32(math.Inf(-1))
	}
	return l
}()

// greatest returns the greatest of x, −Inf for none.
func greatest(lanes *[16]float32, x []float32) float32 {
	*lanes = lowest
	n := len(x) &^ 15
	active.maxLanes(lanes, x[:n])
	maxLanesGo(lanes, x[n:])
	l := lanes
	return max(
		max(max(l[0], l[1]), max(l[2], l[3])), max(max(l[4], l[5]), max(l[6], l[7])),
		max(max(l[8], l[9]), max(l[10], l[11])), max(max(l[12], l[13]), max(l[14], l[15])),
	)
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
