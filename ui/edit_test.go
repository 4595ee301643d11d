package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// field is a text area in a window that breaks its text into lines.
func field(t *testing.T, text string) *entry {
	t.Helper()
	test.NewTempApp(t)
	e := newTextArea("", 4, nil)
	w := test.NewTempWindow(t, e)
	w.Resize(fyne.NewSize(120, 200))
	e.SetText(text)
	w.Canvas().Focus(e)
	return e
}

func TestReplaceCanBeUndone(t *testing.T) {
	const text = "a red butterfly on a yellow\nbackground,  eine süße Katze und ein Hund"
	e := field(t, text)
	changes := 0
	e.OnChanged = func(string) { changes++ }
	for from := 0; from < len(text); from += 3 {
		for to := from; to <= len(text); to += 7 {
			if !whole(text, from) || !whole(text, to) {
				continue
			}
			e.SetText(text)
			e.Select(from, to)
			if f, l := e.Selection(); e.SelectedText() == text[from:to] && (f != from || l != to) {
				t.Fatalf("selected %d to %d, told %d to %d", from, to, f, l)
			}
			changes = 0
			e.Replace(from, to, "(übrig)")
			want := text[:from] + "(übrig)" + text[to:]
			if e.Text != want || changes != 1 {
				t.Fatalf("%d to %d: %q after %d changes, want %q", from, to, e.Text, changes, want)
			}
			if at := byteAt(e.Text, e.CursorTextOffset()); at != from+len("(übrig)") {
				t.Fatalf("%d to %d: the cursor is at %d", from, to, at)
			}
			e.undo(false)
			if e.Text != text {
				t.Fatalf("%d to %d: undone to %q", from, to, e.Text)
			}
			e.undo(true)
			if e.Text != want {
				t.Fatalf("%d to %d: done again as %q", from, to, e.Text)
			}
		}
	}
}

func whole(text string, at int) bool { return at == len(text) || text[at]&0xc0 != 0x80 }

func TestUndoOfTypingAndReplacing(t *testing.T) {
	e := field(t, "")
	test.Type(e, "a cat")
	e.Replace(2, 5, "(cat:1.05)")
	e.Replace(2, 12, "(cat:1.1)")
	test.Type(e, ", dark")
	e.Replace(0, len(e.Text), "")
	var seen []string
	for last := "-"; e.Text != last; {
		last = e.Text
		seen = append(seen, last)
		e.TypedShortcut(&fyne.ShortcutUndo{})
	}
	for _, want := range []string{"", "a (cat:1.1), dark", "a (cat:1.1)", "a (cat:1.05)", "a cat"} {
		if len(seen) == 0 {
			t.Fatalf("undoing never came to %q", want)
		}
		for len(seen) > 0 && seen[0] != want {
			seen = seen[1:]
		}
	}
	for range 20 {
		e.TypedShortcut(&fyne.ShortcutRedo{})
	}
	if e.Text != "" {
		t.Errorf("all done again is %q", e.Text)
	}
}
