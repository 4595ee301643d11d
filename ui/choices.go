package ui

import (
	"fmt"
	"os"
	"strings"

	"darkroom/engine"
	"darkroom/engine/prompt"
)

// A request that was typed, and in which something is to be chosen ({a|b}, __name__),
// has its prompt as its template, too. What a recipe brings is drawn as it stands there.

// template is what a typed prompt has for a template: itself, if it may leave a choice.
func template(typed string) string {
	if strings.Contains(typed, "{") || strings.Contains(typed, "__") {
		return typed
	}
	return ""
}

// sources is a request's prompts, with the choices made that its seed makes.
func (s settings) sources(r engine.Request) (words, negative prompt.Source, err error) {
	e := prompt.Expansion{Seed: r.Seed}
	if path := s.Wildcards(); path != "" {
		folder, err := os.OpenRoot(path)
		if err != nil {
			return words, negative, fmt.Errorf("the folder of wildcards can't be read: %w; choose another in the inspector (%s)", err, shortcutLabel(keyInspect))
		}
		defer folder.Close()
		e.Wildcards = folder.FS()
	}
	source := func(text, template string) prompt.Source {
		s := prompt.Verbatim(text)
		if err == nil && template != "" && template == text {
			s, err = e.Expand(s)
		}
		return s
	}
	words, negative = source(r.Prompt, r.Template), source(r.Negative, r.NegativeTemplate)
	return words, negative, err
}

// decided is a request with its choices made, which are what it draws.
func (s settings) decided(r engine.Request) (engine.Request, error) {
	words, negative, err := s.sources(r)
	if err != nil {
		return r, err
	}
	settle := func(text, template *string, s prompt.Source) {
		if *template != *text {
			return
		}
		*text = s.Text.String()
		if *text == *template {
			*template = "" // there was nothing to choose
		}
	}
	settle(&r.Prompt, &r.Template, words)
	settle(&r.Negative, &r.NegativeTemplate, negative)
	return r, nil
}
