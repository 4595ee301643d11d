package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/engine/metadata"
)

func TestFavouritesSurvive(t *testing.T) {
	folder := t.TempDir()
	r := newRoom(t, nil, folder)
	r.prompt.prompt.SetText("a red apple")
	r.prompt.steps.Set(2)
	first := r.draw()
	r.toggleFavourite()
	if !first.kept.Favourite || len(r.shelf.sight) != 1 {
		t.Fatalf("starred %t, %d on the shelf; want true and 1", first.kept.Favourite, len(r.shelf.sight))
	}
	second := r.draw()
	if len(r.shelf.sight) != 1 || len(r.shelf.all) != 2 {
		t.Fatalf("%d favourites of %d pictures, want 1 of 2", len(r.shelf.sight), len(r.shelf.all))
	}
	r.shut()

	again := newRoom(t, r.app, folder)
	again.until("the last picture is on show", func() bool { return again.shown != nil })
	if again.shown.kept.ID != second.kept.ID {
		t.Errorf("on show is %s, want the newest, %s", again.shown.kept.ID, second.kept.ID)
	}
	if len(again.shelf.sight) != 1 || again.shelf.sight[0].Request != first.request {
		t.Fatalf("the favourite is not there after a restart: %+v", again.shelf.sight)
	}
	kept := again.shelf.sight[0].Picture

	again.shelf.list.Select(0)
	again.until("the favourite is on show", func() bool { return again.shown.kept.ID == kept.ID })
	if again.picture.source.Pix[0] != uint8(first.request.Seed) {
		t.Error("another picture than the favourite's is on show")
	}

	again.shelf.OnReseed(kept)
	again.until("it is drawn anew", func() bool { return len(again.working) == 0 && again.shown.kept.ID != kept.ID })
	got, want := again.shown.request, first.request
	if got.Seed == want.Seed {
		t.Error("re-seed kept the seed")
	}
	if got.Seed = want.Seed; got != want {
		t.Errorf("re-seed changed the recipe to %+v, want %+v", got, want)
	}

	again.shelf.OnUse(kept)
	if got, err := again.prompt.Request(); err != nil || got != want || !again.prompt.seed.keep.Checked {
		t.Errorf("use recipe fills in %+v (%v), want %+v with the seed kept", got, err, want)
	}

	row := newShelfRow()
	again.shelf.fill(again.shelf.sight[0], row)
	row.star.Tapped(nil)
	if len(again.shelf.sight) != 1 || !again.shelf.sight[0].removed {
		t.Fatal("a removed favourite should stay in sight and offer to undo that")
	}
	again.shelf.fill(again.shelf.sight[0], row)
	row.undo.Tapped(nil)
	again.filing.wait()
	pictures, err := again.gallery.List()
	if err != nil {
		t.Fatal(err)
	}
	if p := pictures[len(pictures)-1]; again.shelf.sight[0].removed || !p.Favourite || p.ID != kept.ID {
		t.Errorf("undo did not bring the favourite back: %+v", p)
	}
}

func TestStarWhileDeveloping(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.painter.hold()
	r.prompt.steps.Set(2)
	r.generate()
	r.painter.step()
	r.until("a step is there", func() bool { return r.shown != nil })
	r.toggleFavourite()
	if r.notice.Text() != "" || r.star.Icon != starredIcon {
		t.Errorf("starred early, the window says %q and the star is filled: %t", r.notice.Text(), r.star.Icon == starredIcon)
	}
	r.painter.finish()
	r.until("the picture is finished", func() bool { return len(r.working) == 0 })
	if !r.shown.kept.Favourite || len(r.shelf.sight) != 1 {
		t.Errorf("finished: a favourite %t, %d on the shelf; want true and 1", r.shown.kept.Favourite, len(r.shelf.sight))
	}
}

func TestDroppedPictureGivesItsRecipe(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	want := engine.Request{Prompt: "a tree", Seed: 3, Steps: 9, Guidance: 5, Sampler: "dpmpp_2m", Width: 64, Height: 64, Model: engine.DefaultModel, Precision: engine.BFloat16}
	path := filepath.Join(t.TempDir(), "tree.png")
	if err := gallery.Save(path, plate(want, 0), want); err != nil {
		t.Fatal(err)
	}
	r.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI(path)})
	r.until("the recipe is read", func() bool { return r.prompt.prompt.Text != "" })
	if got, err := r.prompt.Request(); err != nil || got != want {
		t.Errorf("the panel asks for %+v (%v), want %+v", got, err, want)
	}

	folder := t.TempDir()
	r.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI(folder)})
	if got, _ := r.prompt.Request(); got.Model != folder {
		t.Errorf("after a folder was dropped the model is %q, want %q", got.Model, folder)
	}

	model := filepath.Join(t.TempDir(), "dream.safetensors")
	if err := os.WriteFile(model, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI(model)})
	if got, _ := r.prompt.Request(); got.Model != model || r.prompt.model.Selected != "dream.safetensors" {
		t.Errorf("after a model's file was dropped the model is %q, shown as %q", got.Model, r.prompt.model.Selected)
	}

	other := filepath.Join(t.TempDir(), "other.txt")
	if err := os.WriteFile(other, []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.notice.Clear()
	r.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI(other)})
	r.until("it is refused", func() bool { return r.notice.Text() != "" })
}

// A recipe of another program fills the fields, and what is not as it was is
// listed above the picture.
func TestForeignRecipe(t *testing.T) {
	const text = "a tree\nNegative prompt: blur\nSteps: 9, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 5, Seed: 3, Size: 64x128, Model: dream, " +
		"Hires upscale: 2, ControlNet 0: x, ADetailer model: y, Refiner: z, TI hashes: \"a: 1, b: 2, c: 3, d: 4, e: 5, f: 6\", Version: v1.10.1"
	folder := t.TempDir()
	file := metadata.NewChunk("IEND", nil).Append(metadata.TextChunk("parameters", text).Append([]byte(metadata.Signature)))
	for name, content := range map[string]string{"web.png": string(file), "words.txt": text} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, act := range map[string]func(r *room){
		"dropped": func(r *room) {
			r.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI(filepath.Join(folder, "web.png"))})
		},
		"opened": func(r *room) {
			r.openRecipe()
			r.ask.path.SetText(filepath.Join(folder, "words.txt"))
			r.press(fyne.KeyReturn)
		},
		"copied": func(r *room) {
			r.app.Clipboard().SetContent(text)
			r.pasteRecipe()
		},
	} {
		r := newRoom(t, nil, t.TempDir())
		act(r)
		r.until("the recipe is read", func() bool { return r.prompt.prompt.Text != "" })
		got, err := r.prompt.Request()
		if err != nil || got.Prompt != "a tree" || got.Negative != "blur" || got.Seed != 3 || got.Steps != 9 || got.Guidance != 5 ||
			got.Sampler != "dpmpp_2m" || got.Width != 64 || got.Height != 128 || got.Model != engine.DefaultModel {
			t.Errorf("%s: the panel asks for %+v (%v)", name, got, err)
		}
		said := r.notice.Text()
		for _, part := range []string{"drawn by AUTOMATIC1111's web UI", "• The picture was drawn by the model dream", "second pass", "more."} {
			if !strings.Contains(said, part) {
				t.Errorf("%s: %q does not say %q", name, said, part)
			}
		}
		if lines := strings.Count(said, "\n"); lines != maxNotes+1 {
			t.Errorf("%s: %d lines of notes", name, lines)
		}
		r.app.Clipboard().SetContent("no recipe")
		r.pasteRecipe()
		r.until("it is said that there is none", func() bool { return strings.Contains(r.notice.Text(), "The clipboard: no recipe is in it") })
		r.shut()
	}
}

func TestSavedPictureHoldsItsRecipe(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.prompt.prompt.SetText("A Red Apple!")
	r.prompt.seed.keep.SetChecked(true)
	r.prompt.seed.Set(12)
	r.prompt.steps.Set(3)
	shown := r.draw()
	if got := shown.filename(r.step); got != "a-red-apple-12.png" {
		t.Errorf("the picture would be saved as %q", got)
	}
	if got := shown.filename(0); got != "a-red-apple-12-step-001.png" {
		t.Errorf("its first step would be saved as %q", got)
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "apple.png")
	r.saveAs()
	r.ask.path.SetText(filepath.Join(folder, "apple"))
	r.press(fyne.KeyReturn)
	r.until("it is saved", func() bool { return r.notice.Text() == "Saved as "+path+"." })
	got, err := gallery.ReadFile(path)
	if err != nil || got != shown.request {
		t.Errorf("the saved recipe is %+v (%v), want %+v", got, err, shown.request)
	}

	r.strip.choose(0)
	r.saveAs()
	if want := filepath.Join(folder, "a-red-apple-12-step-001.png"); r.ask.path.Text != want {
		t.Errorf("it asks to save as %q, want %q", r.ask.path.Text, want)
	}
	r.ask.path.SetText(path)
	r.press(fyne.KeyReturn)
	if want := "is there already; save once more to replace it."; !strings.HasSuffix(r.notice.Text(), want) || !r.ask.object.Visible() {
		t.Errorf("about to replace a file, the window says %q, want it to end with %q", r.notice.Text(), want)
	}
	r.press(fyne.KeyReturn)
	r.until("it is replaced", func() bool { return r.notice.Text() == "Saved as "+path+"." })
	r.saveAs()
	r.press(fyne.KeyEscape)
	if r.ask.object.Visible() {
		t.Error("Escape does not take the question away")
	}
}
