package kernel

import (
	"fmt"
	"testing"
)

// TestTiles compares the tiles of all levels with their definition, over depths
// of all kinds of rests, with strides between the rows that have to stay as they
// are.
func TestTiles(t *testing.T) {
	for _, f := range levels() {
		for rows := range f.tiles {
			testTile(t, f.level, f.tiles[rows], rows, f.cols)
			testTile(t, f.level, f.halves[rows], rows, f.cols/2)
		}
	}
}

func testTile(t *testing.T, level string, tile tile, rows, cols int) {
	if tile == nil {
		return
	}
	for _, depth := range []int{1, 2, 3, 4, 5, 7, 8, 11, 64, 67} {
		lda, ldc := depth+3, cols+5
		a, b := noise(1, rows*lda), noise(2, depth*panel)
		for _, ldf := range []int{-1, 0, cols + 2} {
			var from []float32 // none, or one row for all, or rows
			if ldf >= 0 {
				from = noise(3, (rows-1)*ldf+cols)
			}
			got := noise(4, rows*ldc)
			want := clone(got)
			for r := range rows {
				for j := range cols {
					var sum float32
					if from != nil {
						sum = from[r*ldf+j]
					}
					for k := range depth {
						sum = fma(a[r*lda+k], b[k*panel+j], sum)
					}
					want[r*ldc+j] = sum
				}
			}
			tile(depth, a, lda, b, got, ldc, from, ldf)
			if d := differ(got, want); d != "" {
				t.Errorf("%s, %d × %d, depth %d, rows to start from %d apart: %s", level, rows, cols, depth, ldf, d)
			}
		}
	}
}

// BenchmarkTile measures the tiles alone, on operands in the first-level cache.
func BenchmarkTile(b *testing.B) {
	for _, depth := range []int{40, 128, 256} {
		x, y, c := noise(1, maxRows*272), noise(2, depth*panel), make([]float32, maxRows*panel)
		for _, f := range levels() {
			for rows, tile := range f.tiles {
				if tile == nil {
					continue
				}
				b.Run(fmt.Sprintf("%s/%d×%d×%d", f.level, rows, f.cols, depth), func(b *testing.B) {
					for b.Loop() {
						tile(depth, x, 272, y, c, panel, c, panel)
					}
					b.ReportMetric(2*float64(rows*f.cols*depth)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
				})
			}
		}
	}
}
