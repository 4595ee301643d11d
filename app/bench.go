package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"darkroom/engine"
	"darkroom/engine/kernel"
	"darkroom/engine/pipeline"
)

// measurement is what bench prints; seconds are medians over --runs pictures.
type measurement struct {
	Model     string  `json:"model"`
	Size      string  `json:"size"`
	Steps     int     `json:"steps"`
	Guidance  float64 `json:"guidance"`
	Level     string  `json:"level"`   // arithmetic in use
	Threads   int     `json:"threads"` // GOMAXPROCS
	Load      float64 `json:"load_seconds"`
	First     float64 `json:"first_preview_seconds"` // from the request to the first step's preview, model loaded
	Text      float64 `json:"text_seconds"`
	Step      float64 `json:"unet_step_seconds"`
	Decode    float64 `json:"decode_seconds"` // one decode
	Total     float64 `json:"total_seconds"`  // a whole picture with all previews
	StepFLOP  float64 `json:"unet_step_flop"` // matrix products, counted from their shapes
	GFLOPs    float64 `json:"unet_gflops"`
	GEMMPeak  float64 `json:"gemm_peak_gflops"` // our own 1024³ product, same run
	FMAPeak   float64 `json:"fma_peak_gflops"`  // a loop of multiply-adds in registers, same run
	PeakShare float64 `json:"share_of_gemm_peak"`
}

// bench draws a picture a few times and prints where the time went.
func bench(ctx context.Context, args []string) error {
	f := flags("bench", "[flags]")
	var (
		r      = engine.Request{Prompt: "a red apple", Seed: 7, Sampler: engine.DefaultSampler, Guidance: engine.DefaultGuidance}
		runs   = f.Int("runs", 5, "pictures to draw; medians are printed")
		asJSON = f.Bool("json", false, "print JSON")
	)
	f.IntVar(&r.Steps, "steps", engine.DefaultSteps, "denoising steps")
	f.IntVar(&r.Width, "width", 0, "pixels; 0 is the model's own")
	f.IntVar(&r.Height, "height", 0, "pixels; 0 is the model's own")
	f.StringVar(&r.Model, "model", engine.DefaultModel, `"default" or the path of a model folder`)
	if err := parse(f, args); err != nil {
		return err
	}
	if err := r.Validate(); err != nil {
		return err
	}
	if *runs < 1 {
		return fmt.Errorf("%w: runs is %d; choose 1 or more", errUsage, *runs)
	}
	p, err := pipeline.Load(ctx, r.Model)
	if err != nil {
		return err
	}
	if r, err = p.Resolve(r); err != nil {
		return err
	}
	m := measurement{
		Model: r.Model, Size: fmt.Sprintf("%d×%d", r.Width, r.Height), Steps: r.Steps, Guidance: r.Guidance,
		Level: kernel.Level(), Threads: runtime.GOMAXPROCS(0),
	}
	var first, text, step, decode, total []float64
	for i := range *runs + 1 {
		var atFirst float64
		begin := time.Now()
		result, err := p.Paint(ctx, r, func(engine.Progress) {
			if atFirst == 0 {
				atFirst = time.Since(begin).Seconds()
			}
		})
		if err != nil {
			return err
		}
		if i == 0 { // the first one warms up
			m.Load = result.Stages.Load
			continue
		}
		first, total = append(first, atFirst), append(total, time.Since(begin).Seconds())
		text = append(text, result.Stages.Text)
		step = append(step, result.Stages.Denoise/float64(r.Steps))
		decode = append(decode, result.Stages.Decode/float64(r.Steps+1))
	}
	m.First, m.Text, m.Step, m.Decode, m.Total = median(first), median(text), median(step), median(decode), median(total)
	m.StepFLOP, err = p.StepFLOP(ctx, r)
	if err != nil {
		return err
	}
	m.GFLOPs = m.StepFLOP / m.Step / 1e9
	m.GEMMPeak, m.FMAPeak = kernel.PeakGEMM(), kernel.PeakFMA()
	m.PeakShare = m.GFLOPs / m.GEMMPeak
	if *asJSON {
		return json.NewEncoder(os.Stdout).Encode(m)
	}
	fmt.Printf("%s, %s, %d steps, guidance %g; %s on %d threads; medians of %d\n", m.Model, m.Size, m.Steps, m.Guidance, m.Level, m.Threads, *runs)
	for _, row := range []struct {
		name    string
		seconds float64
	}{
		{"load", m.Load},
		{"text encoder", m.Text},
		{"U-Net step, both passes", m.Step},
		{"decode, one", m.Decode},
		{"first preview", m.First},
		{"whole picture, with every preview", m.Total},
	} {
		fmt.Printf("  %-34s %8.4f s\n", row.name, row.seconds)
	}
	fmt.Printf("  U-Net step %.2f GFLOP at %.0f GFLOP/s: %.0f %% of our GEMM's %.0f GFLOP/s (register peak %.0f)\n",
		m.StepFLOP/1e9, m.GFLOPs, 100*m.PeakShare, m.GEMMPeak, m.FMAPeak)
	return nil
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// version tells what runs.
func version(_ context.Context, args []string) error {
	if err := parse(flags("version", ""), args); err != nil {
		return err
	}
	fmt.Printf("Darkroom %s, %s, arithmetic %s on %d threads\n", engine.Version, runtime.Version(), kernel.Level(), runtime.GOMAXPROCS(0))
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				fmt.Println("commit", s.Value)
			}
		}
	}
	return nil
}
