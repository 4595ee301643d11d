package ui

import (
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// replacement is a change of a field's text that Fyne's undo takes for two: it takes
// out what stands there, which leaves between, and puts in what comes.
type replacement struct{ before, between, after string }

// Replace puts words in the place of some bytes of the text and the cursor behind them.
// It can be undone like typing, at once, which SetText can't.
func (e *entry) Replace(from, to int, words string) {
	before := e.Text
	if before[from:to] == words {
		return
	}
	e.mark(from, to)
	switch {
	case e.SelectedText() != before[from:to]: // spaces in which the text is broken into lines
		e.SetText(before[:from] + words + before[to:])
		return
	case words == "":
		e.Entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	default:
		e.Entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: clipboard(words)})
	}
	if from < to && words != "" {
		e.replaced = append(e.replaced, replacement{before, before[:from] + before[to:], e.Text})
	}
}

// Become changes the whole text, which can be undone where there was one.
func (e *entry) Become(text string) {
	if e.Text == "" {
		e.SetText(text)
	} else {
		e.Replace(0, len(e.Text), text)
	}
}

// Select selects some bytes of the text, or puts the cursor there if there are none.
func (e *entry) Select(from, to int) {
	e.mark(from, to)
	e.Refresh()
}

// Selection is the bytes that are selected; none is where the cursor is.
func (e *entry) Selection() (from, to int) {
	at := byteAt(e.Text, e.CursorTextOffset())
	words := e.SelectedText()
	if begin := at - len(words); begin >= 0 && e.Text[begin:at] == words {
		return begin, at
	}
	return at, at + len(words) // selected backwards
}

// mark selects some bytes as a person does: from the first, with Shift, to the last.
func (e *entry) mark(from, to int) {
	first, last := utf8.RuneCountInString(e.Text[:from]), utf8.RuneCountInString(e.Text[:to])
	shift := &fyne.KeyEvent{Name: desktop.KeyShiftLeft}
	e.KeyUp(shift) // it may be held
	e.place(first)
	e.Entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome}) // ends a selection
	e.place(first)
	if first == last {
		return
	}
	e.KeyDown(shift)
	e.place(last - 1)
	e.Entry.TypedKey(&fyne.KeyEvent{Name: fyne.KeyRight})
	e.KeyUp(shift)
}

// place sets the cursor before a letter, counted from 0.
func (e *entry) place(at int) {
	row := 0
	for { // the last row that begins there or before
		e.CursorRow, e.CursorColumn = row+1, 0
		begin := e.CursorTextOffset()
		if begin == 0 || begin > at {
			break
		}
		row++
	}
	e.CursorRow, e.CursorColumn = row, 0
	e.CursorColumn = at - e.CursorTextOffset()
}

// undo takes back the last change, or, if again, makes it once more.
func (e *entry) undo(again bool) {
	before := e.Text
	step := e.Undo
	if again {
		step = e.Redo
	}
	step()
	for _, r := range e.replaced {
		if e.Text == r.between && (!again && before == r.after || again && before == r.before) {
			step()
			return
		}
	}
}

// difference is the bytes of one text in which another differs, and what the other has
// there.
func difference(one, other string) (from, to int, words string) {
	for from < min(len(one), len(other)) {
		a, n := utf8.DecodeRuneInString(one[from:])
		if b, m := utf8.DecodeRuneInString(other[from:]); a != b || n != m {
			break
		}
		from += n
	}
	to, end := len(one), len(other)
	for min(to, end) > from {
		a, n := utf8.DecodeLastRuneInString(one[from:to])
		if b, m := utf8.DecodeLastRuneInString(other[from:end]); a != b || n != m {
			break
		}
		to, end = to-n, end-n
	}
	return from, to, other[from:end]
}

// byteAt is where a letter, counted from 0, begins in a text.
func byteAt(text string, letter int) int {
	for i := range text {
		if letter == 0 {
			return i
		}
		letter--
	}
	return len(text)
}

// clipboard has words to paste that nobody copied.
type clipboard string

// Content is the words.
func (c clipboard) Content() string { return string(c) }

// SetContent does nothing.
func (clipboard) SetContent(string) {}
