package pipeline

import (
	"slices"

	"darkroom/engine/family"
	"darkroom/engine/nn"
	"darkroom/engine/unet"

	"gorgonia.org/tensor"
)

// Chunk is what a text encoder sees of a text at once: tokens without the one that
// starts it, the one that ends it and those that fill up behind. There is room for
// Pipeline.Room of them.
type Chunk struct {
	Ids     []int
	Weights []float32 // how much each of them counts; nil is 1 for all
}

// Words is what the U-Net is steered by, one row for each text; it is valid for a
// whole run.
type Words struct {
	Context *tensor.Dense // [n,T,D]
	Pooled  *tensor.Dense // [n,P] each text as one vector; nil for a model that does not want it
}

// Room is how many tokens fit into a chunk.
func (p *Pipeline) Room() int { return p.Text[0].Config.Positions - 2 }

// Chunks cuts a text into chunks, at least one.
func (p *Pipeline) Chunks(text string) []Chunk {
	var chunks []Chunk
	for part := range slices.Chunk(p.Tokenizer.Encode(text), p.Room()) {
		chunks = append(chunks, Chunk{Ids: part})
	}
	if chunks == nil {
		chunks = []Chunk{{}}
	}
	return chunks
}

// Encode is Embed of the prompt or, with guidance, of the negative prompt and the
// prompt.
func (p *Pipeline) Encode(c *nn.Context, prompt, negative string, guided bool) (Words, error) {
	if !guided {
		return p.Embed(c, p.Chunks(prompt))
	}
	w, err := p.Embed(c, p.Chunks(negative), p.Chunks(prompt))
	if negative == "" && p.zeroEmpty && err == nil {
		w.zero(0)
	}
	return w, err
}

// zero makes a row what a model trained without words knows as none.
func (w Words) zero(row int) {
	for _, t := range []*tensor.Dense{w.Context, w.Pooled} {
		if t != nil {
			size := t.Size() / t.Shape()[0]
			clear(nn.Data(t)[row*size : (row+1)*size])
		}
	}
}

// rows picks rows, by number.
func (w Words) rows(which ...int) Words {
	pick := func(t *tensor.Dense) *tensor.Dense {
		if t == nil {
			return nil
		}
		s := slices.Clone([]int(t.Shape()))
		size := t.Size() / s[0]
		var data []float32
		for _, i := range which {
			data = append(data, nn.Data(t)[i*size:(i+1)*size]...)
		}
		s[0] = len(which)
		return nn.Wrap(data, s...)
	}
	return Words{pick(w.Context), pick(w.Pooled)}
}

// Embed turns texts, each in chunks, into what steers the U-Net. Chunks are encoded
// one by one and joined, a text that has fewer than another is filled up with empty
// ones, and the pooled vector is the first chunk's, as in the web UI.
func (p *Pipeline) Embed(c *nn.Context, texts ...[]Chunk) (Words, error) {
	n, positions := 0, p.Room()+2
	for _, text := range texts {
		n = max(n, len(text))
	}
	ids := make([][]int, len(p.Text)) // for each encoder
	var ends []int                    // in each chunk, where the token is that ends it
	var weights [][]float32           // of each chunk
	for _, text := range texts {
		for i := range n {
			var chunk Chunk
			if i < len(text) {
				chunk = text[i]
			}
			for e, pad := range p.pads {
				ids[e] = append(ids[e], p.Tokenizer.Start())
				ids[e] = append(ids[e], chunk.Ids...)
				ids[e] = append(ids[e], p.Tokenizer.End())
				for range positions - len(chunk.Ids) - 2 {
					ids[e] = append(ids[e], pad)
				}
			}
			ends = append(ends, len(chunk.Ids)+1)
			weights = append(weights, chunk.Weights)
		}
	}
	var context, pooled *tensor.Dense
	for c.Next(nn.Pass{Network: "text", Size: [4]int{len(ends)}}) {
		context, pooled = p.Networks().Embed(c, ids, ends, weights)
	}
	// kept for the whole run, while the context's memory is recycled
	w := Words{Context: nn.Wrap(slices.Clone(nn.Data(context)), len(texts), n*positions, context.Shape()[2])}
	if pooled != nil {
		width := pooled.Shape()[1]
		first := make([]float32, 0, len(texts)*width)
		for i := range texts {
			first = append(first, nn.Data(pooled)[i*n*width:(i*n+1)*width]...)
		}
		w.Pooled = nn.Wrap(first, len(texts), width)
	}
	return w, c.Err()
}

// Embed is the embeddings [n,T,D] of n chunks and, for a model that wants it, each of
// them as one vector [n,P]. There is a list of ids for each text encoder, rows of as
// many as it has positions; ends has the place in its row of the token that ends a
// chunk, weights how much each of its tokens counts, or nil. The tensors are valid
// until c.Reset.
//
// SDXL listens to the last layer but one of each encoder, as it is, and wants the
// second's pooled output; others listen to the last layer, normalised.
func (n *Networks) Embed(c *nn.Context, ids [][]int, ends []int, weights [][]float32) (context, pooled *tensor.Dense) {
	for i, t := range n.Text {
		states, last := t.States(c, ids[i])
		if n.UNet.Config.Addition == "" {
			states = last
		} else if i == len(n.Text)-1 {
			pooled = t.Pooled(c, last, ends)
		}
		for k, w := range weights {
			size := states.Size() / len(weights)
			emphasise(nn.Data(states)[k*size:(k+1)*size], w, t.Config.Hidden)
		}
		if context == nil {
			context = states
		} else {
			context = nn.Concat(c, context, states)
		}
	}
	return context, pooled
}

// emphasise multiplies the embeddings [T,width] of a chunk's tokens by their
// weights, and all of them so that their mean stays what it was, as the web UI does
// (modules/sd_emphasis.py, Original). Start, end and padding count 1.
func emphasise(states []float32, weights []float32, width int) {
	if weights == nil {
		return
	}
	before := sum(states)
	for i, w := range weights {
		for j := range width {
			states[(i+1)*width+j] *= w
		}
	}
	after := sum(states)
	if after == 0 {
		return
	}
	scale := float32(before / after)
	for i := range states {
		states[i] *= scale
	}
}

func sum(x []float32) float64 {
	var s float64
	for _, v := range x {
		s += float64(v)
	}
	return s
}

// The aesthetic scores that Stability's pipelines tell a refiner to aim at, and to
// keep away from.
const (
	wantedScore   = 6
	unwantedScore = 2.5
)

// added is what the U-Net is told beside the words of a picture of that size, whose
// rows are negative, positive or both.
func (p *Pipeline) added(w Words, guidance float64, width, height int) *unet.Added {
	if w.Pooled == nil && !p.guided {
		return nil
	}
	a := &unet.Added{Pooled: w.Pooled, Guidance: guidance}
	n := w.Context.Shape()[0]
	for i := range n {
		if w.Pooled == nil {
			break
		}
		h, w := float64(height), float64(width)
		a.Sizes = append(a.Sizes, h, w, 0, 0)
		switch {
		case p.Family != family.Refiner:
			a.Sizes = append(a.Sizes, h, w)
		case i == n-1:
			a.Sizes = append(a.Sizes, wantedScore)
		default:
			a.Sizes = append(a.Sizes, unwantedScore)
		}
	}
	return a
}
