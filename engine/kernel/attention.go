package kernel

import (
	"math"
	"sync/atomic"
)

// Attention is softmax(Q·Kᵀ·Scale)·V for each of some heads (Vaswani et al.
// 2017), without the matrix of scores ever being whole: the keys come in blocks,
// and what the blocks before have added up is scaled down when a greater score
// turns up (Milakov and Gimelshein, "Online normalizer calculation for softmax",
// 2018).
type Attention struct {
	Q, K, V, Y []float32 // Q [QN,TQ,Heads·D], K and V [N,TK,Heads·D], Y [N,TQ,Heads·D]
	N, QN      int       // QN is N, or 1 for the same queries for all
	Heads, D   int
	TQ, TK     int
	Scale      float32
	Causal     bool // query i sees keys 0 … i
	Rounded    bool // products are of numbers rounded to bfloat16
}

// Run does it. A stop that becomes true ends it early, with a result of no
// meaning; it may be nil.
func (a Attention) Run(stop *atomic.Bool) {
	h := gazes.Get()
	h.Attention = a
	h.run(stop)
	h.Attention = Attention{}
	gazes.Put(h)
}

// gaze is an attention under way.
type gaze struct {
	Attention
	// Keys and values of heads [first,first+heads), over all N, are packed at a
	// time, each into size floats.
	first, heads, size   int
	packed               []float32
	keyPanel, valuePanel int // floats in a panel
	blocks               int // of queries
}

// room is how many words a depth takes in an operand.
func (a *gaze) room(depth int) int {
	if a.Rounded {
		return ceilDiv(depth, 2) * active.spread()
	}
	return depth
}

// multiply multiplies packed operands; c and from have rows of one length.
func (a *gaze) multiply(depth int, x []float32, ldx, rows int, b, c []float32, ldc, cols int, from []float32) {
	if a.Rounded {
		active.multiplyRounded(ceilDiv(depth, 2), x, ldx, rows, b, c, ldc, cols, from, ldc)
	} else {
		active.multiply(depth, x, ldx, rows, b, c, ldc, cols, from, ldc)
	}
}

var gazes FreeList[gaze]

// A block of queries meets a block of keys; the sizes are part of the result,
// since the sums over keys are made block by block.
const (
	queryBlock  = 48
	keyBlock    = 1024
	packedHeads = 1 << 22 // floats of packed keys and values
)

func (a *gaze) run(stop *atomic.Bool) {
	a.keyPanel, a.valuePanel = a.room(a.D)*panel, a.room(a.TK)*panel
	a.size = ceilDiv(a.TK, panel)*a.keyPanel + ceilDiv(a.D, panel)*a.valuePanel
	a.blocks = ceilDiv(a.TQ, queryBlock)
	all := a.N * a.Heads
	most := max(1, packedHeads/a.size)
	most = ceilDiv(all, ceilDiv(all, most))
	buffer := borrow(most * a.size)
	a.packed = *buffer
	for a.first = 0; a.first < all; a.first += most {
		a.heads = min(most, all-a.first)
		Run(2*a.heads, (*gazePacking)(a), stop)
		Run(a.heads*a.blocks, a, stop)
	}
	a.packed = nil
	giveBack(buffer)
}

// at is where row r of head h begins in a [N,t,Heads·D] tensor.
func (a *gaze) at(h, t, r int) int { return (h/a.Heads*t+r)*a.Heads*a.D + h%a.Heads*a.D }

// gazePacking is an attention whose keys or values are being packed.
type gazePacking gaze

func (g *gazePacking) Do(i int) {
	a := (*gaze)(g)
	h, ch := a.first+i/2, a.Heads*a.D
	dst := a.packed[i/2*a.size:]
	if i%2 == 0 {
		a.pack(dst, Strided{a.K[a.at(h, a.TK, 0):], ch, 1}, a.TK, a.D, a.keyPanel)
	} else {
		a.pack(dst[ceilDiv(a.TK, panel)*a.keyPanel:], Strided{a.V[a.at(h, a.TK, 0):], 1, ch}, a.D, a.TK, a.valuePanel)
	}
}

// pack packs all panels of an operand of some columns and depth.
func (a *gaze) pack(dst []float32, operand Strided, columns, depth, size int) {
	if !a.Rounded {
		for j := 0; j < columns; j += panel {
			operand.PackPanel(dst[j/panel*size:], j, min(panel, columns-j), depth)
		}
		return
	}
	plain := borrowTask(depth * panel)
	for j := 0; j < columns; j += panel {
		operand.PackPanel(*plain, j, min(panel, columns-j), depth)
		active.roundPanel(dst[j/panel*size:], *plain)
	}
	giveBack(plain)
}

// Do lets one block of queries of one head look at all keys.
func (a *gaze) Do(i int) {
	head, q0 := i/a.blocks, i%a.blocks*queryBlock
	h, ch := a.first+head, a.Heads*a.D
	rows := min(queryBlock, a.TQ-q0)
	keys := a.packed[head*a.size:]
	values := keys[ceilDiv(a.TK, panel)*a.keyPanel:]
	most := min(keyBlock, roundUp(a.TK, panel))
	lds, ldo := plane(most), roundUp(a.D, panel)
	ldq := plane(a.D)
	work := borrowTask(queryBlock*(lds+ldo+ldq) + roundUp(a.D, 16))
	scores, sums := (*work)[:queryBlock*lds], (*work)[queryBlock*lds:][:queryBlock*ldo]
	from := a.at(h%(a.QN*a.Heads), a.TQ, q0)
	queries := (*work)[queryBlock*(lds+ldo):]
	switch {
	case a.Rounded:
		row := (*work)[queryBlock*(lds+ldo+ldq):][:roundUp(a.D, 16)]
		clear(row[a.D:])
		for r := range rows {
			copy(row[:a.D], a.Q[from+r*ch:])
			active.roundRow(queries[r*ldq:], row)
		}
	case ch%512 == 0: // rows would fall upon the same sets of the cache
		copyRowsGo(queries, ldq, a.Q[from:], ch, a.D, rows)
	default:
		queries, ldq = a.Q[from:], ch
	}
	lanes := borrowLanes(0)
	var peaks, totals [queryBlock]float32 // of the scores, times scale, and of their powers so far
	scale := a.Scale * log2E
	for k0 := 0; k0 < a.TK; k0 += keyBlock {
		n := min(keyBlock, a.TK-k0)
		for j := 0; j < n; j += panel {
			a.multiply(a.D, queries, ldq, rows, keys[(k0+j)/panel*a.keyPanel:], scores[j:], lds, panel, nil)
		}
		for r := range rows {
			row, seen := scores[r*lds:][:roundUp(n, 16)], n
			if a.Causal {
				if seen = min(max(q0+r+1-k0, 0), n); seen == 0 {
					clear(row) // rounded, too, it is zeros
					continue
				}
			}
			// What is not seen adds 2^pow2Min, which is lost in a sum of 1 or more.
			for k := seen; k < len(row); k++ {
				row[k] = float32(math.Inf(-1))
			}
			// rounded, lest a compiler fuse the products with what follows
			peak := float32(greatest(lanes, row) * scale)
			if k0 > 0 {
				if peaks[r] >= peak {
					peak = peaks[r]
				} else {
					shrink := pow2(peaks[r] - peak)
					totals[r] = float32(totals[r] * shrink)
					sum := sums[r*ldo:][:ldo]
					active.scale(sum, sum, shrink)
				}
			}
			peaks[r] = peak
			totals[r] += pow2Sum(lanes, row, scale, peak)
			clear(row[seen:])
			if a.Rounded {
				active.roundRow(row, row)
			}
		}
		for j := 0; j < a.D; j += panel {
			start := sums[j:]
			if k0 == 0 {
				start = nil
			}
			for k := 0; k < n; k += 2 * blocking.depth {
				depth := min(2*blocking.depth, n-k)
				at := j/panel*a.valuePanel + a.room(k0+k)*panel
				a.multiply(depth, scores[a.room(k):], lds, rows, values[at:], sums[j:], ldo, min(panel, a.D-j), start)
				start = sums[j:]
			}
		}
	}
	giveBackLanes(lanes)
	for r := range rows {
		sum := sums[r*ldo:][:a.D]
		active.scale(a.Y[a.at(h, a.TQ, q0+r):][:a.D], sum, 1/totals[r])
	}
	giveBack(work)
}
