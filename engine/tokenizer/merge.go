package tokenizer

import "container/heap"

// merge joins two neighbours again and again, always the pair that comes first
// in the merges and of equal ones the leftmost, until no pair is among them.
// The queue makes n symbols cost n·log n: a whole page without a space is no
// trouble.
func (t *Tokenizer) merge(symbols []string) []string {
	// Symbols stay at the index of their first part; "" is one that was joined.
	n := len(symbols)
	next, previous := make([]int, n), make([]int, n)
	var q queue
	offer := func(left int) {
		if left < 0 || next[left] == n {
			return
		}
		pair := [2]string{symbols[left], symbols[next[left]]}
		if rank, ok := t.ranks[pair]; ok {
			heap.Push(&q, joint{rank, left, pair})
		}
	}
	for i := range symbols {
		next[i], previous[i] = i+1, i-1
	}
	for i := range symbols {
		offer(i)
	}
	for len(q) > 0 {
		j := heap.Pop(&q).(joint)
		right := next[j.left]
		if right == n || symbols[j.left] != j.pair[0] || symbols[right] != j.pair[1] {
			continue // one of the two has been joined with another since
		}
		symbols[j.left] += symbols[right]
		symbols[right] = ""
		next[j.left] = next[right]
		if next[right] < n {
			previous[next[right]] = j.left
		}
		offer(previous[j.left])
		offer(j.left)
	}
	joined := symbols[:0]
	for i := 0; i < n; i = next[i] {
		joined = append(joined, symbols[i])
	}
	return joined
}

// joint is a place where two symbols may be joined.
type joint struct {
	rank, left int
	pair       [2]string
}

// queue is a heap of joints: lowest rank first, then leftmost.
type queue []joint

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].rank < q[j].rank || q[i].rank == q[j].rank && q[i].left < q[j].left
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(joint)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
