package kernel

import (
	"fmt"
	"testing"
)

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
