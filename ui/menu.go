package ui

import (
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// A command is something the studio does on a key. Commands live in the main
// menu because Fyne asks the menu before the focused text field, which would
// swallow any other shortcut.
type command struct {
	label    string
	shortcut *desktop.CustomShortcut // nil for none
	act      func()
}

// The keys of the commands, beside the system's usual modifier: Ctrl, or Cmd on
// a Mac.
var (
	keyGenerate   = ctrl(fyne.KeyReturn)
	keyCancel     = ctrl(fyne.KeyPeriod)
	keySave       = ctrl(fyne.KeyS)
	keyFavourite  = ctrl(fyne.KeyD)
	keyReseed     = ctrl(fyne.KeyR)
	keyUse        = ctrl(fyne.KeyU)
	keyFavourites = ctrl(fyne.KeyB)
	keyPrompt     = ctrl(fyne.KeyL)
	keyHelp       = ctrl(fyne.KeySlash)
)

func ctrl(key fyne.KeyName) *desktop.CustomShortcut {
	return &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}
}

// shortcutLabel is the shortcut in words: "Ctrl+Enter".
func shortcutLabel(s *desktop.CustomShortcut) string {
	key := string(s.KeyName)
	switch s.KeyName {
	case fyne.KeyReturn:
		key = "Enter"
	}
	if runtime.GOOS == "darwin" {
		return "Cmd+" + key
	}
	return "Ctrl+" + key
}

// newMenu builds the main menu; every group becomes one menu.
func newMenu(groups ...menuGroup) *fyne.MainMenu {
	main := &fyne.MainMenu{}
	for _, g := range groups {
		menu := fyne.NewMenu(g.label)
		for _, c := range g.commands {
			item := fyne.NewMenuItem(c.label, c.act)
			if c.shortcut != nil {
				item.Shortcut = c.shortcut
			}
			menu.Items = append(menu.Items, item)
		}
		main.Items = append(main.Items, menu)
	}
	return main
}

type menuGroup struct {
	label    string
	commands []command
}
