package train

import (
	"context"
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	"darkroom/engine/kernel"
	"darkroom/engine/nn"
	"darkroom/engine/pipeline"
	"darkroom/engine/train/data"
	"darkroom/engine/vae"

	"gorgonia.org/tensor"
)

// Size is the height and width of the default model's pictures.
const Size = 128

// MaxTokens is how many tokens of a caption the default model reads, start and
// end included.
const MaxTokens = 32

// autoencoderConfig is the default model's: 128×128×3 ↔ 16×16×4. docs/training.md
// compares it with wider ones, which for the same work learn less.
var autoencoderConfig = vae.Config{
	InChannels: 3, OutChannels: 3, Latent: 4, Channels: []int{16, 32, 64, 128}, LayersPerBlock: 1,
	Groups: 8, Scaling: 1, SampleSize: Size,
}

// Autoencoder trains the autoencoder on pictures of the data set.
func Autoencoder(ctx context.Context, o Options) error {
	set, err := o.openData()
	if err != nil {
		return err
	}
	p := nn.Random(1)
	cfg := autoencoderConfig
	m, err := vae.New(p, cfg)
	if err != nil {
		return err
	}
	s := &stage{name: "autoencoder", opt: NewOptimiser(p.All(), o.LR, o.Steps)}
	s.forward = func(c *nn.Context, r *rand.Rand) (float64, error) {
		x, _ := pictures(c, set, r, o.Batch)
		return autoencode(c, m, x, r), nil
	}
	s.publish = func() error {
		// published as it is, measured, and published with its scale
		published := cfg
		for range 2 {
			if err := o.publish("vae", "AutoencoderKL", published, p, s.opt); err != nil {
				return err
			}
			m, err := loadVAE(o.Model())
			if err != nil {
				return err
			}
			published.Scaling = latentScale(m, set)
		}
		return nil
	}
	s.sheet = func(ctx context.Context, path string) error {
		return autoencoderSheet(ctx, o, set, path)
	}
	return o.run(ctx, s)
}

// autoencode sends pictures [n,Size,Size,3] through the autoencoder and the gradients
// of its loss, which it returns, back.
func autoencode(c *nn.Context, m *vae.Model, x *tensor.Dense, r *rand.Rand) float64 {
	moments := m.Moments(c, x)
	noise := make([]float32, moments.Size()/2)
	for i := range noise {
		noise[i] = float32(r.NormFloat64())
	}
	y := m.Reconstruct(c, nn.Reparameterise(c, moments, noise))
	dy := make([]float32, y.Size())
	loss := reconstructionLoss(dy, nn.Data(y), nn.Data(x), x.Shape()[0], x.Shape()[1])
	dm := make([]float32, moments.Size())
	loss += divergence(dm, nn.Data(moments), m.Config.Latent)
	c.Tape.Seed(moments, dm)
	c.Tape.Backward(y, dy)
	return loss
}

// pictures composes a batch [n,Size,Size,3] and its examples.
func pictures(c *nn.Context, set *data.Set, r *rand.Rand, n int) (*tensor.Dense, []data.Example) {
	x := c.New(n, Size, Size, 3)
	examples := make([]data.Example, n)
	seed := r.Uint64()
	kernel.Parallel(n, func(i int) {
		examples[i] = set.Sample(rand.New(rand.NewPCG(seed, uint64(i))), Size)
		copy(nn.Data(x)[i*Size*Size*3:], examples[i].Pix)
	})
	return x, examples
}

// latentScale is one over the standard deviation of m's latents, which the
// denoiser wants to be one.
func latentScale(m *vae.Model, set *data.Set) float64 {
	c := nn.NewContext(context.Background())
	x, _ := pictures(c, set, rand.New(rand.NewPCG(9, 9)), 64)
	var sum, square float64
	latents := nn.Data(m.Encode(c, x))
	for _, v := range latents {
		sum += float64(v)
		square += float64(v) * float64(v)
	}
	n := float64(len(latents))
	return m.Config.Scaling / math.Sqrt(square/n-sum/n*sum/n)
}

// autoencoderSheet shows pictures above what is left of them after the way
// through the latent, and logs the peak signal-to-noise ratio.
func autoencoderSheet(ctx context.Context, o Options, set *data.Set, path string) error {
	m, err := loadVAE(o.Model())
	if err != nil {
		return err
	}
	const columns, rows = 12, 4
	c := nn.NewContext(ctx)
	x, _ := pictures(c, set, rand.New(rand.NewPCG(77, 77)), columns*rows)
	y := m.Decode(c, m.Encode(c, x))
	if err := c.Err(); err != nil {
		return err
	}
	fmt.Fprintf(o.Log, "autoencoder: PSNR %.2f dB, latents scaled by %.4f\n", PSNR(nn.Data(y), nn.Data(x)), m.Config.Scaling)
	return pairs(path, nn.Data(x), nn.Data(y), rows, columns)
}

// pairs is a sheet of pictures [rows·columns,Size,Size,3], each row above that of others.
func pairs(path string, above, below []float32, rows, columns int) error {
	var tiles []image.Image
	for row := range rows {
		for _, t := range [][]float32{above, below} {
			for i := row * columns; i < (row+1)*columns; i++ {
				tiles = append(tiles, pipeline.Picture(t[i*Size*Size*3:], Size, Size))
			}
		}
	}
	return Sheet(path, tiles, columns)
}
