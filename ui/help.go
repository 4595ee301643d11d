package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// sheets shows one sheet at a time over the window: the shortcuts or what the
// program is.
type sheets struct {
	window fyne.Window
	keys   plainKeys
	open   *widget.PopUp
}

// Close takes the sheet away and reports whether there was one.
func (s *sheets) Close() bool {
	if s.open == nil {
		return false
	}
	s.open.Hide()
	s.open = nil
	return true
}

// show puts a sheet with this title over the window.
func (s *sheets) show(title string, content fyne.CanvasObject) {
	s.Close()
	heading := canvas.NewText(title, shade(theme.ColorNameForeground))
	heading.TextSize = sizes[theme.SizeNameSubHeadingText]
	dismiss := newButton("Close   Esc", func() { s.Close() }, s.keys)
	body := column(14, heading, content, container.NewHBox(layout.NewSpacer(), dismiss))
	s.open = widget.NewModalPopUp(inset(22, 18, wide(380, body)), s.window.Canvas())
	s.open.Show()
}

// Shortcuts shows every key the studio listens to while a page is on show.
func (s *sheets) Shortcuts(groups []menuGroup, on *page) {
	var lines []fyne.CanvasObject
	line := func(key, what string) {
		k := plain(key)
		k.TextStyle.Monospace = true
		k.Color = shade(theme.ColorNamePrimary)
		lines = append(lines, row(10, wide(130, k), plain(what)))
	}
	for _, g := range groups {
		for _, c := range g.commands {
			if c.shortcut != nil {
				line(shortcutLabel(c.shortcut), c.label)
			}
		}
	}
	line("Esc", "Cancel the picture in work; close a sheet")
	line("F1", "These shortcuts")
	for _, k := range on.keys {
		line(k[0], k[1])
	}
	line("Tab", "Go to the next field")
	half := (len(lines) + 1) / 2
	keys := container.NewVScroll(row(28, column(5, lines[:half]...), column(5, lines[half:]...)))
	const rest = 180 // of the sheet's height, and the window's round it
	need := keys.Content.MinSize()
	keys.SetMinSize(fyne.NewSize(need.Width, min(need.Height, s.window.Canvas().Size().Height-rest)))
	s.show("Shortcuts", column(12, keys,
		caption("Drop a picture on the window to get its recipe back, also one of another program, or a folder to use it as model.")))
}

// About shows what the program is and what it computes with.
func (s *sheets) About(o Options) {
	mark := canvas.NewImageFromResource(o.App.Icon())
	mark.FillMode = canvas.ImageFillContain
	mark.SetMinSize(fyne.NewSquareSize(72))
	quiet := func(text string) *canvas.Text {
		t := plain(text)
		t.Color = shade(colorQuiet)
		return t
	}
	s.show("Darkroom "+o.Version, container.NewBorder(nil, nil, mark, nil, inset(14, 0, column(6,
		plain("A studio that develops pictures out of noise."),
		quiet("Everything happens on this computer's processor;"),
		quiet("nothing is sent anywhere."),
		quiet("Arithmetic: "+o.Arithmetic+", built with "+o.Toolchain),
		quiet("The same recipe makes the same picture on every machine."),
	))))
}
