package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// heldKeys is the modifiers that are down now.
func heldKeys() fyne.KeyModifier {
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		return d.CurrentKeyModifiers()
	}
	return 0
}

// MouseDown chooses the picture under the pointer; with Ctrl beside others, with Shift
// all up to it.
func (g *grid) MouseDown(ev *desktop.MouseEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(g); c != nil {
		c.Focus(g)
	}
	place := g.under(ev.Position)
	beside := ev.Modifier&fyne.KeyModifierShortcutDefault != 0
	switch {
	case ev.Button == desktop.MouseButtonSecondary:
		if !g.chosen[g.id(place)] {
			g.only(place)
		}
	case ev.Modifier&fyne.KeyModifierShift != 0:
		g.to(place, beside)
	case beside:
		g.toggle(place)
	default:
		g.only(place)
	}
	g.changed()
}

// MouseUp has nothing to do.
func (g *grid) MouseUp(*desktop.MouseEvent) {}

// DoubleTapped opens the picture under the pointer.
func (g *grid) DoubleTapped(ev *fyne.PointEvent) { g.open(g.under(ev.Position)) }

func (g *grid) open(place int) {
	if id := g.id(place); id != "" && g.OnOpen != nil {
		g.OnOpen(id)
	}
}

// TappedSecondary asks what can be done with those chosen.
func (g *grid) TappedSecondary(ev *fyne.PointEvent) {
	if len(g.chosen) > 0 && g.OnMenu != nil {
		g.OnMenu(ev.AbsolutePosition)
	}
}

// MouseIn lights the picture under the pointer up.
func (g *grid) MouseIn(ev *desktop.MouseEvent) { g.MouseMoved(ev) }

// MouseMoved lights the picture under the pointer up.
func (g *grid) MouseMoved(ev *desktop.MouseEvent) { g.hover(g.under(ev.Position)) }

// MouseOut makes it quiet again.
func (g *grid) MouseOut() { g.hover(-1) }

func (g *grid) hover(place int) {
	if place != g.hovered {
		g.hovered = place
		g.paint()
	}
}

// FocusGained shows where the keys go on from.
func (g *grid) FocusGained() { g.focused = true; g.paint() }

// FocusLost hides that.
func (g *grid) FocusLost() { g.focused = false; g.paint() }

// TypedRune has no use for letters; digits come as keys.
func (g *grid) TypedRune(rune) {}

// TypedKey walks through the pictures; with Shift it chooses all on the way.
func (g *grid) TypedKey(ev *fyne.KeyEvent) {
	held := g.modifiers()
	if place, ok := g.step(ev.Name); ok {
		g.at = max(g.at, 0)
		if held&fyne.KeyModifierShift != 0 {
			g.to(place, false)
		} else {
			g.only(place)
		}
		g.Reveal(place)
		g.changed()
		return
	}
	switch ev.Name {
	case fyne.KeySpace:
		g.toggle(max(g.at, 0))
		g.changed()
	case fyne.KeyReturn, fyne.KeyEnter:
		g.open(g.place(g.current()))
	default:
		if g.OnKey == nil || !g.OnKey(ev.Name) {
			g.keys.used(ev)
		}
	}
}

// step is where a key leads to, false if it leads nowhere.
func (g *grid) step(key fyne.KeyName) (place int, ok bool) {
	page := max(1, int(g.scroll.Size().Height/tilePitch)) * g.columns
	by, known := map[fyne.KeyName]int{
		fyne.KeyLeft: -1, fyne.KeyRight: 1, fyne.KeyUp: -g.columns, fyne.KeyDown: g.columns,
		fyne.KeyPageUp: -page, fyne.KeyPageDown: page, fyne.KeyHome: -len(g.ids), fyne.KeyEnd: len(g.ids),
	}[key]
	if !known || len(g.ids) == 0 {
		return 0, false
	}
	last := len(g.ids) - 1
	switch place = g.at + by; {
	case g.at < 0:
		place = 0
	case key == fyne.KeyUp && place < 0: // there is nothing above
		place = g.at
	case key == fyne.KeyDown && place > last && g.at/g.columns == last/g.columns:
		place = g.at
	}
	return max(0, min(place, last)), true
}

// TypedShortcut hears Ctrl+A, Ctrl+C, and the arrows with Ctrl, which move without
// choosing.
func (g *grid) TypedShortcut(s fyne.Shortcut) {
	switch s := s.(type) {
	case *fyne.ShortcutSelectAll:
		g.everything()
		g.changed()
	case *fyne.ShortcutCopy:
		call(g.OnCopy)
	case *desktop.CustomShortcut:
		if place, ok := g.step(s.KeyName); ok {
			g.at = place
			g.Reveal(place)
			g.changed()
		} else if s.KeyName == fyne.KeySpace {
			g.toggle(max(g.at, 0))
			g.changed()
		}
	}
}
