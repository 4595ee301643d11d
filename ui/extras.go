package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine"
	"darkroom/engine/recipe"
)

// extras is what a request asks for beyond the panel's fields, such as another
// tool's noise: a line that names it, and a button that drops it.
type extras struct {
	object fyne.CanvasObject

	of    engine.Request // as it was brought
	words *widget.Label
}

func newExtras(changed func(), keys plainKeys) *extras {
	e := &extras{words: widget.NewLabel("")}
	e.words.Wrapping = fyne.TextWrapWord
	drop := newButton("", func() {
		e.set(engine.Request{Prompt: e.of.Prompt, Negative: e.of.Negative}) // words stay as they stand
		changed()
	}, keys)
	drop.Icon = theme.CancelIcon()
	drop.Importance = widget.LowImportance
	e.object = column(2, caption("From the recipe"), container.NewBorder(nil, nil, nil, container.NewVBox(drop), e.words))
	e.object.Hide()
	return e
}

// set takes over what the panel has no field for.
func (e *extras) set(r engine.Request) {
	e.of = r
	r.Loras, r.VAE = "", ""
	if r.Template == r.Prompt {
		r.Template = "" // typed here
	}
	if r.NegativeTemplate == r.Negative {
		r.NegativeTemplate = ""
	}
	words := recipe.Extras(r)
	e.words.SetText(strings.Join(words, " · "))
	if len(words) > 0 {
		e.object.Show()
	} else {
		e.object.Hide()
	}
}

// request begins a request with these texts. A template counts only as long as the
// text is what was made of it; else it is what was typed.
func (e *extras) request(prompt, negative string) engine.Request {
	r := e.of
	if r.Prompt != prompt {
		r.Template = template(prompt)
	}
	if r.Negative != negative {
		r.NegativeTemplate = template(negative)
	}
	r.Prompt, r.Negative = prompt, negative
	r.Schedule, r.Precision, r.Loras, r.VAE = "", "", "", ""
	return r
}
