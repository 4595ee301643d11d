package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"darkroom/engine/float16"
)

func TestUnpackedWeightsAreWhatWasPacked(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	for _, c := range []struct {
		out, in, taps int
		gated         bool
	}{{1, 1, 1, false}, {33, 7, 1, false}, {70, 5, 9, false}, {64, 8, 1, true}, {78, 9, 1, true}} {
		for _, format := range []Format{Float32, Float16, BFloat16} {
			for _, paired := range []bool{false, true} {
				t.Run(fmt.Sprint(c, format, paired), func(t *testing.T) {
					n := c.out * c.in * c.taps
					wide, half := make([]float32, n), make([]uint16, n)
					for i := range wide {
						wide[i] = float32(rng.NormFloat64())
						if format == Float16 {
							half[i] = float16.Narrow(wide[i])
							wide[i] = float16.Widen(half[i])
						}
						if format == BFloat16 || paired {
							narrowBrainGo(half[i:i+1], wide[i:i+1])
							brain := math.Float32frombits(uint32(half[i]) << 16)
							if half[i] = uint16(math.Float32bits(brain) >> 16); format == Float16 {
								half[i] = float16.Narrow(brain)
							}
							wide[i] = brain
						}
					}
					first := wide
					second := half
					if format == Float32 {
						second = nil
					} else {
						first = nil
					}
					w := NewWeights(c.out, c.in, c.taps, format, first, second, c.gated)
					if paired {
						w.Pair()
					}
					got := make([]float32, w.Count())
					if w.Unpack(got); !slices.Equal(got, wide) {
						t.Fatalf("unpacked weights differ from those packed")
					}
					other := w.Repacked(wide, make([]uint16, len(wide)))
					if !slices.Equal(other.wide, w.wide) || !slices.Equal(other.half, w.half) || !slices.Equal(other.pairs, w.pairs) {
						t.Error("weights that were unpacked and repacked are others")
					}
				})
			}
		}
	}
}
