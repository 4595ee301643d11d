package train

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"darkroom/engine/clip"
	"darkroom/engine/nn"
	"darkroom/engine/unet"
	"darkroom/engine/vae"
)

// BenchmarkStep measures a step of the three long stages with networks of their sizes, without composing the
// pictures: forward, back and the optimiser's step. On a machine that does other
// things, too, the fastest step is the one to look at.
func BenchmarkStep(b *testing.B) {
	b.Run("autoencoder", func(b *testing.B) {
		const batch = 8
		p := nn.Random(1)
		m, err := vae.New(p, autoencoderConfig)
		if err != nil {
			b.Fatal(err)
		}
		steps(b, batch, p.All(), func(c *nn.Context, r *rand.Rand) {
			autoencode(c, m, nn.Wrap(normals(r, batch*Size*Size*3), batch, Size, Size, 3), r)
		})
	})
	b.Run("text", func(b *testing.B) {
		const batch, vocabulary = 128, 4096
		cfg := textConfig
		cfg.Vocab = vocabulary
		said := make([]string, batch)
		for i := range said {
			said[i] = strconv.Itoa(i)
		}
		p, q := nn.Random(2), nn.Random(3)
		text, err := clip.NewText(p, cfg)
		if err != nil {
			b.Fatal(err)
		}
		pictures, err := clip.NewImage(q, imageConfig)
		if err != nil {
			b.Fatal(err)
		}
		steps(b, batch, append(append([]*nn.Param(nil), p.All()...), q.All()...), func(c *nn.Context, r *rand.Rand) {
			x := nn.Wrap(normals(r, batch*imageConfig.Size*imageConfig.Size*3), batch, imageConfig.Size, imageConfig.Size, 3)
			caption, picture := nn.Take(c, text.Forward(c, randomTokens(r, batch, vocabulary)), make([]int, batch)), pictures.Forward(c, x)
			da, db := make([]float32, caption.Size()), make([]float32, picture.Size())
			contrast(nn.Data(caption), nn.Data(picture), da, db, said, 3)
			c.Tape.Seed(caption, da)
			c.Tape.Backward(picture, db)
		})
	})
	b.Run("denoiser", func(b *testing.B) {
		const batch, vocabulary = 32, 4096
		textCfg, cfg := textConfig, unetConfig
		textCfg.Vocab = vocabulary
		p, q := nn.Random(5), nn.Random(6)
		m, err := unet.New(p, cfg)
		if err != nil {
			b.Fatal(err)
		}
		text, err := clip.NewText(q, textCfg)
		if err != nil {
			b.Fatal(err)
		}
		steps(b, batch, p.All(), func(c *nn.Context, r *rand.Rand) {
			side := cfg.SampleSize
			x := nn.Wrap(normals(r, batch*side*side*cfg.InChannels), batch, side, side, cfg.InChannels)
			timesteps := make([]float64, batch)
			for i := range timesteps {
				timesteps[i] = float64(r.IntN(1000))
			}
			y := m.Forward(c, x, timesteps, text.Forward(c, randomTokens(r, batch, vocabulary)), nil)
			c.Tape.Backward(y, normals(r, y.Size()))
		})
	})
}

// randomTokens is the ids of n captions.
func randomTokens(r *rand.Rand, n, vocabulary int) []int {
	ids := make([]int, n*MaxTokens)
	for i := range ids {
		ids[i] = r.IntN(vocabulary)
	}
	return ids
}

// steps measures steps of a batch.
func steps(b *testing.B, batch int, params []*nn.Param, forward func(c *nn.Context, r *rand.Rand)) {
	c := nn.Training(context.Background())
	c.Tape.Watch(params...)
	o := NewOptimiser(params, 1e-5, 1<<20)
	r := rand.New(rand.NewPCG(1, 1))
	step := func() {
		c.Reset()
		forward(c, r)
		o.Step(c.Tape)
	}
	step() // which makes the memory
	fastest := math.Inf(1)
	b.ReportAllocs()
	for b.Loop() {
		begun := time.Now()
		step()
		fastest = min(fastest, time.Since(begun).Seconds())
	}
	b.ReportMetric(1e3*b.Elapsed().Seconds()/float64(b.N*batch), "ms/picture")
	b.ReportMetric(1e3*fastest/float64(batch), "fastest-ms/picture")
}
