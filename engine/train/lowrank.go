package train

import (
	"math"
	"math/rand/v2"
	"strings"

	"darkroom/engine/checkpoint"
	"darkroom/engine/kernel"
	"darkroom/engine/nn"
)

// lowRank is a change to a network's matrices and filters, each the product of two
// small matrices (Hu et al. 2021): a LoRA in training. The network's parameters hold
// the sum of what they were and the change.
type lowRank struct {
	rank    int
	changes []change
}

// change is that of one parameter, seen as a matrix [in·taps,out], as it is in memory.
type change struct {
	of       *nn.Param
	was      []float32
	in, out  *nn.Param // [in·taps,rank] and [rank,out]
	rows     int       // in·taps
	cols     int       // out
	taps     int
	gradient []float32 // room for one of the two
}

// newLowRank begins with no change.
func newLowRank(params []*nn.Param, rank int, seed uint64) *lowRank {
	l := &lowRank{rank: rank}
	r := rand.New(rand.NewPCG(seed, 0x6c6f7261))
	for _, p := range params {
		if len(p.Shape) < 2 {
			continue
		}
		c := change{of: p, was: append([]float32(nil), nn.Data(p.Value)...), cols: p.Shape[0], rows: p.Value.Size() / p.Shape[0]}
		c.taps = c.rows / p.Shape[1]
		layer := strings.TrimSuffix(p.Name, ".weight")
		small := func(name string, rows, cols int, spread float64) *nn.Param {
			values := make([]float32, rows*cols)
			for i := range values {
				values[i] = float32(r.NormFloat64() * spread)
			}
			return &nn.Param{Name: layer + name, Shape: []int{rows, cols}, Value: nn.Wrap(values, rows, cols)}
		}
		c.in = small(".lora_A", c.rows, rank, 1/math.Sqrt(float64(c.rows)))
		c.out = small(".lora_B", rank, c.cols, 0)
		c.gradient = make([]float32, max(c.rows, c.cols)*rank)
		l.changes = append(l.changes, c)
	}
	return l
}

// params are what is learnt.
func (l *lowRank) params() []*nn.Param {
	var all []*nn.Param
	for _, c := range l.changes {
		all = append(all, c.in, c.out)
	}
	return all
}

// changed are the parameters that the change is to.
func (l *lowRank) changed() []*nn.Param {
	var all []*nn.Param
	for _, c := range l.changes {
		all = append(all, c.of)
	}
	return all
}

// apply gives the network's parameters their values.
func (l *lowRank) apply() {
	kernel.Parallel(len(l.changes), func(i int) {
		c := l.changes[i]
		w := nn.Data(c.of.Value)
		copy(w, c.was)
		kernel.GemmSerial(c.rows, c.cols, l.rank, kernel.Strided{Data: nn.Data(c.in.Value), Row: l.rank, Col: 1},
			kernel.Strided{Data: nn.Data(c.out.Value), Row: 1, Col: c.cols}, w, c.cols, true)
	})
}

// backward passes the gradients of the network's parameters on to the small matrices.
func (l *lowRank) backward(t *nn.Tape) {
	for _, c := range l.changes {
		dw := t.Grad(c.of.Value)
		if dw == nil {
			continue
		}
		d := c.gradient[:c.rows*l.rank]
		kernel.Gemm(c.rows, l.rank, c.cols, kernel.Strided{Data: dw, Row: c.cols, Col: 1},
			kernel.Strided{Data: nn.Data(c.out.Value), Row: c.cols, Col: 1}, d, l.rank, false)
		t.Seed(c.in.Value, d)
		d = c.gradient[:l.rank*c.cols]
		kernel.Outer(l.rank, c.cols, c.rows, kernel.Strided{Data: nn.Data(c.in.Value), Row: l.rank, Col: 1}, dw, c.cols, d, c.cols, false)
		t.Seed(c.out.Value, d)
	}
}

// tensors are the change as a LoRA file has it, under PEFT's names, with values taken
// from source: lora_A [rank,in,taps…] and lora_B [out,rank,1…].
func (l *lowRank) tensors(source func(*nn.Param) []float32) []checkpoint.Tensor {
	var list []checkpoint.Tensor
	for _, c := range l.changes {
		in, out := source(c.in), source(c.out)
		a, b := make([]float32, len(in)), make([]float32, len(out))
		width := c.rows / c.taps
		for k := range l.rank {
			for i := range width {
				for tap := range c.taps {
					a[(k*width+i)*c.taps+tap] = in[(tap*width+i)*l.rank+k]
				}
			}
			for o := range c.cols {
				b[o*l.rank+k] = out[k*c.cols+o]
			}
		}
		shapeA, shapeB := append([]int{l.rank}, c.of.Shape[1:]...), []int{c.cols, l.rank}
		for range c.of.Shape[2:] {
			shapeB = append(shapeB, 1)
		}
		list = append(list,
			checkpoint.Tensor{Name: "unet." + c.in.Name + ".weight", Shape: shapeA, Data: a},
			checkpoint.Tensor{Name: "unet." + c.out.Name + ".weight", Shape: shapeB, Data: b})
	}
	return list
}
