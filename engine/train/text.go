package train

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"

	"darkroom/engine/clip"
	"darkroom/engine/nn"
	"darkroom/engine/pipeline"
	"darkroom/engine/tokenizer"
	"darkroom/engine/train/data"

	"gorgonia.org/tensor"
)

// textConfig is the default model's text encoder, CLIP's in miniature.
var textConfig = clip.TextConfig{
	Hidden: 192, MLP: 768, Layers: 2, Heads: 4, Positions: MaxTokens, Act: "quick_gelu", NormEps: 1e-5,
}

// encoderSize is the height and width at which the image encoder sees pictures.
const encoderSize = 64

var imageConfig = clip.ImageConfig{Channels: []int{32, 64, 128, 192}, Groups: 8, Embed: 192}

// captions turns the texts of examples into token ids and says where each ends.
func captions(t *tokenizer.Tokenizer, examples []data.Example, length int) (ids, ends []int) {
	for _, e := range examples {
		row, n := t.Ids(e.Caption, length)
		ids = append(ids, row...)
		ends = append(ends, n-1)
	}
	return ids, ends
}

// Text trains the text encoder together with an image encoder, so that a
// caption and its picture land near each other and far from the others of the
// batch.
func Text(ctx context.Context, o Options) error {
	set, err := o.openData()
	if err != nil {
		return err
	}
	tok, err := loadTokenizer(o.Model())
	if err != nil {
		return err
	}
	if n := len(set.Concepts()); o.Batch > n {
		return fmt.Errorf("batch is %d; the pictures of a batch show different things, of which there are %d: choose a smaller batch", o.Batch, n)
	}
	p := nn.Random(2)
	cfg := textConfig
	cfg.Vocab = tok.Size()
	text, err := clip.NewText(p, cfg)
	if err != nil {
		return err
	}
	q := nn.Random(3)
	pictureEncoder, err := clip.NewImage(q, imageConfig)
	if err != nil {
		return err
	}
	r := nn.Random(4)
	project := nn.NewLinear(r.Sub("text_projection"), cfg.Hidden, imageConfig.Embed, false)
	all := append(append(append([]*nn.Param(nil), p.All()...), q.All()...), r.All()...)
	s := &stage{name: "text", opt: NewOptimiser(all, o.LR, o.Steps)}
	embed := func(c *nn.Context, rng *rand.Rand) (x, a, b *tensor.Dense) {
		x, examples := distinct(c, set, rng, o.Batch)
		ids, ends := captions(tok, examples, cfg.Positions)
		return x, project.Forward(c, nn.Take(c, text.Forward(c, ids), ends)), pictureEncoder.Forward(c, x)
	}
	s.forward = func(c *nn.Context, rng *rand.Rand) (float64, error) {
		_, a, b := embed(c, rng)
		da, db := make([]float32, a.Size()), make([]float32, b.Size())
		loss := contrast(nn.Data(a), nn.Data(b), da, db, o.Batch)
		c.Tape.Seed(a, da)
		c.Tape.Backward(b, db)
		return loss, nil
	}
	s.publish = func() error {
		if err := o.publish("text_encoder", "CLIPTextModel", cfg, p, s.opt); err != nil {
			return err
		}
		return o.publish("image_encoder", "ImageEncoder", imageConfig, q, s.opt)
	}
	s.sheet = func(ctx context.Context, path string) error {
		c := nn.NewContext(ctx)
		x, a, b := embed(c, rand.New(rand.NewPCG(77, 77)))
		if err := c.Err(); err != nil {
			return err
		}
		return retrievalSheet(o, path, nn.Data(x), nn.Data(a), nn.Data(b), o.Batch)
	}
	return o.run(ctx, s)
}

// retrievalSheet shows, row by row, the picture a caption was made for and then
// those of the n pictures that the encoders find nearest to it, and logs how
// many captions find their own first.
func retrievalSheet(o Options, path string, x, a, b []float32, n int) error {
	const rows, nearest = 12, 5
	ua, _ := normalise(a, n)
	ub, _ := normalise(b, n)
	d := len(a) / n
	var tiles []image.Image
	found := 0
	for i := range n {
		cosine := func(j int) (sum float64) {
			for k := range d {
				sum += ua[i*d+k] * ub[j*d+k]
			}
			return sum
		}
		order := make([]int, n)
		for j := range order {
			order[j] = j
		}
		slices.SortFunc(order, func(p, q int) int { return cmp.Compare(cosine(q), cosine(p)) })
		if order[0] == i {
			found++
		}
		if i < rows {
			for _, j := range append([]int{i}, order[:min(nearest, n)]...) {
				tiles = append(tiles, pipeline.Picture(x[j*encoderSize*encoderSize*3:], encoderSize, encoderSize))
			}
		}
	}
	fmt.Fprintf(o.Log, "text: %d of %d captions find their own picture first\n", found, n)
	return Sheet(path, tiles, 1+min(nearest, n))
}

// distinct is pictures of n different things.
func distinct(c *nn.Context, set *data.Set, r *rand.Rand, n int) (x *tensor.Dense, examples []data.Example) {
	order := r.Perm(len(set.Concepts()))[:n]
	x = c.New(n, encoderSize, encoderSize, 3)
	for i, concept := range order {
		e := set.Example(r, concept, encoderSize)
		examples = append(examples, e)
		copy(nn.Data(x)[i*Size*Size*3:], e.Pix)
	}
	return x, examples
}
