package nn

import (
	"darkroom/engine/kernel"
	"darkroom/engine/noise/elementary"

	"gorgonia.org/tensor"
)

// Embedding is a table of vectors.
type Embedding struct {
	Table *tensor.Dense // [count,dim], nil where it is packed

	count  int
	dim    int
	half   []uint16 // the table in the file's own precision, if that has 16 bits
	format kernel.Format
	more   []float32 // [n,dim], of the ids from count on
}

// NewEmbedding takes weight [count,dim]. CLIP starts its tables at a standard
// deviation of 0.02.
func NewEmbedding(p Params, count, dim int) *Embedding {
	l := &Embedding{count: count, dim: dim}
	if p.store.packed && p.store.file != nil {
		p.keepHalves(l, count)
	}
	if l.half == nil && l.Table == nil {
		l.Table = NewTable(p, count, dim)
	}
	return l
}

// NewTable is an Embedding's table [count,dim] by itself.
func NewTable(p Params, count, dim int) *tensor.Dense {
	return p.get("weight", plain, start{normal: 0.02}, count, dim)
}

// Extend gives vectors [n,dim] to the ids that follow the table's, instead of any
// it gave before. They are not trained.
func (l *Embedding) Extend(vectors []float32) { l.more = vectors }

// Forward looks up ids, rows of length t, as [len(ids)/t,t,dim].
func (l *Embedding) Forward(c *Context, ids []int, t int) *tensor.Dense {
	dim := l.dim
	y := c.New(len(ids)/t, t, dim)
	if c.idle() {
		return y
	}
	for i, id := range ids {
		row := Data(y)[i*dim : (i+1)*dim]
		if id >= l.count {
			copy(row, l.more[(id-l.count)*dim:])
		} else if l.half != nil {
			kernel.Widen(row, l.half[id*dim:(id+1)*dim], l.format)
		} else {
			copy(row, Data(l.Table)[id*dim:])
		}
	}
	if c.Tape != nil {
		c.record(y, func(dy []float32) {
			d := c.Tape.zeroed(l.Table)
			for i, id := range ids {
				for j, v := range dy[i*dim : (i+1)*dim] {
					d[id*dim+j] += v
				}
			}
		}, l.Table)
	}
	return y
}

// TimestepEmbedding returns [len(timesteps),dim] of cosines and then sines at
// geometrically spaced frequencies from 1 to 1/10000 (Ho et al. 2020; the order
// and spacing of ldm/modules/diffusionmodules/util.py).
func TimestepEmbedding(c *Context, timesteps []float64, dim int) *tensor.Dense {
	y := c.New(len(timesteps), dim)
	if c.idle() {
		return y
	}
	half := dim / 2
	period := elementary.Log(10000)
	for i, t := range timesteps {
		row := Data(y)[i*dim : (i+1)*dim]
		for j := range half {
			// frequency and angle are rounded to float32 as the reference does
			f := float32(elementary.Exp(-period * float64(j) / float64(half)))
			angle := float64(float32(t) * f)
			row[j] = float32(elementary.Cos(angle))
			row[half+j] = float32(elementary.Sin(angle))
		}
	}
	return y
}

// GuidanceEmbedding returns [n,dim], n times the same: sines and then cosines of
// 1000·(guidance−1) at geometrically spaced frequencies from 1 to 1/10000, both
// included, as latent consistency models are told it (Luo et al. 2023; diffusers'
// get_guidance_scale_embedding).
func GuidanceEmbedding(c *Context, guidance float64, n, dim int) *tensor.Dense {
	y := c.New(n, dim)
	if c.idle() {
		return y
	}
	half := dim / 2
	clear(Data(y))
	spacing := float32(elementary.Log(10000)) / float32(half-1)
	for j := range half {
		f := float32(elementary.Exp(float64(-float32(j) * spacing)))
		angle := float64(float32((guidance-1)*1000) * f)
		for i := range n {
			Data(y)[i*dim+j] = float32(elementary.Sin(angle))
			Data(y)[i*dim+half+j] = float32(elementary.Cos(angle))
		}
	}
	return y
}
