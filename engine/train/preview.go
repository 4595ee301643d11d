package train

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"path/filepath"

	"darkroom/engine/nn"
	"darkroom/engine/pipeline"

	"gonum.org/v1/gonum/mat"
)

// Preview fits the map from a latent to the colour of its place by least squares on
// composed pictures, and writes it into the autoencoder's configuration.
func Preview(ctx context.Context, o Options) error {
	set, err := o.openData()
	if err != nil {
		return err
	}
	defer set.Close()
	m, err := loadVAE(o.Model())
	if err != nil {
		return fmt.Errorf("%w (train the autoencoder first)", err)
	}
	const fitted, shown = 64, 12
	c := nn.NewContext(ctx)
	x, _ := pictures(c, set, rand.New(rand.NewPCG(11, 11)), fitted+shown)
	z := m.Encode(c, x)
	if err := c.Err(); err != nil {
		return err
	}
	f, ch := m.Config.Factor(), m.Config.Latent
	side := Size / f
	places := side * side
	in, out := mat.NewDense(fitted*places, ch+1, nil), mat.NewDense(fitted*places, 3, nil)
	for i := range fitted * places {
		for j := range ch {
			in.Set(i, j, float64(nn.Data(z)[i*ch+j]))
		}
		in.Set(i, ch, 1)
		colour := meanColour(nn.Data(x)[i/places*Size*Size*3:], i%places%side*f, i%places/side*f, f)
		out.SetRow(i, colour[:])
	}
	var weights mat.Dense
	if err := weights.Solve(in, out); err != nil {
		return err
	}
	cfg := m.Config
	cfg.Preview = make([][3]float64, ch+1)
	for i := range cfg.Preview {
		copy(cfg.Preview[i][:], weights.RawRowView(i))
	}
	if err := writeConfig(filepath.Join(o.Model(), "vae", "config.json"), "AutoencoderKL", cfg); err != nil {
		return err
	}
	var tiles []image.Image
	var square float64
	for i := fitted; i < fitted+shown; i++ {
		tiles = append(tiles, pipeline.Picture(nn.Data(x)[i*Size*Size*3:], Size, Size))
	}
	for i := fitted; i < fitted+shown; i++ {
		values := make([]float32, Size*Size*3)
		for at := range Size * Size {
			place := i*places + at/Size/f*side + at%Size/f
			for k := range 3 {
				v := cfg.Preview[ch][k]
				for j := range ch {
					v += cfg.Preview[j][k] * float64(nn.Data(z)[place*ch+j])
				}
				values[3*at+k] = float32(v)
			}
		}
		for at := range places {
			px, py := at%side*f, at/side*f
			want := meanColour(nn.Data(x)[i*Size*Size*3:], px, py, f)
			for k := range 3 {
				d := want[k] - float64(values[3*(py*Size+px)+k])
				square += d * d
			}
		}
		tiles = append(tiles, pipeline.Picture(values, Size, Size))
	}
	text, err := json.Marshal(cfg.Preview)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Log, "preview: the places' mean colours of %d other pictures are met with a root mean squared error of %.3f of −1 … 1\npreview: %s\n",
		shown, math.Sqrt(square/float64(shown*places*3)), text)
	return Sheet(o.path("run", "preview.png"), tiles, shown)
}

// meanColour is that of the side×side pixels from x, y of a picture [Size,Size,3].
func meanColour(picture []float32, x, y, side int) (mean [3]float64) {
	for dy := range side {
		for dx := range side {
			for k := range mean {
				mean[k] += float64(picture[((y+dy)*Size+x+dx)*3+k]) / float64(side*side)
			}
		}
	}
	return mean
}
