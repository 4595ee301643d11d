package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"darkroom/engine"
)

// What the panel has no field for stays with the recipe, is named, and can be
// dropped.
func TestPanelKeepsWhatItHasNoFieldFor(t *testing.T) {
	test.NewTempApp(t)
	p := newPromptPanel(nil)
	asked := engine.Request{
		Prompt: "a cat", Negative: "dog", Seed: 7, Steps: 9, Guidance: 5, Sampler: "euler_ancestral", Schedule: "karras", Width: 64, Height: 64, Model: engine.DefaultModel,
		Dialect: "a1111", ENSD: 31337, ClipSkip: 2, Loras: "<lora:paint:0.5>", Template: "a {cat|dog}",
	}
	if err := p.SetRequest(asked); err != nil {
		t.Fatal(err)
	}
	got, err := p.Request()
	if err != nil || got != asked {
		t.Fatalf("the panel asks for %+v (%v), want %+v", got, err, asked)
	}
	for _, want := range []string{"a1111", "31337", "clip skip 2", "a {cat|dog}"} {
		if !strings.Contains(p.extras.words.Text, want) {
			t.Errorf("%q does not name %q", p.extras.words.Text, want)
		}
	}
	p.prompt.SetText("a bird")
	if got, _ = p.Request(); got.Template != "" || got.Dialect != "a1111" {
		t.Errorf("after another prompt it asks for %+v", got)
	}
	p.extras.set(engine.Request{})
	p.loras.Set("")
	got, err = p.Request()
	want := engine.Request{
		Prompt: "a bird", Negative: "dog", Seed: 7, Steps: 9, Guidance: 5, Sampler: "euler_ancestral", Schedule: "karras", Width: 64, Height: 64, Model: engine.DefaultModel,
	}
	if err != nil || got != want || p.extras.object.Visible() {
		t.Errorf("without them it asks for %+v (%v), want %+v", got, err, want)
	}
}
