package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"text/tabwriter"

	"darkroom/engine/nn"
)

// measurement is what bench finds out. The tags are its JSON and the verb's
// help at once; a stage's stand for several fields.
type measurement struct {
	Model     string  `json:"model" help:"as asked for"`
	Precision string  `json:"precision" help:"of the U-Net's products: float32 or bfloat16"`
	Width     int     `json:"width" help:"pixels"`
	Height    int     `json:"height" help:"pixels"`
	Steps     int     `json:"steps" help:"steps of the U-Net that were timed, and of the picture"`
	Runs      int     `json:"runs" help:"times the other stages were run and pictures drawn"`
	Level     string  `json:"level" help:"arithmetic in use: avx512, avx2, neon or go"`
	Threads   int     `json:"threads" help:"processors in use (GOMAXPROCS)"`
	Load      float64 `json:"load_seconds" help:"seconds to open the model; 0 with random weights"`
	First     float64 `json:"first_preview_seconds" help:"seconds from the request to the first step's preview, model loaded, median; 0 with random weights"`
	Total     float64 `json:"total_seconds" help:"seconds for a whole picture with every preview, model loaded, median; 0 with random weights"`

	Text   stage `json:"text" help:"the text encoders on two texts at once"`
	Step   stage `json:"unet_step" help:"the U-Net on a batch of two, as a step with guidance needs it"`
	Decode stage `json:"decode" help:"the autoencoder, latent to picture"`
	Encode stage `json:"encode" help:"the autoencoder, picture to latent"`
	Tiny   stage `json:"tiny_decode" help:"the tiny autoencoder, latent to picture, with random weights only"`

	Cancel float64 `json:"cancel_seconds" help:"the longest time that a step of the U-Net went on after it was cancelled, of ten cancelled at random moments"`

	StepBytes  uint64     `json:"step_alloc_bytes" help:"bytes allocated on the heap per step of the U-Net"`
	StepAllocs uint64     `json:"step_allocs" help:"allocations per step of the U-Net"`
	Memory     uint64     `json:"peak_memory_bytes" help:"highest resident memory, after drawing or, with random weights, after all stages; Linux only"`
	GEMMPeak   float64    `json:"gemm_peak_gflops" help:"GFLOP/s of our own product of large matrices, same run"`
	FMAPeak    float64    `json:"fma_peak_gflops" help:"GFLOP/s of a loop of multiply-adds in registers, same run"`
	PeakShare  float64    `json:"share_of_gemm_peak" help:"unet_step_gflops as a share of gemm_peak_gflops"`
	Profile    []operator `json:"profile" help:"with --profile, for each stage and kind of operator: stage, op, seconds and calls per run, share of the stage's time, gflops"`
}

// stage is how fast one network is.
type stage struct {
	Seconds float64 `json:"%s_seconds" help:"seconds for %s; median"`
	Min     float64 `json:"%s_seconds_min" help:"the fastest of them"`
	FLOP    float64 `json:"%s_flop" help:"operations of its matrix products, from their shapes, with convolutions as direct ones"`
	GFLOPs  float64 `json:"%s_gflops" help:"10⁹ of them per second, by the median"`
}

// operator is one line of a profile.
type operator struct {
	Stage   string  `json:"stage"`
	Op      string  `json:"op"`
	Seconds float64 `json:"seconds"` // per run, like Calls
	Share   float64 `json:"share"`
	Calls   float64 `json:"calls"`
	GFLOPs  float64 `json:"gflops"`
}

// operators makes a stage's lines out of the profile of n runs that took total
// seconds; the last is what is left.
func operators(stage string, p *nn.Profile, total float64, n int) []operator {
	var lines []operator
	rest := total
	for op, s := range p {
		if s.Calls == 0 {
			continue
		}
		rest -= s.Seconds
		lines = append(lines, operator{
			Stage: stage, Op: nn.Op(op).String(), Seconds: s.Seconds / float64(n), Share: s.Seconds / total,
			Calls: float64(s.Calls) / float64(n), GFLOPs: s.FLOP / s.Seconds / 1e9,
		})
	}
	return append(lines, operator{Stage: stage, Op: "between them", Seconds: rest / float64(n), Share: rest / total})
}

// field is one of JSON's fields.
type field struct {
	name, help string
	value      any
}

// fields lists them in order, a stage's one by one.
func (m *measurement) fields() []field {
	var list []field
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		name, help := tag.Get("json"), tag.Get("help")
		s, ok := v.Field(i).Interface().(stage)
		if !ok {
			list = append(list, field{name, help, v.Field(i).Interface()})
			continue
		}
		w := reflect.ValueOf(s)
		for j := range w.NumField() {
			tag := w.Type().Field(j).Tag
			list = append(list, field{
				strings.ReplaceAll(tag.Get("json"), "%s", name), strings.ReplaceAll(tag.Get("help"), "%s", help), w.Field(j).Interface(),
			})
		}
	}
	return list
}

// MarshalJSON writes the fields into one flat object.
func (m *measurement) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, f := range m.fields() {
		value, err := json.Marshal(f.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%c%q:%s", "{,"[min(i, 1)], f.name, value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// print tells a person.
func (m *measurement) print(w io.Writer) {
	fmt.Fprintf(w, "%s, %d×%d, %s, %s on %d threads; medians of %d steps and of %d runs of the rest\n",
		m.Model, m.Width, m.Height, m.Precision, m.Level, m.Threads, m.Steps, m.Runs)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range []struct {
		name    string
		seconds float64
	}{
		{"load", m.Load},
		{"first preview", m.First},
		{"whole picture, with every preview", m.Total},
	} {
		if row.seconds > 0 {
			fmt.Fprintf(t, "%s\t%.4f s\t\n", row.name, row.seconds)
		}
	}
	for _, row := range []struct {
		name string
		stage
	}{
		{"text encoder, both texts", m.Text},
		{"U-Net step, both passes", m.Step},
		{"decode", m.Decode},
		{"encode", m.Encode},
		{"tiny decode", m.Tiny},
	} {
		if row.Seconds > 0 {
			fmt.Fprintf(t, "%s\t%.4f s\tbest %.4f s\t%.2f GFLOP\t%.0f GFLOP/s\t\n", row.name, row.Seconds, row.Min, row.FLOP/1e9, row.GFLOPs)
		}
	}
	t.Flush()
	fmt.Fprintf(w, "The U-Net reaches %.0f %% of our GEMM's %.0f GFLOP/s (register peak %.0f).\n", 100*m.PeakShare, m.GEMMPeak, m.FMAPeak)
	fmt.Fprintf(w, "A step that is cancelled ends within %.4f s, the longest of ten tries.\n", m.Cancel)
	fmt.Fprintf(w, "A step allocates %d bytes in %d pieces; ", m.StepBytes, m.StepAllocs)
	if m.Memory > 0 {
		fmt.Fprintf(w, "memory peaked at %.0f MB.\n", float64(m.Memory)/1e6)
	} else {
		fmt.Fprintln(w, "the peak of memory is not known on this system.")
	}
	stage := ""
	for _, o := range m.Profile {
		if o.Stage != stage {
			t.Flush()
			stage = o.Stage
			fmt.Fprintf(w, "\n%s\n", stage)
			fmt.Fprintf(t, "operator\tseconds\tshare\tcalls\tGFLOP/s\t\n")
		}
		rate := "–" // not matrix products
		if o.GFLOPs > 0 {
			rate = fmt.Sprintf("%.0f", o.GFLOPs)
		}
		fmt.Fprintf(t, "%s\t%.4f\t%.1f %%\t%.0f\t%s\t\n", o.Op, o.Seconds, 100*o.Share, o.Calls, rate)
	}
	t.Flush()
}

// peakMemory is the most memory this process has had resident so far, in bytes;
// 0 where the system doesn't tell as Linux does.
func peakMemory() uint64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	var kilobytes uint64
	if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
		fmt.Sscan(rest, &kilobytes)
	}
	return kilobytes << 10
}
