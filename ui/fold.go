package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// fold hides what is rarely needed behind its name.
type fold struct {
	object fyne.CanvasObject

	name    string
	title   *link
	arrow   *widget.Icon
	content fyne.CanvasObject
}

func newFold(name string, content fyne.CanvasObject) *fold {
	f := &fold{name: name, content: content, arrow: widget.NewIcon(theme.MenuExpandIcon())}
	f.title = newLink(name, f.Toggle)
	content.Hide()
	f.object = column(4, container.NewHBox(row(0, centred(container.NewGridWrap(fyne.NewSquareSize(14), f.arrow)), f.title)), content)
	return f
}

// Toggle unfolds the content, or folds it away.
func (f *fold) Toggle() {
	open := !f.content.Visible()
	f.arrow.SetResource(theme.MenuExpandIcon())
	if open {
		f.arrow.SetResource(theme.MenuDropDownIcon())
		f.content.Show()
	} else {
		f.content.Hide()
	}
	f.title.SetChosen(open)
	f.object.Refresh()
}

// Say tells what is in the fold that is not as usual; "" for nothing.
func (f *fold) Say(words string) {
	if words == "" {
		f.title.SetLabel(f.name)
	} else {
		f.title.SetLabel(words)
	}
}
