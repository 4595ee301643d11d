package main

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"darkroom/engine"
)

func TestBenchMeasuresEveryStage(t *testing.T) {
	text, err := printed(t, func() error {
		return bench(context.Background(), []string{"--model", tinyModel, "--width", "64", "--steps", "3", "--runs", "2", "--threads", "1", "--precision", "bfloat16", "--profile", "--json"})
	})
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	number := func(name string) float64 {
		v, ok := m[name].(float64)
		if !ok {
			t.Errorf("%s is %v, want a number", name, m[name])
		}
		return v
	}
	for name, want := range map[string]float64{"width": 64, "height": 32, "steps": 3, "runs": 2, "threads": 1, "tiny_decode_seconds": 0} {
		if got := number(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for _, stage := range []string{"text", "unet_step", "decode", "encode"} {
		seconds, least, flop, rate := number(stage+"_seconds"), number(stage+"_seconds_min"), number(stage+"_flop"), number(stage+"_gflops")
		if !(0 < least && least <= seconds && flop > 0) || math.Abs(flop/seconds/1e9-rate) > 1e-6*rate {
			t.Errorf("%s takes %v s, at least %v, for %v operations, %v GFLOP/s", stage, seconds, least, flop, rate)
		}
	}
	if m["precision"] != "bfloat16" {
		t.Errorf("the precision is %v", m["precision"])
	}
	if late := number("cancel_seconds"); late < 0 {
		t.Errorf("cancelled steps end %v s after it", late)
	}
	for _, name := range []string{"load_seconds", "first_preview_seconds", "total_seconds", "gemm_peak_gflops", "fma_peak_gflops", "share_of_gemm_peak"} {
		if !(number(name) > 0) {
			t.Errorf("%s is %v", name, m[name])
		}
	}
	if _, err := os.Stat("/proc/self/status"); err == nil && number("peak_memory_bytes") < 1<<20 {
		t.Errorf("memory peaked at %v bytes", m["peak_memory_bytes"])
	}
	shares := map[string]float64{}
	for _, line := range m["profile"].([]any) {
		o := line.(map[string]any)
		shares[o["stage"].(string)] += o["share"].(float64)
	}
	if len(shares) != 4 {
		t.Errorf("the profile has stages %v, want 4", shares)
	}
	for stage, sum := range shares {
		if math.Abs(sum-1) > 1e-6 {
			t.Errorf("the shares of %s add up to %v", stage, sum)
		}
	}
}

func TestBenchHelpNamesEveryField(t *testing.T) {
	m := &measurement{Profile: []operator{}}
	help, _ := printed(t, func() error { return bench(context.Background(), []string{"--help"}) })
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	if len(fields) != len(m.fields()) {
		t.Errorf("JSON has %d fields of %d", len(fields), len(m.fields()))
	}
	for _, f := range m.fields() {
		if _, ok := fields[f.name]; !ok || len(f.help) < 3 || !strings.Contains(help, "  "+f.name+" ") {
			t.Errorf("field %q (%s) is not in JSON or not in the help", f.name, f.help)
		}
	}
}

func TestBenchRefuses(t *testing.T) {
	for _, args := range [][]string{{"--runs", "-1"}, {"--threads", "-2"}, {"x"}} {
		if err := bench(context.Background(), args); !errors.Is(err, errUsage) {
			t.Errorf("bench %v gives %v", args, err)
		}
	}
	if err := bench(context.Background(), []string{"--precision", "half"}); !errors.Is(err, engine.ErrInvalid) {
		t.Errorf("an unknown precision gives %v", err)
	}
	if err := bench(context.Background(), []string{"--model", "sd16"}); err == nil || !strings.Contains(err.Error(), `"sd16" is neither a path nor`) {
		t.Errorf("an unknown model gives %v", err)
	}
}
