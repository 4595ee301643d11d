package kernel

import (
	"math"

	"darkroom/engine/float16"
)

// Widen turns numbers of a 16-bit format into float32.
func Widen(dst []float32, src []uint16, f Format) {
	same("Widen", len(dst), len(src))
	whole := len(src) &^ 15
	if f == Float16 {
		active.widenHalf(dst, src[:whole])
		widenHalfGo(dst[whole:], src[whole:])
	} else {
		active.widenBrain(dst, src[:whole])
		widenBrainGo(dst[whole:], src[whole:])
	}
}

// widenHalfGo widens float16 numbers.
func widenHalfGo(dst []float32, src []uint16) {
	for i, h := range src {
		dst[i] = float16.Widen(h)
	}
}

// widenBrainGo widens bfloat16 numbers, which are the upper halves of float32.
func widenBrainGo(dst []float32, src []uint16) {
	for i, h := range src {
		dst[i] = math.Float32frombits(uint32(h) << 16)
	}
}

// narrowBrainGo rounds to bfloat16, to the nearest and halfway to the even one.
func narrowBrainGo(dst []uint16, src []float32) {
	for i, v := range src {
		u := math.Float32bits(v)
		dst[i] = uint16((u + 1<<15 - 1 + u>>16&1) >> 16)
	}
}
