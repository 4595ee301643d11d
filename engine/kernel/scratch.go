package kernel

import (
	"math/bits"
	"runtime"
	"slices"
	"sync"
)

// scratch keeps buffers for reuse, the smallest first. Unlike sync.Pool it forgets
// none: a step that has been done once needs no new memory.
var scratch struct {
	sync.Mutex
	free []*[]float32
}

// mostSpare is how many times too large a buffer may be.
const mostSpare = 4

// borrow returns a buffer of n elements of no particular value.
func borrow(n int) *[]float32 { return borrowOf(n, 1) }

// borrowTask is borrow for pieces of work of which every processor may do one at
// the same time.
func borrowTask(n int) *[]float32 { return borrowOf(n, runtime.GOMAXPROCS(0)) }

// borrowOf returns a buffer and, if there was none, makes as many as are told.
func borrowOf(n, count int) *[]float32 {
	size := roundUp(n, max(64, 1<<bits.Len(uint(n-1))/8)) // serves for what is nearly the same
	scratch.Lock()
	defer scratch.Unlock()
	at := scratchFrom(size)
	if at == len(scratch.free) || cap(*scratch.free[at]) > mostSpare*size {
		for range count {
			b := make([]float32, size)
			scratch.free = slices.Insert(scratch.free, at, &b)
		}
	}
	b := scratch.free[at]
	scratch.free = slices.Delete(scratch.free, at, at+1)
	*b = (*b)[:n]
	return b
}

// ForgetScratch lets go of all scratch memory that is not in use.
func ForgetScratch() {
	scratch.Lock()
	scratch.free = nil
	scratch.Unlock()
}

// scratchFrom is the place of the first free buffer of at least that size.
func scratchFrom(size int) int {
	at, _ := slices.BinarySearchFunc(scratch.free, size, func(b *[]float32, size int) int { return cap(*b) - size })
	return at
}

// giveBack returns a buffer that was borrowed.
func giveBack(b *[]float32) {
	scratch.Lock()
	scratch.free = slices.Insert(scratch.free, scratchFrom(cap(*b)), b)
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
