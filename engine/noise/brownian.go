package noise

import (
	"math"
	"strconv"

	"gorgonia.org/tensor"
)

// Tree is a Brownian motion over a range of noise levels: one path, of which
// every increment can be asked for in any order. It is torchsde's BrownianTree
// (dyadic, tolerance 1e-6, pool size 24, without Lévy areas), in which what was
// asked before changes nothing, so a seed and a range are all its state.
type Tree struct {
	Seed   uint64  `json:"seed"`
	Source Source  `json:"source,omitempty"`
	Low    float64 `json:"low"` // the range, as float32 numbers
	High   float64 `json:"high"`
}

// Over is the stream with its tree over the noise levels of a run, from the
// lowest above zero to the highest, as k-diffusion's samplers set it.
func (s Stream) Over(sigmas []float64) Stream {
	s.Tree.Low, s.Tree.High = math.Inf(1), 0
	for _, sigma := range sigmas {
		if sigma > 0 {
			s.Tree.Low = min(s.Tree.Low, sigma)
			s.Tree.High = max(s.Tree.High, sigma)
		}
	}
	s.Tree.Low, s.Tree.High = float64(float32(s.Tree.Low)), float64(float32(s.Tree.High))
	return s
}

// Between is the Brownian increment on the way from one noise level to another,
// scaled to unit variance: [1,h,w,c]. It is k-diffusion's
// BrownianTreeNoiseSampler, with its float32 arithmetic and, for a way down, its
// minus sign. Levels outside of the tree's range (see Over) are taken for the
// range's ends. It doesn't change the stream.
func (s *Stream) Between(from, to float64, c, h, w int) *tensor.Dense {
	a, b, sign := float32(from), float32(to), float32(1)
	if a > b {
		a, b, sign = b, a, -1
	}
	n := c * h * w
	planes := s.Tree.increment(float64(a), float64(b), n*s.pictures(), n*s.Index, n)
	if scale := float32(math.Sqrt(float64(b - a))); scale > 0 {
		for i := range planes {
			planes[i] = sign * planes[i] / scale
		}
	}
	return channelsLast(planes, c, h, w)
}

// increment is n numbers, from the first on, of W(b) − W(a), a ≤ b, in a motion
// of total numbers.
func (t Tree) increment(a, b float64, total, first, n int) []float32 {
	root := node{start: rounded(t.Low), end: rounded(t.High)}
	a = rounded(min(max(a, root.start), root.end))
	b = rounded(min(max(b, root.start), root.end))
	if !(a < b) {
		return make([]float32, n)
	}
	seeds := seedSequence(t.Seed, nil, 1)
	whole := make([]float32, n)
	t.Source.draw(uint64(seeds[0]), 0, total, first, whole)
	scale := float32(math.Sqrt(t.High - t.Low))
	for i := range whole {
		whole[i] *= scale
	}
	w := walk{tree: t, total: total, first: first, noise: make([]float32, n)}
	w.gather(root, whole, a, b)
	return w.sum
}

// node is an interval of the tree.
type node struct {
	start, end float64
	path       uint64 // the turns that lead to it, a bit each: 0 to the left, 1 to the right
	depth      uint64
}

// walk adds up the increments of the nodes that make up an interval.
type walk struct {
	tree         Tree
	total, first int       // numbers of the whole motion, and where those looked at begin
	noise        []float32 // of the node at hand
	sum          []float32
}

// gather adds the increment from a to b, which lie within the node, to the sum,
// from left to right. increment is the node's own and is used up.
func (w *walk) gather(n node, increment []float32, a, b float64) {
	for n.start != a || n.end != b {
		middle := rounded(0.5 * (n.end + n.start))
		if !(n.start < middle && middle < n.end) {
			return // nothing is left to halve, which takes a range beyond Check's
		}
		left, right := n, n
		left.end, right.start = middle, middle
		left.path, right.path = 2*n.path, 2*n.path+1
		left.depth, right.depth = n.depth+1, n.depth+1

		// The left half's increment is normal about its share of the whole.
		seeds := seedSequence(w.tree.Seed, []uint64{n.path, n.depth}, 1)
		w.tree.Source.draw(uint64(seeds[0]), 0, w.total, w.first, w.noise)
		before, after := middle-n.start, n.end-middle
		reciprocal := 1 / (n.end - n.start)
		length, inverse := float32(before), float32(reciprocal)
		spread := float32(math.Sqrt(before * after * reciprocal))
		for i, x := range w.noise {
			w.noise[i] = float32(float32(length*increment[i])*inverse) + float32(spread*x)
		}
		switch {
		case b <= middle:
			copy(increment, w.noise)
			n = left
		case a >= middle:
			subtract(increment, w.noise)
			n = right
		default:
			part := append([]float32(nil), w.noise...)
			subtract(increment, part)
			w.gather(left, part, a, middle)
			n, a = right, middle
		}
	}
	if w.sum == nil {
		w.sum = increment
		return
	}
	for i, x := range increment {
		w.sum[i] += x
	}
}

func subtract(from, what []float32) {
	for i, x := range what {
		from[i] -= x
	}
}

// rounded is x to six decimals, the tree's tolerance, as Python's round(x, 6).
func rounded(x float64) float64 {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'f', 6, 64), 64) // a number it has just written
	return y
}
