package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

// examples are prompts that the built-in model draws well.
var examples = []string{"a red apple", "a butterfly on a yellow background", "a rocket in the snow at night"}

// newWelcome is what stands in the picture's place before there is one: what to
// do, and three prompts to try with one click.
func newWelcome(try func(prompt string), keys plainKeys) fyne.CanvasObject {
	title := canvas.NewText("Describe a picture and watch it develop", shade(theme.ColorNameForeground))
	title.TextSize = sizes[theme.SizeNameHeadingText]
	title.Alignment = fyne.TextAlignCenter
	hint := plain("Type what you want to see on the left, then press " + shortcutLabel(keyGenerate) + ".")
	hint.Color = shade(colorQuiet)
	hint.Alignment = fyne.TextAlignCenter
	or := caption("or start with one of these")
	or.Alignment = fyne.TextAlignCenter

	buttons := column(8) // one below the other: their length must not widen the window
	for _, prompt := range examples {
		buttons.Add(newButton(prompt, func() { try(prompt) }, keys))
	}
	return centred(column(10, title, hint, spacer(1, 14), or, centred(buttons)))
}
