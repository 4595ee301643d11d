package ui

import (
	"sort"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// wrapped is small text in as many lines as it takes.
func wrapped(name fyne.ThemeColorName, words string) fyne.CanvasObject {
	text := widget.NewRichText(&widget.TextSegment{
		Style: widget.RichTextStyle{ColorName: name, SizeName: theme.SizeNameCaptionText},
		Text:  words,
	})
	text.Wrapping = fyne.TextWrapWord
	margin := sizes[theme.SizeNameInnerPadding] // that Fyne leaves around it
	return container.New(layout.NewCustomPaddedLayout(-margin, -margin, -margin, -margin), text)
}

// twoLines breaks a text into two lines of at most this width; what doesn't fit
// is left out and marked by an ellipsis.
func twoLines(text string, width float32) (first, second string) {
	size := plain("").TextSize
	fits := func(s string) bool { return fyne.MeasureText(s, size, fyne.TextStyle{}).Width <= width }
	words := strings.Fields(text)
	if len(words) == 0 {
		return "(no prompt)", ""
	}
	n := 1
	for n < len(words) && fits(strings.Join(words[:n+1], " ")) {
		n++
	}
	return shorten(strings.Join(words[:n], " "), fits), shorten(strings.Join(words[n:], " "), fits)
}

// shorten cuts a text until it fits, and marks the cut.
func shorten(text string, fits func(string) bool) string {
	if fits(text) {
		return text
	}
	runes := []rune(text)
	n := sort.Search(len(runes), func(n int) bool { return !fits(string(runes[:n]) + "…") })
	return strings.TrimRight(string(runes[:max(0, n-1)]), " ") + "…"
}
