package nn

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"darkroom/engine/checkpoint"
	"darkroom/engine/float16"
	"darkroom/engine/kernel"

	"gorgonia.org/tensor"
)

// layout says how a parameter lies in memory compared with its file, which
// holds PyTorch's order.
type layout int

const (
	plain  layout = iota // as in the file
	linear               // file [out,in], memory [in,out]: the panels of a product are then plain copies
	conv                 // file [out,in,kh,kw], memory [kh,kw,in,out]
)

// Param is one trainable tensor.
type Param struct {
	Name  string // as in a diffusers or transformers file
	Shape []int  // as in the file
	Value *tensor.Dense

	layout layout
}

// Params is where the layers of a network get their parameters from: a file
// (Load) or a random start (Random). It remembers each one, for the optimiser
// and for saving, and the first thing that was wrong.
type Params struct {
	prefix string
	store  *store
}

type store struct {
	file      *checkpoint.Reader
	rng       *rand.Rand
	packed    bool
	precision Precision // of packed products
	all       []*Param
	products  []*Product
	count     int
	halves    []uint16 // see room
	wide      []float32
	err       error

	survey bool
	lacks  Lacks
	bytes  int64
}

// Load takes parameters from a file.
func Load(r *checkpoint.Reader) Params { return Params{store: &store{file: r}} }

// Lacks is the parameters a file doesn't have, by their names in the file, and those
// it has in another shape, with both shapes.
type Lacks struct{ Missing, Misshapen []string }

// Survey is Load of a network that nobody will run: nothing is read, and what the
// file lacks is no error but told by Lacks.
func Survey(r *checkpoint.Reader) Params {
	return Params{store: &store{file: r, survey: true, packed: true}}
}

// Bytes is the memory that the parameters made so far would take if they were loaded
// and not surveyed.
func (p Params) Bytes() int64 { return p.store.bytes }

// width is the bytes that a number of "weight" takes in memory: those of 16 bits and
// fewer are kept as 16 bits, all others as float32.
func (p Params) width(pays bool) int64 {
	if pays && p.store.precision == BFloat16 {
		return 2
	}
	if t, ok := p.store.file.DType(p.Sub("weight").prefix); ok && t.Bytes(256) <= 2*256 {
		return 2
	}
	return 4
}

// Lacks tells what was missing so far.
func (p Params) Lacks() Lacks { return p.store.lacks }

// look is what Survey does with a parameter.
func (s *store) look(name string, shape []int) {
	if s.file.Check(name, shape) == nil {
		return
	}
	if have, ok := s.file.Shape(name); ok {
		s.lacks.Misshapen = append(s.lacks.Misshapen, fmt.Sprintf("%s %v, want %v", name, have, shape))
	} else {
		s.lacks.Missing = append(s.lacks.Missing, name)
	}
}

// Random makes parameters up, as PyTorch would start them: uniform within
// 1/√fan-in, norms at one, embeddings normal.
func Random(seed uint64) Params {
	return Params{store: &store{rng: rand.New(rand.NewPCG(seed, 0))}}
}

// Packed is p for a network that will only draw, with products of a precision:
// their weights are packed once, in the format of the file. They can't be trained
// or saved, and All does not list them. Random ones are float16, and repeat
// themselves: they are for measuring.
func (p Params) Packed(precision Precision) Params {
	p.store.packed, p.store.precision = true, precision
	return p
}

// Sub is p for the layer called name.
func (p Params) Sub(name string) Params {
	if p.prefix != "" {
		name = p.prefix + "." + name
	}
	return Params{prefix: name, store: p.store}
}

// Subf is Sub with a formatted name.
func (p Params) Subf(format string, args ...any) Params { return p.Sub(fmt.Sprintf(format, args...)) }

// All lists every parameter made so far, in order.
func (p Params) All() []*Param { return p.store.all }

// Err is the first error met while loading.
func (p Params) Err() error { return p.store.err }

// Count is the number of values of all parameters.
func (p Params) Count() int { return p.store.count }

// start says how to start a parameter that isn't loaded.
type start struct{ uniform, normal, constant float64 }

// weight takes the weights of a product, [out,in] or [out,in,kh,kw] in the file:
// as a tensor, or packed, perhaps as gated, and in the second precision if that is
// wanted and they are of a product for which it pays.
func (p Params) weight(l layout, s start, gated, pays bool, shape ...int) (*tensor.Dense, *kernel.Weights) {
	if !p.store.packed {
		return p.get("weight", l, s, shape...), nil
	}
	p.store.count += size(shape)
	out, in, taps := shape[0], shape[1], size(shape[2:])
	var half []uint16
	var wide []float32
	format := kernel.Float16
	if p.store.file == nil {
		half = p.randomHalves(s, out*in*taps)
	} else {
		half, wide, format = p.stored(shape)
		if half == nil && wide == nil { // never used
			w := &kernel.Weights{Out: out, In: in, Taps: taps, Gated: gated}
			if gated {
				w.Out /= 2
			}
			p.store.bytes += p.width(pays) * int64(w.Size())
			return nil, w
		}
	}
	w := kernel.NewWeights(out, in, taps, format, wide, half, gated)
	if pays && p.store.precision == BFloat16 {
		w.Pair()
	}
	p.store.products = append(p.store.products, &Product{Name: p.prefix, Shape: shape, weights: w})
	return nil, w
}

// stored reads "weight" as the file has it, in memory that is used again. Without a
// result, the store has the error.
func (p Params) stored(shape []int) (half []uint16, wide []float32, format kernel.Format) {
	if p.store.survey {
		p.store.look(p.Sub("weight").prefix, shape)
		return nil, nil, 0
	}
	err := p.store.file.Raw(p.Sub("weight").prefix, shape, func(t checkpoint.DType, raw []byte) (err error) {
		switch t {
		case checkpoint.F16:
			format = kernel.Float16
		case checkpoint.BF16:
			format = kernel.BFloat16
		default:
			wide, err = checkpoint.WidenIn(p.store.wide, raw, t)
			p.store.wide = wide
			return err
		}
		half = p.store.room(len(raw) / 2)
		eachChunk(len(half), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				half[i] = binary.LittleEndian.Uint16(raw[2*i:])
			}
		})
		return nil
	})
	if err != nil && p.store.err == nil {
		p.store.err = err
	}
	return half, wide, format
}

// keepHalves keeps a table [count,dim] as the file has it, if its numbers have 16
// bits.
func (p Params) keepHalves(l *Embedding, count int) {
	half, wide, format := p.stored([]int{count, l.dim})
	switch {
	case p.store.survey:
		p.store.bytes += p.width(false) * int64(count*l.dim)
		l.Table = Wrap(make([]float32, l.dim), 1, l.dim)
	case half != nil:
		l.half, l.format = slices.Clone(half), format
	case wide != nil:
		l.Table = Wrap(slices.Clone(wide), count, l.dim)
	default:
		l.Table = Wrap(make([]float32, l.dim), 1, l.dim) // never used
	}
	p.store.count += count * l.dim
}

// room is memory for n numbers of one tensor, the same for every tensor: what a
// model's loading leaves behind would else be as much again as the model.
func (s *store) room(n int) []uint16 {
	if len(s.halves) < n {
		s.halves = make([]uint16, n)
	}
	return s.halves[:n]
}

// randomHalves is n random numbers as start has them, which repeat themselves.
func (p Params) randomHalves(s start, n int) []uint16 {
	const period = 65521
	all := p.store.room(n)
	for i := range min(n, period) {
		all[i] = float16.Narrow(p.random(s))
	}
	for done := min(n, period); done < n; done *= 2 {
		copy(all[done:], all[:done])
	}
	return all
}

func (p Params) random(s start) float32 {
	return float32(s.constant + s.uniform*(2*p.store.rng.Float64()-1) + s.normal*p.store.rng.NormFloat64())
}

func (p Params) get(name string, l layout, s start, shape ...int) *tensor.Dense {
	full := p.Sub(name).prefix
	p.store.count += size(shape)
	if p.store.survey {
		p.store.look(full, shape)
		p.store.bytes += 4 * int64(size(shape))
		return Wrap(make([]float32, size(shape)), shape...) // layers tell their sizes by it
	}
	memory := shape
	switch l {
	case linear:
		memory = []int{shape[1], shape[0]}
	case conv:
		memory = []int{shape[2], shape[3], shape[1], shape[0]}
	}
	q := &Param{Name: full, Shape: shape, layout: l}
	data := make([]float32, size(shape))
	if p.store.file != nil {
		file, err := p.store.file.Float32(full, shape...)
		if err != nil {
			if p.store.err == nil {
				p.store.err = err
			}
		} else {
			q.reorder(data, file, true)
		}
	} else {
		for i := range data {
			data[i] = p.random(s)
		}
	}
	q.Value = Wrap(data, memory...)
	p.store.all = append(p.store.all, q)
	return q.Value
}

// reorder copies between memory and file order.
func (q *Param) reorder(memory, file []float32, load bool) {
	in, taps := 1, 1
	switch q.layout {
	case plain:
		if load {
			copy(memory, file)
		} else {
			copy(file, memory)
		}
		return
	case linear:
		in = q.Shape[1]
	case conv:
		in, taps = q.Shape[1], q.Shape[2]*q.Shape[3]
	}
	out := q.Shape[0]
	for o := range out {
		for i := range in {
			for t := range taps {
				f, m := (o*in+i)*taps+t, (t*in+i)*out+o
				if load {
					memory[m] = file[f]
				} else {
					file[f] = memory[m]
				}
			}
		}
	}
}

// Tensors returns every parameter in file order under its own name, with
// values taken from source (which may be an average of the parameters) or, if
// source is nil, from the parameters themselves.
func (p Params) Tensors(source func(*Param) []float32) []checkpoint.Tensor {
	var list []checkpoint.Tensor
	for _, q := range p.store.all {
		values := Data(q.Value)
		if source != nil {
			values = source(q)
		}
		file := make([]float32, len(values))
		q.reorder(values, file, false)
		list = append(list, checkpoint.Tensor{Name: q.Name, Shape: q.Shape, Data: file})
	}
	return list
}

func fanIn(n int) start { return start{uniform: 1 / math.Sqrt(float64(n))} }
