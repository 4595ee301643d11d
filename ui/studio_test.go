package ui

import (
	"errors"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"darkroom/engine"
)

func TestPictureDevelops(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	if !r.welcome.Visible() {
		t.Error("an empty studio should say what to do")
	}
	r.painter.hold()
	r.prompt.prompt.SetText("a red apple")
	r.prompt.steps.Set(4)
	r.generate()
	if r.prompt.cancel.Disabled() {
		t.Error("the picture in work can't be cancelled")
	}
	r.painter.step()
	r.until("the first step is on show", func() bool { return r.shown != nil && len(r.strip.thumbs) == 1 })
	if r.welcome.Visible() {
		t.Error("the picture is hidden behind the welcome")
	}
	if want := "step 1 of 4"; !strings.HasPrefix(r.progress.state.Text, want) {
		t.Errorf("progress is %q, want it to begin with %q", r.progress.state.Text, want)
	}
	if want := "Developing step 2 of 4"; r.status.Text != want {
		t.Errorf("status is %q, want %q", r.status.Text, want)
	}
	if r.strip.total != 4 || r.strip.selected != 0 {
		t.Errorf("the strip has %d frames with frame %d chosen, want 4 and 0", r.strip.total, r.strip.selected)
	}

	test.Type(r.prompt.prompt, "!")
	if got := r.prompt.prompt.Text; got != "a red apple!" {
		t.Errorf("typing while a picture develops gave %q", got)
	}

	r.painter.finish()
	r.until("the picture is finished", func() bool { return len(r.working) == 0 })
	if r.picture.source != r.shown.picture {
		t.Error("the finished picture is not on show")
	}
	if want := "4 steps in "; !strings.HasPrefix(r.progress.state.Text, want) {
		t.Errorf("progress is %q, want it to begin with %q", r.progress.state.Text, want)
	}
	if want := "text 0.1 s   ·   denoise 0.2 s   ·   decode 0.3 s   ·   total 0.6 s"; r.timing.Text != want {
		t.Errorf("timing is %q, want %q", r.timing.Text, want)
	}
	if got := r.window.Title(); got != "a red apple — Darkroom" {
		t.Errorf("the window is called %q", got)
	}
	if r.shown.request.Width != 16 {
		t.Errorf("the picture's width is %d, want the 16 the model chose", r.shown.request.Width)
	}
}

func TestLookingBack(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.painter.hold()
	r.prompt.steps.Set(5)
	r.generate()
	for range 3 {
		r.painter.step()
	}
	r.until("three steps are there", func() bool { return r.shown != nil && len(r.shown.previews) == 3 })

	r.window.Canvas().Unfocus()
	r.press(fyne.KeyLeft)
	if r.live || r.step != 1 || r.picture.source != r.shown.previews[1] {
		t.Fatalf("Left shows step %d (live %t), want 1", r.step, r.live)
	}
	r.painter.step()
	r.until("four steps are there", func() bool { return len(r.shown.previews) == 4 })
	if r.step != 1 || r.picture.source != r.shown.previews[1] {
		t.Errorf("a new step took the eye off the one looked at (now step %d)", r.step)
	}
	r.press(fyne.KeyHome)
	if r.step != 0 {
		t.Errorf("Home shows step %d, want 0", r.step)
	}
	test.TapAt(r.strip, fyne.NewPos(2.5*framePitch, 10))
	if r.step != 2 {
		t.Errorf("a click on the third frame shows step %d, want 2", r.step)
	}
	r.press(fyne.KeyEnd)
	if !r.live || r.step != 3 {
		t.Errorf("End shows step %d (live %t), want the newest, 3, and follow", r.step, r.live)
	}
	r.painter.finish()
	r.until("the picture is finished", func() bool { return len(r.working) == 0 })
	if r.picture.source != r.shown.picture {
		t.Error("after End the newest should stay on show")
	}
}

func TestSeedIsFreshUnlessKept(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.prompt.steps.Set(1)
	r.prompt.seed.Set(5)
	if got := r.draw().request.Seed; got == 5 {
		t.Error("the seed was kept unasked")
	}
	r.prompt.seed.keep.SetChecked(true)
	r.prompt.seed.Set(5)
	if got := r.draw().request.Seed; got != 5 {
		t.Errorf("the kept seed became %d", got)
	}
}

func TestCancel(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.painter.hold()
	r.prompt.steps.Set(3)
	r.generate()
	r.generate()
	if len(r.working) != 2 {
		t.Fatalf("%d pictures are in work, want 2: one waits", len(r.working))
	}
	r.painter.step()
	r.until("a step is there", func() bool { return r.shown != nil })
	if want := "1 more waiting"; !strings.Contains(r.status.Text, want) {
		t.Errorf("status is %q, want it to say %q", r.status.Text, want)
	}
	r.press(fyne.KeyEscape) // the prompt has the focus
	r.until("the first is cancelled", func() bool { return len(r.working) == 1 })
	if want := "cancelled after step 1 of 3"; r.shown.progressWords() != want {
		t.Errorf("the cancelled one says %q, want %q", r.shown.progressWords(), want)
	}
	r.painter.finish()
	r.until("the second is finished", func() bool { return len(r.working) == 0 })
	if r.shown.picture == nil || !r.prompt.cancel.Disabled() || r.status.Text != "Ready" {
		t.Errorf("after the second: picture %t, cancel disabled %t, status %q", r.shown.picture != nil, r.prompt.cancel.Disabled(), r.status.Text)
	}
}

func TestErrorsAreSaidInPlace(t *testing.T) {
	tests := []struct {
		name string
		act  func(*room)
		want string
	}{
		{"painter", func(r *room) { r.painter.fail = errors.New("tensor conv_in.weight is missing"); r.generate() }, "Tensor conv_in.weight is missing."},
		{"steps", func(r *room) { r.prompt.steps.entry.SetText("many"); r.generate() }, `Steps is "many"; type a whole number from 1 to 1000.`},
		{"fraction", func(r *room) { r.prompt.steps.entry.SetText("2.5"); r.generate() }, `Steps is "2.5"; type a whole number from 1 to 1000.`},
		{"guidance", func(r *room) { r.prompt.guidance.entry.SetText("-1"); r.generate() }, `Guidance is "-1"; type a number from 0 to 100.`},
		{"seed", func(r *room) {
			r.prompt.seed.keep.SetChecked(true)
			r.prompt.seed.entry.SetText("x")
			r.generate()
		}, `The seed is "x"; type a whole number of at most 20 digits, or press the dice.`},
		{"nothing to save", func(r *room) { r.saveAs() }, "There is no picture yet; press Ctrl+Enter to make one."},
		{"nothing to star", func(r *room) { r.toggleFavourite() }, "There is no picture yet; press Ctrl+Enter to make one."},
		{"dropped file", func(r *room) { r.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI("/no/such.png")}) }, "Such.png can't be opened: stat /no/such.png: no such file or directory."},
		{"closed engine", func(r *room) { r.engine.Close(); r.generate() }, "The engine is closed."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoom(t, nil, t.TempDir())
			tt.act(r)
			r.until("something is said", func() bool { return r.notice.Text() != "" })
			if got := r.notice.Text(); got != tt.want {
				t.Errorf("the window says %q, want %q", got, tt.want)
			}
			if r.window.Canvas().Overlays().Top() != nil {
				t.Error("a box stands in the way")
			}
			r.until("the engine is at rest", func() bool { return len(r.working) == 0 })
			r.press(fyne.KeyEscape)
			if r.notice.Text() != "" {
				t.Error("Escape does not dismiss it")
			}
		})
	}
}

func TestSettingsSurvive(t *testing.T) {
	folder := t.TempDir()
	r := newRoom(t, nil, folder)
	want := engine.Request{
		Prompt: "a boat", Negative: "people", Seed: 42, Steps: 7, Guidance: 2.5,
		Sampler: "ddim", Width: 96, Height: 64, Model: "/models/mine",
		Precision: engine.BFloat16,
	}
	r.fill(want)
	r.prompt.seed.keep.SetChecked(true)
	r.window.Resize(fyne.NewSize(1100, 700))
	r.toggleFavourites()
	r.shut()

	again := newRoom(t, r.app, folder)
	got, err := again.prompt.Request()
	if err != nil || got != want {
		t.Errorf("after a restart the panel asks for %+v (%v), want %+v", got, err, want)
	}
	if !again.prompt.seed.keep.Checked {
		t.Error("whether to keep the seed is forgotten")
	}
	if got := again.window.Canvas().Size(); got != fyne.NewSize(1100, 700) {
		t.Errorf("the window's size is %v, want 1100 × 700", got)
	}
	if again.shelf.object.Visible() {
		t.Error("the favourites are unfolded again")
	}
	if model, precision := LastModel(again.app.Preferences()); model != "/models/mine" || precision != engine.BFloat16 {
		t.Errorf("the last model is %q in %q", model, precision)
	}
}

func TestExamplesStart(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.prompt.steps.Set(1)
	r.try(examples[0])
	r.until("the example is drawn", func() bool { return r.shown != nil && r.shown.picture != nil })
	if got := r.shown.request.Prompt; got != examples[0] {
		t.Errorf("the example drew %q", got)
	}
}

// TestShortcutsAreMenuShortcuts makes sure that every command with a key is
// reached while a text field has the focus, which only the main menu's are.
func TestShortcutsAreMenuShortcuts(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	seen := map[string]string{}
	for _, menu := range r.window.MainMenu().Items {
		for _, item := range menu.Items {
			if item.Shortcut == nil {
				continue
			}
			s, ok := item.Shortcut.(*desktop.CustomShortcut)
			if !ok || s.Modifier == 0 {
				t.Errorf("%s: a shortcut without a modifier never reaches the menu", item.Label)
			}
			if other, taken := seen[s.ShortcutName()]; taken {
				t.Errorf("%s and %s share %s", item.Label, other, s.ShortcutName())
			}
			seen[s.ShortcutName()] = item.Label
		}
	}
	for _, s := range []*desktop.CustomShortcut{keyGenerate, keyCancel, keySave, keyFavourite} {
		if seen[s.ShortcutName()] == "" {
			t.Errorf("%s is in no menu", s.ShortcutName())
		}
	}
}

func TestAboutSaysWhatRuns(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.sheets.About(r.options)
	var texts []string
	for _, o := range test.LaidOutObjects(r.window.Canvas().Overlays().Top()) {
		if text, ok := o.(*canvas.Text); ok {
			texts = append(texts, text.Text)
		}
	}
	said := strings.Join(texts, "\n")
	for _, want := range []string{"Darkroom 1.2.3", "test on 3 threads", "go9.9"} {
		if !strings.Contains(said, want) {
			t.Errorf("the About sheet does not say %q: %s", want, said)
		}
	}
}

func TestSheets(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	for name, open := range map[string]func(){
		"shortcuts": func() { r.press(fyne.KeyF1) },
		"about":     func() { r.sheets.About(r.options) },
	} {
		open()
		if r.window.Canvas().Overlays().Top() == nil {
			t.Errorf("%s: no sheet opens", name)
		}
		r.press(fyne.KeyEscape)
		if r.window.Canvas().Overlays().Top() != nil {
			t.Errorf("%s: Escape does not close the sheet", name)
		}
	}
}
