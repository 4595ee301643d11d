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
		for rows := range maxRows + 1 {
			for i, tiles := range []*tiles{&f.tiles, &f.outers} {
				testTile(t, f.level, tiles.whole[rows], rows, f.cols, i == 1)
				testTile(t, f.level, tiles.halves[rows], rows, f.cols/2, i == 1)
				testTile(t, f.level, tiles.quarters[rows], rows, f.cols/4, i == 1)
			}
			testPairTile(t, f.level, f.pairs[rows], rows, f.cols)
			testPairTile(t, f.level, f.pairHalves[rows], rows, f.cols/2)
		}
	}
}

var tileDepths = []int{1, 2, 3, 4, 5, 7, 8, 11, 64, 67}

func testTile(t *testing.T, level string, tile tile, rows, cols int, outer bool) {
	if tile == nil {
		return
	}
	for _, depth := range tileDepths {
		lda := depth + 3
		a, b := noise(1, rows*lda), noise(2, depth*panel)
		if outer {
			x, ldx := make([]float32, (depth-1)*(rows+3)+rows), rows+3
			for i := range rows * depth {
				x[i%depth*ldx+i/depth] = a[i/depth*lda+i%depth]
			}
			testChains(t, level+", outer", depth, a, lda, rows, b, cols, func(c []float32, ldc int, from []float32, ldf int) {
				tile(depth, x, ldx, b, c, ldc, from, ldf)
			})
			continue
		}
		testChains(t, level, depth, a, lda, rows, b, cols, func(c []float32, ldc int, from []float32, ldf int) {
			tile(depth, a, lda, b, c, ldc, from, ldf)
		})
	}
}

// testPairTile is testTile for pairs, whose chains are those of the numbers taken
// apart.
func testPairTile(t *testing.T, level string, tile pairTile, rows, cols int) {
	if tile == nil {
		return
	}
	for _, depth := range tileDepths {
		lda := depth + 3
		x, y := make([]uint32, rows*lda), make([]uint32, depth*panel)
		narrowBrainGo(words(x), noise(1, 2*len(x)))
		narrowBrainGo(words(y), noise(2, 2*len(y)))
		a, b := make([]float32, 2*len(x)), make([]float32, 2*len(y))
		apart(a, x, 1)
		apart(b, y, panel)
		testChains(t, level+" in pairs", 2*depth, a, 2*lda, rows, b, cols, func(c []float32, ldc int, from []float32, ldf int) {
			tile(depth, x, lda, y, c, ldc, from, ldf)
		})
	}
}

// testChains compares what a tile writes with chains of fma that start from
// nothing, from one row for all and from rows of their own.
func testChains(t *testing.T, level string, depth int, a []float32, lda, rows int, b []float32, cols int,
	run func(c []float32, ldc int, from []float32, ldf int),
) {
	ldc := cols + 5
	for _, ldf := range []int{-1, 0, cols + 2} {
		var from []float32
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
		run(got, ldc, from, ldf)
		if d := differ(got, want); d != "" {
			t.Errorf("%s, %d × %d, depth %d, rows to start from %d apart: %s", level, rows, cols, depth, ldf, d)
		}
	}
}

// BenchmarkTile measures the tiles alone, on operands in the first-level cache.
func BenchmarkTile(b *testing.B) {
	for _, depth := range []int{40, 128, 256} {
		x, y, c := noise(1, maxRows*272), noise(2, depth*panel), make([]float32, maxRows*panel)
		for _, f := range levels() {
			for rows, tile := range f.tiles.whole {
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
