package kernel

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

// Format is how the numbers of weights are kept.
type Format int

// The formats of Weights. Both 16-bit formats are widened exactly.
const (
	Float32  Format = iota
	Float16         // IEEE 754 binary16
	BFloat16        // the upper half of a float32
)

// Weights is the right operand of many products, packed once. The panels are
// the same at every level of arithmetic.
type Weights struct {
	Out, Taps, In int // columns of the result; the depth is Taps·In
	Gated         bool
	Format        Format

	wide  []float32 // panels [⌈Out/32⌉][Taps·In][32] of Float32
	half  []uint16  // or of the other formats
	pairs []uint32  // or, after Pair, [⌈Out/32⌉][⌈Taps·In/2⌉][32]
}

// NewWeights packs weights that lie in memory as a file has them, [Out,In,Taps]:
// float32 numbers are given as wide, others as half. Columns of gated weights
// are paired: the result has Out/2 columns.
func NewWeights(out, in, taps int, format Format, wide []float32, half []uint16, gated bool) *Weights {
	w := &Weights{Out: out, Taps: taps, In: in, Format: format, Gated: gated}
	if n := out * in * taps; format == Float32 && len(wide) != n || format != Float32 && len(half) != n {
		panic(fmt.Sprintf("kernel.NewWeights: %d and %d numbers for %d × %d × %d", len(wide), len(half), out, in, taps))
	}
	if gated {
		w.Out /= 2
	}
	if format == Float32 {
		w.wide = make([]float32, w.Size())
		packColumns(w, w.wide, wide)
	} else {
		w.half = make([]uint16, w.Size())
		packColumns(w, w.half, half)
	}
	return w
}

// Size is how many numbers the weights take once they are packed, with what fills up
// their panels.
func (w *Weights) Size() int { return w.panelCount() * w.Depth() * panel }

// packColumns copies weights [Out,In,Taps] into panels.
func packColumns[T uint16 | float32](w *Weights, panels, src []T) {
	size := w.Depth() * panel
	Parallel(len(panels)/size, func(p int) {
		to := panels[p*size : (p+1)*size]
		first, cols := w.panelColumns(p)
		for j := range cols {
			column := src[(first+j)*w.In*w.Taps:][:w.In*w.Taps]
			if w.Taps == 1 {
				for i, v := range column {
					to[i*panel+j] = v
				}
				continue
			}
			for i := range w.In {
				for t := range w.Taps {
					to[(t*w.In+i)*panel+j] = column[i*w.Taps+t]
				}
			}
		}
	})
}

// Depth is the number of rows of the matrix.
func (w *Weights) Depth() int { return w.Taps * w.In }

// block returns a panel's numbers from depth k on, widened into wide if need be.
func (w *Weights) block(wide []float32, j, k, depth int) []float32 {
	if w.pairs != nil {
		at := (j*ceilDiv(w.Depth(), 2) + k/2) * panel
		apart(wide, w.pairs[at:at+depth/2*panel], panel)
		return wide
	}
	at := (j*w.Depth() + k) * panel
	if w.Format == Float32 {
		return w.wide[at:]
	}
	Widen(wide[:depth*panel], w.half[at:at+depth*panel], w.Format)
	return wide
}

// taps returns a panel's numbers of channels [k,k+depth): those of tap t begin at
// t times the second result.
func (w *Weights) taps(wide []float32, j, k, depth int) ([]float32, int) {
	at := (j*w.Depth() + k) * panel
	if w.Format == Float32 {
		return w.wide[at:], w.In * panel
	}
	for t := range w.Taps {
		from := at + t*w.In*panel
		Widen(wide[t*depth*panel:(t+1)*depth*panel], w.half[from:from+depth*panel], w.Format)
	}
	return wide, depth * panel
}

// prefetchTaps asks for what taps will read.
func (w *Weights) prefetchTaps(j, k, depth int) {
	at := (j*w.Depth() + k) * panel
	for t := range w.Taps {
		from := at + t*w.In*panel
		if w.Format == Float32 {
			active.prefetch(w.wide[from : from+depth*panel])
		} else {
			active.prefetch(floatsOf(w.half[from : from+depth*panel]))
		}
	}
}

// Multiply computes c = epilogue(bias + a·w): a is [m,Depth], its row r
// beginning at r*lda, c [m,Out] with rows of ldc, bias [Out] or nil. A stop that
// becomes true ends it early, with a result of no meaning; it may be nil.
func Multiply(m int, a []float32, lda int, w *Weights, bias, c []float32, ldc int, e Epilogue, stop *atomic.Bool) {
	p := products.Get()
	*p = product{m: m, n: w.Out, k: w.Depth(), weights: w, from: bias, c: c, ldc: ldc, epilogue: e}
	p.rows(a, lda)
	p.weigh(stop)
}

// Convolve is Multiply with the patches of a picture for rows.
func Convolve(patches Patches, w *Weights, bias, c []float32, e Epilogue, stop *atomic.Bool) {
	p := products.Get()
	*p = product{
		m: patches.N * patches.OH * patches.OW, n: w.Out, k: w.Depth(), patches: patches,
		weights: w, from: bias, c: c, ldc: w.Out, epilogue: e,
	}
	p.left = &p.patches
	p.weigh(stop)
}

// weigh does a product with weights and frees it.
func (p *product) weigh(stop *atomic.Bool) {
	if p.m > 0 {
		checkResult(p.m, p.n, p.c, p.ldc)
		p.epilogue.Gated = p.weights.Gated
		p.run(runtime.GOMAXPROCS(0), stop)
	}
	p.free()
}
