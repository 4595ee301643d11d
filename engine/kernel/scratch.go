package kernel

import (
	"math/bits"
	"sync"
)

// scratch keeps buffers for reuse, by the binary logarithm of their size.
var scratch [40]sync.Pool

// borrow returns a buffer of n elements of no particular value.
func borrow(n int) *[]float32 {
	class := bits.Len(uint(n - 1))
	if b, ok := scratch[class].Get().(*[]float32); ok {
		*b = (*b)[:n]
		return b
	}
	b := make([]float32, n, 1<<class)
	return &b
}

// giveBack returns a buffer that borrow gave.
func giveBack(b *[]float32) {
	scratch[bits.Len(uint(cap(*b)-1))].Put(b)
}

// lanesPool keeps the lanes of reductions, which would escape to the heap.
var lanesPool = sync.Pool{New: func() any { return new([16]float32) }}

// borrowLanes returns lanes that all hold v.
func borrowLanes(v float32) *[16]float32 {
	lanes := lanesPool.Get().(*[16]float32)
	for i := range lanes {
		lanes[i] = v
	}
	return lanes
}

func giveBackLanes(lanes *[16]float32) { lanesPool.Put(lanes) }

// rowSet holds the rows of a panel while they are packed. Rows that are not set
// are zeros.
type rowSet [panel][]float32

var rowSets sync.Pool

func borrowRows() *rowSet {
	if rows, ok := rowSets.Get().(*rowSet); ok {
		return rows
	}
	rows := new(rowSet)
	rows.clear()
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
