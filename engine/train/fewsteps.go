package train

import (
	"context"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
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

const (
	// FewSteps is in how many steps the distilled model draws.
	FewSteps = 4
	// FewStepsFile is the LoRA in a model folder that does it.
	FewStepsFile = "few_steps.safetensors"

	finer = 12 // steps of the teacher for one of the student's
)

// FewStepsModel distils the denoiser into one that draws in four steps what it draws in
// twenty with guidance, of the same noise. The way from noise to picture is cut into
// four; within each part, the student learns to go to the part's end at once from
// wherever it is, by agreeing with itself one of the teacher's small steps further on
// (consistency within phases: Wang et al. 2024, after Song et al. 2023). What it draws
// is decided by the noise it begins with alone, as with the teacher, so that the picture
// in four steps is a sketch of the one in twenty. What the student has learnt is kept as
// a LoRA, a tenth of the network's size.
func FewStepsModel(ctx context.Context, o Options, count, rank int) error {
	folder, err := checkpoint.OpenFolder(o.Model())
	if err != nil {
		return fmt.Errorf("%w (train the denoiser first)", err)
	}
	tok, err := family.Tokenizer(folder, "tokenizer")
	if err != nil {
		return err
	}
	text, err := pipeline.Part(folder, "text_encoder", clip.NewText)
	if err != nil {
		return err
	}
	teacher, err := pipeline.Part(folder, "unet", unet.New)
	if err != nil {
		return fmt.Errorf("%w (train the denoiser first: darkroom train denoiser --dir %s)", err, o.Dir)
	}
	var p nn.Params
	student, err := pipeline.Part(folder, "unet", func(q nn.Params, cfg unet.Config) (*unet.Model, error) {
		p = q
		return unet.New(q, cfg)
	})
	if err != nil {
		return err
	}
	var cfg schedule.Config
	if err := folder.Config("scheduler", &cfg); err != nil {
		return err
	}
	way, err := newWay(cfg)
	if err != nil {
		return err
	}
	latents, err := o.latents(ctx, count)
	if err != nil {
		return err
	}
	defer latents.Close()
	lora := newLowRank(p.All(), rank, 8)
	s := &stage{name: "fewsteps", opt: NewOptimiser(lora.params(), o.LR, o.Steps)}
	var learnt int
	for _, q := range lora.params() {
		learnt += q.Value.Size()
	}
	fmt.Fprintf(o.Log, "fewsteps: %.2f M parameters beside the denoiser's %.1f M\n", float64(learnt)/1e6, float64(p.Count())/1e6)
	none, _ := tokens(tok, []string{""}, text.Config.Positions)
	unasked := text.Forward(nn.NewContext(ctx), none)
	still := nn.NewContext(context.WithoutCancel(ctx)) // what is computed without a tape
	watching := false
	s.forward = func(c *nn.Context, r *rand.Rand) (float64, error) {
		if !watching {
			c.Tape.Watch(lora.changed()...)
			watching = true
		}
		still.Reset()
		lora.apply()
		batch, err := latents.draw(c, r, o.Batch)
		if err != nil {
			return 0, err
		}
		ids, _ := tokens(tok, batch.captions, text.Config.Positions)
		words := text.Forward(c, ids)
		at := make([]int, o.Batch) // of the way's levels
		for i := range at {
			at[i] = min(int((float64(i)+r.Float64())/float64(o.Batch)*FewSteps*finer), FewSteps*finer-1)
		}
		x := way.noisy(c, batch.x, at, r)
		v := guided(still, teacher, x, way.times(at), words, unasked)
		next, ends := make([]int, o.Batch), make([]int, o.Batch)
		for i := range at {
			next[i], ends[i] = at[i]+1, (at[i]/finer+1)*finer
		}
		further := way.move(still, x, v, at, next)
		ahead := student.Forward(still, further, way.times(next), words, nil)
		end := way.move(still, further, ahead, next, ends)
		target := way.velocity(x, end, v, at, next, ends)

		y := student.Forward(c, x, way.times(at), words, nil)
		dy := make([]float32, y.Size())
		var loss float64
		for j, got := range nn.Data(y) {
			d := got - target[j]
			loss += float64(d) * float64(d)
			dy[j] = 2 * d / float32(len(dy))
		}
		c.Tape.Backward(y, dy)
		lora.backward(c.Tape)
		return loss / float64(len(dy)), nil
	}
	s.publish = func() error {
		return checkpoint.Write(filepath.Join(o.Model(), FewStepsFile), lora.tensors(s.opt.average), checkpoint.F16, map[string]string{"format": "pt"})
	}
	s.sheet = func(ctx context.Context, path string) error { return o.fewStepsSheet(ctx, path) }
	return o.run(ctx, s)
}

// way is the noise levels of many small steps, from pure noise to none, as angles:
// a latent is cos·clean + sin·noise.
type way struct {
	angles    []float64
	timesteps []float64
}

func newWay(cfg schedule.Config) (*way, error) {
	s, err := schedule.New(cfg)
	if err != nil {
		return nil, err
	}
	if s.Prediction != schedule.Velocity {
		return nil, fmt.Errorf("the denoiser predicts %q; a model that predicts the velocity is needed", s.Prediction)
	}
	// every step of a picture in few steps begins at one of these
	sigmas, err := s.Levels("sgm_uniform", FewSteps*finer, schedule.Options{})
	if err != nil {
		return nil, err
	}
	w := &way{}
	for _, sigma := range sigmas {
		w.angles = append(w.angles, math.Atan(sigma))
		w.timesteps = append(w.timesteps, s.SigmaToTimestep(max(sigma, s.Min())))
	}
	return w, nil
}

// times are the timesteps of levels.
func (w *way) times(at []int) []float64 {
	t := make([]float64, len(at))
	for i, k := range at {
		t[i] = w.timesteps[k]
	}
	return t
}

// noisy adds the noise of their levels to latents.
func (w *way) noisy(c *nn.Context, clean *tensor.Dense, at []int, r *rand.Rand) *tensor.Dense {
	x := c.New(clean.Shape()...)
	n := clean.Size() / len(at)
	for j, v := range nn.Data(clean) {
		sin, cos := math.Sincos(w.angles[at[j/n]])
		nn.Data(x)[j] = float32(cos*float64(v) + sin*r.NormFloat64())
	}
	return x
}

// move goes straight along a velocity from some levels to others (DDIM).
func (w *way) move(c *nn.Context, x, velocity *tensor.Dense, from, to []int) *tensor.Dense {
	y := c.New(x.Shape()...)
	n := x.Size() / len(from)
	for i := range from {
		sin, cos := math.Sincos(w.angles[from[i]] - w.angles[to[i]])
		for j := i * n; j < (i+1)*n; j++ {
			nn.Data(y)[j] = float32(cos*float64(nn.Data(x)[j]) - sin*float64(nn.Data(velocity)[j]))
		}
	}
	return y
}

// velocity is the one that leads straight from x to the end of its part: the teacher's
// where that is one step away.
func (w *way) velocity(x, end, teacher *tensor.Dense, at, next, ends []int) []float32 {
	v := make([]float32, x.Size())
	n := x.Size() / len(at)
	for i := range at {
		sin, cos := math.Sincos(w.angles[at[i]] - w.angles[ends[i]])
		for j := i * n; j < (i+1)*n; j++ {
			if next[i] == ends[i] {
				v[j] = nn.Data(teacher)[j]
			} else {
				v[j] = float32((cos*float64(nn.Data(x)[j]) - float64(nn.Data(end)[j])) / sin)
			}
		}
	}
	return v
}

// guided is the teacher's prediction with classifier-free guidance.
func guided(c *nn.Context, m *unet.Model, x *tensor.Dense, timesteps []float64, words, none *tensor.Dense) *tensor.Dense {
	v := m.Forward(c, x, timesteps, words, nil)
	free := m.Forward(c, x, timesteps, nn.Spread(c, none, len(timesteps)), nil)
	for i, u := range nn.Data(free) {
		nn.Data(v)[i] = u + float32(engine.DefaultGuidance*(nn.Data(v)[i]-u))
	}
	return v
}

// fewStepsSheet shows pictures in twenty steps with guidance above those of the same
// noise in few steps, by the model as it was and by the published one, and logs how near
// both come.
func (o Options) fewStepsSheet(ctx context.Context, path string) error {
	const columns, rows = 8, 2
	p, err := pipeline.Load(ctx, o.Model(), nn.Float32)
	if err != nil {
		return err
	}
	many := engine.Request{Steps: engine.DefaultSteps, Guidance: engine.DefaultGuidance}
	before := engine.Request{Steps: FewSteps, Guidance: engine.DefaultGuidance}
	few := FewStepsRequest(o.Model())
	var tiles []image.Image
	var off [2]float64
	for row := range rows {
		var drawn [3][]*image.RGBA
		for k, r := range []engine.Request{many, before, few} {
			for i := range columns {
				r.Prompt, r.Seed = data.Prompts[row*columns+i], uint64(i+1)
				picture, err := Draw(ctx, p, r)
				if err != nil {
					return err
				}
				drawn[k] = append(drawn[k], picture)
				tiles = append(tiles, picture)
				if k > 0 {
					off[k-1] += apart(picture, drawn[0][i]) / (columns * rows)
				}
			}
		}
	}
	fmt.Fprintf(o.Log, "fewsteps: %d steps are %.1f of 255 away from %d, before it was %.1f\n", FewSteps, off[1], engine.DefaultSteps, off[0])
	return Sheet(path, tiles, columns)
}

// FewStepsRequest asks a model folder for a picture in few steps.
func FewStepsRequest(model string) engine.Request {
	return engine.Request{Steps: FewSteps, Guidance: 1, Loras: fmt.Sprintf("<lora:%s:1>", filepath.Join(model, FewStepsFile))}
}

// apart is the root mean squared difference of two pictures of one size.
func apart(a, b *image.RGBA) float64 {
	var square float64
	for i, v := range a.Pix {
		d := float64(v) - float64(b.Pix[i])
		square += d * d
	}
	return math.Sqrt(square / float64(len(a.Pix)/4*3))
}
