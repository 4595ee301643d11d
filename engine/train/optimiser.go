package train

import (
	"math"
	"slices"

	"darkroom/engine/checkpoint"
	"darkroom/engine/kernel"
	"darkroom/engine/nn"
)

// Optimiser is AdamW (Loshchilov & Hutter 2019) with a linear warm-up, a
// cosine decay to a tenth, a bound on the gradient's length, and a moving
// average of the parameters, which is what gets published.
type Optimiser struct {
	LR     float64 // at the top
	Warmup int     // steps
	Total  int     // steps
	Decay  float64 // weight decay, of matrices and filters only
	Clip   float64 // gradient length
	Memory float64 // steps that the moving average remembers

	params    []*nn.Param
	rates     []float64 // of each parameter, a factor to LR
	m, v, ema [][]float32
	step      int
}

const (
	beta1, beta2, adamEps = 0.9, 0.99, 1e-8
	lrFloor               = 0.1
	// The average remembers a part of the run: long enough to be smooth, and short
	// enough to have forgotten how the run began.
	remembered = 0.04
)

// NewOptimiser starts with no history; the average starts at the parameters.
func NewOptimiser(params []*nn.Param, lr float64, total int) *Optimiser {
	o := &Optimiser{LR: lr, Warmup: min(200, total/10+1), Total: total, Decay: 0.01, Clip: 1, Memory: max(10, remembered*float64(total)), params: params}
	for _, p := range params {
		n := p.Value.Size()
		o.rates = append(o.rates, 1)
		o.m = append(o.m, make([]float32, n))
		o.v = append(o.v, make([]float32, n))
		o.ema = append(o.ema, append([]float32(nil), nn.Data(p.Value)...))
	}
	return o
}

// Slow has a parameter learn at a part of the rate.
func (o *Optimiser) Slow(p *nn.Param, part float64) { o.rates[slices.Index(o.params, p)] = part }

// rate is the learning rate of step s.
func (o *Optimiser) rate(s int) float64 {
	if s < o.Warmup {
		return o.LR * float64(s+1) / float64(o.Warmup)
	}
	t := min(1, float64(s-o.Warmup)/float64(max(1, o.Total-o.Warmup)))
	return o.LR * (lrFloor + (1-lrFloor)*(1+math.Cos(math.Pi*t))/2)
}

// Step applies the gradients on the tape.
func (o *Optimiser) Step(t *nn.Tape) {
	var length float64
	for _, p := range o.params {
		if g := t.Grad(p.Value); g != nil {
			length += float64(kernel.Dot(g, g))
		}
	}
	length = math.Sqrt(length)
	if math.IsNaN(length) || math.IsInf(length, 0) {
		return // one bad batch must not spoil the parameters
	}
	shrink := float32(min(1, o.Clip/(length+1e-12)))
	n := float64(o.step + 1)
	average := float32(max(1/o.Memory, 9/(n+9)))
	kernel.Parallel(len(o.params), func(i int) {
		p := o.params[i]
		w := nn.Data(p.Value)
		g := t.Grad(p.Value)
		if g == nil {
			return
		}
		kernel.Scale(g, shrink, g)
		decay := o.Decay
		if len(p.Shape) < 2 {
			decay = 0
		}
		kernel.AdamW(w, o.m[i], o.v[i], g, kernel.AdamWStep{
			LR: float32(o.rate(o.step) * o.rates[i]), Beta1: beta1, Beta2: beta2, Eps: adamEps, Decay: float32(decay),
			Correct1: float32(1 - math.Pow(beta1, n)), Correct2: float32(1 - math.Pow(beta2, n)),
		})
		kernel.Lerp(o.ema[i], w, average)
	})
	o.step++
}

// average returns the moving average of a parameter.
func (o *Optimiser) average(p *nn.Param) []float32 {
	for i, q := range o.params {
		if q == p {
			return o.ema[i]
		}
	}
	return nn.Data(p.Value)
}

// tensors lists the whole state under names that say what each is.
func (o *Optimiser) tensors() []checkpoint.Tensor {
	var list []checkpoint.Tensor
	for i, p := range o.params {
		n := []int{p.Value.Size()}
		list = append(list,
			checkpoint.Tensor{Name: "value/" + p.Name, Shape: n, Data: nn.Data(p.Value)},
			checkpoint.Tensor{Name: "m/" + p.Name, Shape: n, Data: o.m[i]},
			checkpoint.Tensor{Name: "v/" + p.Name, Shape: n, Data: o.v[i]},
			checkpoint.Tensor{Name: "ema/" + p.Name, Shape: n, Data: o.ema[i]})
	}
	return list
}

// restore reads back what tensors wrote.
func (o *Optimiser) restore(r *checkpoint.Reader) error {
	for _, t := range o.tensors() {
		data, err := r.Float32(t.Name, t.Shape...)
		if err != nil {
			return err
		}
		copy(t.Data, data)
	}
	return nil
}
