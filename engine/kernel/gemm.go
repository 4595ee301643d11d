package kernel

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

// Gemm computes c[i*ldc+j] = Σ_k a(i,k)·b(j,k) for i < m, j < n, k < inner
// dimension k; with accumulate the chain starts from c instead of 0. The right
// operand is given by the result's columns, so weights W [in,out] are
// Strided{W, 1, out}. The work is spread over all processors.
func Gemm(m, n, k int, a Left, b Right, c []float32, ldc int, accumulate bool) {
	gemm(m, n, k, a, b, c, ldc, accumulate, runtime.GOMAXPROCS(0))
}

// GemmSerial is Gemm on the calling goroutine alone, for many small products
// inside Parallel.
func GemmSerial(m, n, k int, a Left, b Right, c []float32, ldc int, accumulate bool) {
	gemm(m, n, k, a, b, c, ldc, accumulate, 1)
}

func gemm(m, n, k int, a Left, b Right, c []float32, ldc int, accumulate bool, procs int) {
	if m <= 0 || n <= 0 {
		return
	}
	checkResult(m, n, c, ldc)
	if k <= 0 {
		if !accumulate {
			for i := range m {
				clear(c[i*ldc : i*ldc+n])
			}
		}
		return
	}
	p := products.Get()
	*p = product{m: m, n: n, k: k, left: a, right: b, c: c, ldc: ldc}
	if s, ok := a.(Strided); ok && s.Col == 1 {
		p.rows(s.Data, s.Row)
	}
	if accumulate {
		p.from, p.ldf = c, ldc
	}
	buffer := borrow(ceilDiv(n, panel) * panel * k)
	p.packed = *buffer
	if procs == 1 {
		for j := range p.panels() {
			p.pack(j)
		}
	} else {
		Run(p.panels(), (*packing)(p), nil)
	}
	p.run(procs, nil)
	giveBack(buffer)
	p.free()
}

// rows sets the left operand to rows in memory, to be read in place unless the
// rows of a tile would get into each other's way there: at multiples of 2 KiB
// all of them fall upon the same few sets of the first-level cache.
func (p *product) rows(data []float32, row int) {
	p.left = nil
	p.a, p.lda = data, row
	p.packs = row%512 == 0 && p.m > 1
}

func checkResult(m, n int, c []float32, ldc int) {
	if ldc < n || len(c) < (m-1)*ldc+n {
		panic(fmt.Sprintf("kernel: result of %d × %d does not fit %d elements with rows of %d", m, n, len(c), ldc))
	}
}

// product is a matrix product under way: c = epilogue(from + a·b).
type product struct {
	m, n, k int
	// The left operand is rows in memory, which are packed first if packs is
	// set, or what left packs, which may be patches.
	a       []float32
	lda     int
	packs   bool
	left    Left
	patches Patches
	// The right operand is packed already, or packed for this product.
	weights *Weights
	right   Right
	packed  []float32

	from     []float32 // where the chains start, nil for 0
	ldf      int       // 0 for one row for all
	c        []float32
	ldc      int
	epilogue Epilogue

	// A task is taskRows rows by taskPanels panels of columns (pairs of panels
	// where values are gated).
	taskRows, rowTasks, taskPanels int
	serial                         bool
}

var products FreeList[product]

func (p *product) free() {
	*p = product{}
	products.Put(p)
}

// panels is the number of panels of the result's columns.
func (p *product) panels() int { return ceilDiv(p.n, panel) }

// packing is a product whose right operand is being packed, a panel a task.
type packing product

func (p *packing) Do(i int) { (*product)(p).pack(i) }

func (p *product) pack(i int) {
	p.right.PackPanel(p.packed[i*panel*p.k:(i+1)*panel*p.k], i*panel, min(panel, p.n-i*panel), p.k)
}

const (
	tasksAProc = 4 // to share the work evenly when some tasks take longer
	// What goes for tasks that have to pack their rows.
	leastPanels  = 2
	leastRows    = 96
	packedFloats = 1 << 20
)

// run does the product in tasks on procs processors.
func (p *product) run(procs int, stop *atomic.Bool) {
	if procs == 1 {
		procs, p.serial = 0, true
	}
	rows := blocking.rows
	if p.left != nil || p.packs {
		rows = min(rows, max(leastRows, packedFloats/p.k))
	}
	// whole tiles, and tasks of nearly the same size
	p.rowTasks = ceilDiv(p.m, rows)
	p.taskRows = roundUp(ceilDiv(p.m, p.rowTasks), active.tallest())
	p.rowTasks = ceilDiv(p.m, p.taskRows)
	groups := max(1, ceilDiv(tasksAProc*procs, p.rowTasks))
	least := 1
	if p.left != nil || p.packs {
		least = leastPanels
	}
	p.taskPanels = max(least, ceilDiv(p.panels(), groups))
	tasks := p.rowTasks * ceilDiv(p.panels(), p.taskPanels)
	if p.serial {
		for i := range tasks {
			p.Do(i)
		}
		return
	}
	Run(tasks, p, stop)
}

// Do does one task.
func (p *product) Do(i int) {
	i0 := i % p.rowTasks * p.taskRows
	rows := min(p.taskRows, p.m-i0)
	first := i / p.rowTasks * p.taskPanels
	last := min(first+p.taskPanels, p.panels())

	l := p.leftRows(i0, rows)
	defer l.giveBack()
	// A widened block of a panel, and results that are not yet what c wants.
	size := blocking.depth * panel
	work := borrowTask(size + 2*blocking.rows*panel)
	defer giveBack(work)
	wide, part := (*work)[:size], (*work)[size:]
	for j := first; j < last; j++ {
		cols := min(panel, p.n-j*panel)
		if p.epilogue.Gated {
			gate := part[blocking.rows*panel:]
			p.multiply(&l, i0, rows, 2*j, j*panel, cols, wide, part, panel)
			p.multiply(&l, i0, rows, 2*j+1, p.n+j*panel, cols, wide, gate, panel)
			p.epilogue.gate(part[:rows*panel], gate[:rows*panel])
			copyRows(p.c[i0*p.ldc+j*panel:], p.ldc, part, panel, cols, rows)
			continue
		}
		if p.epilogue.empty() && cols%16 == 0 {
			p.multiply(&l, i0, rows, j, j*panel, cols, wide, p.c[i0*p.ldc+j*panel:], p.ldc)
			continue
		}
		p.multiply(&l, i0, rows, j, j*panel, cols, wide, part, panel)
		p.epilogue.finish(p.c[i0*p.ldc+j*panel:], p.ldc, part, i0, rows, j*panel, cols)
	}
}

// multiply computes rows from i0 on of panel number j into c, whose room is
// whole vectors; its cols columns start from those of p.from from col on.
func (p *product) multiply(l *leftRows, i0, rows, j, col, cols int, wide, c []float32, ldc int) {
	from, ldf := p.from, p.ldf
	if from != nil {
		from = from[i0*ldf+col:]
		if cols%16 != 0 { // a tile would read more than there is
			copyRowsGo(c, ldc, from, ldf, cols, rows)
			from, ldf = c, ldc
		}
	}
	// blocks of nearly the same depth
	block := roundUp(ceilDiv(l.depth, ceilDiv(l.depth, blocking.depth)), 4)
	for k := 0; k < l.depth; k += block {
		depth := min(block, l.depth-k)
		switch {
		case l.pairs != nil:
			active.multiplyPairs(depth, l.pairs[k:], l.ld, rows, p.weights.pairs[(j*l.depth+k)*panel:], c, ldc, cols, from, ldf)
		case p.weights != nil:
			active.multiply(depth, l.floats[k:], l.ld, rows, p.weights.block(wide, j, k, depth), c, ldc, cols, from, ldf)
		default:
			active.multiply(depth, l.floats[k:], l.ld, rows, p.packed[(j*p.k+k)*panel:], c, ldc, cols, from, ldf)
		}
		from, ldf = c, ldc
	}
}

// leftRows is the rows of the left operand that a task multiplies.
type leftRows struct {
	floats []float32
	pairs  []uint32 // instead
	ld     int
	depth  int // in pairs, where there are pairs
	buffer *[]float32
}

func (l *leftRows) giveBack() {
	if l.buffer != nil {
		giveBack(l.buffer)
	}
}

// leftRows is rows from i0 on, where they are or packed.
func (p *product) leftRows(i0, rows int) leftRows {
	paired := p.weights != nil && p.weights.pairs != nil
	if p.left == nil && !p.packs && !paired {
		return leftRows{floats: p.a[i0*p.lda:], ld: p.lda, depth: p.k}
	}
	ld := plane(p.k)
	if !paired {
		buffer := borrowTask(rows * ld)
		if p.left == nil {
			copyRowsGo(*buffer, ld, p.a[i0*p.lda:], p.lda, p.k, rows)
		} else {
			p.left.PackRows(*buffer, ld, i0, rows, 0, p.k)
		}
		return leftRows{floats: *buffer, ld: ld, depth: p.k, buffer: buffer}
	}
	depth := ceilDiv(p.k, 2)
	ldp := plane(depth)
	buffer := borrowTask(rows * (ldp + 2*ldp))
	pairs := pairsOf((*buffer)[:rows*ldp])
	p.packPairs(pairs, ldp, i0, rows)
	if active.pairs[1] != nil {
		return leftRows{pairs: pairs, ld: ldp, depth: depth, buffer: buffer}
	}
	floats := (*buffer)[rows*ldp:]
	for r := range rows {
		apart(floats[r*2*ldp:], pairs[r*ldp:][:depth], 1)
	}
	return leftRows{floats: floats, ld: 2 * ldp, depth: 2 * depth, buffer: buffer}
}

// multiply computes rows × cols ≤ panel of a product, in tiles; c has room for
// columns up to the next multiple of 16.
func (f *functions) multiply(depth int, a []float32, lda, rows int, b, c []float32, ldc, cols int, from []float32, ldf int) {
	f.panel(&f.tiles, depth, a, lda, lda, rows, b, c, ldc, cols, from, ldf)
}

// multiplyOuter is multiply with a left operand whose columns are rows in memory.
func (f *functions) multiplyOuter(depth int, a []float32, lda, rows int, b, c []float32, ldc, cols int, from []float32, ldf int) {
	f.panel(&f.outers, depth, a, lda, 1, rows, b, c, ldc, cols, from, ldf)
}

// panel is multiply with some tiles; rows of a are row apart.
func (f *functions) panel(of *tiles, depth int, a []float32, lda, row, rows int, b, c []float32, ldc, cols int, from []float32, ldf int) {
	for j := 0; j < cols; j += f.cols {
		tiles := &of.whole
		switch left := cols - j; {
		case left <= f.cols/4 && of.quarters[1] != nil:
			tiles = &of.quarters
		case left <= f.cols/2 && of.halves[1] != nil:
			tiles = &of.halves
		}
		stack(tiles, depth, a, lda, row, rows, b[j:], c[j:], ldc, after(from, j), ldf)
	}
}

// stack computes rows of a product with tiles upon each other, the tallest first.
func stack[T float32 | uint32](tiles *[maxRows + 1]tileOf[T], depth int, a []T, lda, row, rows int, b []T, c []float32, ldc int, from []float32, ldf int) {
	for r := 0; r < rows; {
		height := min(rows-r, maxRows)
		for tiles[height] == nil {
			height--
		}
		tiles[height](depth, a[r*row:], lda, b, c[r*ldc:], ldc, after(from, r*ldf), ldf)
		r += height
	}
}

// after is x from i on, and nil stays nil.
func after(x []float32, i int) []float32 {
	if x == nil {
		return nil
	}
	return x[i:]
}

// tallest is the number of rows of the tallest tile.
func (f *functions) tallest() int {
	for rows := maxRows; ; rows-- {
		if f.tiles.whole[rows] != nil {
			return rows
		}
	}
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
