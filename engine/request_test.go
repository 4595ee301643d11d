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
		{"clipped", func(r *Request) { r.ThresholdRatio, r.ThresholdMax = 0.995, 4 }, ""},
		{"clipped beyond all", func(r *Request) { r.ThresholdRatio = 99.5 }, "threshold_ratio is 99.5; choose"},
		{"clipped below nothing", func(r *Request) { r.ThresholdMax = -1 }, "threshold_max is -1; choose"},
		{"no fresh noise", func(r *Request) { r.Eta = new(float64) }, ""},
		{"fresh noise below none", func(r *Request) { eta := -0.5; r.Eta = &eta }, "eta is -0.5; choose"},
		{"noise of no size", func(r *Request) { x := math.NaN(); r.SNoise = &x }, "s_noise is NaN"},
		{"churn", func(r *Request) { r.SChurn, r.STMin, r.STMax = 10, 0.1, 9 }, ""},
		{"churn without end", func(r *Request) { r.SChurn = math.Inf(1) }, "s_churn, s_tmin and s_tmax are +Inf"},
		{"variation", func(r *Request) { r.VariationStrength = 1 }, ""},
		{"too much variation", func(r *Request) { r.VariationStrength = 1.01 }, "variation_strength is 1.01; choose"},
		{"variation of nothing", func(r *Request) { r.VariationStrength = math.NaN() }, "variation_strength is NaN"},
		{"seed of another size", func(r *Request) { r.SeedResizeWidth, r.SeedResizeHeight = 512, 16 }, ""},
		{"seed of half a size", func(r *Request) { r.SeedResizeWidth = 512 }, "seed_resize is 512 × 0; give both"},
		{"seed of an odd size", func(r *Request) { r.SeedResizeWidth, r.SeedResizeHeight = 512, 63 }, "seed_resize_height is 63; choose a multiple of 8"},
		{"last of a batch", func(r *Request) { r.BatchSize, r.BatchIndex = 3, 2 }, ""},
		{"beyond the batch", func(r *Request) { r.BatchSize, r.BatchIndex = 3, 3 }, "batch_index is 3 of 3"},
		{"beyond no batch", func(r *Request) { r.BatchIndex = 1 }, "batch_index is 1 of 1"},
		{"endless batch", func(r *Request) { r.BatchSize = MaxBatch + 1 }, "batch_size is 4097"},
	} {
		r := good
		c.change(&r)
		err := r.Validate()
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
