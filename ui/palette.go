package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// commandPalette finds everything that can be done by a few letters of its name. It opens over
// the window; Enter does what is chosen and Escape closes it.
type commandPalette struct {
	window fyne.Window
	entry  *entry
	list   *widget.List
	open   *widget.PopUp
	before fyne.Focusable // had the focus

	all, found []offer
	at         int // which of the found is chosen
}

// offer is something that can be done, and a word about it.
type offer struct {
	label, hint string
	act         func()
}

const (
	paletteWidth  = 560
	paletteHeight = 340
)

func newPalette(window fyne.Window) *commandPalette {
	p := &commandPalette{window: window}
	p.entry = newEntry("What do you want to do?", p.key)
	p.entry.OnChanged = func(string) { p.find() }
	p.entry.OnSubmitted = func(string) { p.do(p.at) }
	p.list = widget.NewList(func() int { return len(p.found) }, newOfferLine, p.paint)
	p.list.HideSeparators = true
	p.list.OnSelected = func(i widget.ListItemID) { p.do(i) } // by the mouse
	return p
}

// Open offers things to do, or closes the palette if it is there.
func (p *commandPalette) Open(all []offer) {
	if p.Close() {
		return
	}
	p.all, p.before = all, p.window.Canvas().Focused()
	p.entry.SetText("")
	p.find()
	room := p.window.Canvas().Size()
	size := fyne.NewSize(min(paletteWidth, room.Width-80), min(paletteHeight, room.Height-120))
	p.open = widget.NewModalPopUp(inset(8, 8, container.NewBorder(p.entry, nil, nil, nil, p.list)), p.window.Canvas())
	p.open.Resize(size)
	p.open.Show()
	p.window.Canvas().Focus(p.entry)
}

// Close takes the palette away and reports whether it was there.
func (p *commandPalette) Close() bool {
	if p.open == nil {
		return false
	}
	p.open.Hide()
	p.open = nil
	p.list.UnselectAll()
	if p.before != nil {
		p.window.Canvas().Focus(p.before)
	}
	return true
}

// key moves the choice and closes the palette.
func (p *commandPalette) key(key fyne.KeyName) bool {
	const page = 8
	switch key {
	case fyne.KeyEscape:
		p.Close()
	case fyne.KeyUp:
		p.choose(p.at - 1)
	case fyne.KeyDown:
		p.choose(p.at + 1)
	case fyne.KeyPageUp:
		p.choose(p.at - page)
	case fyne.KeyPageDown:
		p.choose(p.at + page)
	default:
		return false
	}
	return true
}

// choose chooses one of the found.
func (p *commandPalette) choose(i int) {
	p.at = max(0, min(i, len(p.found)-1))
	p.list.ScrollTo(p.at)
	p.list.Refresh()
}

// find lists what answers to the letters typed, the best first.
func (p *commandPalette) find() {
	type scored struct {
		offer
		score int
	}
	var hits []scored
	for _, o := range p.all {
		if score, ok := fuzzy(p.entry.Text, o.label); ok {
			hits = append(hits, scored{o, score})
		}
	}
	slices.SortStableFunc(hits, func(a, b scored) int { return b.score - a.score })
	p.found = nil
	for _, h := range hits {
		p.found = append(p.found, h.offer)
	}
	p.choose(0)
}

// do closes the palette and does one of the found.
func (p *commandPalette) do(i int) {
	if i < 0 || i >= len(p.found) || p.open == nil {
		return
	}
	act := p.found[i].act
	p.Close()
	act()
}

// offerLine is a line of the list: what can be done, and at its end a word about it.
func newOfferLine() fyne.CanvasObject {
	ground := canvas.NewRectangle(nil)
	ground.CornerRadius = sizes[theme.SizeNameInputRadius]
	return container.NewStack(ground, inset(10, 6, between(plain("M"), caption(""))))
}

func (p *commandPalette) paint(i widget.ListItemID, line fyne.CanvasObject) {
	if i >= len(p.found) {
		return
	}
	parts := line.(*fyne.Container).Objects
	ends := parts[1].(*fyne.Container).Objects[0].(*fyne.Container)
	ground, label, hint := parts[0].(*canvas.Rectangle), ends.Objects[0].(*canvas.Text), ends.Objects[1].(*canvas.Text)
	ground.FillColor = nil
	if i == p.at {
		ground.FillColor = shade(theme.ColorNameSelection)
	}
	ground.Refresh()
	label.Text, hint.Text = p.found[i].label, p.found[i].hint
	label.Refresh()
	hint.Refresh()
	ends.Refresh()
}

// offers is everything there is to do: the commands of the menu, the presets and the
// prompts of earlier pictures.
func (s *Studio) offers() []offer {
	var all []offer
	for _, g := range s.menu {
		for _, c := range g.commands {
			if c.shortcut == keyPalette {
				continue
			}
			hint := g.label
			if c.shortcut != nil {
				hint = shortcutLabel(c.shortcut)
			}
			all = append(all, offer{c.label, hint, c.act})
		}
	}
	for _, p := range s.settings.Presets() {
		all = append(all, offer{oneLine(p.Name), "Preset", func() { s.usePreset(p) }})
	}
	for _, text := range s.settings.Prompts() {
		all = append(all, offer{oneLine(text), "From the history", func() { s.usePrompt(text) }})
	}
	return all
}
