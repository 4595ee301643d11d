package kernel

import (
	"math/bits"
	"runtime"
	"sync"
)

// scratch keeps buffers for reuse, by the binary logarithm of their size. Unlike
// sync.Pool it forgets none: a step that has been done once needs no new memory.
var scratch [40]struct {
	sync.Mutex
	free []*[]float32
}

// borrow returns a buffer of n elements of no particular value.
func borrow(n int) *[]float32 { return borrowOf(n, 1) }

// borrowTask is borrow for pieces of work of which every processor may do one at
// the same time.
func borrowTask(n int) *[]float32 { return borrowOf(n, runtime.GOMAXPROCS(0)) }

// borrowOf returns a buffer and, if there was none, makes as many as are told.
func borrowOf(n, count int) *[]float32 {
	class := bits.Len(uint(n - 1))
	s := &scratch[class]
	s.Lock()
	defer s.Unlock()
	if len(s.free) == 0 {
		for range count {
			b := make([]float32, 1<<class)
			s.free = append(s.free, &b)
		}
	}
	last := len(s.free) - 1
	b := s.free[last]
	s.free = s.free[:last]
	*b = (*b)[:n]
	return b
}

// giveBack returns a buffer that was borrowed.
func giveBack(b *[]float32) {
	s := &scratch[bits.Len(uint(cap(*b)-1))]
	s.Lock()
	s.free = append(s.free, b)
	s.Unlock()
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
