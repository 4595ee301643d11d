package engine

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	good := Request{Steps: 20, Guidance: 4, Width: 64, Height: 2048, Model: DefaultModel}
	for _, c := range []struct {
		name   string
		change func(*Request)
		want   string // "" when it is valid
	}{
		{"as it is", func(*Request) {}, ""},
		{"the model's own size", func(r *Request) { r.Width, r.Height = 0, 0 }, ""},
		{"most steps", func(r *Request) { r.Steps = MaxSteps }, ""},
		{"no steps", func(r *Request) { r.Steps = 0 }, "steps is 0; choose"},
		{"too many steps", func(r *Request) { r.Steps = MaxSteps + 1 }, "steps is 1001"},
		{"negative guidance", func(r *Request) { r.Guidance = -1 }, "guidance is -1"},
		{"endless guidance", func(r *Request) { r.Guidance = math.Inf(1) }, "guidance is +Inf"},
		{"guidance of nothing", func(r *Request) { r.Guidance = math.NaN() }, "guidance is NaN"},
		{"exact by name", func(r *Request) { r.Precision = Float32 }, ""},
		{"faster", func(r *Request) { r.Precision = BFloat16 }, ""},
		{"unknown precision", func(r *Request) { r.Precision = "half" }, `precision is "half"; choose float32 (exact) or bfloat16`},
		{"fewer layers", func(r *Request) { r.ClipSkip = 2 }, ""},
		{"more than all layers", func(r *Request) { r.ClipSkip = -1 }, "clip_skip is -1; choose 1"},
		{"no model", func(r *Request) { r.Model = " " }, "no model"},
		{"narrow", func(r *Request) { r.Width = 8 }, "width is 8"},
		{"odd", func(r *Request) { r.Height = 100 }, "height is 100; choose a multiple of 8"},
		{"large", func(r *Request) { r.Height = 2056 }, "height is 2056"},
		{"negative", func(r *Request) { r.Width = -64 }, "width is -64"},
	} {
		r := good
		c.change(&r)
		err := r.Validate()
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
