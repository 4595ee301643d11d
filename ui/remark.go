package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// remarkLine is the quiet line under the prompt that says what of it was not understood.
type remarkLine struct {
	object fyne.CanvasObject

	link *link
	text string
	hush bool // the inspector says it
}

func newRemarkLine(tapped func()) *remarkLine {
	r := &remarkLine{link: newLink("", tapped)}
	r.link.colour = theme.ColorNameWarning
	r.link.paint()
	r.object = flush(linkMargin, 0, r.link)
	r.object.Hide()
	return r
}

// Say shows words in one line, cut where it ends; all of them are in the inspector.
func (r *remarkLine) Say(text string) {
	r.text = text
	if text == "" || r.hush {
		r.object.Hide()
		return
	}
	r.link.SetLabel(inPanel(strings.Join(strings.Fields(text), " "), 0))
	r.object.Show()
}

// Hush leaves the line out while the inspector says the same.
func (r *remarkLine) Hush(hush bool) {
	r.hush = hush
	r.Say(r.text)
}

// inPanel cuts a small text where the panel ends, which leaves so much room to it.
func inPanel(text string, room float32) string {
	return shorten(text, func(s string) bool {
		return fyne.MeasureText(s, sizes[theme.SizeNameCaptionText], fyne.TextStyle{}).Width <= promptWidth-2*panelMargin-room
	})
}
