package kernel

import (
	"math/bits"
	"runtime"
	"sync"
)

// scratch keeps buffers for reuse, by their size. Unlike sync.Pool it forgets none:
// a step that has been done once needs no new memory.
var scratch = struct {
	sync.Mutex
	free map[int][]*[]float32
}{free: map[int][]*[]float32{}}

// scratchSize rounds a size up to one of four between each power of two and the
// next, so that buffers serve for sizes that are nearly the same.
func scratchSize(n int) int { return roundUp(n, max(64, 1<<bits.Len(uint(n-1))/8)) }

// borrow returns a buffer of n elements of no particular value.
func borrow(n int) *[]float32 { return borrowOf(n, 1) }

// borrowTask is borrow for pieces of work of which every processor may do one at
// the same time.
func borrowTask(n int) *[]float32 { return borrowOf(n, runtime.GOMAXPROCS(0)) }

// borrowOf returns a buffer and, if there was none, makes as many as are told.
func borrowOf(n, count int) *[]float32 {
	size := scratchSize(n)
	scratch.Lock()
	defer scratch.Unlock()
	if len(scratch.free[size]) == 0 {
		for range count {
			b := make([]float32, size)
			scratch.free[size] = append(scratch.free[size], &b)
		}
	}
	last := len(scratch.free[size]) - 1
	b := scratch.free[size][last]
	scratch.free[size] = scratch.free[size][:last]
	*b = (*b)[:n]
	return b
}

// giveBack returns a buffer that was borrowed.
func giveBack(b *[]float32) {
	scratch.Lock()
	scratch.free[cap(*b)] = append(scratch.free[cap(*b)], b)
	scratch.Unlock()
}

// lanesPool keeps the lanes of reductions, which would escape to the heap.
var lanesPool FreeList[[16]float32]

// borrowLanes returns lanes that all hold v.
func borrowLanes(v float32) *[16]float32 {
	lanes := lanesPool.GetTask()
	for i := range lanes {
		lanes[i] = v
	}
	return lanes
}

func giveBackLanes(lanes *[16]float32) { lanesPool.Put(lanes) }

// rowSet holds the rows of a panel while they are packed. Rows that are not set
// are zeros.
type rowSet [panel][]float32

var rowSets FreeList[rowSet]

func borrowRows() *rowSet {
	rows := rowSets.GetTask()
	if rows[0] == nil { // a new one
		rows.clear()
	}
	return rows
}

func (rows *rowSet) clear() {
	for r := range rows {
		rows[r] = zeros[:]
	}
}

func giveBackRows(rows *rowSet) {
	rows.clear()
	rowSets.Put(rows)
}
