package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// plainKeys handles a key pressed without Ctrl, Alt or Super, and reports
// whether it had a use for it. Fyne gives such keys to the focused widget alone,
// so the controls below ask the studio first: Escape cancels wherever the
// focus is. (Keys with a modifier are main-menu shortcuts, see menu.go.)
type plainKeys func(fyne.KeyName) bool

// used asks the handler, if there is one.
func (k plainKeys) used(ev *fyne.KeyEvent) bool { return k != nil && k(ev.Name) }

// entry is a text field. Tab leaves it, also when it has several lines.
type entry struct {
	widget.Entry
	keys  plainKeys
	toEnd bool // the cursor belongs at the end of the text once there is room

	replaced []replacement // see Replace

	// OnEnter is called for Ctrl+Enter on the number pad, which the menu's
	// Ctrl+Enter does not cover.
	OnEnter func()
	// OnShortcut is asked first of what to do on keys with a modifier that the menu
	// does not have; it reports whether it had a use for them.
	OnShortcut func(*desktop.CustomShortcut) bool
}

var (
	_ fyne.Focusable = (*entry)(nil)
	_ fyne.Tabbable  = (*entry)(nil)
)

func newEntry(placeholder string, keys plainKeys) *entry {
	e := &entry{keys: keys}
	e.ExtendBaseWidget(e)
	e.SetPlaceHolder(placeholder)
	return e
}

func newTextArea(placeholder string, rows int, keys plainKeys) *entry {
	e := &entry{keys: keys}
	e.MultiLine = true
	e.Wrapping = fyne.TextWrapWord
	e.ExtendBaseWidget(e)
	e.SetPlaceHolder(placeholder)
	e.SetMinRowsVisible(rows)
	return e
}

// SetText changes the text and puts the cursor behind it, where one goes on
// typing; Fyne leaves it at the start.
func (e *entry) SetText(text string) {
	e.Entry.SetText(text)
	e.replaced = nil
	e.toEnd = true
	e.goToEnd()
}

// FocusGained is called when typing goes here.
func (e *entry) FocusGained() {
	e.Entry.FocusGained()
	e.goToEnd()
}

func (e *entry) goToEnd() {
	if e.toEnd && e.Size().Width > 0 { // else the text is not broken into lines yet
		e.toEnd = false
		e.Entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyPageDown})
	}
}

// AcceptsTab is false: Tab moves on to the next control.
func (e *entry) AcceptsTab() bool { return false }

// TypedKey passes the key on unless the studio used it.
func (e *entry) TypedKey(ev *fyne.KeyEvent) {
	if !e.keys.used(ev) {
		e.Entry.TypedKey(ev)
	}
}

// TypedShortcut hears Ctrl+Enter of the number pad and the keys that are the field's own.
func (e *entry) TypedShortcut(s fyne.Shortcut) {
	switch s := s.(type) {
	case *desktop.CustomShortcut:
		if s.KeyName == fyne.KeyEnter && e.OnEnter != nil {
			e.OnEnter()
			return
		}
		if e.OnShortcut != nil && e.OnShortcut(s) {
			return
		}
		if s.KeyName == fyne.KeyZ && s.Modifier == keyRedo.Modifier {
			e.undo(true)
			return
		}
	case *fyne.ShortcutUndo:
		e.undo(false)
		return
	case *fyne.ShortcutRedo:
		e.undo(true)
		return
	}
	e.Entry.TypedShortcut(s)
}

type slider struct {
	widget.Slider
	keys plainKeys
}

func newSlider(min, max, step float64, keys plainKeys) *slider {
	s := &slider{keys: keys}
	s.Min, s.Max, s.Step = min, max, step
	s.ExtendBaseWidget(s)
	return s
}

// TypedKey passes the key on unless the studio used it.
func (s *slider) TypedKey(ev *fyne.KeyEvent) {
	if !s.keys.used(ev) {
		s.Slider.TypedKey(ev)
	}
}

type selector struct {
	widget.Select
	keys plainKeys
}

func newSelector(options []string, changed func(string), keys plainKeys) *selector {
	s := &selector{keys: keys}
	s.Options, s.OnChanged = options, changed
	s.ExtendBaseWidget(s)
	return s
}

// TypedKey passes the key on unless the studio used it.
func (s *selector) TypedKey(ev *fyne.KeyEvent) {
	if !s.keys.used(ev) {
		s.Select.TypedKey(ev)
	}
}

type check struct {
	widget.Check
	keys plainKeys
}

func newCheck(label string, changed func(bool), keys plainKeys) *check {
	c := &check{keys: keys}
	c.Text, c.OnChanged = label, changed
	c.ExtendBaseWidget(c)
	return c
}

// TypedKey passes the key on unless the studio used it.
func (c *check) TypedKey(ev *fyne.KeyEvent) {
	if !c.keys.used(ev) {
		c.Check.TypedKey(ev)
	}
}

type button struct {
	widget.Button
	keys plainKeys
}

func newButton(label string, tapped func(), keys plainKeys) *button {
	b := &button{keys: keys}
	b.Text, b.OnTapped = label, tapped
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey passes the key on unless the studio used it; Enter presses the
// button as Space does.
func (b *button) TypedKey(ev *fyne.KeyEvent) {
	if b.keys.used(ev) {
		return
	}
	if ev.Name == fyne.KeyReturn || ev.Name == fyne.KeyEnter {
		ev = &fyne.KeyEvent{Name: fyne.KeySpace, Physical: ev.Physical}
	}
	b.Button.TypedKey(ev)
}
