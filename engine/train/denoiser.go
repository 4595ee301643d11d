package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/clip"
	"darkroom/engine/family"
	"darkroom/engine/nn"
	"darkroom/engine/pipeline"
	"darkroom/engine/schedule"
	"darkroom/engine/train/data"
	"darkroom/engine/unet"
)

// unetConfig is the default model's denoiser.
var unetConfig = unet.Config{
	SampleSize: 16, InChannels: 4, OutChannels: 4, Channels: []int{64, 128, 192}, LayersPerBlock: 1,
	DownBlocks: []string{"DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"},
	UpBlocks:   []string{"CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"},
	ContextDim: 192, Heads: unet.PerBlock{4}, Groups: 16, NormEps: 1e-5,
}

// scheduleConfig has the default model predict the velocity and start from
// pure noise, without which plain backgrounds come out grey (Lin et al. 2023).
var scheduleConfig = schedule.Config{
	BetaStart: 0.00085, BetaEnd: 0.012, BetaSchedule: "scaled_linear", NumTrainTimesteps: 1000,
	PredictionType: schedule.Velocity, RescaleBetasZeroSNR: true,
}

// dropout is how often the caption is withheld, so that the model also learns
// what to draw unasked, which guidance steers away from (Ho & Salimans 2022).
const dropout = 0.1

// Denoiser trains the U-Net, and goes on training the text encoder with it, on
// the latents of count composed pictures.
func Denoiser(ctx context.Context, o Options, count int) error {
	folder, err := checkpoint.OpenFolder(o.Model())
	if err != nil {
		return fmt.Errorf("%w (train the autoencoder and the text encoder first)", err)
	}
	tok, err := family.Tokenizer(folder, "tokenizer")
	if err != nil {
		return err
	}
	latents, err := o.latents(ctx, count)
	if err != nil {
		return err
	}
	textParams, text, err := loadText(folder)
	if err != nil {
		return err
	}
	p := nn.Random(5)
	m, err := unet.New(p, unetConfig)
	if err != nil {
		return err
	}
	levels, err := schedule.New(scheduleConfig)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Log, "denoiser: %.1f M parameters, text encoder %.1f M\n", float64(p.Count())/1e6, float64(textParams.Count())/1e6)

	all := append(append([]*nn.Param(nil), p.All()...), textParams.All()...)
	s := &stage{name: "denoiser", opt: NewOptimiser(all, o.LR, o.Steps)}
	s.forward = func(c *nn.Context, r *rand.Rand) (float64, error) {
		x := c.New(o.Batch, latents.side, latents.side, latents.channels)
		target := make([]float32, x.Size())
		timesteps := make([]float64, o.Batch)
		examples := make([]data.Example, o.Batch)
		n := x.Size() / o.Batch
		for i := range o.Batch {
			at := r.IntN(len(latents.captions))
			if r.Float64() >= dropout {
				examples[i].Caption = latents.captions[at]
			}
			t := timestep((float64(i)+r.Float64())/float64(o.Batch), i, scheduleConfig.NumTrainTimesteps)
			timesteps[i] = float64(t)
			alpha := math.Sqrt(levels.AlphasCumprod[t])
			sigma := math.Sqrt(1 - levels.AlphasCumprod[t])
			for j, x0 := range latents.values[at*n : (at+1)*n] {
				e := r.NormFloat64()
				nn.Data(x)[i*n+j] = float32(alpha*float64(x0) + sigma*e)
				target[i*n+j] = float32(alpha*e - sigma*float64(x0)) // the velocity (Salimans & Ho 2022)
			}
		}
		ids, _ := captions(tok, examples, text.Config.Positions)
		y := m.Forward(c, x, timesteps, text.Forward(c, ids), nil)
		var loss float64
		for i, v := range nn.Data(y) {
			d := v - target[i]
			loss += float64(d * d)
			target[i] = 2 * d / float32(len(target))
		}
		c.Tape.Backward(y, target)
		return loss / float64(len(target)), nil
	}
	s.publish = func() error {
		if err := o.publish("unet", "UNet2DConditionModel", unetConfig, p, s.opt); err != nil {
			return err
		}
		if err := o.publish("text_encoder", "CLIPTextModel", text.Config, textParams, s.opt); err != nil {
			return err
		}
		dir := filepath.Join(o.Model(), "scheduler")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		return writeConfig(filepath.Join(dir, "scheduler_config.json"), "DDIMScheduler", scheduleConfig)
	}
	s.sheet = func(ctx context.Context, path string) error {
		return PromptSheet(ctx, o.Model(), nn.Float32, path, data.Prompts[:20], 2, 5)
	}
	return o.run(ctx, s)
}

// timestep is where on the way of total timesteps example i of a batch is
// trained: u, which runs evenly over 0 … 1 within the batch, for half of them,
// and √u for the others, since what a picture shows is decided where there is
// much noise.
func timestep(u float64, i, total int) int {
	if i%2 == 0 {
		u = math.Sqrt(u)
	}
	return min(int(u*float64(total)), total-1)
}

// loadText returns the pretrained text encoder and its parameters.
func loadText(folder *checkpoint.Folder) (nn.Params, *clip.Text, error) {
	var p nn.Params
	text, err := pipeline.Part(folder, "text_encoder", func(q nn.Params, cfg clip.TextConfig) (*clip.Text, error) {
		p = q
		return clip.NewText(q, cfg)
	})
	return p, text, err
}

// latentSet is the data set as the denoiser sees it.
type latentSet struct {
	side, channels int
	values         []float32 // [count,side,side,channels]
	captions       []string
}

// latents returns the encoded pictures, from the file of an earlier run if
// that has as many.
func (o Options) latents(ctx context.Context, count int) (*latentSet, error) {
	path := o.path("run", "latents.safetensors")
	m, err := loadVAE(o.Model())
	if err != nil {
		return nil, err
	}
	l := &latentSet{side: Size / m.Config.Factor(), channels: m.Config.Latent}
	size := l.side * l.side * l.channels
	f, err := checkpoint.Open(path)
	if err == nil {
		defer f.Close()
		if err := json.Unmarshal([]byte(f.Metadata()["captions"]), &l.captions); err == nil && len(l.captions) == count {
			l.values, err = f.Reader("").Float32("latents", count, l.side, l.side, l.channels)
			return l, err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	set, err := o.openData()
	if err != nil {
		return nil, err
	}
	c := nn.NewContext(ctx)
	l.captions, l.values = nil, make([]float32, 0, count*size)
	bar := newProgress(o.Log, "latents", 0, count, 1)
	for len(l.captions) < count {
		c.Reset()
		n := min(64, count-len(l.captions))
		x, examples := pictures(c, set, rand.New(rand.NewPCG(uint64(len(l.captions)), 0x6c6174)), n)
		z := nn.Data(m.Encode(c, x))
		if err := c.Err(); err != nil {
			return nil, err
		}
		l.values = append(l.values, z...)
		for _, e := range examples {
			l.captions = append(l.captions, e.Caption)
			bar.step(0)
		}
	}
	bar.done()
	texts, err := json.Marshal(l.captions)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return l, checkpoint.Write(path, []checkpoint.Tensor{{Name: "latents", Shape: []int{count, l.side, l.side, l.channels}, Data: l.values}},
		checkpoint.F16, map[string]string{"captions": string(texts)})
}

// PromptSheet draws each prompt with seeds 1 … seeds and writes the pictures
// in rows of as many prompts.
func PromptSheet(ctx context.Context, model string, precision nn.Precision, path string, prompts []string, seeds, promptsPerRow int) error {
	p, err := pipeline.Load(ctx, model, precision)
	if err != nil {
		return err
	}
	var tiles []image.Image
	for _, prompt := range prompts {
		for seed := range seeds {
			r, err := p.Resolve(engine.Request{
				Prompt: prompt, Seed: uint64(seed + 1), Steps: 20, Guidance: 4, Sampler: "euler", Model: model, Precision: precision.String(),
			})
			if err != nil {
				return err
			}
			result, err := p.Paint(ctx, r, nil, func(engine.Progress) {})
			if err != nil {
				return err
			}
			tiles = append(tiles, result.Picture)
		}
	}
	return Sheet(path, tiles, seeds*promptsPerRow)
}
