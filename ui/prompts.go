package ui

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"darkroom/engine/models"
	"darkroom/engine/prompt"
)

// connectPrompt tells the fields about words what to call.
func (s *Studio) connectPrompt() {
	s.outlooks = &outlooks{do: s.do, ctx: s.ctx, look: s.outlook, show: s.prompt.SetOutlook}
	s.prompt.history.OnTapped, s.prompt.styles.OnTapped = s.historyMenu, s.stylesMenu
	s.prompt.presets.OnTapped = s.presetsMenu
	s.prompt.inspector.OnWildcards = s.chooseWildcards
	s.prompt.OnInspect = s.settings.SetInspector
	s.prompt.seed.OnOwn = s.takeSeed
	s.prompt.showInspector(s.settings.Inspector())
}

// promptCommands is what can be done with the fields.
func (s *Studio) promptCommands() []command {
	return []command{
		{"Inspect how the prompt is read", keyInspect, func() { s.pages.Show(s.create); s.prompt.ToggleInspector() }},
		{"Prompt history…", keyHistory, func() { s.pages.Show(s.create); s.historyMenu() }},
		{"Add a style…", nil, func() { s.pages.Show(s.create); s.stylesMenu() }},
		{"Choose the folder of wildcards…", nil, s.chooseWildcards},
		{"Take the seed of the picture on show", nil, s.takeSeed},
		{"Swap width and height", nil, s.prompt.size.Swap},
		{"Save the fields as a preset…", nil, s.savePreset},
	}
}

// listNamed offers the LoRAs and autoencoders of the library, which are looked for
// meanwhile.
func (s *Studio) listNamed() {
	if s.options.Named == nil {
		return
	}
	go func() {
		loras, vaes := s.options.Named(s.ctx, models.LoRA), s.options.Named(s.ctx, models.VAE)
		s.do(func() {
			s.prompt.loras.SetNames(loras)
			s.prompt.SetVAEs(vaes)
		})
	}()
}

// mostPrompts is how many prompts are remembered.
const mostPrompts = 100

// Prompts is the prompts that pictures were asked for with, the newest first.
func (s settings) Prompts() []string { return s.p.StringList(keyPrompts) }

// AddPrompt remembers a prompt as the newest.
func (s settings) AddPrompt(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	list := s.Prompts()
	if len(list) > 0 && list[0] == text {
		return
	}
	list = slices.DeleteFunc(slices.Clone(list), func(old string) bool { return old == text })
	list = slices.Insert(list, 0, text)
	s.p.SetStringList(keyPrompts, list[:min(len(list), mostPrompts)])
}

// oneLine is a text as a menu shows it.
func oneLine(text string) string {
	const letters = 60
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > letters {
		return strings.TrimRight(string(runes[:letters-1]), " ") + "…"
	}
	return string(runes)
}

// historyMenu offers the prompts of earlier pictures.
func (s *Studio) historyMenu() {
	var items []*fyne.MenuItem
	for _, text := range s.settings.Prompts() {
		items = append(items, fyne.NewMenuItem(oneLine(text), func() { s.usePrompt(text) }))
	}
	if items == nil {
		none := fyne.NewMenuItem("The prompts of your pictures will be here", nil)
		none.Disabled = true
		items = append(items, none)
	}
	popUp(s.prompt.history, items)
}

// usePrompt puts a text into the prompt's field, where Ctrl+Z brings back what was there.
func (s *Studio) usePrompt(text string) {
	s.prompt.prompt.Become(text)
	s.window.Canvas().Focus(s.prompt.prompt)
}

// stylesMenu offers the styles of the person's file.
func (s *Studio) stylesMenu() {
	var items []*fyne.MenuItem
	if path := s.settings.Styles(); path != "" {
		styles, err := readStyles(path)
		if err != nil {
			s.notice.Fail(err)
		}
		for _, style := range styles {
			items = append(items, fyne.NewMenuItem(oneLine(style.Name), func() { s.addStyle(style) }))
		}
	}
	if items != nil {
		items = append(items, fyne.NewMenuItemSeparator())
	}
	popUp(s.prompt.styles, append(items, fyne.NewMenuItem("Choose a file of styles…", s.chooseStyles)))
}

// readStyles reads a file of styles, as the verbs do with --styles.
func readStyles(path string) ([]prompt.Style, error) {
	const most = 16 << 20
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the styles can't be read: %w; choose their file again", err)
	}
	defer f.Close()
	styles, err := prompt.Styles(io.LimitReader(f, most))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return styles, nil
}

// addStyle puts a style around what is in the fields.
func (s *Studio) addStyle(style prompt.Style) {
	for i, e := range []*entry{s.prompt.prompt, s.prompt.negative} {
		e.Become(prompt.Styled(e.Text, []prompt.Style{style}, i == 1).Text.String())
	}
	s.window.Canvas().Focus(s.prompt.prompt)
}

// chooseStyles asks for a file of styles.
func (s *Studio) chooseStyles() {
	path := s.settings.Styles()
	if path == "" {
		path = filepath.Join(s.settings.SaveFolder(), "styles.csv")
	}
	s.ask.Open("Styles (CSV)", path, "Use", true, func(path string) {
		styles, err := readStyles(path)
		if err != nil {
			s.notice.Fail(err)
			return
		}
		s.ask.Close()
		s.settings.SetStyles(path)
		s.notice.Tell(fmt.Sprintf("%d styles are at hand above the prompt", len(styles)), "", nil)
	})
}

// chooseWildcards asks for the folder of wildcards.
func (s *Studio) chooseWildcards() {
	path := s.settings.Wildcards()
	if path == "" {
		path = s.settings.SaveFolder()
	}
	s.ask.Open("Wildcards", path, "Use", false, func(path string) {
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			s.notice.Fail(fmt.Errorf("%s is no folder; choose the one with the wildcards' text files", path))
			return
		}
		s.ask.Close()
		s.settings.SetWildcards(path)
		s.lookAhead()
	})
}

// takeSeed makes the seed of the picture on show the one to draw with, and keeps it.
func (s *Studio) takeSeed() {
	if s.shown == nil {
		s.notice.Fail(errNothing)
		return
	}
	s.prompt.seed.Set(s.shown.request.Seed)
	s.prompt.seed.keep.SetChecked(true)
}
