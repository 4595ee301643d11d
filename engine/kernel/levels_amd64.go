//go:build amd64 && !purego

package kernel

//go:generate go run -C asm . -family matrix -out ../matrix_amd64.s -stubs ../matrix_amd64.go -pkg kernel

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

var avx2Level = with(goLevel, func(f *functions) {
	f.level = "avx2"
	f.rows, f.cols = 6, 16
	f.tile = tileAVX2
	f.lanes = 8
	f.transpose = func(dst []float32, stride int, src [][]float32, rows, depth int) {
		transposeQuads(transposeAVX2, dst, stride, src[:8], rows, depth)
	}
	f.copyRows = copyRowsAVX2
	f.peak = peakAVX2
})

var avx512Level = with(goLevel, func(f *functions) {
	f.level = "avx512"
	f.rows, f.cols = 12, 32
	f.tile = tileAVX512
	f.lanes = 16
	f.transpose = func(dst []float32, stride int, src [][]float32, rows, depth int) {
		transposeQuads(transposeAVX512, dst, stride, src[:16], rows, depth)
	}
	f.copyRows = copyRowsAVX512
	f.peak = peakAVX512
})

// with returns a level with some functions changed.
func with(f functions, change func(f *functions)) functions {
	change(&f)
	return f
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
