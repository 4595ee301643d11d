package pipeline

import (
	"fmt"
	"strings"

	"darkroom/engine"
	"darkroom/engine/prompt"
)

// unheard tells what of the words was not understood, or is not applied.
func unheard(r engine.Request, words, negative *prompt.Prompt) (notes []string) {
	for _, p := range []*prompt.Prompt{words, negative} {
		for _, problem := range p.Problems {
			notes = append(notes, p.Say(problem))
		}
	}
	more, _ := prompt.Tags(r.Loras)
	for i, tag := range append(words.Tags[:len(words.Tags):len(words.Tags)], more...) {
		// a kind that no one knows is among the prompt's problems
		if tag.Kind == "hypernet" || i >= len(words.Tags) && tag.Kind != "lora" && tag.Kind != "lyco" {
			notes = append(notes, fmt.Sprintf("<%s:%s> is not applied: this program knows LoRAs and their kin only", tag.Kind, strings.Join(tag.Args, ":")))
		}
	}
	return notes
}

// idle tells what of a request steers nothing.
func (s *steering) idle() (notes []string) {
	r, why := s.request, "with a guidance of 1, nothing guides"
	if s.guided {
		why = "this model guides itself"
	}
	say := func(idle bool, what string) {
		if idle {
			notes = append(notes, what+" has no effect: "+why)
		}
	}
	say(s.negatives == 0 && r.Negative != "", "the negative prompt")
	alone := len(s.rows) == 1
	say(alone && r.GuidanceRescale != 0, "guidance_rescale")
	say(alone && r.GuidanceLow != 0, "guidance_low")
	say(alone && r.GuidanceHigh != 0, "guidance_high")
	if s.negatives > 0 {
		why = fmt.Sprintf("it is not below the guidance of %g", s.guidance)
	}
	say(r.MimicGuidance != 0 && (s.negatives == 0 || r.MimicGuidance >= s.guidance), "mimic_guidance")
	return notes
}
