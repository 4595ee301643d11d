package ui

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine"
)

// preset is how pictures are drawn, under a name: everything a request has but its
// prompt and its seed.
type preset struct {
	Name    string         `json:"name"`
	Request engine.Request `json:"request"`
}

// Presets is the presets there are, by name.
func (s settings) Presets() []preset {
	var list []preset
	if json.Unmarshal([]byte(s.p.String(keyPresets)), &list) != nil {
		return nil
	}
	return slices.DeleteFunc(list, func(p preset) bool { return p.Name == "" || p.Request.Validate() != nil })
}

// SetPresets remembers the presets.
func (s settings) SetPresets(list []preset) {
	slices.SortFunc(list, func(a, b preset) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	if text, err := json.Marshal(list); err == nil {
		s.p.SetString(keyPresets, string(text))
	}
}

// presetsMenu offers the presets.
func (s *Studio) presetsMenu() {
	var items, gone []*fyne.MenuItem
	for _, p := range s.settings.Presets() {
		items = append(items, fyne.NewMenuItem(oneLine(p.Name), func() { s.usePreset(p) }))
		gone = append(gone, fyne.NewMenuItem(oneLine(p.Name), func() { s.deletePreset(p) }))
	}
	if items != nil {
		items = append(items, fyne.NewMenuItemSeparator())
	}
	items = append(items, fyne.NewMenuItem("Save the fields as a preset…", s.savePreset))
	if gone != nil {
		remove := fyne.NewMenuItem("Delete a preset", nil)
		remove.ChildMenu = fyne.NewMenu("", gone...)
		items = append(items, remove)
	}
	popUp(s.prompt.presets, items)
}

// usePreset fills the fields with a preset, and leaves the prompt and the seed.
func (s *Studio) usePreset(p preset) {
	before, err := s.prompt.Request()
	r := p.Request
	r.Prompt, r.Template = s.prompt.prompt.Text, template(s.prompt.prompt.Text)
	if err == nil {
		r.Template = before.Template
	}
	seed := s.prompt.seed.entry.Text
	s.fill(r)
	s.prompt.seed.entry.SetText(seed)
	s.remember()
	if err != nil {
		return
	}
	s.notice.Tell("the fields are as in the preset "+p.Name, "Undo", func() {
		before.Prompt = s.prompt.prompt.Text
		s.fill(before)
		s.remember()
		s.notice.Clear()
	})
}

// savePreset asks for a name and keeps the fields under it.
func (s *Studio) savePreset() {
	r, err := s.prompt.Request()
	if err != nil {
		s.notice.Fail(err)
		return
	}
	r.Prompt, r.Template, r.Seed = "", "", 0
	name := newEntry("Name", s.plainKey)
	save := func() {
		name := strings.TrimSpace(name.Text)
		if name == "" {
			return
		}
		s.sheets.Close()
		s.putPreset(preset{name, r})
	}
	name.OnSubmitted = func(string) { save() }
	answer := newButton("Save", save, s.plainKey)
	answer.Importance = widget.HighImportance
	quiet := wrapped(colorQuiet, "Everything but the prompt and the seed. A preset of the same name is replaced.")
	s.sheets.show("Save preset", column(12, name, quiet, container.NewHBox(layout.NewSpacer(), answer)))
	s.window.Canvas().Focus(name)
}

// putPreset keeps a preset in the place of one of its name.
func (s *Studio) putPreset(p preset) {
	list := s.settings.Presets()
	s.settings.SetPresets(append(slices.DeleteFunc(slices.Clone(list), func(o preset) bool { return o.Name == p.Name }), p))
	s.notice.Tell("the fields are kept as the preset "+p.Name, "Undo", func() {
		s.settings.SetPresets(list)
		s.notice.Clear()
	})
}

// deletePreset deletes a preset; it can be brought back.
func (s *Studio) deletePreset(p preset) {
	list := s.settings.Presets()
	s.settings.SetPresets(slices.DeleteFunc(slices.Clone(list), func(o preset) bool { return o.Name == p.Name }))
	s.notice.Tell(fmt.Sprintf("the preset %s is deleted", p.Name), "Undo", func() {
		s.settings.SetPresets(list)
		s.notice.Clear()
	})
}
