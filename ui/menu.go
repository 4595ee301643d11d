package ui

import (
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"darkroom/engine/gallery"
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
	keyOpen       = ctrl(fyne.KeyO)
	keyFavourites = ctrl(fyne.KeyB)
	keyPrompt     = ctrl(fyne.KeyL)
	keyHelp       = ctrl(fyne.KeySlash)
	keyQuit       = ctrl(fyne.KeyQ)

	keyPause    = ctrl(fyne.KeyP)
	keyOnce     = ctrl(fyne.KeyT)
	keyPlay     = ctrlShift(fyne.KeyP)
	keyContinue = ctrlShift(fyne.KeyReturn)
	keyBranch   = ctrlShift(fyne.KeyB)
	keyParent   = alt(fyne.KeyUp)
	keyChild    = alt(fyne.KeyDown)
	keyBefore   = alt(fyne.KeyLeft)
	keyAfter    = alt(fyne.KeyRight)
	keyCompare  = ctrl(fyne.KeyM)
	keyExport   = ctrl(fyne.KeyE)

	keyPalette = ctrl(fyne.KeyK)
	keyInspect = ctrl(fyne.KeyI)
	keyHistory = ctrl(fyne.KeyH)

	// keys of the text fields, which are in no menu
	keyStronger = ctrl(fyne.KeyUp)
	keyWeaker   = ctrl(fyne.KeyDown)
	keyRedo     = ctrlShift(fyne.KeyZ)
)

func ctrl(key fyne.KeyName) *desktop.CustomShortcut {
	return &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault}
}

func ctrlShift(key fyne.KeyName) *desktop.CustomShortcut {
	return &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierShortcutDefault | fyne.KeyModifierShift}
}

func alt(key fyne.KeyName) *desktop.CustomShortcut {
	return &desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierAlt}
}

// shortcutLabel is the shortcut in words: "Ctrl+Enter".
func shortcutLabel(s *desktop.CustomShortcut) string {
	key := string(s.KeyName)
	switch s.KeyName {
	case fyne.KeyReturn:
		key = "Enter"
	}
	if s.Modifier&fyne.KeyModifierShift != 0 {
		key = "Shift+" + key
	}
	switch {
	case s.Modifier&fyne.KeyModifierAlt != 0:
		return "Alt+" + key
	case runtime.GOOS == "darwin":
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

// plainKey handles the keys that act without a modifier; it reports whether it
// used the key.
func (s *Studio) plainKey(key fyne.KeyName) bool {
	switch key {
	case fyne.KeyF1:
		s.sheets.Shortcuts(s.menu, s.pages.at)
	case fyne.KeyEscape:
		switch {
		case s.palette.Close(), s.sheets.Close(), s.ask.Close():
		case len(s.working) > 0:
			s.cancel()
		default:
			s.notice.Clear()
		}
	default:
		return s.timeKey(key) || s.galleryKey(key)
	}
	return true
}

// timeKey handles the keys that act on time, where time is on show, unless what has
// the focus has a use for them itself.
func (s *Studio) timeKey(key fyne.KeyName) bool {
	if s.pages.at != s.create {
		return false
	}
	switch s.window.Canvas().Focused().(type) {
	case *entry:
		return false
	case nil, *filmstrip, *slider:
	default:
		if key == fyne.KeySpace {
			return false
		}
	}
	switch key {
	case fyne.KeySpace:
		s.pauseOrGoOn()
	case fyne.KeyPeriod:
		s.oneStep()
	case fyne.KeyP:
		s.play()
	default:
		return false
	}
	return true
}

// commands is everything the studio does on a key, by menu.
func (s *Studio) commands() []menuGroup {
	chosen := func(act func(gallery.Picture)) func() {
		return func() {
			if f, ok := s.shelf.Selected(); ok {
				act(f)
			} else if s.shown != nil {
				p := s.shown.kept
				p.Request = s.shown.request
				act(p)
			}
		}
	}
	use := func(p gallery.Picture) { s.use(p.Request) }
	return []menuGroup{
		{"Picture", []command{
			{"Generate", keyGenerate, func() { s.generate() }},
			{"Cancel", keyCancel, func() { s.cancel() }},
			{"Re-seed: the same with another seed", keyReseed, s.here(chosen(s.reseed), s.reseedChosen)},
			{"Use its recipe", keyUse, s.here(chosen(use), s.useChosen)},
			{"Use the recipe of a file…", keyOpen, func() { s.openRecipe() }},
			{"Use a copied recipe", nil, func() { s.pasteRecipe() }},
			{"Add to favourites, or remove", keyFavourite, s.here(s.toggleFavourite, s.favouriteChosen)},
			{"Save as…", keySave, s.here(s.saveAs, s.exportChosen)},
			{"Export the timeline, or the pictures chosen…", keyExport, s.here(s.exportTimeline, s.exportChosen)},
			{"Quit", keyQuit, func() { s.close() }},
		}},
		{"Prompt", s.promptCommands()},
		{"Timeline", []command{
			{"Pause, or go on", keyPause, func() { s.pauseOrGoOn() }},
			{"One step", keyOnce, func() { s.oneStep() }},
			{"Play back", keyPlay, func() { s.play() }},
			{"Continue from here", keyContinue, func() { s.continueHere() }},
			{"Branch from here, as the fields say", keyBranch, func() { s.branchHere() }},
			{"Compare with another", keyCompare, func() { s.toggleCompare() }},
			{"To what it branched off", keyParent, s.here(s.toParent, s.toKeptParent)},
			{"To its branch", keyChild, s.here(s.toChild, s.toKeptChildren)},
			{"To the one before", keyBefore, func() { s.beside(-1) }},
			{"To the one after", keyAfter, func() { s.beside(1) }},
		}},
		{"View", append(s.pages.commands(), []command{
			{"Go to the prompt", keyPrompt, func() { s.pages.Show(s.create); s.window.Canvas().Focus(s.prompt.prompt) }},
			{"Find a command…", keyPalette, func() { s.sheets.Close(); s.palette.Open(s.offers()) }},
			{"Show or hide the favourites", keyFavourites, s.toggleFavourites},
			{"Open the folder of kept pictures", nil, s.openFolder},
		}...)},
		s.galleryCommands(),
		{"Help", []command{
			{"Shortcuts", keyHelp, func() { s.sheets.Shortcuts(s.menu, s.pages.at) }},
			{"About Darkroom", nil, func() { s.sheets.About(s.options) }},
		}},
	}
}
