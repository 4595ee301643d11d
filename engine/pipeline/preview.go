package pipeline

import (
	"image"

	"darkroom/engine/nn"
	"darkroom/engine/noise"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"
)

// freeDecode is how much work the real decoder may cost for every step to be
// shown through it; more, and previews are the linear map below.
const freeDecode = 4e9 // FLOP

// decodeWork estimates the decoder's work from Stable Diffusion's 2 515 GFLOP
// at 512×512 with 128 channels at full size.
func (p *Pipeline) decodeWork(w, h int) float64 {
	ch := float64(p.VAE.Config.Channels[0]) / 128
	return 2515e9 * float64(w*h) / (512 * 512) * ch * ch
}

// Preview shows a latent [1,h,w,c] as a picture: decoded where that is cheap or there
// is a tiny autoencoder, else one pixel per latent.
func (p *Pipeline) Preview(c *nn.Context, latent *tensor.Dense) (*image.RGBA, error) {
	s := latent.Shape()
	f := p.VAE.Config.Factor()
	if p.tiny != nil && p.adapted.vae == "" {
		return p.decodeWith(c, "preview", p.tiny, latent)
	}
	if p.adapted.tiny != nil || p.decodeWork(s[2]*f, s[1]*f) <= freeDecode {
		return p.Decode(c, latent)
	}
	if p.preview == nil {
		if p.preview = shippedPreview(p.VAE.Config.Preview); p.preview == nil {
			fit, err := p.fitPreview(c)
			if err != nil {
				return nil, err
			}
			p.preview = fit
		}
	}
	return Picture(p.preview.apply(nn.Data(latent)), s[2], s[1]), nil
}

// preview is a linear map from one latent value to one colour.
type preview struct {
	channels int
	weights  mat.Dense // [channels+1, 3], the last row a bias
}

func (m *preview) apply(latent []float32) []float32 {
	out := make([]float32, len(latent)/m.channels*3)
	for i := range len(latent) / m.channels {
		for k := range 3 {
			v := m.weights.At(m.channels, k)
			for j := range m.channels {
				v += float64(float64(latent[i*m.channels+j]) * m.weights.At(j, k))
			}
			out[i*3+k] = float32(v)
		}
	}
	return out
}

// shippedPreview is the map that the autoencoder's configuration has, nil if it has
// none.
func shippedPreview(rows [][3]float64) *preview {
	if len(rows) == 0 {
		return nil
	}
	m := &preview{channels: len(rows) - 1}
	m.weights = *mat.NewDense(len(rows), 3, nil)
	for i, row := range rows {
		m.weights.SetRow(i, row[:])
	}
	return m
}

// fitPreview finds that map for this model's own decoder: it decodes small
// patches of even latents and fits their colours by least squares.
func (p *Pipeline) fitPreview(c *nn.Context) (*preview, error) {
	const (
		patch = 4 // latents on a side that share one value, so that it shows as an area
		side  = 8 // patches on a side of the test picture
	)
	ch, f := p.VAE.Config.Latent, p.VAE.Config.Factor()
	values := nn.Data(noise.Latent(0, 0, ch, side, side))
	z := nn.Wrap(make([]float32, side*patch*side*patch*ch), 1, side*patch, side*patch, ch)
	for y := range side * patch {
		for x := range side * patch {
			copy(nn.Data(z)[(y*side*patch+x)*ch:][:ch], values[(y/patch*side+x/patch)*ch:][:ch])
		}
	}
	var y *tensor.Dense
	for c.Next(nn.Pass{Network: "decode", Size: [4]int(z.Shape())}) {
		y = p.VAE.Decode(c, z)
	}
	picture := nn.Data(y)
	if err := c.Err(); err != nil {
		return nil, err
	}
	in, out := mat.NewDense(side*side, ch+1, nil), mat.NewDense(side*side, 3, nil)
	for i := range side * side {
		for j := range ch {
			in.Set(i, j, float64(values[i*ch+j]))
		}
		in.Set(i, ch, 1)
		// the middle of the patch, away from its neighbours
		y, x := (i/side*patch+patch/2)*f, (i%side*patch+patch/2)*f
		for k := range 3 {
			var sum float64
			for dy := -f / 2; dy < f/2; dy++ {
				for dx := -f / 2; dx < f/2; dx++ {
					sum += float64(picture[((y+dy)*side*patch*f+x+dx)*3+k])
				}
			}
			out.Set(i, k, sum/float64(f*f))
		}
	}
	m := &preview{channels: ch}
	if err := m.weights.Solve(in, out); err != nil {
		return nil, err
	}
	return m, nil
}
