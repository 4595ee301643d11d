//go:build amd64 && !purego

package kernel

import "golang.org/x/sys/cpu"

// levels lists the levels this machine has, best first.
func levels() []*functions {
	have := []*functions{&goLevel}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasBMI2 {
		have = append([]*functions{&avx2Level}, have...)
		if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
			have = append([]*functions{&avx512Level}, have...)
		}
	}
	return have
}

var avx2Level = functions{
	level: "avx2",
	rows:  6, cols: 16,
	tile:     tileAVX2,
	tileHalf: tileHalfAVX2,
	lanes:    8,
	transpose: func(dst []float32, stride int, src [][]float32, rows, depth int) {
		transposeQuads(transposeAVX2, dst, stride, src[:8], rows, depth)
	},
	copyRows:      copyRowsAVX2,
	add:           addAVX2,
	mul:           mulAVX2,
	axpy:          axpyAVX2,
	mulAdd:        mulAddAVX2,
	scale:         scaleAVX2,
	scaleShift:    scaleShiftAVX2,
	lerp:          lerpAVX2,
	exp:           expAVX2,
	sigmoid:       sigmoidAVX2,
	silu:          siluAVX2,
	siluGrad:      siluGradAVX2,
	gelu:          geluAVX2,
	geluGrad:      geluGradAVX2,
	quickGELU:     quickGELUAVX2,
	quickGELUGrad: quickGELUGradAVX2,
	adamW:         adamWAVX2,
	sumLanes:      sumLanesAVX2,
	dotLanes:      dotLanesAVX2,
	maxLanes:      maxLanesAVX2,
	expSumLanes:   expSumLanesAVX2,
	columnDots:    columnDotsAVX2,
	peak:          peakAVX2,
}

var avx512Level = functions{
	level: "avx512",
	rows:  12, cols: 32,
	tile:     tileAVX512,
	tileHalf: tileHalfAVX512,
	lanes:    16,
	transpose: func(dst []float32, stride int, src [][]float32, rows, depth int) {
		transposeQuads(transposeAVX512, dst, stride, src[:16], rows, depth)
	},
	copyRows:      copyRowsAVX512,
	add:           addAVX512,
	mul:           mulAVX512,
	axpy:          axpyAVX512,
	mulAdd:        mulAddAVX512,
	scale:         scaleAVX512,
	scaleShift:    scaleShiftAVX512,
	lerp:          lerpAVX512,
	exp:           expAVX512,
	sigmoid:       sigmoidAVX512,
	silu:          siluAVX512,
	siluGrad:      siluGradAVX512,
	gelu:          geluAVX512,
	geluGrad:      geluGradAVX512,
	quickGELU:     quickGELUAVX512,
	quickGELUGrad: quickGELUGradAVX512,
	adamW:         adamWAVX512,
	sumLanes:      sumLanesAVX512,
	dotLanes:      dotLanesAVX512,
	maxLanes:      maxLanesAVX512,
	expSumLanes:   expSumLanesAVX512,
	columnDots:    columnDotsAVX512,
	peak:          peakAVX512,
}

// transposeQuads leaves columns to the assembly in fours and does the rest here.
func transposeQuads(quads func([]float32, int, *[]float32, int, int), dst []float32, stride int, src [][]float32, rows, depth int) {
	whole := depth &^ 3
	if whole > 0 {
		_ = dst[(whole-1)*stride+rows-1]
		quads(dst, stride, &src[0], rows, whole)
	}
	for r := range rows {
		for k := whole; k < depth; k++ {
			dst[k*stride+r] = src[r][k]
		}
	}
}
