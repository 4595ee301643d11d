package kernel

import "runtime"

// Outer computes c[i*ldc+j] = Σ_k a(k,i)·b[k*ldb+j] for i < m, j < n, k < rows, the sum
// of the outer products of the rows of two matrices: the gradient of weights, from what
// they were multiplied with and the gradient of what came of it. With accumulate it is
// added to c. The work is spread over all processors.
//
// Where rows are many and results few, the sum is made in sections of the rows, by the
// shape alone.
func Outer(m, n, rows int, a Left, b []float32, ldb int, c []float32, ldc int, accumulate bool) {
	outer(m, n, rows, a, b, ldb, c, ldc, accumulate, runtime.GOMAXPROCS(0))
}

// OuterSerial is Outer on the calling goroutine alone, for many small ones inside
// Parallel.
func OuterSerial(m, n, rows int, a Left, b []float32, ldb int, c []float32, ldc int, accumulate bool) {
	outer(m, n, rows, a, b, ldb, c, ldc, accumulate, 1)
}

// outerProduct is a sum of outer products under way.
type outerProduct struct {
	m, n, rows int
	a          Left
	floats     []float32 // a, if its rows are to be read where they are
	lda        int
	b          []float32
	ldb        int
	to         []float32 // sums of the sections [sections][m][ldt]
	ldt        int

	// A task is a section by blockRows of the result by blockPanels.
	sections, blockRows, rowBlocks, blockPanels int

	c          []float32
	ldc        int
	accumulate bool
}

var outerProducts FreeList[outerProduct]

// A section's rows are packed outerRows at a time: few enough for them, and the
// results of a task, to stay in the second-level cache, of which two threads may share
// one.
const (
	outerRows   = 128
	outerBlock  = 144 // rows of the result in a task
	outerPanels = 8

	fewResults   = 1 << 16
	mostSections = 8
	leastSection = 1024 // rows
)

func outer(m, n, rows int, a Left, b []float32, ldb int, c []float32, ldc int, accumulate bool, procs int) {
	if m <= 0 || n <= 0 {
		return
	}
	checkResult(m, n, c, ldc)
	o := outerProducts.Get()
	*o = outerProduct{m: m, n: n, rows: rows, a: a, b: b, ldb: ldb, c: c, ldc: ldc, accumulate: accumulate, sections: 1}
	if m*n <= fewResults {
		o.sections = min(max(rows/leastSection, 1), mostSections)
	}
	blocks := ceilDiv(m, outerBlock)
	o.blockRows = min(roundUp(ceilDiv(m, blocks), active.tallest()), m)
	o.rowBlocks = ceilDiv(m, o.blockRows)
	panels := ceilDiv(n, panel)
	groups := max(ceilDiv(panels, outerPanels), ceilDiv(tasksAProc*(procs-1), o.sections*o.rowBlocks))
	o.blockPanels = ceilDiv(panels, groups)
	if s, ok := a.(Strided); ok && s.Col == 1 && s.Row <= 2*o.blockRows && s.Row%512 != 0 {
		o.floats, o.lda = s.Data, s.Row
	}
	o.to, o.ldt = c, ldc
	var buffer *[]float32
	if o.sections > 1 || accumulate || n%16 != 0 { // whole vectors are written
		o.ldt = roundUp(n, 16)
		buffer = borrow(o.sections * m * o.ldt)
		o.to = *buffer
	}
	o.spread(o.sections*o.rowBlocks*ceilDiv(panels, o.blockPanels), o, procs)
	if buffer != nil {
		o.spread(ceilDiv(m, outerBlock), (*joiningSections)(o), procs)
		giveBack(buffer)
	}
	*o = outerProduct{}
	outerProducts.Put(o)
}

func (o *outerProduct) spread(n int, task Task, procs int) {
	if procs > 1 {
		Run(n, task, nil)
		return
	}
	for i := range n {
		task.Do(i)
	}
}

// Do does one task.
func (o *outerProduct) Do(i int) {
	section, i := i%o.sections, i/o.sections
	i0, first := i%o.rowBlocks*o.blockRows, i/o.rowBlocks*o.blockPanels
	height, last := min(o.blockRows, o.m-i0), min(first+o.blockPanels, ceilDiv(o.n, panel))
	from, end := o.rows*section/o.sections, o.rows*(section+1)/o.sections
	to := o.to[(section*o.m+i0)*o.ldt:]
	size := outerRows * panel
	work := borrowTask(o.blockPanels*size + outerRows*o.blockRows)
	defer giveBack(work)
	panels, left := (*work)[:o.blockPanels*size], (*work)[o.blockPanels*size:]
	if from == end {
		for r := range height {
			clear(to[r*o.ldt:][first*panel : min(last*panel, o.n)])
		}
	}
	for k := from; k < end; k += outerRows {
		depth := min(outerRows, end-k)
		a, lda := left, height
		if o.floats != nil {
			a, lda = o.floats[k*o.lda+i0:], o.lda
		} else {
			o.a.PackRows(left, lda, k, depth, i0, height)
		}
		for j := first; j < last; j++ {
			cols := min(panel, o.n-j*panel)
			b := panels[(j-first)*size:][:size]
			copyRows(b, panel, o.b[k*o.ldb+j*panel:], o.ldb, cols, depth)
			clearColumns(b, cols, depth)
			c := to[j*panel:]
			start := c
			if k == from {
				start = nil
			}
			active.multiplyOuter(depth, a, lda, height, b, c, o.ldt, cols, start, o.ldt)
		}
	}
}

// joiningSections is a sum whose sections are being joined, some rows of the result at
// a time.
type joiningSections outerProduct

func (o *joiningSections) Do(i int) {
	for r := i * outerBlock; r < min((i+1)*outerBlock, o.m); r++ {
		sum, to := o.to[r*o.ldt:][:o.n], o.c[r*o.ldc:][:o.n]
		for s := 1; s < o.sections; s++ {
			active.add(sum, sum, o.to[(s*o.m+r)*o.ldt:][:o.n])
		}
		if o.accumulate {
			active.add(to, to, sum)
		} else {
			copy(to, sum)
		}
	}
}
