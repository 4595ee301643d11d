package ui

import (
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// ask is the strip above the picture that asks for a path: to type, or to
// choose a folder for. It stands in nobody's way; Enter answers, Escape
// dismisses.
type ask struct {
	object fyne.CanvasObject

	window   fyne.Window
	question *canvas.Text
	path     *entry
	answer   *button
	hasName  bool // the path ends with a file's name
	done     func(path string)
}

func newAsk(window fyne.Window, keys plainKeys) *ask {
	a := &ask{window: window, question: plain(""), path: newEntry("", keys)}
	a.path.OnSubmitted = func(string) { a.submit() }
	a.answer = newButton("", a.submit, keys)
	a.answer.Importance = widget.HighImportance
	browse := newButton("Browse…", a.browse, keys)
	dismiss := newButton("", func() { a.Close() }, keys)
	dismiss.Icon = theme.CancelIcon()
	dismiss.Importance = widget.LowImportance
	surface := canvas.NewRectangle(shade(colorPanel))
	surface.CornerRadius = sizes[theme.SizeNameInputRadius]
	a.object = inset(12, 8, container.NewStack(surface, inset(12, 8,
		container.NewBorder(nil, nil, row(0, a.question, spacer(10, 1)), row(6, spacer(2, 1), browse, a.answer, dismiss), a.path))))
	a.object.Hide()
	return a
}

// Open asks for a path, beginning with this one. done gets it in full.
func (a *ask) Open(question, path, answer string, hasName bool, done func(path string)) {
	a.done, a.hasName = done, hasName
	say(a.question, question)
	a.answer.SetText(answer)
	a.object.Show()
	a.path.SetText(path)
	a.window.Canvas().Focus(a.path)
}

// Close takes the strip away and reports whether it was there.
func (a *ask) Close() bool {
	open := a.object.Visible()
	a.object.Hide()
	if open {
		a.window.Canvas().Unfocus()
	}
	return open
}

// submit answers with the path, in full.
func (a *ask) submit() {
	path := strings.TrimSpace(a.path.Text)
	if home, err := os.UserHomeDir(); err == nil && (path == "~" || strings.HasPrefix(path, "~/")) {
		path = filepath.Join(home, path[1:])
	}
	if full, err := filepath.Abs(path); err == nil && path != "" {
		path = full
	}
	a.done(path)
}

// browse chooses a folder by looking.
func (a *ask) browse() {
	d := dialog.NewFolderOpen(func(folder fyne.ListableURI, err error) {
		if err != nil || folder == nil {
			return // the strip is still there to type in
		}
		path := folder.Path()
		if a.hasName {
			path = filepath.Join(path, filepath.Base(a.path.Text))
		}
		a.path.SetText(path)
		a.window.Canvas().Focus(a.path)
	}, a.window)
	size := a.window.Canvas().Size()
	d.Resize(fyne.NewSize(min(860, size.Width*0.8), min(600, size.Height*0.8)))
	d.Show()
}
