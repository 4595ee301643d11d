//go:build !purego

package kernel

import (
	"fmt"
	"testing"
)

// TestTilesNEON compares the tiles with their definition, over depths of all
// kinds of rests, with strides between the rows that have to stay as they are.
func TestTilesNEON(t *testing.T) {
	const panel, cols = 32, 16
	for rows, tile := range map[int]func(depth int, a []float32, lda int, b, c []float32, ldc int, from []float32, ldf int){
		6: tile6NEON, 4: tile4NEON, 2: tile2NEON, 1: tile1NEON,
	} {
		for _, depth := range []int{0, 1, 2, 3, 4, 5, 7, 8, 11, 64, 67} {
			lda, ldc := depth+3, cols+5
			a, b := noise(1, rows*lda), noise(2, depth*panel+1)
			for name, ldf := range map[string]int{"zeros": -1, "one row": 0, "rows": cols + 2} {
				t.Run(fmt.Sprintf("%d rows, depth %d, from %s", rows, depth, name), func(t *testing.T) {
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
					tile(depth, a, lda, b, got, ldc, from, ldf)
					if d := differ(got, want); d != "" {
						t.Error(d)
					}
				})
			}
		}
	}
}
