package train

import (
	"fmt"

	"darkroom/engine/checkpoint"
	"darkroom/engine/clip"
	"darkroom/engine/family"
	"darkroom/engine/nn"
	"darkroom/engine/pipeline"
	"darkroom/engine/tokenizer"

	"gorgonia.org/tensor"
)

// Encoders map texts and pictures to the space in which those that belong together
// are near each other.
type Encoders struct {
	Tokenizer *tokenizer.Tokenizer
	Text      *clip.Text
	Image     *clip.Image
}

// LoadEncoders takes them from a model folder.
func LoadEncoders(folder *checkpoint.Folder) (*Encoders, error) {
	e := &Encoders{}
	var err error
	if e.Tokenizer, err = family.Tokenizer(folder, "tokenizer"); err != nil {
		return nil, err
	}
	if e.Text, err = pipeline.Part(folder, "text_encoder", clip.NewText); err != nil {
		return nil, err
	}
	if e.Image, err = pipeline.Part(folder, "image_encoder", clip.NewImage); err != nil {
		return nil, err
	}
	switch t := e.Text.Config; {
	case !t.Projects():
		return nil, fmt.Errorf("the text encoder has no projection to the image encoder's space: train both together")
	case t.Projection != e.Image.Config.Embed:
		return nil, fmt.Errorf("the text encoder projects to %d numbers and the image encoder to %d: these parts belong to different models", t.Projection, e.Image.Config.Embed)
	}
	return e, nil
}

// atOnce is how many texts or pictures are encoded together.
const atOnce = 64

// Texts are the vectors of captions, each of length one.
func (e *Encoders) Texts(c *nn.Context, captions []string) ([][]float64, error) {
	var all [][]float64
	for from := 0; from < len(captions); from += atOnce {
		c.Reset()
		part := captions[from:min(from+atOnce, len(captions))]
		ids, ends := tokens(e.Tokenizer, part, e.Text.Config.Positions)
		all = append(all, unit(e.Text.Pooled(c, e.Text.Forward(c, ids), ends))...)
		if err := c.Err(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// pixels are the vectors of pictures [n,side,side,3] of the encoder's own size.
func (e *Encoders) pixels(c *nn.Context, values []float32) ([][]float64, error) {
	side := e.Image.Config.Size
	size := side * side * 3
	var all [][]float64
	for from := 0; from < len(values); from += atOnce * size {
		c.Reset()
		part := values[from:min(from+atOnce*size, len(values))]
		all = append(all, unit(e.Image.Forward(c, nn.Wrap(part, len(part)/size, side, side, 3)))...)
		if err := c.Err(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// unit are the rows of x [n,d], scaled to length one.
func unit(x *tensor.Dense) [][]float64 {
	n, d := x.Shape()[0], x.Shape()[1]
	u, _ := normalise(nn.Data(x), n)
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = u[i*d:][:d]
	}
	return rows
}

// cosine is that of two vectors of length one.
func cosine(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// Nearest is the place of the vector among these that is nearest to one.
func Nearest(to []float64, among [][]float64) int {
	best := 0
	for i := range among {
		if cosine(to, among[i]) > cosine(to, among[best]) {
			best = i
		}
	}
	return best
}
