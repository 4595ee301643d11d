package train

import (
	"context"
	"fmt"
	"image"
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

	"gorgonia.org/tensor"
)

// unetConfig is the default model's denoiser.
var unetConfig = unet.Config{
	SampleSize: 16, InChannels: 4, OutChannels: 4, Channels: []int{96, 192, 256}, LayersPerBlock: 1,
	DownBlocks: []string{"DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"},
	UpBlocks:   []string{"CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"},
	ContextDim: textConfig.Hidden, Heads: unet.PerBlock{4}, Groups: 16, NormEps: 1e-5,
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

// Denoiser trains the U-Net on the latents of count composed pictures. The text
// encoder stays as it is: what it says of colour, place and number was trained
// already, words that no caption has stay near those that some have, and the image
// encoder goes on agreeing with it.
func Denoiser(ctx context.Context, o Options, count int) error {
	folder, err := checkpoint.OpenFolder(o.Model())
	if err != nil {
		return fmt.Errorf("%w (train the autoencoder and the text encoder first)", err)
	}
	tok, err := family.Tokenizer(folder, "tokenizer")
	if err != nil {
		return err
	}
	text, err := pipeline.Part(folder, "text_encoder", clip.NewText)
	if err != nil {
		return err
	}
	latents, err := o.latents(ctx, count)
	if err != nil {
		return err
	}
	defer latents.Close()
	p := nn.Random(5)
	cfg := unetConfig
	cfg.ContextDim = text.Config.Hidden
	m, err := unet.New(p, cfg)
	if err != nil {
		return err
	}
	levels, err := schedule.New(scheduleConfig)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Log, "denoiser: %.1f M parameters\n", float64(p.Count())/1e6)
	s := &stage{name: "denoiser", opt: NewOptimiser(p.All(), o.LR, o.Steps)}
	s.forward = func(c *nn.Context, r *rand.Rand) (float64, error) {
		batch, err := latents.draw(c, r, o.Batch)
		if err != nil {
			return 0, err
		}
		noisy := newNoisy(c, levels, batch.x)
		for i := range o.Batch {
			t := timestep((float64(i)+r.Float64())/float64(o.Batch), i, scheduleConfig.NumTrainTimesteps)
			noisy.add(i, t, r)
		}
		ids, _ := tokens(tok, batch.captions, text.Config.Positions)
		y := m.Forward(c, noisy.x, noisy.timesteps, text.Forward(c, ids), nil)
		dy := make([]float32, y.Size())
		n := len(dy) / o.Batch
		var loss float64
		for i := range o.Batch {
			w := snrWeight(levels.AlphasCumprod[int(noisy.timesteps[i])])
			var sum float64
			for j := i * n; j < (i+1)*n; j++ {
				d := nn.Data(y)[j] - noisy.velocity[j]
				sum += float64(d) * float64(d)
				dy[j] = float32(2*w/float64(len(dy))) * d
			}
			loss += w * sum / float64(len(dy))
		}
		c.Tape.Backward(y, dy)
		return loss, nil
	}
	s.publish = func() error {
		if err := o.publish("unet", "UNet2DConditionModel", cfg, p, s.opt); err != nil {
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

// snrWeight is how much the squared error of a velocity counts at a noise level:
// min(SNR, γ)/(SNR+1), γ = 5 (Hang et al. 2023), so that the many levels with little
// noise don't take most of the network. A ratio below 1 counts as 1: at the highest
// level, where the first step of every picture is, it is 0.
func snrWeight(alphaCumprod float64) float64 {
	const gamma, floor = 5, 1
	snr := alphaCumprod / (1 - alphaCumprod)
	return min(max(snr, floor), gamma) / (snr + 1)
}

// noisy is a batch of latents with noise.
type noisy struct {
	levels    *schedule.Schedule
	clean     *tensor.Dense // [n,h,w,c]
	x         *tensor.Dense
	velocity  []float32 // α·noise − σ·clean (Salimans & Ho 2022)
	timesteps []float64
}

func newNoisy(c *nn.Context, levels *schedule.Schedule, clean *tensor.Dense) *noisy {
	return &noisy{
		levels: levels, clean: clean, x: c.New(clean.Shape()...),
		velocity: make([]float32, clean.Size()), timesteps: make([]float64, clean.Shape()[0]),
	}
}

// add adds the noise of timestep t to latent i.
func (b *noisy) add(i, t int, r *rand.Rand) {
	b.timesteps[i] = float64(t)
	alpha := math.Sqrt(b.levels.AlphasCumprod[t])
	sigma := math.Sqrt(1 - b.levels.AlphasCumprod[t])
	n := b.clean.Size() / len(b.timesteps)
	for j := i * n; j < (i+1)*n; j++ {
		x0, e := float64(nn.Data(b.clean)[j]), r.NormFloat64()
		nn.Data(b.x)[j] = float32(alpha*x0 + sigma*e)
		b.velocity[j] = float32(alpha*e - sigma*x0)
	}
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
			picture, err := Draw(ctx, p, engine.Request{
				Prompt: prompt, Seed: uint64(seed + 1), Steps: engine.DefaultSteps, Guidance: engine.DefaultGuidance,
			})
			if err != nil {
				return err
			}
			tiles = append(tiles, picture)
		}
	}
	return Sheet(path, tiles, seeds*promptsPerRow)
}

// Draw draws one picture with the usual sampler.
func Draw(ctx context.Context, p *pipeline.Pipeline, r engine.Request) (*image.RGBA, error) {
	r.Sampler, r.Model, r.Precision = engine.DefaultSampler, p.Name, p.Precision.String()
	r, err := p.Resolve(r)
	if err != nil {
		return nil, err
	}
	result, err := p.Paint(ctx, r, nil, nil)
	if err != nil {
		return nil, err
	}
	return result.Picture, nil
}
