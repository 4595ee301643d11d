package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"darkroom/engine"
	"darkroom/engine/prompt"
)

// read waits until the words under the prompt are about what is typed.
func (r *room) read(text string) {
	r.t.Helper()
	r.until(fmt.Sprintf("%q is read", text), func() bool { return r.prompt.inspector.typed == text })
}

// said is all the text in an object that is to be seen.
func said(o fyne.CanvasObject) string {
	var words []string
	for _, o := range test.LaidOutObjects(o) {
		if text, ok := o.(*canvas.Text); ok && text.Text != "" {
			words = append(words, text.Text)
		}
	}
	return strings.Join(words, " ")
}

func TestTokensAreCounted(t *testing.T) {
	long := strings.Repeat("a red cat, ", 30) // 4 tokens each
	tests := []struct{ typed, count, remark string }{
		{"", "", ""},
		{"a red apple", "3 of 75 tokens", ""},
		{"a red apple BREAK a pear", "77 of 150 tokens · 2 chunks", ""},
		{long, "120 of 150 tokens · 2 chunks", ""},
		{"a cat AND two dogs", "at most 2 of 75 tokens · 2 parts", ""},
		{"[a cat|a big dog]", "at most 3 of 75 tokens", ""},
		{"a (cat", "2 of 75 tokens", "“(” is not closed and holds to the end; put \\ before it if it is a sign like any other"},
		{"a <x:y> cat", "2 of 75 tokens", `“<x:y>” is a tag of an unknown kind, "x", and left out; known are lora, lyco and hypernet`},
		{"a __colour__ cat", "5 of 75 tokens", "“__colour__” is words, since no folder of wildcards is named"},
		{"((a:1000):99999)", "", "Invalid request"},
	}
	r := newRoom(t, nil, t.TempDir())
	for _, tt := range tests {
		r.prompt.prompt.SetText(tt.typed)
		r.until(fmt.Sprintf("%q is counted as %q", tt.typed, r.prompt.tokens.Text), func() bool {
			return r.prompt.tokens.Text == tt.count && (r.prompt.inspector.typed == tt.typed || tt.count == "")
		})
		if tt.count == "" {
			continue
		}
		if r.prompt.remark.text != tt.remark || r.prompt.remark.object.Visible() != (tt.remark != "") {
			t.Errorf("%q is remarked on with %q, want %q", tt.typed, r.prompt.remark.text, tt.remark)
		}
	}
	r.prompt.prompt.SetText("a cat")
	r.prompt.negative.SetText("ugly things")
	r.until("the negative prompt is counted", func() bool { return r.prompt.kept.Text == "2 of 75 tokens" })
}

func TestInspector(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	press := r.promptCommands()[0]
	if press.shortcut != keyInspect {
		t.Fatal("the inspector has no key")
	}
	press.act()
	if !r.prompt.inspector.object.Visible() {
		t.Fatal("the inspector is folded")
	}
	const text = "a (red:1.3) butterfly [in spring:at night:0.5] <lora:x:0.5> # mine"
	r.prompt.prompt.SetText(text)
	r.read(text)
	words := said(r.prompt.inspector.object)
	for _, want := range []string{"Steps 1–10", "Steps 11–20", "1.3", "butterfly", "lora x 0.5", "Left out: # mine"} {
		if !strings.Contains(words, want) {
			t.Errorf("the inspector does not say %q: %s", want, words)
		}
	}
	i := strings.Index(text, "butter")
	r.prompt.prompt.Select(i+3, i+3)
	if got := r.prompt.inspector.where.Text; !strings.HasPrefix(got, "“butterfly”: token 3 of chunk 1") {
		t.Errorf("the cursor is in %q", got)
	}
	marked := 0
	for _, token := range r.prompt.inspector.tokens {
		if token.chip.ground.StrokeWidth > 0 {
			marked++
			if token.Text != "butterfly" {
				t.Errorf("%q is marked", token.Text)
			}
		}
		if plain := token.Weight == 1; plain != (token.chip.ground.FillColor == weightShade(1)) {
			t.Errorf("%q of weight %g has the ground %v", token.Text, token.Weight, token.chip.ground.FillColor)
		}
	}
	if marked != 2 { // in both texts
		t.Errorf("%d tokens are marked, want 2", marked)
	}
	r.shut()
	if again := newRoom(t, r.app, t.TempDir()); !again.prompt.inspector.object.Visible() {
		t.Error("the inspector is folded again after a restart")
	}
}

func TestTypedKeysChangeWeights(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	e := r.prompt.prompt
	r.window.Canvas().Focus(e)
	test.Type(e, "a red cat")
	for range 2 {
		e.TypedShortcut(keyStronger)
	}
	if e.Text != "a red (cat:1.1)" {
		t.Errorf("twice stronger is %q", e.Text)
	}
	for range 2 {
		e.TypedShortcut(&fyne.ShortcutUndo{})
	}
	if e.Text != "a red cat" {
		t.Errorf("undone twice it is %q", e.Text)
	}
	e.TypedShortcut(&fyne.ShortcutRedo{})
	if e.Text != "a red (cat:1.05)" {
		t.Errorf("done again it is %q", e.Text)
	}
	e.TypedShortcut(keyWeaker)
	e.TypedShortcut(&fyne.ShortcutSelectAll{})
	e.TypedShortcut(keyWeaker)
	if e.Text != "(a red cat:0.95)" || e.SelectedText() != "a red cat" {
		t.Errorf("all of it weaker is %q with %q selected", e.Text, e.SelectedText())
	}
	e.TypedShortcut(keyStronger)
	if e.Text != "a red cat" {
		t.Errorf("and stronger again it is %q", e.Text)
	}
}

func TestEarlierPrompts(t *testing.T) {
	folder := t.TempDir()
	r := newRoom(t, nil, folder)
	r.prompt.steps.Set(1)
	for _, text := range []string{"one", "two", " ", "one", "three"} {
		r.prompt.prompt.SetText(text)
		r.draw()
	}
	if got, want := r.settings.Prompts(), []string{"three", "one", "two"}; !slices.Equal(got, want) {
		t.Errorf("the earlier prompts are %q, want %q", got, want)
	}
	for i := range mostPrompts + 5 {
		r.settings.AddPrompt(fmt.Sprint("prompt ", i))
	}
	if got := r.settings.Prompts(); len(got) != mostPrompts || got[0] != fmt.Sprint("prompt ", mostPrompts+4) {
		t.Errorf("%d prompts are kept, the newest %q", len(got), got[0])
	}
	r.historyMenu()
	if r.window.Canvas().Overlays().Top() == nil {
		t.Fatal("no menu opens")
	}
	r.window.Canvas().Overlays().Top().Hide()
	r.usePrompt("two")
	if r.prompt.prompt.Text != "two" || r.window.Canvas().Focused() != r.prompt.prompt {
		t.Errorf("the prompt is %q", r.prompt.prompt.Text)
	}
	r.prompt.prompt.TypedShortcut(&fyne.ShortcutUndo{})
	if r.prompt.prompt.Text != "three" {
		t.Errorf("undone, the prompt is %q", r.prompt.prompt.Text)
	}
}

func TestStyles(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	path := filepath.Join(t.TempDir(), "styles.csv")
	if err := os.WriteFile(path, []byte("name,prompt,negative_prompt\noil,\"oil painting of {prompt}, rich\",photo\nsoft,soft light,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.chooseStyles()
	r.ask.path.SetText(path)
	r.ask.submit()
	if r.settings.Styles() != path || r.ask.object.Visible() {
		t.Fatalf("the styles are those of %q; the window says %q", r.settings.Styles(), r.notice.Text())
	}
	styles, err := readStyles(path)
	if err != nil || len(styles) != 2 {
		t.Fatal(styles, err)
	}
	r.prompt.prompt.SetText("a cat")
	r.addStyle(styles[0])
	r.addStyle(styles[1])
	if got := r.prompt.prompt.Text; got != "oil painting of a cat, rich, soft light" {
		t.Errorf("the prompt is %q", got)
	}
	if got := r.prompt.negative.Text; got != "photo" {
		t.Errorf("the negative prompt is %q", got)
	}
	r.settings.SetStyles(filepath.Join(t.TempDir(), "none.csv"))
	r.stylesMenu()
	if !strings.Contains(r.notice.Text(), "styles can't be read") {
		t.Errorf("of a file that is gone the window says %q", r.notice.Text())
	}
}

// What is typed is decided by the seed; what a recipe brings is drawn as it stands.
func TestChoicesAreMadeBySeed(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "colour.txt"), []byte("red\ngreen\nblue\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pictures := t.TempDir()
	r := newRoom(t, nil, pictures)
	r.settings.SetWildcards(folder)
	const typed = "a __colour__ {cat|dog}"
	r.prompt.steps.Set(1)
	r.prompt.seed.keep.SetChecked(true)
	r.prompt.prompt.SetText(typed)
	seen := map[string]bool{}
	for seed := range uint64(8) {
		r.prompt.seed.Set(seed)
		got := r.draw().request
		e := prompt.Expansion{Seed: seed, Wildcards: os.DirFS(folder)}
		want, err := e.Expand(prompt.Verbatim(typed))
		if err != nil {
			t.Fatal(err)
		}
		if got.Prompt != want.Text.String() || got.Template != typed {
			t.Errorf("seed %d draws %q of %q, want %q", seed, got.Prompt, got.Template, want.Text.String())
		}
		seen[got.Prompt] = true
	}
	if len(seen) < 2 || r.prompt.prompt.Text != typed {
		t.Errorf("%d prompts were drawn, and the field says %q", len(seen), r.prompt.prompt.Text)
	}
	if got := r.settings.Prompts(); !slices.Equal(got, []string{typed}) {
		t.Errorf("remembered are %q", got)
	}
	drawn := r.shown.request
	r.use(drawn)
	if again := r.draw().request; again != drawn {
		t.Errorf("the recipe's picture is drawn by %+v, want %+v", again, drawn)
	}
	for _, template := range []string{"", "__animals__"} {
		literal := engine.Request{Prompt: "a {cat|dog}", Template: template, Seed: 3, Steps: 1, Sampler: "euler", Model: engine.DefaultModel}
		r.use(literal)
		if got := r.draw().request; got.Prompt != literal.Prompt || got.Template != template {
			t.Errorf("a recipe's braces are drawn as %q of %q", got.Prompt, got.Template)
		}
		if read, _, err := r.settings.sources(literal); err != nil || read.Text.String() != literal.Prompt {
			t.Errorf("a recipe's braces are read as %q (%v)", read.Text, err)
		}
	}
	r.prompt.prompt.SetText(typed)
	r.shut()
	again := newRoom(t, r.app, pictures)
	again.prompt.seed.Set(1)
	if got := again.draw().request; got.Prompt == typed || got.Template != typed {
		t.Errorf("after a restart %q is drawn of %q", got.Prompt, got.Template)
	}
	again.settings.SetWildcards(filepath.Join(folder, "gone"))
	again.generate()
	if !strings.Contains(again.notice.Text(), "folder of wildcards can't be read") {
		t.Errorf("without the folder the window says %q", again.notice.Text())
	}
}

func TestPresets(t *testing.T) {
	folder := t.TempDir()
	r := newRoom(t, nil, folder)
	how := engine.Request{
		Negative: "blur", Steps: 8, Guidance: 1.5, Sampler: "lcm", Schedule: "sgm_uniform", Width: 64, Height: 96,
		Model: engine.DefaultModel, Loras: "<lora:fast:0.7>", VAE: "sharp", Precision: engine.BFloat16, GuidanceRescale: 0.5,
	}
	r.fill(how)
	r.savePreset()
	name, ok := r.window.Canvas().Focused().(*entry)
	if !ok {
		t.Fatal("no name is asked for")
	}
	test.Type(name, "quick")
	r.press(fyne.KeyReturn)
	if got := r.settings.Presets(); len(got) != 1 || got[0].Name != "quick" || got[0].Request != how {
		t.Fatalf("the presets are %+v", got)
	}
	if r.window.Canvas().Overlays().Top() != nil {
		t.Error("the sheet stays")
	}
	r.fill(engine.Request{Prompt: "old", Seed: 5, Steps: 20, Guidance: 4, Sampler: "euler", Model: engine.DefaultModel})
	r.prompt.prompt.SetText("a {cat|dog}")
	before, _ := r.prompt.Request()
	r.usePreset(r.settings.Presets()[0])
	want := how
	want.Prompt, want.Template, want.Seed = before.Prompt, before.Template, before.Seed
	if got, err := r.prompt.Request(); err != nil || got != want {
		t.Errorf("the preset asks for %+v (%v), want %+v", got, err, want)
	}
	r.notice.act()
	if got, err := r.prompt.Request(); err != nil || got != before {
		t.Errorf("undone it asks for %+v (%v), want %+v", got, err, before)
	}
	r.putPreset(preset{"quick", before})
	if got := r.settings.Presets(); len(got) != 1 || got[0].Request != before {
		t.Errorf("replaced, the presets are %+v", got)
	}
	r.putPreset(preset{"A", how})
	r.deletePreset(r.settings.Presets()[1])
	if got := r.settings.Presets(); len(got) != 1 || got[0].Name != "A" {
		t.Errorf("the presets are %+v", got)
	}
	r.notice.act()
	if got := r.settings.Presets(); len(got) != 2 || got[0].Name != "A" || got[1].Name != "quick" {
		t.Errorf("brought back, the presets are %+v", got)
	}
	r.app.Preferences().SetString(keyPresets, `[{"name":"bad","request":{"steps":-1}},{`)
	if got := r.settings.Presets(); got != nil {
		t.Errorf("of nonsense there are %+v", got)
	}
}

func TestLoRAsAreChosen(t *testing.T) {
	test.NewTempApp(t)
	p := newPromptPanel(nil)
	changes := 0
	p.OnChanged = func() { changes++ }
	p.loras.SetNames([]string{"paint", "ink", "no:name"})
	if got := p.loras.add.Options; !slices.Equal(got, []string{"paint", "ink"}) {
		t.Errorf("offered are %q", got)
	}
	p.loras.add.SetSelected("ink")
	p.loras.add.SetSelected("paint")
	p.loras.list[1].strength.slider.SetValue(0.6)
	p.SetVAEs([]string{"sharp"})
	p.vae.SetSelected("sharp")
	r, err := p.Request()
	if err != nil || r.Loras != "<lora:ink:1><lora:paint:0.6>" || r.VAE != "sharp" || changes < 4 {
		t.Errorf("asked for are %q and %q (%v) after %d changes", r.Loras, r.VAE, err, changes)
	}
	if got := p.more.title.text.Text; got != "2 LoRAs · sharp" {
		t.Errorf("the fold says %q", got)
	}
	for _, tags := range []string{"<lora:a:0.5:0.7>", "<lyco:b:1:unet=0.5> <lora:c>", "<lora:a:x>", "nonsense"} {
		r.Loras = tags
		if err := p.SetRequest(r); err != nil {
			t.Fatal(err)
		}
		if got, err := p.Request(); err != nil || got.Loras != strings.ReplaceAll(tags, "> <", "><") {
			t.Errorf("%q is asked for as %q (%v)", tags, got.Loras, err)
		}
	}
	r.Loras = "<lora:a:0.5:0.7>"
	_ = p.SetRequest(r)
	p.loras.list[0].strength.entry.SetText("-1")
	if got, err := p.Request(); err != nil || got.Loras != "<lora:a:-1>" {
		t.Errorf("with another strength it is %q (%v)", got.Loras, err)
	}
	p.loras.list[0].strength.entry.SetText("much")
	if _, err := p.Request(); err == nil || !strings.Contains(err.Error(), "much") {
		t.Errorf("a strength that is none gives %v", err)
	}
	drop := p.loras.lines.Objects[0].(*fyne.Container).Objects[1].(*fyne.Container).Objects[0].(*button)
	test.Tap(drop)
	if got, _ := p.Request(); got.Loras != "" {
		t.Errorf("dropped it is %q", got.Loras)
	}
}

func TestSeedOfThePictureOnShow(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.takeSeed()
	if r.notice.Text() == "" {
		t.Error("without a picture nothing is said")
	}
	r.prompt.steps.Set(1)
	seed := r.draw().request.Seed
	r.prompt.seed.Set(seed + 1)
	r.takeSeed()
	if got, _ := r.prompt.seed.Value(); got != seed || !r.prompt.seed.keep.Checked {
		t.Errorf("the seed is %d, kept %t, want %d", got, r.prompt.seed.keep.Checked, seed)
	}
}

func TestPaletteFindsAndActs(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.settings.AddPrompt("a lighthouse at dusk")
	r.settings.SetPresets([]preset{{"portrait", engine.Request{Steps: 33, Guidance: 4, Sampler: "euler", Model: engine.DefaultModel}}})
	open := func() {
		for _, g := range r.menu {
			for _, c := range g.commands {
				if c.shortcut == keyPalette {
					c.act()
				}
			}
		}
	}
	best := func(typed string) string {
		open()
		defer r.press(fyne.KeyEscape)
		test.Type(r.palette.entry, typed)
		if len(r.palette.found) == 0 {
			return ""
		}
		return r.palette.found[0].label
	}
	for typed, want := range map[string]string{
		"gen": "Generate", "quit": "Quit", "lght": "a lighthouse at dusk", "inspect": "Inspect how the prompt is read",
		"portr": "portrait", "compare": "Compare with another", "seed show": "Take the seed of the picture on show", "zzz": "",
		"create": "Create",
	} {
		if got := best(typed); got != want {
			t.Errorf("%q finds %q first, want %q", typed, got, want)
		}
	}
	r.window.Canvas().Focus(r.prompt.negative)
	open()
	if r.window.Canvas().Focused() != r.palette.entry || len(r.palette.found) != len(r.offers()) {
		t.Fatal("the palette does not open with everything in it")
	}
	r.press(fyne.KeyEscape)
	if r.palette.open != nil || r.window.Canvas().Focused() != r.prompt.negative {
		t.Error("Escape does not close it and give the focus back")
	}
	open()
	test.Type(r.palette.entry, "portrait")
	r.press(fyne.KeyReturn)
	if steps, _ := r.prompt.steps.Value(); steps != 33 || r.palette.open != nil {
		t.Errorf("Enter leaves %v steps", steps)
	}
	open()
	r.press(fyne.KeyDown)
	r.press(fyne.KeyDown)
	r.press(fyne.KeyUp)
	if r.palette.at != 1 {
		t.Errorf("chosen is %d, want 1", r.palette.at)
	}
	r.palette.list.Select(slices.IndexFunc(r.palette.found, func(o offer) bool { return o.label == "a lighthouse at dusk" }))
	if r.prompt.prompt.Text != "a lighthouse at dusk" {
		t.Errorf("a click leaves the prompt %q", r.prompt.prompt.Text)
	}
}

func TestSizes(t *testing.T) {
	test.NewTempApp(t)
	s := newSizeField(nil)
	changes := 0
	s.OnChanged = func() { changes++ }
	s.SetOwn(512)
	if w, h, err := s.Value(); w != 0 || h != 0 || err != nil || s.width.PlaceHolder != "512" {
		t.Errorf("at first %d × %d (%v)", w, h, err)
	}
	s.Set(768, 512)
	if changes != 0 {
		t.Error("Set reports a change")
	}
	test.Tap(s.lock)
	s.width.SetText("384")
	if w, h, err := s.Value(); w != 384 || h != 256 || err != nil || changes != 1 {
		t.Errorf("half as wide with kept proportions is %d × %d (%v) after %d changes", w, h, err, changes)
	}
	s.Swap()
	if w, h, _ := s.Value(); w != 256 || h != 384 {
		t.Errorf("swapped it is %d × %d", w, h)
	}
	s.height.SetText("768")
	if w, h, _ := s.Value(); w != 512 || h != 768 {
		t.Errorf("swapped and doubled it is %d × %d", w, h)
	}
	test.Tap(s.lock)
	s.width.SetText("64")
	if w, h, _ := s.Value(); w != 64 || h != 768 {
		t.Errorf("unlocked it is %d × %d", w, h)
	}
	for _, text := range []string{"", "x", "65", "8", "4096"} {
		s.width.SetText(text)
		if _, _, err := s.Value(); err == nil || !strings.Contains(err.Error(), "width") {
			t.Errorf("a width of %q gives %v", text, err)
		}
	}
	for _, own := range []int{0, 64, 256, 512, 768, 1024, 2048} {
		for _, p := range suiting(own) {
			r := engine.Request{Steps: 1, Model: "m", Width: p.width, Height: p.height}
			if own < 2048 && r.Validate() != nil {
				t.Errorf("%d: %s offers %d × %d: %v", own, p.name, p.width, p.height, r.Validate())
			}
			if area := float64(p.width*p.height) / float64(max(own, 512)*max(own, 512)); own >= 512 && p.name != "1:1" && (area < 0.8 || area > 1.25) {
				t.Errorf("%d: %s is %d × %d, %.2f of the model's own", own, p.name, p.width, p.height, area)
			}
		}
	}
}

func TestCurve(t *testing.T) {
	test.NewTempApp(t)
	c := newCurve()
	w := test.NewTempWindow(t, c.object)
	w.Resize(fyne.NewSize(250, 60))
	for _, levels := range [][]float64{nil, {14.6, 3, 1, 0.5, 0}, {4519, 2, 0}, {1, 0.5}} {
		c.SetLevels(levels)
		w.Content().Refresh()
		var xs, ys []float32
		for _, o := range c.parts.Objects {
			if dot, ok := o.(*canvas.Circle); ok {
				xs, ys = append(xs, dot.Position().X), append(ys, dot.Position().Y)
			}
		}
		if len(xs) != len(levels) || !slices.IsSorted(xs) || !slices.IsSorted(ys) {
			t.Errorf("%v has points at %v, %v", levels, xs, ys)
		}
	}
	many := make([]float64, 1001)
	for i := range many {
		many[i] = float64(1000 - i)
	}
	c.SetLevels(many)
	if n := len(c.parts.Objects); n > mostLines {
		t.Errorf("a thousand steps are drawn with %d objects", n)
	}
	r := newRoom(t, nil, t.TempDir())
	for _, steps := range []float64{5, 9} {
		r.prompt.steps.Set(steps)
		r.prompt.schedule.SetSelected("Karras")
		r.prompt.steps.entry.SetText(fmt.Sprint(steps))
		r.lookAhead()
		r.until("the curve has a point for each step", func() bool { return len(r.prompt.curve.levels) == int(steps)+1 })
	}
}

// The panel can be used where the window is smallest: what does not fit is scrolled, and
// Generate is in sight.
func TestPanelInTheSmallestWindow(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.window.Resize(fyne.NewSize(leastWidth, leastHeight))
	r.prompt.showInspector(true)
	r.prompt.more.Toggle()
	text := strings.Repeat("a very long prompt, (and", 20)
	r.prompt.prompt.SetText(text)
	r.read(text)
	if min := r.window.Content().MinSize(); min.Width > leastWidth || min.Height > leastHeight {
		t.Errorf("the window needs %v", min)
	}
	bottom := fyne.CurrentApp().Driver().AbsolutePositionForObject(r.prompt.generate).Y + r.prompt.generate.Size().Height
	if bottom > leastHeight || r.prompt.generate.Size().Width < 200 {
		t.Errorf("Generate ends at %v", bottom)
	}
	if width := r.prompt.object.Size().Width; width > promptWidth {
		t.Errorf("the panel is %v wide", width)
	}
}

// Weights, choices and the rest of the language leave Ctrl+Z its use: what a recipe or a
// preset put into the field goes again.
func TestUsingARecipeCanBeUndone(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.window.Canvas().Focus(r.prompt.prompt)
	test.Type(r.prompt.prompt, "my own words")
	r.use(engine.Request{Prompt: "another's", Steps: 2, Guidance: 4, Sampler: "euler", Model: engine.DefaultModel})
	r.prompt.prompt.TypedShortcut(&fyne.ShortcutUndo{})
	if got := r.prompt.prompt.Text; got != "my own words" {
		t.Errorf("undone, the prompt is %q", got)
	}
}
