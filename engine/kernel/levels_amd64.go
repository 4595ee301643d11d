//go:build amd64 && !purego

package kernel

import "golang.org/x/sys/cpu"

// levels lists the levels this machine has, best first.
func levels() []*functions {
	have := []*functions{&goLevel}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasBMI2 && cpu.X86.HasF16C {
		have = append([]*functions{&avx2Level}, have...)
		if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
			have = append([]*functions{&avx512Level}, have...)
			if cpu.X86.HasAVX512BF16 {
				avx512Level.pairs = [maxRows + 1]pairTile{1: pairs1x32AVX512, 2: pairs2x32AVX512, 4: pairs4x32AVX512, 8: pairs8x32AVX512, 12: pairs12x32AVX512}
				avx512Level.pairHalves = [maxRows + 1]pairTile{1: pairs1x16AVX512, 2: pairs2x16AVX512, 4: pairs4x16AVX512, 8: pairs8x16AVX512, 12: pairs12x16AVX512}
			}
		}
	}
	return have
}

var avx2Level = functions{
	level:  "avx2",
	cols:   16,
	tiles:  tiles{whole: [maxRows + 1]tile{1: tile1x16AVX2, 2: tile2x16AVX2, 4: tile4x16AVX2, 6: tile6x16AVX2}, halves: [maxRows + 1]tile{1: tile1x8AVX2, 2: tile2x8AVX2, 4: tile4x8AVX2, 6: tile6x8AVX2}},
	outers: tiles{whole: [maxRows + 1]tile{1: outer1x16AVX2, 2: outer2x16AVX2, 4: outer4x16AVX2, 6: outer6x16AVX2}, halves: [maxRows + 1]tile{1: outer1x8AVX2, 2: outer2x8AVX2, 4: outer4x8AVX2, 6: outer6x8AVX2}},
	lanes:  8,
	transpose: func(dst []float32, stride int, src [][]float32, depth int) {
		transposeQuads(transposeAVX2, dst, stride, src[:8], depth)
	},
	addRows:            addRowsAVX2,
	widenHalf:          widenHalfAVX2,
	widenBrain:         widenBrainAVX2,
	narrowBrain:        narrowBrainAVX2,
	prefetch:           prefetchAVX2,
	winogradInput:      winogradInputAVX2,
	winogradWeights:    winogradWeightsAVX2,
	winogradOutput:     winogradOutputAVX2,
	winogradOutputAdd:  winogradOutputAddAVX2,
	winogradSpread:     winogradSpreadAVX2,
	copyRows:           copyRowsAVX2,
	add:                addAVX2,
	mul:                mulAVX2,
	axpy:               axpyAVX2,
	mulAdd:             mulAddAVX2,
	scale:              scaleAVX2,
	scaleShift:         scaleShiftAVX2,
	combine:            combineAVX2,
	lerp:               lerpAVX2,
	exp:                expAVX2,
	sigmoid:            sigmoidAVX2,
	silu:               siluAVX2,
	siluGrad:           siluGradAVX2,
	scaleShiftSiLU:     scaleShiftSiLUAVX2,
	scaleShiftSiLUGrad: scaleShiftSiLUGradAVX2,
	gelu:               geluAVX2,
	geluGrad:           geluGradAVX2,
	quickGELU:          quickGELUAVX2,
	quickGELUGrad:      quickGELUGradAVX2,
	adamW:              adamWAVX2,
	sumLanes:           sumLanesAVX2,
	dotLanes:           dotLanesAVX2,
	maxLanes:           maxLanesAVX2,
	pow2SumLanes:       pow2SumLanesAVX2,
	columnDots:         columnDotsAVX2,
	peak:               peakAVX2,
}

var avx512Level = functions{
	level: "avx512",
	cols:  32,
	tiles: tiles{
		whole:  [maxRows + 1]tile{1: tile1x32AVX512, 2: tile2x32AVX512, 4: tile4x32AVX512, 8: tile8x32AVX512, 12: tile12x32AVX512},
		halves: [maxRows + 1]tile{1: tile1x16AVX512, 2: tile2x16AVX512, 4: tile4x16AVX512, 8: tile8x16AVX512, 12: tile12x16AVX512},
		// A narrow vector takes less time than a wide one that is half empty.
		quarters: [maxRows + 1]tile{1: tile1x8AVX2, 2: tile2x8AVX2, 4: tile4x8AVX2, 6: tile6x8AVX2},
	},
	outers: tiles{
		whole:  [maxRows + 1]tile{1: outer1x32AVX512, 2: outer2x32AVX512, 4: outer4x32AVX512, 8: outer8x32AVX512, 12: outer12x32AVX512},
		halves: [maxRows + 1]tile{1: outer1x16AVX512, 2: outer2x16AVX512, 4: outer4x16AVX512, 8: outer8x16AVX512, 12: outer12x16AVX512},
		// A narrow vector takes less time than a wide one that is half empty.
		quarters: [maxRows + 1]tile{1: outer1x8AVX2, 2: outer2x8AVX2, 4: outer4x8AVX2, 6: outer6x8AVX2},
	},
	lanes: 16,
	transpose: func(dst []float32, stride int, src [][]float32, depth int) {
		transposeQuads(transposeAVX512, dst, stride, src[:16], depth)
	},
	addRows:            addRowsAVX512,
	widenHalf:          widenHalfAVX512,
	widenBrain:         widenBrainAVX512,
	narrowBrain:        narrowBrainAVX512,
	prefetch:           prefetchAVX512,
	winogradInput:      winogradInputAVX512,
	winogradWeights:    winogradWeightsAVX512,
	winogradOutput:     winogradOutputAVX512,
	winogradOutputAdd:  winogradOutputAddAVX512,
	winogradSpread:     winogradSpreadAVX512,
	copyRows:           copyRowsAVX512,
	add:                addAVX512,
	mul:                mulAVX512,
	axpy:               axpyAVX512,
	mulAdd:             mulAddAVX512,
	scale:              scaleAVX512,
	scaleShift:         scaleShiftAVX512,
	combine:            combineAVX512,
	lerp:               lerpAVX512,
	exp:                expAVX512,
	sigmoid:            sigmoidAVX512,
	silu:               siluAVX512,
	siluGrad:           siluGradAVX512,
	scaleShiftSiLU:     scaleShiftSiLUAVX512,
	scaleShiftSiLUGrad: scaleShiftSiLUGradAVX512,
	gelu:               geluAVX512,
	geluGrad:           geluGradAVX512,
	quickGELU:          quickGELUAVX512,
	quickGELUGrad:      quickGELUGradAVX512,
	adamW:              adamWAVX512,
	sumLanes:           sumLanesAVX512,
	dotLanes:           dotLanesAVX512,
	maxLanes:           maxLanesAVX512,
	pow2SumLanes:       pow2SumLanesAVX512,
	columnDots:         columnDotsAVX512,
	peak:               peakAVX512,
}

// transposeQuads leaves columns to the assembly in fours and does the rest here.
func transposeQuads(quads func([]float32, int, *[]float32, int), dst []float32, stride int, src [][]float32, depth int) {
	whole := depth &^ 3
	if whole > 0 {
		_ = dst[(whole-1)*stride+len(src)-1]
		quads(dst, stride, &src[0], whole)
	}
	for r := range src {
		for k := whole; k < depth; k++ {
			dst[k*stride+r] = src[r][k]
		}
	}
}
