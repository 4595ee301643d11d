package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/nn"
)

// TestNotesTellWhatHasNoEffect holds each note to the picture, which is the same
// without what has no effect, and another without what has one.
func TestNotesTellWhatHasNoEffect(t *testing.T) {
	for _, of := range []struct {
		name     string
		path     string
		guidance float64
		idle     string // the fields without an effect
	}{
		{"guided", "testdata/tiny", 4, ""},
		{"not guided", "testdata/tiny", 1, "negative rescale low high mimic"},
		{"not guided, but perturbed", "testdata/tiny", 1, "negative mimic"},
		{"self-guided", writeFamily(t, "lcm", nil, nil), 4, "negative rescale low high mimic"},
	} {
		p, err := Load(t.Context(), of.path, nn.Float32)
		if err != nil {
			t.Fatal(err)
		}
		r := tinyRequest()
		r.Negative, r.Guidance, r.Steps, r.Sampler = "", of.guidance, 2, "euler"
		if strings.Contains(of.path, "lcm") {
			r.Width, r.Height = familySide, familySide
		}
		if strings.Contains(of.name, "perturbed") {
			r.PerturbedAttention = 2
		}
		draw := func(change func(*engine.Request)) ([]uint8, []string) {
			t.Helper()
			r := r
			change(&r)
			r, err := p.Resolve(r)
			if err != nil {
				t.Fatal(err)
			}
			result, err := p.Paint(t.Context(), r, nil, func(engine.Progress) {})
			if err != nil {
				t.Fatal(err)
			}
			return result.Picture.Pix, result.Notes
		}
		plain, notes := draw(func(*engine.Request) {})
		if len(notes) > 0 {
			t.Errorf("%s: without anything special, the notes are %q", of.name, notes)
		}
		for field, change := range map[string]func(*engine.Request){
			"negative": func(r *engine.Request) { r.Negative = "blue" },
			"rescale":  func(r *engine.Request) { r.GuidanceRescale = 0.7 },
			"low":      func(r *engine.Request) { r.GuidanceLow = 1000 },
			"high":     func(r *engine.Request) { r.GuidanceHigh = 0.01 },
			"mimic":    func(r *engine.Request) { r.MimicGuidance = 0.5 },
		} {
			picture, notes := draw(change)
			idle := slices.Contains(strings.Fields(of.idle), field)
			if slices.Equal(picture, plain) != idle {
				t.Errorf("%s: that %s has no effect is %v", of.name, field, !idle)
			}
			if said := len(notes) == 1 && strings.Contains(notes[0], field) && strings.Contains(notes[0], "has no effect"); said != idle {
				t.Errorf("%s, %s: the notes are %q", of.name, field, notes)
			}
		}
	}
	p := loadTiny(t)
	r := tinyRequest()
	r.MimicGuidance = 5 // above the guidance
	if notes := notesOn(t, p, r); len(notes) != 1 || notes[0] != "mimic_guidance has no effect: it is not below the guidance of 4" {
		t.Errorf("the notes are %q", notes)
	}
}

// notesOn draws a request for its notes.
func notesOn(t *testing.T, p *Pipeline, r engine.Request) []string {
	t.Helper()
	r, err := p.Resolve(r)
	if err != nil {
		t.Fatal(err)
	}
	result, err := p.Paint(t.Context(), r, nil, func(engine.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	return result.Notes
}

// TestNotesTellWhatWasNotUnderstood has words that are not what they look like.
func TestNotesTellWhatWasNotUnderstood(t *testing.T) {
	p := loadTiny(t)
	r := tinyRequest()
	r.Steps = 2
	r.Prompt, r.Negative, r.Loras = "a <hypernet:x:0.5> (b <strange:y>", "<lora:y>", "<hypernet:z>"
	want := []string{
		`"<strange:y>" at 22 is a tag of an unknown kind, "strange", and left out; known are lora, lyco and hypernet`,
		`"(" at 19 is not closed and holds to the end; put \ before it if it is a sign like any other`,
		`"<lora:y>" at 0 is no tag in a negative prompt, where it is words; put it into the prompt`,
		`<hypernet:x:0.5> is not applied: this program knows LoRAs and their kin only`,
		`<hypernet:z> is not applied: this program knows LoRAs and their kin only`,
	}
	if got := notesOn(t, p, r); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the notes are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
