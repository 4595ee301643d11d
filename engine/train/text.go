package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"darkroom/engine/checkpoint"
	"darkroom/engine/clip"
	"darkroom/engine/kernel"
	"darkroom/engine/nn"
	"darkroom/engine/pipeline"
	"darkroom/engine/tokenizer"
	"darkroom/engine/train/data"
	"darkroom/engine/train/words"

	"gorgonia.org/tensor"
)

// textConfig is the default model's text encoder, CLIP's in miniature.
var textConfig = clip.TextConfig{
	Hidden: 256, MLP: 1024, Layers: 2, Heads: 4, Positions: MaxTokens, Act: "quick_gelu", NormEps: 1e-5,
	Projection: 256, Classes: []string{"CLIPTextModelWithProjection"},
}

var imageConfig = clip.ImageConfig{Size: 64, Channels: []int{32, 64, 128, 256}, Groups: 8, Embed: 256}

// tokenRate is how fast the tokens' vectors learn, compared with all else. They start
// where the word vectors are, and a word that no caption has stays there: those that
// captions have must not drift away from it.
const tokenRate = 0.1

// tokens turns texts into token ids and says where each ends.
func tokens(t *tokenizer.Tokenizer, texts []string, length int) (ids, ends []int) {
	for _, text := range texts {
		row, n := t.Ids(text, length)
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
	defer set.Close()
	tok, err := loadTokenizer(o.Model())
	if err != nil {
		return err
	}
	p := nn.Random(2)
	cfg := textConfig
	cfg.Vocab = tok.Size()
	text, err := clip.NewText(p, cfg)
	if err != nil {
		return err
	}
	if err := o.startFromWords(tok, p); err != nil {
		return err
	}
	q := nn.Random(3)
	picture, err := clip.NewImage(q, imageConfig)
	if err != nil {
		return err
	}
	scale := newLogitScale()
	fmt.Fprintf(o.Log, "text: text encoder %.1f M parameters, image encoder %.1f M\n", float64(p.Count())/1e6, float64(q.Count())/1e6)
	s := &stage{name: "text", opt: NewOptimiser(append(slices.Concat(p.All(), q.All()), scale), o.LR, o.Steps)}
	s.opt.Slow(tokenTable(p), tokenRate)
	s.forward = func(c *nn.Context, rng *rand.Rand) (float64, error) {
		x, examples := contrasting(c, set, rng, o.Batch, picture.Config.Size)
		said := captions(examples)
		ids, ends := tokens(tok, said, cfg.Positions)
		a, b := text.Pooled(c, text.Forward(c, ids), ends), picture.Forward(c, x)
		da, db := make([]float32, a.Size()), make([]float32, b.Size())
		loss, ds := contrast(nn.Data(a), nn.Data(b), da, db, said, nn.Data(scale.Value)[0])
		c.Tape.Seed(scale.Value, []float32{ds})
		c.Tape.Seed(a, da)
		c.Tape.Backward(b, db)
		return loss, nil
	}
	s.publish = func() error {
		if err := o.publish("text_encoder", "CLIPTextModelWithProjection", cfg, p, s.opt); err != nil {
			return err
		}
		return o.publish("image_encoder", "ImageEncoder", imageConfig, q, s.opt)
	}
	s.sheet = func(ctx context.Context, path string) error { return o.retrievalSheet(ctx, set, path) }
	return o.run(ctx, s)
}

// tokenTable is the parameter with the tokens' vectors.
func tokenTable(p nn.Params) *nn.Param {
	all := p.All()
	return all[slices.IndexFunc(all, func(q *nn.Param) bool { return strings.HasSuffix(q.Name, "token_embedding.weight") })]
}

// tokenSpread is the standard deviation of the tokens' vectors at the start: large
// enough that what a learning rate of 10⁻³ moves leaves them where they are.
const tokenSpread = 0.1

// startFromWords gives the tokens the vectors of the words that they are, or of the
// parts of words, turned into the encoder's space by a fixed random map, which keeps
// angles.
func (o Options) startFromWords(tok *tokenizer.Tokenizer, p nn.Params) error {
	m, err := words.Resume(o.path("run", wordsState))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w (train the word vectors first: darkroom train words --dir %s)", err, o.Dir)
	}
	if err != nil {
		return err
	}
	table := nn.Data(tokenTable(p).Value)
	width := len(table) / tok.Size()
	r := rand.New(rand.NewPCG(6, 6))
	turn := make([]float32, m.Dim*width)
	for i := range turn {
		turn[i] = float32(r.NormFloat64())
	}
	found := 0
	for id := range tok.Size() {
		row := table[id*width:][:width]
		for i := range row {
			row[i] = float32(r.NormFloat64() * tokenSpread)
		}
		if v := tokenVector(m, tok, id); v != nil {
			found++
			clear(row)
			for i, x := range v {
				kernel.Axpy(row, x, turn[i*width:][:width])
			}
			kernel.Scale(row, tokenSpread*float32(math.Sqrt(float64(width)))/length(row), row)
		}
	}
	fmt.Fprintf(o.Log, "text: %d of %d tokens start from word vectors\n", found, tok.Size())
	return nil
}

func length(x []float32) float32 { return float32(math.Sqrt(float64(kernel.Dot(x, x)))) + 1e-12 }

// tokenVector is the vector of the word that a token is, or of the piece of one, nil
// if nothing is known of it.
func tokenVector(m *words.Model, tok *tokenizer.Tokenizer, id int) []float32 {
	if id == tok.Start() || id == tok.End() {
		return nil
	}
	word, again, ends := strings.Cut(tok.Decode([]int{id, id}), " ") // which follows a word, but not the last
	if !ends {
		word = word[:len(word)/2]
	} else if again != word {
		return nil // it is a space itself
	}
	if m.Knows(word) {
		return m.Vector(word, true, true)
	}
	return m.Vector(word, !ends, ends)
}

// captions are those of examples.
func captions(examples []data.Example) []string {
	texts := make([]string, len(examples))
	for i, e := range examples {
		texts[i] = e.Caption
	}
	return texts
}

// variants is how many examples of a batch differ in one thing only.
const variants = 4

// contrasting draws n examples that are to be told apart, with pictures [n,size,size,3]:
// half of them, in groups, of the same thing in other colours, at other places, in
// another number and so on, the others of different things.
func contrasting(c *nn.Context, set *data.Set, r *rand.Rand, n, size int) (*tensor.Dense, []data.Example) {
	seed := r.Uint64()
	groups := make([][]data.Example, n/2/variants)
	first := r.IntN(len(data.Axes))
	kernel.Parallel(len(groups), func(i int) {
		axis := data.Axes[(first+i)%len(data.Axes)]
		groups[i] = set.Variants(rand.New(rand.NewPCG(seed, uint64(i))), axis, variants, size)
	})
	examples := slices.Concat(groups...)
	order := r.Perm(len(set.Concepts()))
	from := len(examples)
	examples = append(examples, make([]data.Example, n-from)...)
	kernel.Parallel(n-from, func(i int) {
		examples[from+i] = set.Example(rand.New(rand.NewPCG(seed, uint64(1000+i))), order[i%len(order)], size)
	})
	return stack(c, examples, size), examples
}

// stack is the pictures of examples [n,size,size,3].
func stack(c *nn.Context, examples []data.Example, size int) *tensor.Dense {
	x := c.New(len(examples), size, size, 3)
	for i, e := range examples {
		copy(nn.Data(x)[i*size*size*3:], e.Pix)
	}
	return x
}

// retrievalSheet shows, row by row, the picture a caption was made for and then those
// of 100 that the published encoders find nearest to it. It logs how many captions
// find their own, and how many are told from captions that differ in one thing.
func (o Options) retrievalSheet(ctx context.Context, set *data.Set, path string) error {
	folder, err := checkpoint.OpenFolder(o.Model())
	if err != nil {
		return err
	}
	e, err := LoadEncoders(folder)
	if err != nil {
		return err
	}
	c := nn.NewContext(ctx)
	size := e.Image.Config.Size
	encode := func(examples []data.Example) (texts, pictures [][]float64, err error) {
		if texts, err = e.Texts(c, captions(examples)); err != nil {
			return nil, nil, err
		}
		c.Reset()
		pictures, err = e.pixels(c, slices.Clone(nn.Data(stack(c, examples, size))))
		return texts, pictures, err
	}
	const shown, rows, nearest, groups = 100, 12, 6, 24
	examples := make([]data.Example, shown)
	kernel.Parallel(shown, func(i int) { examples[i] = set.Sample(rand.New(rand.NewPCG(77, uint64(i))), size) })
	texts, pictures, err := encode(examples)
	if err != nil {
		return err
	}
	var tiles []image.Image
	found := 0
	for i, text := range texts {
		order := make([]int, shown)
		for j := range order {
			order[j] = j
		}
		slices.SortFunc(order, func(p, q int) int { return cmp.Compare(cosine(text, pictures[q]), cosine(text, pictures[p])) })
		if order[0] == i {
			found++
		}
		if i < rows {
			for _, j := range append([]int{i}, order[:nearest]...) {
				tiles = append(tiles, pipeline.Picture(examples[j].Pix, size, size))
			}
		}
	}
	report := fmt.Sprintf("text: %d of %d captions find their own picture first; right of %d that differ in", found, shown, variants)
	for _, axis := range data.Axes {
		right, all := 0, 0
		for g := range groups {
			group := set.Variants(rand.New(rand.NewPCG(78, uint64(g))), axis, variants, size)
			if len(group) == 0 {
				continue
			}
			texts, pictures, err := encode(group)
			if err != nil {
				return err
			}
			for i := range group {
				all++
				if Nearest(pictures[i], texts) == i {
					right++
				}
			}
		}
		if all > 0 {
			report += fmt.Sprintf(" %s %.0f %%", axis, 100*float64(right)/float64(all))
		}
	}
	fmt.Fprintln(o.Log, report)
	return Sheet(path, tiles, 1+nearest)
}
