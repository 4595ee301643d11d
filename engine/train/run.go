// Package train teaches the networks: data set, losses, optimiser, and one
// trainer for each stage of the default model.
package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"darkroom/engine/checkpoint"
	"darkroom/engine/family"
	"darkroom/engine/nn"
	"darkroom/engine/pipeline"
	"darkroom/engine/tokenizer"
	"darkroom/engine/train/data"
	"darkroom/engine/vae"
)

// Options are what every stage of training is told.
type Options struct {
	Dir   string // holds the data set, the states and the model in the making
	Steps int
	Batch int
	LR    float64
	Every int // steps between a saved state, a published model and a sample sheet
	Log   io.Writer
}

func (o Options) path(elem ...string) string {
	return filepath.Join(append([]string{o.Dir}, elem...)...)
}

// Model is the folder of the model in the making.
func (o Options) Model() string { return o.path("model") }

func (o Options) openData() (*data.Set, error) {
	set, err := data.Open(o.path("data"))
	if err != nil {
		return nil, fmt.Errorf("%w (make the data set first: darkroom train data --dir %s)", err, o.Dir)
	}
	return set, nil
}

// stage is one thing to train.
type stage struct {
	name    string
	opt     *Optimiser
	forward func(c *nn.Context, r *rand.Rand) (loss float64, err error) // one batch, forward and back
	publish func() error                                                // writes the averaged parameters into the model folder
	sheet   func(ctx context.Context, path string) error                // draws samples of the published model
}

// saveAfter is how much work may be lost if the machine stops without a word.
const saveAfter = 10 * time.Minute

// run trains s to the last step, going on from a saved state if there is one.
// When ctx ends it saves and returns ctx.Err().
func (o Options) run(ctx context.Context, s *stage) error {
	state, losses := o.path("run", s.name+".safetensors"), o.path("run", s.name+".loss.txt")
	if err := o.resume(state, s.opt); err != nil {
		return err
	}
	past, err := readCurve(losses, s.opt.step)
	if err != nil {
		return err
	}
	save := func() error { return errors.Join(o.save(state, s.opt), past.write(losses)) }
	c := nn.Training(context.WithoutCancel(ctx)) // a step is done whole
	c.Tape.Watch(s.opt.params...)
	bar := newProgress(o.Log, s.name, s.opt.step, o.Steps, o.Batch)
	saved := time.Now()
	for s.opt.step < o.Steps {
		c.Reset()
		// seeded by the step, so that a resumed run sees the same batches
		loss, err := s.forward(c, rand.New(rand.NewPCG(uint64(s.opt.step), 0x6461726b)))
		if err != nil {
			return err
		}
		s.opt.Step(c.Tape)
		past.add(s.opt.step, loss)
		bar.step(loss)
		stop := ctx.Err() != nil
		whole := s.opt.step%o.Every == 0 || s.opt.step == o.Steps
		if stop || whole || time.Since(saved) > saveAfter {
			if err := save(); err != nil {
				return err
			}
			saved = time.Now()
		}
		if stop || whole {
			if err := s.publish(); err != nil {
				return err
			}
		}
		if stop {
			return ctx.Err()
		}
		if whole {
			sheet := o.path("run", fmt.Sprintf("%s-%06d.png", s.name, s.opt.step))
			title := fmt.Sprintf("%s: loss by step, %d pictures a step", s.name, o.Batch)
			if err := errors.Join(past.draw(o.path("run", s.name+"-loss.png"), title), s.sheet(ctx, sheet)); err != nil {
				return err
			}
		}
	}
	bar.done()
	return nil
}

func (o Options) save(path string, opt *Optimiser) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return checkpoint.Write(path, opt.tensors(), checkpoint.F32, map[string]string{"step": strconv.Itoa(opt.step)})
}

func (o Options) resume(path string, opt *Optimiser) error {
	f, err := checkpoint.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := opt.restore(f.Reader("")); err != nil {
		return fmt.Errorf("%w (this state belongs to other settings: delete %s to start over)", err, path)
	}
	opt.step, err = strconv.Atoi(f.Metadata()["step"])
	return err
}

// modelIndex says which class of diffusers and transformers reads each part.
const modelIndex = `{
  "_class_name": "StableDiffusionPipeline",
  "scheduler": ["diffusers", "DDIMScheduler"],
  "text_encoder": ["transformers", "CLIPTextModel"],
  "tokenizer": ["transformers", "CLIPTokenizer"],
  "unet": ["diffusers", "UNet2DConditionModel"],
  "vae": ["diffusers", "AutoencoderKL"],
  "feature_extractor": [null, null],
  "image_encoder": [null, null],
  "safety_checker": [null, null]
}
`

// publish writes one part of the model: its configuration and weights.
func (o Options) publish(part, class string, config any, p nn.Params, opt *Optimiser) error {
	dir := filepath.Join(o.Model(), part)
	index := filepath.Join(o.Model(), "model_index.json")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(index, []byte(modelIndex), 0o644); err != nil {
		return err
	}
	if err := o.publishCredits(); err != nil {
		return err
	}
	file := "diffusion_pytorch_model.safetensors"
	if strings.HasPrefix(part, "text_") || strings.HasPrefix(part, "image_") {
		file = "model.safetensors" // as transformers names it
	}
	if err := writeConfig(filepath.Join(dir, "config.json"), class, config); err != nil {
		return err
	}
	return checkpoint.Write(filepath.Join(dir, file), p.Tensors(opt.average), checkpoint.F16, map[string]string{"format": "pt"})
}

// publishCredits copies what the data set says of its sources to the model.
func (o Options) publishCredits() error {
	text, err := os.ReadFile(o.path("data", data.CreditsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a test's set has no sources
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.Model(), data.CreditsFile), text, 0o644)
}

// writeConfig writes a configuration with the class name diffusers expects.
func writeConfig(path, class string, config any) error {
	b, err := json.Marshal(config)
	if err != nil {
		return err
	}
	fields := map[string]any{}
	if err := json.Unmarshal(b, &fields); err != nil {
		return err
	}
	key := "_class_name"
	if strings.HasPrefix(class, "CLIP") {
		key = "model_type"
	}
	fields[key] = class
	b, err = json.MarshalIndent(fields, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

// progress tells how a stage is getting on.
type progress struct {
	out         io.Writer
	name        string
	first, n    int
	total       int
	batch       int
	loss        float64
	begin, last time.Time
	terminal    bool
}

func newProgress(out io.Writer, name string, first, total, batch int) *progress {
	p := &progress{out: out, name: name, first: first, n: first, total: total, batch: batch, begin: time.Now()}
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

func (p *progress) step(loss float64) {
	p.n++
	p.tell(loss)
}

// tell prints now and then where n is.
func (p *progress) tell(loss float64) {
	if p.loss == 0 {
		p.loss = loss
	}
	p.loss += (loss - p.loss) / 50
	pause := 15 * time.Second
	if p.terminal {
		pause = time.Second / 2
	}
	if now := time.Now(); now.Sub(p.last) >= pause {
		p.last = now
		p.print()
	}
}

func (p *progress) print() {
	const width = 24
	filled := width * p.n / max(1, p.total)
	rate := float64(p.n-p.first) / time.Since(p.begin).Seconds()
	left := time.Duration(float64(p.total-p.n)/rate) * time.Second
	line := fmt.Sprintf("%-11s %s%s %d/%d  loss %.4f  %.1f samples/s  %s left", p.name,
		strings.Repeat("━", filled), strings.Repeat("─", width-filled), p.n, p.total, p.loss, rate*float64(p.batch), left)
	if p.terminal {
		fmt.Fprintf(p.out, "\r%s\x1b[K", line)
	} else {
		fmt.Fprintln(p.out, line)
	}
}

func (p *progress) done() {
	if p.n > p.first {
		p.print()
	}
	if p.terminal {
		fmt.Fprintln(p.out)
	}
}

func loadVAE(model string) (*vae.Model, error) {
	folder, err := checkpoint.OpenFolder(model)
	if err != nil {
		return nil, err
	}
	return pipeline.Part(folder, "vae", vae.New)
}

func loadTokenizer(model string) (*tokenizer.Tokenizer, error) {
	folder, err := checkpoint.OpenFolder(model)
	if err != nil {
		return nil, err
	}
	return family.Tokenizer(folder, "tokenizer")
}
