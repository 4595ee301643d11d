package nn

import "gorgonia.org/tensor"

// Transformer lets every place of a picture look at every other, and at the
// words: diffusers' Transformer2DModel with one or more blocks.
type Transformer struct {
	norm    *GroupNorm
	in, out *Linear
	blocks  []*transformerBlock
}

type transformerBlock struct {
	norm1, norm2, norm3 *LayerNorm
	self, cross         *Attention
	up, down            *Linear
	wordsOnly           bool // self looks at the words, too
}

// NewTransformer is for pictures of ch channels and words of context channels.
// With linear the projections are stored as linear layers (Stable Diffusion
// 2), else as 1×1 convolutions (1.x). With wordsOnly the places don't look at each
// other but twice at the words.
func NewTransformer(p Params, ch, context, heads, depth, groups int, linear, wordsOnly bool) *Transformer {
	project := NewPointwise
	if linear {
		project = func(p Params, in, out int) *Linear { return NewLinear(p, in, out, true) }
	}
	t := &Transformer{
		norm: NewGroupNorm(p.Sub("norm"), ch, groups, 1e-6, false), // ε of ldm/modules/attention.py
		in:   project(p.Sub("proj_in"), ch, ch),
	}
	seen := ch
	if wordsOnly {
		seen = context
	}
	for i := range depth {
		b := p.Subf("transformer_blocks.%d", i)
		const eps = 1e-5 // torch.nn.LayerNorm's
		t.blocks = append(t.blocks, &transformerBlock{
			norm1: NewLayerNorm(b.Sub("norm1"), ch, eps),
			self:  NewAttention(b.Sub("attn1"), ch, seen, heads, false),
			norm2: NewLayerNorm(b.Sub("norm2"), ch, eps),
			cross: NewAttention(b.Sub("attn2"), ch, context, heads, false),
			norm3: NewLayerNorm(b.Sub("norm3"), ch, eps),
			up:    newLinear(b.Sub("ff.net.0.proj"), ch, 8*ch, true, true), // 4× wide, and a gate
			down:  NewLinear(b.Sub("ff.net.2"), 4*ch, ch, true),

			wordsOnly: wordsOnly,
		})
	}
	t.out = project(p.Sub("proj_out"), ch, ch)
	return t
}

// Forward maps x [N,H,W,C] to the same shape; context is [N,T,D]. x may be
// [1,H,W,C], the same for all, and is treated as such until the words set the
// pictures apart.
func (t *Transformer) Forward(c *Context, x, context *tensor.Dense) *tensor.Dense {
	return t.Perturbed(c, x, context, 0)
}

// Perturbed is Forward in which the places of the last perturbed of N pictures don't
// look at each other but at themselves: the matrix of their self-attention is the
// identity (Ahn et al. 2024, "Self-Rectifying Diffusion Sampling with
// Perturbed-Attention Guidance"). No gradients pass it then.
func (t *Transformer) Perturbed(c *Context, x, context *tensor.Dense, perturbed int) *tensor.Dense {
	s, n := x.Shape(), context.Shape()[0]
	h := t.norm.Forward(c, x)
	h1 := t.in.Forward(c, h)
	c.Free(h)
	tokens := Reshape(c, h1, s[0], s[1]*s[2], s[3])
	if perturbed > 0 && s[0] < n { // which sets the pictures apart before the words do
		shared := tokens
		tokens = Spread(c, shared, n)
		c.Free(shared)
	}
	for _, b := range t.blocks {
		tokens = b.forward(c, tokens, context, perturbed)
	}
	residual := Spread(c, x, n)
	y := t.out.Plus(c, Reshape(c, tokens, n, s[1], s[2], s[3]), residual)
	c.Free(tokens)
	if residual != x {
		c.Free(residual)
	}
	return y
}

// forward consumes x.
func (b *transformerBlock) forward(c *Context, x, context *tensor.Dense, perturbed int) *tensor.Dense {
	h := b.norm1.Forward(c, x)
	var y *tensor.Dense
	if b.wordsOnly {
		residual := Spread(c, x, context.Shape()[0])
		y = b.self.Plus(c, h, context, residual)
		if residual != x {
			c.Free(residual)
		}
	} else {
		y = b.self.perturbed(c, h, nil, x, perturbed)
	}
	c.Free(h, x)
	x = y
	h = b.norm2.Forward(c, x)
	residual := Spread(c, x, context.Shape()[0])
	y = b.cross.Plus(c, h, context, residual)
	c.Free(h, x)
	if residual != x {
		c.Free(residual)
	}
	x = y
	h = b.norm3.Forward(c, x)
	gated := b.up.gated(c, h)
	c.Free(h)
	y = b.down.Plus(c, gated, x)
	c.Free(gated, x)
	return y
}
