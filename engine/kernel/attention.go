package kernel

import (
	"math"
	"sync"
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
}

// Run does it. A stop that becomes true ends it early, with a result of no
// meaning; it may be nil.
func (a Attention) Run(stop *atomic.Bool) {
	h := gazes.Get().(*gaze)
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
	first, heads, size int
	packed             []float32
	blocks             int // of queries
}

var gazes = sync.Pool{New: func() any { return new(gaze) }}

// A block of queries meets a block of keys; the sizes are part of the result,
// since the sums over keys are made block by block.
const (
	queryBlock  = 48
	keyBlock    = 1024
	packedHeads = 1 << 22 // floats of packed keys and values
)

func (a *gaze) run(stop *atomic.Bool) {
	a.size = ceilDiv(a.TK, panel)*panel*a.D + ceilDiv(a.D, panel)*panel*a.TK
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
		keys := Strided{a.K[a.at(h, a.TK, 0):], ch, 1}
		for j := 0; j < a.TK; j += panel {
			keys.PackPanel(dst[j*a.D:], j, min(panel, a.TK-j), a.D)
		}
		return
	}
	dst = dst[ceilDiv(a.TK, panel)*panel*a.D:]
	values := Strided{a.V[a.at(h, a.TK, 0):], 1, ch}
	for j := 0; j < a.D; j += panel {
		values.PackPanel(dst[j*a.TK:], j, min(panel, a.D-j), a.TK)
	}
}

// Do lets one block of queries of one head look at all keys.
func (a *gaze) Do(i int) {
	head, q0 := i/a.blocks, i%a.blocks*queryBlock
	h, ch := a.first+head, a.Heads*a.D
	rows := min(queryBlock, a.TQ-q0)
	keys := a.packed[head*a.size:]
	values := keys[ceilDiv(a.TK, panel)*panel*a.D:]
	most := min(keyBlock, roundUp(a.TK, panel))
	lds, ldo := plane(most), roundUp(a.D, panel)
	work := borrow(queryBlock * (lds + ldo + plane(a.D)))
	scores, sums := (*work)[:queryBlock*lds], (*work)[queryBlock*lds:][:queryBlock*ldo]
	from := a.at(h%(a.QN*a.Heads), a.TQ, q0)
	queries, ldq := a.Q[from:], ch
	if ch%512 == 0 { // rows would fall upon the same sets of the cache
		queries, ldq = (*work)[queryBlock*(lds+ldo):], plane(a.D)
		copyRowsGo(queries, ldq, a.Q[from:], ch, a.D, rows)
	}
	lanes := borrowLanes(0)
	var peaks, totals [queryBlock]float32 // of the scores, times scale, and of their powers so far
	scale := a.Scale * log2E
	for k0 := 0; k0 < a.TK; k0 += keyBlock {
		n := min(keyBlock, a.TK-k0)
		for j := 0; j < n; j += panel {
			active.multiply(a.D, queries, ldq, rows, keys[(k0+j)*a.D:], scores[j:], lds, panel, nil, 0)
		}
		for r := range rows {
			row, seen := scores[r*lds:][:roundUp(n, 16)], n
			if a.Causal {
				if seen = min(max(q0+r+1-k0, 0), n); seen == 0 {
					clear(row)
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
		}
		for j := 0; j < a.D; j += panel {
			start := sums[j:]
			if k0 == 0 {
				start = nil
			}
			for k := 0; k < n; k += blockDepth {
				depth := min(blockDepth, n-k)
				active.multiply(depth, scores[k:], lds, rows, values[j*a.TK+(k0+k)*panel:], sums[j:], ldo, min(panel, a.D-j), start, ldo)
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
