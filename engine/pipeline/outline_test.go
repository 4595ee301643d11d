package pipeline

import (
	"encoding/json"
	"slices"
	"testing"

	"darkroom/engine"
	"darkroom/engine/nn"
	"darkroom/engine/prompt"
)

// TestOutlineIsTheModels holds what is told before a model is loaded to what the loaded
// model does.
func TestOutlineIsTheModels(t *testing.T) {
	for _, model := range []string{"testdata/tiny", engine.DefaultModel} {
		p, err := Load(t.Context(), model, nn.Float32)
		if err != nil {
			t.Fatal(err)
		}
		o, err := OpenOutline(model)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []engine.Request{
			{Prompt: "a (red:1.3) [apple:pear:3], \\( AND a blue sky :0.5", Negative: "(ugly", Steps: 6, Guidance: 4, Sampler: "euler", Model: model},
			{Prompt: "a cat", Steps: 9, Guidance: 4, Sampler: "dpmpp_2m", Schedule: "karras", Model: model},
			{Prompt: "[a|b]", Steps: 4, Guidance: 4, Sampler: "heun", Dialect: "a1111", Model: model},
			{Prompt: "(a:2)", Steps: 4, Guidance: 4, Sampler: "dpm_adaptive", Dialect: "comfyui", Model: model},
		} {
			if r, err = p.Resolve(r); err != nil {
				t.Fatal(err)
			}
			if r.Width != o.Size || r.Height != o.Size {
				t.Errorf("%s draws %d × %d, its outline says %d", model, r.Width, r.Height, o.Size)
			}
			words, negative, err := o.Read(t.Context(), r, nil, prompt.Verbatim(r.Prompt), prompt.Verbatim(r.Negative))
			if err != nil {
				t.Fatal(err)
			}
			wantWords, wantNegative, err := p.read(r)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := json.Marshal([]any{words, negative})
			want, _ := json.Marshal([]any{wantWords, wantNegative})
			if string(got) != string(want) {
				t.Errorf("%s reads %q as\n%s, want\n%s", model, r.Prompt, got, want)
			}
			levels, err := o.Levels(r)
			if err != nil {
				t.Fatal(err)
			}
			start, err := p.Start(r)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(levels, start.Sigmas) {
				t.Errorf("%s with %s: levels %v, want %v", model, r.Sampler, levels, start.Sigmas)
			}
		}
	}
}
