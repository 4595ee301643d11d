package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"darkroom/engine"
	"darkroom/engine/dialect"
	"darkroom/engine/gallery"
	"darkroom/engine/nn"
	"darkroom/engine/pipeline"
	"darkroom/engine/prompt"
	"darkroom/engine/sampler"
	"darkroom/engine/schedule"
	"darkroom/engine/system"
)

// newEngine is the engine behind the verbs; the window loads its first model ahead.
func newEngine() *engine.Engine {
	return engine.New(load, nil)
}

// load is pipeline.Load for the engine.
func load(ctx context.Context, model, precision string) (engine.Painter, error) {
	p, err := nn.ParsePrecision(precision)
	if err != nil {
		return nil, err
	}
	loaded, err := pipeline.Load(ctx, model, p)
	if err != nil {
		return nil, err // not a nil *Pipeline in a Painter
	}
	loaded.Shelf = shelf{}
	return loaded, nil
}

// precisionVar is the flag --precision.
func precisionVar(f *flag.FlagSet, name *string) {
	f.StringVar(name, "precision", engine.Float32, "float32, which is exact, or bfloat16, which rounds the factors of the U-Net's products: "+
		"faster on processors with AVX-512 BF16, another picture than float32's, and the same one on every machine")
}

// samplerVars are the flags of the way down the noise levels.
func samplerVars(f *flag.FlagSet, r *engine.Request) {
	f.StringVar(&r.Sampler, "sampler", engine.DefaultSampler, "one of "+strings.Join(sampler.Names(), ", ")+"; other tools' names are understood, too")
	f.StringVar(&r.Schedule, "schedule", "", "the noise levels of the steps: one of "+strings.Join(schedule.Curves(), ", ")+"; the model's own if none is named")
	optional := func(value **float64, name, usage string) {
		f.Func(name, usage, func(s string) error {
			x, err := strconv.ParseFloat(s, 64)
			if err != nil {
				return errors.New("write a number")
			}
			*value = &x
			return nil
		})
	}
	optional(&r.Eta, "eta", "`share` of fresh noise in each step of the samplers that add some: 0 is none; each has its own if this is left out")
	optional(&r.SNoise, "s-noise", "`factor` to all fresh noise; 1 if it is left out")
	f.Float64Var(&r.SChurn, "s-churn", 0, "noise that Euler, Heun and DPM2 add over the run and take out again")
	f.Float64Var(&r.STMin, "s-tmin", 0, "the noise level down to which they do")
	f.Float64Var(&r.STMax, "s-tmax", 0, "the noise level from which on they do; 0 is from the start")
}

// dialectVars are the flags of the noise that a picture starts from.
func dialectVars(f *flag.FlagSet, r *engine.Request) {
	f.StringVar(&r.Dialect, "dialect", dialect.Native, "the tool whose noise, start and timesteps the picture is drawn with, so that its seeds mean the same: one of "+
		strings.Join(dialect.Names(), ", "))
	f.Uint64Var(&r.VariationSeed, "variation-seed", 0, "seed of the noise that --seed's is turned towards")
	f.Float64Var(&r.VariationStrength, "variation-strength", 0, "how far it is turned: 0 not at all, 1 all the way")
	f.Func("seed-resize", "`WxH` in pixels: the size of another picture of the seed, whose noise is set into the middle of this one's", func(s string) (err error) {
		w, h, _ := strings.Cut(s, "x")
		if r.SeedResizeWidth, err = strconv.Atoi(w); err == nil {
			r.SeedResizeHeight, err = strconv.Atoi(h)
		}
		if err != nil {
			return errors.New("write it as in 512x768")
		}
		return nil
	})
	f.Int64Var(&r.ENSD, "ensd", 0, "eta noise seed delta: added to the seed of the noise that ancestral samplers add")
}

// requestVars is a flag for each field of a request, except for those that are told by
// how many pictures are drawn.
func requestVars(f *flag.FlagSet, r *engine.Request) {
	f.StringVar(&r.Prompt, "prompt", "", "what to draw")
	f.StringVar(&r.Negative, "negative", "", "what to keep away from")
	f.Uint64Var(&r.Seed, "seed", 0, "number that decides the noise the picture develops from")
	f.IntVar(&r.Steps, "steps", engine.DefaultSteps, "denoising steps")
	f.Float64Var(&r.Guidance, "guidance", engine.DefaultGuidance, "how strongly the prompt pulls; 1 is not at all beyond what was learnt")
	f.Float64Var(&r.GuidanceRescale, "guidance-rescale", 0, "how far guidance is kept from making the picture glare, 0 to 1; for models that predict velocity, 0.7")
	f.Float64Var(&r.GuidanceLow, "guidance-low", 0, "the noise level down to which guidance works")
	f.Float64Var(&r.GuidanceHigh, "guidance-high", 0, "the noise level from which on it does; 0 is from the start. Steps without guidance take half the time")
	f.Float64Var(&r.PerturbedAttention, "perturbed-attention", 0, "how strongly the picture is kept from falling apart, by perturbed-attention guidance: usually 3. Steps take half as long again; 0 is off")
	f.Float64Var(&r.MimicGuidance, "mimic-guidance", 0, "a lower guidance whose range of values the picture keeps (dynamic thresholding); 0 is off")
	f.Float64Var(&r.ThresholdRatio, "threshold-ratio", 0, "dynamic thresholding, as of pictures: each estimate is clipped to what this share of its numbers is below, if that is more than 1, and divided by it: usually 0.995; 0 is off")
	f.Float64Var(&r.ThresholdMax, "threshold-max", 0, "the most it may be clipped to; 1 clips to -1 … 1, 0 is no limit")
	f.IntVar(&r.CacheInterval, "cache-interval", 0, "compute the U-Net's coarser levels only in every so many steps: faster, and another picture; 0 is every step")
	samplerVars(f, r)
	f.IntVar(&r.Width, "width", 0, "pixels; 0 is the model's own")
	f.IntVar(&r.Height, "height", 0, "pixels; 0 is the model's own")
	f.StringVar(&r.Image, "image", "", "picture to paint into (with a model for inpainting) or to change (with InstructPix2Pix)")
	f.StringVar(&r.Mask, "mask", "", "picture that is white where --image is to be painted over")
	f.Float64Var(&r.ImageGuidance, "image-guidance", 0, fmt.Sprintf("how strongly --image counts when it is changed; 0 is %g", engine.DefaultImageGuidance))
	modelVar(f, &r.Model)
	f.Func("lora", "`NAME[:strength]` of a LoRA that changes the model, or NAME:text:unet; may be repeated, and <lora:NAME:strength> in the prompt does the same", func(s string) error {
		r.Loras += "<lora:" + s + ">"
		_, err := prompt.Tags(r.Loras)
		return err
	})
	f.StringVar(&r.VAE, "vae", "", "autoencoder in the place of the model's own, also a tiny one (TAESD): a name from the library, or a path")
	precisionVar(f, &r.Precision)
	f.IntVar(&r.ClipSkip, "clip-skip", 0, "the text encoder's layer the words are taken from, counted from the end; 0 or 1 is the last")
	emphasisVar(f, &r.Emphasis)
	dialectVars(f, r)
}

// generate develops pictures without a window.
func generate(ctx context.Context, args []string) error {
	f := flags("generate", `--prompt "a red apple" --out apple.png [flags]`)
	var (
		r      engine.Request
		out    = f.String("out", "", "PNG or JPEG file to write; with --count, a number is put before the suffix")
		from   = f.String("from", "", "picture (or text file) whose recipe is taken, also of another program; the other flags change it")
		frames = f.String("frames", "", "folder for every step's preview, step-001.png, step-002.png, …")
		asJSON = f.Bool("json", false, "print one JSON object per event on standard output")
		force  = f.Bool("force", false, "begin even if there seems to be too little memory")
		count  = f.Int("count", 1, "pictures to draw, with seeds from --seed (or --variation-seed, if there is a variation) up, or as the dialect draws several at once")
	)
	var words wording
	requestVars(f, &r)
	words.flags(f)
	if err := parse(f, args); err != nil {
		return err
	}
	if *from != "" {
		if err := words.keep(f); err != nil {
			return err
		}
		if err := startFrom(f, args, &r, *from); err != nil {
			return err
		}
	}
	if *out == "" {
		return fmt.Errorf("%w: say where the picture goes with --out FILE.png", errUsage)
	}
	if *count < 1 || *count > 10000 {
		return fmt.Errorf("%w: count is %d; choose a number from 1 to 10000", errUsage, *count)
	}
	var err error
	if r.Model, err = modelNamed(ctx, r.Model); err != nil {
		return err
	}
	if err := r.Validate(); err != nil {
		return err
	}
	d, err := dialect.Parse(r.Dialect)
	if err != nil {
		return err
	}
	if !*force {
		if err := roomFor(ctx, r); err != nil {
			return err
		}
	}
	// found out now rather than after the work
	if err := writable(*out); err != nil {
		return err
	}
	if *frames != "" {
		if err := os.MkdirAll(*frames, 0o755); err != nil {
			return fmt.Errorf("the folder for --frames can't be made: %w; choose another", err)
		}
	}
	e := newEngine()
	defer e.Close()
	typed, said := r, map[string]bool{}
	for i := range *count {
		r := d.Picture(typed, i, *count)
		if err := words.apply(&r); err != nil {
			return err
		}
		g := &generation{out: numbered(*out, i, *count), frames: *frames, say: progressLine(os.Stderr), said: said}
		if *asJSON {
			g.say = jsonLines(os.Stdout)
		}
		if *frames != "" && *count > 1 {
			g.frames = filepath.Join(*frames, framesOf(r))
		}
		if err := g.run(ctx, e, r); err != nil {
			return err
		}
	}
	return nil
}

// framesOf is the folder for a picture's steps among those of other pictures.
func framesOf(r engine.Request) string {
	name := fmt.Sprintf("seed-%d", r.Seed)
	if r.VariationStrength > 0 {
		name += fmt.Sprintf("-variation-%d", r.VariationSeed)
	}
	if r.BatchSize > 1 {
		name += fmt.Sprintf("-picture-%d", r.BatchIndex+1)
	}
	return name
}

// modelVar is the flag --model.
func modelVar(f *flag.FlagSet, name *string) {
	f.StringVar(name, "model", "", `"default", which is built in, the path of a model (a folder in the diffusers layout, or one file of a Stable Diffusion 1, 2 or XL), `+
		"or a name from `darkroom models list`; the one that `darkroom models use` has chosen if none is given")
}

// roomFor makes sure that there is memory for a picture; of a request that can't be
// drawn at all, the engine says so.
func roomFor(ctx context.Context, r engine.Request) error {
	need, resolved, err := pipeline.Needs(ctx, r)
	if err != nil {
		return nil
	}
	if err := need.Fits(system.FreeMemory(), resolved); err != nil {
		return fmt.Errorf("%w; or say --force to try", err)
	}
	return nil
}

// writable makes sure a file can be written at path, leaving nothing behind.
func writable(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder; give --out the name of a PNG file", path)
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".darkroom-*")
	if err != nil {
		return fmt.Errorf("the picture can't be written to %s: %w; choose a folder that exists and that you may write to", path, err)
	}
	probe.Close()
	return os.Remove(probe.Name())
}

// numbered puts i before the suffix when there are several.
func numbered(path string, i, count int) string {
	if count == 1 {
		return path
	}
	ext := filepath.Ext(path)
	return fmt.Sprintf("%s-%0*d%s", strings.TrimSuffix(path, ext), len(fmt.Sprint(count)), i+1, ext)
}

// generation is one picture on its way to a file.
type generation struct {
	out, frames string
	say         func(report)
	said        map[string]bool // notes that a person has read already
}

// report is an event as --json prints it.
type report struct {
	Event   engine.Kind     `json:"event"`
	Job     int64           `json:"job"`
	Seed    uint64          `json:"seed"`
	Recipe  *engine.Request `json:"recipe,omitempty"`
	Step    int             `json:"step,omitempty"`
	Steps   int             `json:"steps,omitempty"`
	Elapsed float64         `json:"elapsed,omitempty"` // seconds since the start
	Left    float64         `json:"left,omitempty"`    // seconds, estimated
	File    string          `json:"file,omitempty"`
	SHA256  string          `json:"sha256,omitempty"`
	Seconds *engine.Stages  `json:"seconds,omitempty"`
	Error   string          `json:"error,omitempty"`
}

func (g *generation) run(ctx context.Context, e *engine.Engine, r engine.Request) error {
	job, err := e.Submit(r)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, job.Cancel)
	defer stop()
	for {
		events, err := job.Wait(context.WithoutCancel(ctx))
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, event := range events {
			if err := g.handle(event); err != nil {
				job.Cancel()
				return err
			}
		}
	}
}

func (g *generation) handle(e engine.Event) error {
	line := report{
		Event: e.Kind, Job: e.Job, Seed: e.Request.Seed, Step: e.Step,
		Elapsed: rounded(e.Elapsed), Left: rounded(e.Left),
	}
	switch e.Kind {
	case engine.Started:
		line.Steps = e.Request.Steps
	case engine.Step:
		line.Steps = e.Steps // some samplers make more of them than are asked for
		if g.frames != "" {
			if err := g.saveFrame(e.Step, e.Preview); err != nil {
				return err
			}
		}
	case engine.Finished:
		for _, note := range e.Notes {
			if !g.said[note] {
				g.said[note] = true
				fmt.Fprintf(terminal{os.Stderr}, "note: %s\n", note)
			}
		}
		if err := gallery.Save(g.out, e.Picture, e.Request); err != nil {
			return err
		}
		sum, err := fileSum(g.out)
		if err != nil {
			return err
		}
		line.Recipe, line.File, line.SHA256, line.Seconds = &e.Request, g.out, sum, &e.Stages
	case engine.Failed:
		line.Error = e.Err.Error()
		g.say(line)
		return e.Err
	case engine.Cancelled:
		g.say(line)
		return context.Canceled
	}
	g.say(line)
	return nil
}

func (g *generation) saveFrame(step int, preview *image.RGBA) error {
	if err := os.MkdirAll(g.frames, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(g.frames, fmt.Sprintf("step-%03d.png", step)))
	if err != nil {
		return err
	}
	if err := png.Encode(f, preview); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// rounded is a duration in seconds to the millisecond.
func rounded(d time.Duration) float64 { return math.Round(d.Seconds()*1000) / 1000 }

func jsonLines(w io.Writer) func(report) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return func(r report) { _ = enc.Encode(r) } // a closed pipe ends the program by itself
}

// progressLine tells a person how it goes: on one line of a terminal, and
// elsewhere only how it ended.
func progressLine(f *os.File) func(report) {
	info, err := f.Stat()
	begin, end := "", ""
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	if terminal {
		begin, end = "\r", "\x1b[K" // back to the start of the line; clear the rest of it
	}
	return func(r report) {
		switch r.Event {
		case engine.Step:
			if terminal {
				fmt.Fprintf(f, "%sseed %d: step %d of %d, %.1f s left%s", begin, r.Seed, r.Step, r.Steps, r.Left, end)
			}
		case engine.Finished:
			fmt.Fprintf(f, "%s%s: seed %d, %.2f s%s\n", begin, r.File, r.Seed, r.Seconds.Total, end)
		case engine.Cancelled:
			fmt.Fprintf(f, "%sseed %d: stopped%s\n", begin, r.Seed, end)
		case engine.Failed:
			fmt.Fprint(f, begin, end)
		}
	}
}
