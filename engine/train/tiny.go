package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"darkroom/engine/checkpoint"
	"darkroom/engine/nn"
	"darkroom/engine/pipeline"
	"darkroom/engine/vae"

	"gorgonia.org/tensor"
)

// tinyConfig is the decoder that shows the steps: TAESD's with a quarter of the width,
// and its blocks where there are few places.
var tinyConfig = vae.TinyConfig{
	Latent: 4, EncoderChannels: []int{16, 16, 16, 16}, DecoderChannels: []int{16, 16, 16, 16},
	EncoderBlocks: []int{1, 1, 1, 1}, DecoderBlocks: []int{3, 2, 1, 1}, NoEncoder: true,
}

// TinyDecoder trains a small decoder to show latents as the autoencoder does. What it is
// to show are estimates of the first steps too, which are mixtures of what a picture may
// become: half of a batch are mixtures of two pictures' latents.
func TinyDecoder(ctx context.Context, o Options, count int) error {
	teacher, err := loadVAE(o.Model())
	if err != nil {
		return fmt.Errorf("%w (train the autoencoder first)", err)
	}
	latents, err := o.latents(ctx, count)
	if err != nil {
		return err
	}
	defer latents.Close()
	cfg := tinyConfig
	cfg.Latent = teacher.Config.Latent
	p := nn.Random(7)
	m, err := vae.NewTiny(p, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Log, "tiny: %.2f M parameters\n", float64(p.Count())/1e6)
	s := &stage{name: "tiny", opt: NewOptimiser(p.All(), o.LR, o.Steps)}
	s.forward = func(c *nn.Context, r *rand.Rand) (float64, error) {
		z, err := latents.mixed(c, r, o.Batch)
		if err != nil {
			return 0, err
		}
		want, y := teacher.Decode(c, z), m.Decode(c, z)
		dy := make([]float32, y.Size())
		loss := reconstructionLoss(dy, nn.Data(y), nn.Data(want), o.Batch, Size)
		for i := range dy {
			dy[i] *= 2 // by the network's own output, of which y is twice, less 1
		}
		c.Tape.Backward(y, dy)
		return loss, nil
	}
	s.publish = func() error { return o.publish("tiny", "AutoencoderTiny", cfg, p, s.opt) }
	s.sheet = func(ctx context.Context, path string) error { return o.tinySheet(ctx, teacher, latents, path) }
	return o.run(ctx, s)
}

// mixed draws n latents, every other of them a mixture of two.
func (l *latentSet) mixed(c *nn.Context, r *rand.Rand, n int) (*tensor.Dense, error) {
	b, err := l.draw(c, r, n)
	if err != nil {
		return nil, err
	}
	other, err := l.draw(c, r, n)
	if err != nil {
		return nil, err
	}
	for i := 1; i < n; i += 2 {
		t := r.Float32()
		z := nn.Data(b.x)[i*l.size():][:l.size()]
		for j, v := range nn.Data(other.x)[i*l.size():][:l.size()] {
			z[j] += t * (v - z[j])
		}
	}
	return b.x, nil
}

// tinySheet shows pictures as the autoencoder decodes them above what the published tiny
// decoder makes of the same latents, and logs how near that comes.
func (o Options) tinySheet(ctx context.Context, teacher *vae.Model, latents *latentSet, path string) error {
	folder, err := checkpoint.OpenFolder(o.Model())
	if err != nil {
		return err
	}
	tiny, err := pipeline.Part(folder, "tiny", func(p nn.Params, cfg vae.TinyConfig) (*vae.Tiny, error) {
		cfg.NoEncoder = true
		return vae.NewTiny(p, cfg)
	})
	if err != nil {
		return err
	}
	const columns, rows = 12, 2
	c := nn.NewContext(ctx)
	z, err := latents.mixed(c, rand.New(rand.NewPCG(77, 77)), columns*rows)
	if err != nil {
		return err
	}
	want, y := teacher.Decode(c, z), tiny.Decode(c, z)
	if err := c.Err(); err != nil {
		return err
	}
	fmt.Fprintf(o.Log, "tiny: PSNR %.2f dB against the autoencoder's decoder\n", PSNR(nn.Data(y), nn.Data(want)))
	return pairs(path, nn.Data(want), nn.Data(y), rows, columns)
}

// PSNR is the peak signal-to-noise ratio of values of −1 … 1, in dB.
func PSNR(got, want []float32) float64 {
	var square float64
	for i, v := range got {
		d := float64(min(max(v, -1), 1) - min(max(want[i], -1), 1))
		square += d * d
	}
	return 10 * math.Log10(4/(square/float64(len(got))))
}
