package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"darkroom/engine"
	"darkroom/engine/kernel"
	"darkroom/engine/nn"
	"darkroom/engine/noise"
	"darkroom/engine/pipeline"
	"darkroom/engine/unet"

	"gorgonia.org/tensor"
)

// bench times each stage of a model, or of a published model's networks with
// random weights.
func bench(ctx context.Context, args []string) error {
	var names []string
	for _, g := range pipeline.Geometries() {
		names = append(names, g.Name)
	}
	f := flags("bench", "[flags]")
	var (
		r       = engine.Request{Prompt: "a red apple", Seed: 7, Sampler: engine.DefaultSampler, Guidance: engine.DefaultGuidance}
		runs    = f.Int("runs", 0, "times every other stage is run, and pictures to draw; 0 is 5, or 3 with random weights")
		threads = f.Int("threads", 0, "processors to use; 0 is all (GOMAXPROCS)")
		profile = f.Bool("profile", false, "also say where each stage's time goes, by kind of operator")
		asJSON  = f.Bool("json", false, "print one JSON object, with the fields below")
	)
	f.StringVar(&r.Model, "model", engine.DefaultModel,
		`"default", the path of a model or its name in the library, or one of `+strings.Join(names, ", ")+": that model's networks with random weights")
	f.IntVar(&r.Steps, "steps", 0, "steps of the U-Net to time, and of the picture; 0 is 20, or 3 with random weights")
	f.IntVar(&r.Width, "width", 0, "pixels; 0 is the model's own")
	f.IntVar(&r.Height, "height", 0, "pixels; 0 is the model's own")
	precisionVar(f, &r.Precision)
	usage := f.Usage
	f.Usage = func() {
		usage()
		fmt.Println("\nThe fields of --json; what was not measured is 0:")
		for _, field := range (&measurement{}).fields() {
			fmt.Printf("  %-24s %s\n", field.name, field.help)
		}
	}
	if err := parse(f, args); err != nil {
		return err
	}
	if *runs < 0 || *threads < 0 {
		return fmt.Errorf("%w: runs is %d and threads %d; choose 1 or more, or leave them out", errUsage, *runs, *threads)
	}
	if *threads > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(*threads))
	}
	g, random := pipeline.GeometryNamed(r.Model)
	if !random {
		var err error
		if r.Model, err = modelNamed(ctx, r.Model); err != nil {
			return err
		}
	}
	setDefault(&r.Steps, random, 3, engine.DefaultSteps)
	setDefault(runs, random, 3, 5)
	if err := r.Validate(); err != nil {
		return err
	}
	precision, err := nn.ParsePrecision(r.Precision)
	if err != nil {
		return err
	}
	m := &measurement{
		Model: r.Model, Precision: precision.String(), Steps: r.Steps, Runs: *runs,
		Level: kernel.Level(), Threads: runtime.GOMAXPROCS(0), Profile: []operator{},
	}
	b := &benchmark{m: m, c: nn.NewContext(ctx), precision: precision, profile: *profile}
	if random {
		if err := b.random(g, &r); err != nil {
			return err
		}
	} else if err := b.pictures(ctx, &r); err != nil {
		return err
	}
	m.Width, m.Height = r.Width, r.Height
	if err := b.stages(); err != nil {
		return err
	}
	if random { // else it was taken after the pictures: it is they that a user has to have room for
		m.Memory = peakMemory()
	}
	m.GEMMPeak, m.FMAPeak = kernel.PeakGEMM(), kernel.PeakFMA()
	m.PeakShare = m.Step.GFLOPs / m.GEMMPeak
	if *asJSON {
		return json.NewEncoder(os.Stdout).Encode(m)
	}
	m.print(os.Stdout)
	return nil
}

// setDefault replaces a 0.
func setDefault(n *int, random bool, ifRandom, otherwise int) {
	switch {
	case *n != 0:
	case random:
		*n = ifRandom
	default:
		*n = otherwise
	}
}

// benchmark is one run of the verb.
type benchmark struct {
	m         *measurement
	nets      *pipeline.Networks
	c         *nn.Context
	precision nn.Precision
	profile   bool
}

// random builds a geometry's networks.
func (b *benchmark) random(g pipeline.Geometry, r *engine.Request) (err error) {
	if r.Width == 0 {
		r.Width = g.Size
	}
	if r.Height == 0 {
		r.Height = g.Size
	}
	if b.nets, err = g.Random(1, b.precision); err != nil {
		return err
	}
	return b.nets.Fits(r.Width, r.Height)
}

// pictures loads a model and draws with it.
func (b *benchmark) pictures(ctx context.Context, r *engine.Request) error {
	p, err := pipeline.Load(ctx, r.Model, b.precision)
	if err != nil {
		return err
	}
	if *r, err = p.Resolve(*r); err != nil {
		return err
	}
	b.nets = p.Networks()
	var first, total []float64
	for i := range b.m.Runs + 1 {
		var atFirst float64
		begin := time.Now()
		result, err := p.Paint(ctx, *r, nil, func(engine.Progress) {
			if atFirst == 0 {
				atFirst = time.Since(begin).Seconds()
			}
		})
		if err != nil {
			return err
		}
		if i == 0 { // the first one warms up
			b.m.Load = result.Stages.Load
			continue
		}
		first, total = append(first, atFirst), append(total, time.Since(begin).Seconds())
	}
	b.m.First, b.m.Total = median(first), median(total)
	b.m.Memory = peakMemory()
	return nil
}

// stages times each network by itself.
func (b *benchmark) stages() error {
	m, c, nets := b.m, b.c, b.nets
	f := nets.VAE.Config.Factor()
	// a picture with guidance has two texts and two latents
	ids, ends := make([][]int, len(nets.Text)), []int{1, 2}
	for i, t := range nets.Text {
		ids[i] = make([]int, 2*t.Config.Positions)
		for j := range ids[i] {
			ids[i][j] = j % t.Config.Vocab
		}
	}
	h, w := float64(m.Height), float64(m.Width)
	words, pooled := nets.Embed(c, ids, ends, 1)
	words = kept(words)
	var added *unet.Added
	if pooled != nil {
		added = &unet.Added{Pooled: kept(pooled), Sizes: []float64{h, w, 0, 0, h, w, h, w, 0, 0, h, w}}
	}
	latent := noise.Latent(7, 0, nets.VAE.Config.Latent, m.Height/f, m.Width/f)
	picture := nn.Wrap(make([]float32, m.Height*m.Width*3), 1, m.Height, m.Width, 3)
	timestep := []float64{500}
	s := latent.Shape()

	for _, stage := range []struct {
		into *stage
		name string
		n    int
		run  func()
		work func() // the same without what pictures share, to count; nil if that is the same
	}{
		{&m.Text, "text", m.Runs, func() { nets.Embed(c, ids, ends, 1) }, nil},
		{&m.Step, "unet_step", m.Steps, func() { nets.UNet.Forward(c, latent, timestep, words, added) }, func() {
			nets.UNet.Forward(c, c.New(2, s[1], s[2], s[3]), timestep, words, added)
		}},
		{&m.Decode, "decode", m.Runs, func() { nets.VAE.Decode(c, latent) }, nil},
		{&m.Encode, "encode", m.Runs, func() { nets.VAE.Encode(c, picture) }, nil},
		{&m.Tiny, "tiny_decode", m.Runs, func() { nets.Tiny.Decode(c, latent) }, nil},
	} {
		if stage.into == &m.Tiny && nets.Tiny == nil {
			continue
		}
		if err := b.time(stage.into, stage.name, stage.n, stage.run); err != nil {
			return err
		}
		work := stage.work
		if work == nil {
			work = stage.run
		}
		stage.into.FLOP = c.Count(work)
		stage.into.GFLOPs = stage.into.FLOP / stage.into.Seconds / 1e9
	}
	return b.cancellations("unet_step", func() { nets.UNet.Forward(c, latent, timestep, words, added) })
}

// time runs a stage once to warm up and then n times.
func (b *benchmark) time(s *stage, name string, n int, run func()) error {
	pass := nn.Pass{Network: name}
	for b.c.Next(pass) {
		run()
	}
	if b.profile {
		b.c.Profile = new(nn.Profile)
	}
	var before, after runtime.MemStats
	seconds := make([]float64, n)
	var total float64
	runtime.ReadMemStats(&before)
	for i := range seconds {
		begin := time.Now()
		for b.c.Next(pass) {
			run()
		}
		seconds[i] = time.Since(begin).Seconds()
		total += seconds[i]
	}
	runtime.ReadMemStats(&after)
	if err := b.c.Err(); err != nil {
		return err
	}
	if s == &b.m.Step {
		b.m.StepBytes = (after.TotalAlloc - before.TotalAlloc) / uint64(n)
		b.m.StepAllocs = (after.Mallocs - before.Mallocs) / uint64(n)
	}
	s.Seconds, s.Min = median(seconds), slices.Min(seconds)
	if b.profile {
		b.m.Profile = append(b.m.Profile, operators(name, b.c.Profile, total, n)...)
		b.c.Profile = nil
	}
	return nil
}

// cancellations finds the longest time that a step goes on after it was cancelled
// at some moment.
func (b *benchmark) cancellations(name string, step func()) error {
	const times = 10
	whole := b.c.Context
	defer b.c.Attach(whole)
	for i := 0; i < times && whole.Err() == nil; i++ {
		ctx, cancel := context.WithCancel(whole)
		b.c.Attach(ctx)
		ended := make(chan time.Time, 1)
		go func() {
			for b.c.Next(nn.Pass{Network: name}) {
				step()
			}
			ended <- time.Now()
		}()
		select {
		case <-time.After(time.Duration(rand.Float64() * b.m.Step.Seconds * float64(time.Second))):
		case <-whole.Done():
		}
		cancelled := time.Now()
		cancel()
		// one that was faster than the median may have ended before
		b.m.Cancel = max(b.m.Cancel, (<-ended).Sub(cancelled).Seconds())
	}
	return whole.Err()
}

// kept copies a tensor out of a context's memory.
func kept(x *tensor.Dense) *tensor.Dense {
	return nn.Wrap(slices.Clone(nn.Data(x)), x.Shape()...)
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
