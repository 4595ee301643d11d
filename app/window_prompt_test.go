//go:build window && linux

package main

import (
	"testing"

	"darkroom/engine"
)

// TestPromptInARealWindow types a prompt, weighs a word of it, takes that back, and finds
// a command by its letters. It is run as TestWindow is.
func TestPromptInARealWindow(t *testing.T) {
	d, model := sit(t)
	d.remember(engine.Request{Steps: 2, Guidance: 4, Sampler: "euler", Width: 64, Height: 32, Model: model})
	d.start()
	is := func(prompt string) func() bool { return func() bool { return d.remembered().Prompt == prompt } }
	d.write("a red apple")
	d.press("ctrl+Up")
	d.press("ctrl+Up")
	d.until("the last word weighs more", is("a red (apple:1.1)"))
	d.press("ctrl+z")
	d.until("once is taken back", is("a red (apple:1.05)"))
	d.press("ctrl+z")
	d.until("twice is taken back", is("a red apple"))
	d.press("ctrl+a")
	d.press("ctrl+Down")
	d.until("all of it weighs less", is("(a red apple:0.95)"))
	d.press("ctrl+k")
	d.write("swap")
	d.press("Return")
	d.until("width and height are swapped", func() bool { r := d.remembered(); return r.Width == 32 && r.Height == 64 })
	d.write(" {on a table|on a table}")
	d.press("ctrl+Return")
	d.until("the picture is kept", func() bool { return len(d.pictures()) == 1 })
	got := d.pictures()[0].Request
	// the brackets' words were selected, and typing took their place
	if got.Prompt != "( on a table:0.95)" || got.Template != "( {on a table|on a table}:0.95)" {
		t.Errorf("%q was drawn of %q", got.Prompt, got.Template)
	}
	d.quit()
}
