package ui

import (
	"fmt"
	"strings"

	"darkroom/engine/prompt"
)

// tokenCount says how long a prompt is: "23 of 75 tokens · 2 parts".
func tokenCount(p *prompt.Prompt) string {
	most, room, texts := 0, 0, 0
	for _, part := range p.Parts {
		for _, v := range part.Variants {
			if n, r := v.Tokens(p.Window); n >= most {
				most, room = n, r
			}
			texts++
		}
	}
	if strings.TrimSpace(p.Typed) == "" && most == 0 {
		return ""
	}
	words := fmt.Sprintf("%d of %d tokens", most, room)
	if texts > 1 { // of several texts, the longest
		words = "at most " + words
	}
	if chunks := room / (p.Window - 2); chunks > 1 {
		words += fmt.Sprintf(" · %d chunks", chunks)
	}
	if n := len(p.Parts); n > 1 {
		words += fmt.Sprintf(" · %d parts", n)
	}
	return words
}

// remark says what of a prompt was not understood, and where.
func remark(p *prompt.Prompt, problem prompt.Problem) string {
	if what := p.Typed[problem.From:problem.To]; what != "" {
		return fmt.Sprintf("“%s” %s", what, problem.What)
	}
	return problem.What // of what a style or a wildcard brought
}
