package kernel

import (
	"fmt"
	"runtime"
	"sync"
)

// The product is computed block by block: a block of b of up to panelFloats
// elements is packed once and shared; each task packs blockRows × blockDepth
// elements of a at a time, which stay in the second-level cache while tiles of
// blockDepth run over them from the first-level cache.
const (
	blockDepth  = 256
	blockTiles  = 20 // tiles of rows in a task at most
	blockCols   = 1024
	panelFloats = 1 << 21
)

// Gemm computes c[i*ldc+j] = Σ_k a(i,k)·b(j,k) for i < m, j < n, k < inner
// dimension k; with accumulate the chain starts from c instead of 0. The right
// operand is given by the result's columns, so weights W [in,out] are
// Strided{W, 1, out}. The work is spread over all processors.
func Gemm(m, n, k int, a, b Operand, c []float32, ldc int, accumulate bool) {
	gemm(m, n, k, a, b, c, ldc, accumulate, runtime.GOMAXPROCS(0))
}

// GemmSerial is Gemm on the calling goroutine alone, for many small products
// inside Parallel.
func GemmSerial(m, n, k int, a, b Operand, c []float32, ldc int, accumulate bool) {
	gemm(m, n, k, a, b, c, ldc, accumulate, 1)
}

// product is a matrix product under way.
type product struct {
	f    *functions
	m, n int
	a, b Operand
	c    []float32
	ldc  int
	load bool // chains start from c

	// The block of b that is packed: columns [n0,n0+cols) of the result, depths
	// [k0,k0+depth).
	n0, cols, k0, depth int
	packed              []float32

	// A task is taskRows rows by taskPanels panels of columns.
	taskRows, rowTasks, taskPanels, panels int
}

var products = sync.Pool{New: func() any { return new(product) }}

func gemm(m, n, k int, a, b Operand, c []float32, ldc int, accumulate bool, procs int) {
	if m <= 0 || n <= 0 {
		return
	}
	if ldc < n || len(c) < (m-1)*ldc+n {
		panic(fmt.Sprintf("kernel.Gemm: result of %d × %d does not fit %d elements with rows of %d", m, n, len(c), ldc))
	}
	if k <= 0 {
		if !accumulate {
			for i := range m {
				clear(c[i*ldc : i*ldc+n])
			}
		}
		return
	}
	p := products.Get().(*product)
	*p = product{f: active, m: m, n: n, a: a, b: b, c: c, ldc: ldc}
	width := p.f.cols
	cols := min(roundUp(n, width), blockCols)
	depth := min(k, panelFloats/cols/blockDepth*blockDepth)
	buffer := borrow(cols * depth)
	p.packed = *buffer
	for p.n0 = 0; p.n0 < n; p.n0 += cols {
		p.cols = min(cols, n-p.n0)
		p.panels = ceilDiv(p.cols, width)
		p.split(procs)
		for p.k0 = 0; p.k0 < k; p.k0 += depth {
			p.depth = min(depth, k-p.k0)
			p.load = accumulate || p.k0 > 0
			if procs == 1 {
				for i := range p.packTasks() {
					p.pack(i)
				}
				for i := range p.tasks() {
					p.compute(i)
				}
			} else {
				Parallel(p.packTasks(), p.pack)
				Parallel(p.tasks(), p.compute)
			}
		}
	}
	giveBack(buffer)
	*p = product{}
	products.Put(p)
}

// split cuts the block into tasks: enough to keep procs busy to the end, and no
// more than that, because every task packs its rows of a.
func (p *product) split(procs int) {
	tile := p.f.rows
	want := 4 * procs
	if procs == 1 {
		want = 1
	}
	p.taskRows = min(roundUp(ceilDiv(p.m, want), tile), blockTiles*tile)
	p.rowTasks = ceilDiv(p.m, p.taskRows)
	colTasks := min(ceilDiv(want, p.rowTasks), ceilDiv(p.panels, 2))
	p.taskPanels = ceilDiv(p.panels, colTasks)
}

func (p *product) tasks() int { return p.rowTasks * ceilDiv(p.panels, p.taskPanels) }

func (p *product) packTasks() int { return p.panels * ceilDiv(p.depth, blockDepth) }

// pack packs one panel of b over one blockDepth.
func (p *product) pack(i int) {
	width := p.f.cols
	j, k := i%p.panels*width, i/p.panels*blockDepth
	depth := min(blockDepth, p.depth-k)
	at := j*p.depth + k*width
	p.b.Pack(p.packed[at:at+depth*width], width, p.n0+j, min(width, p.cols-j), p.k0+k, depth)
}

// compute does one task.
func (p *product) compute(i int) {
	height, width := p.f.rows, p.f.cols
	i0 := i % p.rowTasks * p.taskRows
	rows := min(p.taskRows, p.m-i0)
	firstPanel := i / p.rowTasks * p.taskPanels
	lastPanel := min(firstPanel+p.taskPanels, p.panels)

	buffer := borrow(roundUp(rows, height)*blockDepth + height*width)
	partial := (*buffer)[:height*width]
	a := (*buffer)[height*width:]
	for k := 0; k < p.depth; k += blockDepth {
		depth := min(blockDepth, p.depth-k)
		for r := 0; r < rows; r += height {
			p.a.Pack(a[r*depth:(r+height)*depth], height, i0+r, min(height, rows-r), p.k0+k, depth)
		}
		load := p.load || k > 0
		for panel := firstPanel; panel < lastPanel; panel++ {
			j := panel * width
			b := p.packed[j*p.depth+k*width:]
			w := min(width, p.cols-j)
			tile, full := p.f.tile, width
			if w <= width/2 {
				tile, full = p.f.tileHalf, width/2
			}
			for r := 0; r < rows; r += height {
				c := p.c[(i0+r)*p.ldc+p.n0+j:]
				if h := min(height, rows-r); h == height && w == full {
					tile(depth, a[r*depth:], b, c, p.ldc, load)
				} else {
					if load {
						copyRowsGo(partial, width, c, p.ldc, w, h)
					}
					tile(depth, a[r*depth:], b, partial, width, load)
					copyRowsGo(c, p.ldc, partial, width, w, h)
				}
			}
		}
	}
	giveBack(buffer)
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
