package kernel

import "github.com/klauspost/cpuid/v2"

// blocking is how work is cut up so that it stays in this machine's caches. No
// result depends on it.
var blocking = cut(cpuid.CPU.Cache.L1D, cpuid.CPU.Cache.L2, cpuid.CPU.Cache.L3)

// blocks are the sizes of pieces of work.
type blocks struct {
	depth int // of a panel at a time
	rows  int // of the left operand in a task
	tiles int // of Winograd's in a task
	field int // floats of Winograd's transformed tiles at a time
}

// cut finds them for caches of some bytes, those of a small machine where they are
// not known (below 1). The shares were found by trying, on a processor with 32 KiB,
// 1 MiB and 32 MiB.
func cut(l1, l2, l3 int) blocks {
	if l1 < 1 {
		l1 = 32 << 10
	}
	if l2 < 1 {
		l2 = 512 << 10
	}
	if l3 < 1 {
		l3 = 8 << 20
	}
	const float = 4 // bytes
	filters := 36 * mostDepth * panel * float
	return blocks{
		// A block of a panel may be a little more than the first-level cache: it
		// is read in order.
		depth: min(max(l1*5/4/(panel*float), 128), 512) &^ 15,
		// As many rows of one block's depth take three eighths of the second-level
		// cache.
		rows: min(max(l2*3/8/(320*float)/maxRows, 8), 40) * maxRows,
		// Products and transformed filters take three quarters of it.
		tiles: min(max((l2*3/4-filters)/(36*panel*float)/maxRows, 2), 16) * maxRows,
		field: min(max(l3/4/float, 1<<19), 1<<23),
	}
}
