package ui

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"darkroom/engine"
	"darkroom/engine/gallery"
)

// subjects is what the pictures of a kept gallery show, the oldest first.
var subjects = []string{"a red apple", "a green tree", "a red boat at night", "a cat", "a dog", "a red house", "an owl"}

// newGalleryRoom opens a studio over a gallery that has a picture of each subject, with
// the seeds 1, 2, 3 …, and shows the gallery.
func newGalleryRoom(t *testing.T) *room {
	t.Helper()
	folder := t.TempDir()
	g, err := gallery.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	for i, prompt := range subjects {
		r := engine.Request{
			Prompt: prompt, Seed: uint64(i + 1), Steps: 10 + i, Guidance: 4, Sampler: "euler", Width: 32, Height: 24, Model: engine.DefaultModel,
		}
		if i%2 == 1 {
			r.Sampler, r.Schedule = "ddim", "karras"
		}
		if _, err := g.Keep(plate(r, 0), r, gallery.Marks{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	r := newRoom(t, nil, folder)
	r.until("the last picture is on show", func() bool { return r.shown != nil })
	r.pages.Show(r.page().page)
	r.lists(7)
	return r
}

// page is the gallery's.
func (r *room) page() *galleryPage { return r.Studio.gallery }

// lists waits until the page lists so many pictures.
func (r *room) lists(n int) {
	r.t.Helper()
	r.until(fmt.Sprintf("%d pictures are listed", n), func() bool { return len(r.page().grid.ids) == n && r.page().answered == r.page().round })
}

// choose chooses pictures by their places.
func (r *room) choose(places ...int) {
	r.page().grid.only(places[0])
	for _, p := range places[1:] {
		r.page().grid.toggle(p)
	}
	r.page().grid.changed()
	r.until("the panel is there", func() bool { return r.page().details.some.Visible() && r.page().childrenOf == r.page().grid.current() })
}

// kept is a picture as its file says, after everything is written.
func (r *room) kept(id string) gallery.Picture {
	r.t.Helper()
	r.filing.wait()
	if err := r.gallery.Rebuild(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	found, err := r.gallery.Get(r.t.Context(), id)
	if err != nil || len(found) != 1 {
		r.t.Fatalf("%s: %d pictures, %v", id, len(found), err)
	}
	return found[0]
}

func TestGalleryLooksFor(t *testing.T) {
	r := newGalleryRoom(t)
	f := r.page().filters
	r.until("thumbnails are there", func() bool {
		return !slices.ContainsFunc(r.page().grid.tiles, func(c *tile) bool { return c.id != "" && c.view.Hidden })
	})
	tests := []struct {
		name  string
		ask   func()
		ids   string
		words string
	}{
		{"words", func() { f.words.SetText("red") }, "6 3 1", "3 of 7 pictures"},
		{"the oldest first", func() { f.words.SetText("red"); f.order.SetSelected(orders[gallery.Oldest]) }, "1 3 6", "3 of 7 pictures"},
		{"sampler", func() { f.choices[3].field.SetSelected("DDIM") }, "6 4 2", "3 of 7 pictures"},
		{"schedule and words", func() { f.choices[4].field.SetSelected("Karras"); f.words.SetText("house") }, "6", "1 of 7 pictures"},
		{"steps", func() { f.steps.SetText("15 - 20") }, "7 6", "2 of 7 pictures"},
		{"steps and on", func() { f.steps.SetText("16-") }, "7", "1 of 7 pictures"},
		{"guidance", func() { f.guidance.SetText("4,5") }, "", "0 of 7 pictures"},
		{"seed", func() { f.seed.SetText(" 4 ") }, "4", "1 of 7 pictures"},
		{"size", func() { f.size.SetText("32 × 24") }, "7 6 5 4 3 2 1", "7 of 7 pictures"},
		{"another size", func() { f.size.SetText("24x32") }, "", "0 of 7 pictures"},
		{"time", func() { f.kept.SetText(fmt.Sprint(time.Now().Year())) }, "7 6 5 4 3 2 1", "7 of 7 pictures"},
		{"another time", func() { f.kept.SetText("2001-02 to 2001-05-03") }, "", "0 of 7 pictures"},
		{"favourites", func() { f.starred.Tapped(nil) }, "", "0 of 7 pictures"},
		{"rating", func() { f.rating.SetSelectedIndex(3) }, "", "0 of 7 pictures"},
		{"branches", func() { f.derived.SetChecked(true) }, "", "0 of 7 pictures"},
		{"everything", func() {}, "7 6 5 4 3 2 1", "7 pictures"},
	}
	r.until("the fields offer what there is", func() bool { return len(f.choices[4].field.Options) == 2 })
	for _, tt := range tests {
		f.Clear()
		f.order.SetSelectedIndex(0)
		tt.ask()
		r.until(tt.name, func() bool { return r.page().answered == r.page().round })
		var ids []string
		for _, id := range r.page().grid.ids {
			ids = append(ids, strings.TrimSuffix(strings.TrimLeft(id, "0"), ".png"))
		}
		if got := strings.Join(ids, " "); got != tt.ids || f.count.Text != tt.words {
			t.Errorf("%s finds %q and says %q, want %q and %q", tt.name, got, f.count.Text, tt.ids, tt.words)
		}
		if empty := r.page().empty.Visible(); empty != (tt.ids == "") {
			t.Errorf("%s: that nothing is found is said: %t", tt.name, empty)
		}
	}
	for field, want := range map[*entry]string{
		f.steps: `Steps: "x" is no number`, f.seed: `Seed: "x" is no whole number`, f.size: `Size: "x" is none`, f.kept: `Kept: "x" is no date`,
	} {
		f.Clear()
		field.SetText("x")
		if !strings.HasPrefix(f.problem.Text, want) {
			t.Errorf("the page says %q, want it to begin with %q", f.problem.Text, want)
		}
	}
}

func TestGalleryChoosing(t *testing.T) {
	r := newGalleryRoom(t)
	g := r.page().grid
	held := fyne.KeyModifier(0)
	g.modifiers = func() fyne.KeyModifier { return held }
	click := func(place int, with fyne.KeyModifier) func() {
		return func() {
			at := g.corner(place).SubtractXY(0, g.scroll.Offset.Y).AddXY(9, 9)
			g.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: at}, Button: desktop.MouseButtonPrimary, Modifier: with})
		}
	}
	key := func(name fyne.KeyName, with fyne.KeyModifier) func() {
		return func() { held = with; g.TypedKey(&fyne.KeyEvent{Name: name}); held = 0 }
	}
	const shift, control = fyne.KeyModifierShift, fyne.KeyModifierControl
	g.columns = 3 // 0 1 2 / 3 4 5 / 6
	for _, tt := range []struct {
		name string
		act  func()
		want string
	}{
		{"a click", click(1, 0), "1"},
		{"Ctrl+click", click(4, control), "1 4"},
		{"Ctrl+click again", click(1, control), "4"},
		{"Shift+click", click(3, shift), "1 2 3"},
		{"a click on another", click(0, 0), "0"},
		{"Right", key(fyne.KeyRight, 0), "1"},
		{"Down", key(fyne.KeyDown, 0), "4"},
		{"Shift+Right", key(fyne.KeyRight, shift), "4 5"},
		{"Shift+Up", key(fyne.KeyUp, shift), "2 3 4"},
		{"Up with nothing above", key(fyne.KeyUp, 0), "2"},
		{"Down to a shorter row", func() { key(fyne.KeyDown, 0)(); key(fyne.KeyDown, 0)() }, "6"},
		{"Home", key(fyne.KeyHome, 0), "0"},
		{"Ctrl+Right and Space", func() {
			g.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyRight, Modifier: control})
			key(fyne.KeySpace, 0)()
		}, "0 1"},
		{"End", key(fyne.KeyEnd, 0), "6"},
		{"Ctrl+A", func() { g.TypedShortcut(&fyne.ShortcutSelectAll{}) }, "0 1 2 3 4 5 6"},
		{"a click beside", func() {
			g.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(1, 1)}, Button: desktop.MouseButtonPrimary})
		}, ""},
	} {
		tt.act()
		var got []string
		for i, id := range g.ids {
			if g.chosen[id] {
				got = append(got, fmt.Sprint(i))
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Fatalf("%s chooses %v, want %s", tt.name, got, tt.want)
		}
	}
	click(2, 0)()
	r.page().filters.words.SetText("dog")
	r.lists(1)
	if got := g.all(); len(got) != 1 || got[0] != "00005.png" {
		t.Errorf("what is chosen and still found should stay so; chosen are %v", got)
	}
	if want := "1 of 7 pictures  ·  1 selected"; r.page().filters.count.Text != want {
		t.Errorf("the page says %q, want %q", r.page().filters.count.Text, want)
	}
}

func TestGalleryMarks(t *testing.T) {
	r := newGalleryRoom(t)
	d := r.page().details
	r.choose(0, 1)
	r.press(fyne.Key4)
	if r.page().known["00007.png"].Rating != 4 || d.rating.value != 4 {
		t.Errorf("a rating should be seen at once: %d, %d", r.page().known["00007.png"].Rating, d.rating.value)
	}
	r.here(nil, r.favouriteChosen)()
	r.until("it is a favourite", func() bool { return r.page().known["00006.png"].Favourite })
	if len(r.shelf.sight) != 2 {
		t.Errorf("%d favourites are on the shelf, want 2", len(r.shelf.sight))
	}
	d.tags.SetText("fox, night")
	d.tags.OnSubmitted(d.tags.Text)
	d.inside.SetText("series 1")
	d.inside.OnSubmitted(d.inside.Text)
	r.choose(1)
	d.tags.SetText("night, day")
	d.tags.OnSubmitted(d.tags.Text)
	for id, tags := range map[string]string{"00007.png": "fox night", "00006.png": "day night"} {
		if p := r.kept(id); p.Rating != 4 || !p.Favourite || strings.Join(p.Tags, " ") != tags || len(p.Collections) != 1 {
			t.Errorf("%s is kept as %+v", id, p.Marks)
		}
	}
	r.until("all is written", func() bool { return len(r.marking) == 0 })
	r.choose(0, 1)
	if d.tags.Text != "night" || d.inside.Text != "series 1" || d.heading.Text != "2 pictures" {
		t.Errorf("of both the panel says %q: tags %q, collections %q", d.heading.Text, d.tags.Text, d.inside.Text)
	}
	r.page().filters.words.SetText("fox")
	r.lists(1)
	r.page().Find()
	r.press(fyne.Key0)
	if r.kept("00007.png").Rating != 4 {
		t.Error("a digit typed where the words are should not rate")
	}
}

// In a folder that can't be written to, marks are taken back and nothing is lost.
func TestGalleryReadOnly(t *testing.T) {
	r := newGalleryRoom(t)
	r.until("the index is up to date", func() bool { return !r.page().stale })
	r.choose(0, 2)
	if err := os.Chmod(r.gallery.Dir(), 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(r.gallery.Dir(), 0o755)
	if os.Geteuid() == 0 { // whom nothing is refused
		if err := os.Chmod(filepath.Dir(r.gallery.Dir()), 0o755); err != nil { // to be found by somebody else
			t.Fatal(err)
		}
		if err := syscall.Seteuid(65534); err != nil {
			t.Skip(err)
		}
		defer syscall.Seteuid(0)
	}
	r.press(fyne.Key5)
	if r.page().known["00007.png"].Rating != 5 {
		t.Error("a rating should be seen at once")
	}
	r.until("it is taken back", func() bool {
		return strings.Contains(r.notice.Text(), "permission denied") && r.page().known["00007.png"].Rating == 0 && r.page().known["00005.png"].Rating == 0 &&
			r.page().details.rating.value == 0
	})
	if want := "stays as it was."; !strings.HasSuffix(r.notice.Text(), want) {
		t.Errorf("the window says %q, want it to end with %q", r.notice.Text(), want)
	}
	r.notice.Clear()
	r.press(fyne.KeyDelete)
	if len(r.page().grid.ids) != 5 {
		t.Errorf("%d pictures are listed", len(r.page().grid.ids))
	}
	r.until("they are back", func() bool { return strings.Contains(r.notice.Text(), "stays") && len(r.page().grid.ids) == 7 })
	r.notice.Clear()
	r.pages.Show(r.create)
	r.toggleFavourite()
	r.until("the star is taken back", func() bool { return r.notice.Text() != "" && !r.shown.kept.Favourite })
	if r.star.Icon != starIcon || len(r.shelf.sight) != 0 {
		t.Errorf("the star is still filled, or on the shelf: %d", len(r.shelf.sight))
	}
}

func TestGalleryDeletes(t *testing.T) {
	r := newGalleryRoom(t)
	r.choose(2, 3)
	r.press(fyne.KeyDelete)
	if got := r.page().grid.all(); len(r.page().grid.ids) != 5 || len(got) != 1 || got[0] != "00003.png" {
		t.Errorf("%d pictures are left and %v is chosen, want 5 and the next one", len(r.page().grid.ids), got)
	}
	r.until("they are in the trash", func() bool { return r.notice.Text() == "2 pictures are in the trash." })
	if trash, err := r.gallery.Trash(); err != nil || len(trash) != 2 {
		t.Errorf("in the trash are %d pictures (%v)", len(trash), err)
	}
	r.notice.action.Tapped(nil)
	r.lists(7)
	r.until("the first of them is chosen", func() bool { return r.page().grid.current() == "00005.png" })
	r.until("they are on the shelf", func() bool { return len(r.shelf.all) == 7 })
	r.kept("00005.png")
}

func TestGalleryDraws(t *testing.T) {
	r := newGalleryRoom(t)
	r.choose(0)
	r.page().details.variations.Set(2)
	r.page().details.strength.Set(0.5)
	r.varyChosen()
	r.lists(9)
	r.choose(2)
	r.reseedChosen()
	r.lists(10)
	first, again := r.kept("00008.png"), r.kept("00010.png")
	if q := first.Request; first.Parent != "00007.png" || first.How != gallery.Variation || q.VariationStrength != 0.5 || q.Seed != 7 || q.VariationSeed == 0 {
		t.Errorf("a variation is kept as %+v of %+v", first.Lineage, q)
	}
	if again.Parent != "00007.png" || again.How != gallery.Reseed || again.Request.Seed == 7 || again.Request.Prompt != "an owl" {
		t.Errorf("another seed is kept as %+v of %+v", again.Lineage, again.Request)
	}
	if typed := r.prompt.prompt.Text; typed != "" {
		t.Errorf("what was typed for the next picture became %q", typed)
	}

	r.choose(3) // their parent
	r.until("it knows of its children", func() bool { return r.page().details.children.text.Text == "↓ 3 pictures came from it" })
	r.toKeptChildren()
	r.lists(3)
	if want := "3 of 10 pictures that came from 00007"; r.page().filters.count.Text != want {
		t.Errorf("the page says %q, want %q", r.page().filters.count.Text, want)
	}
	r.choose(0)
	if want := "↑ 00007 with another seed"; r.page().details.parent.text.Text != want {
		t.Errorf("the panel says %q, want %q", r.page().details.parent.text.Text, want)
	}
	r.toKeptParent()
	r.lists(10)
	if r.page().grid.current() != "00007.png" {
		t.Errorf("the way up leads to %q", r.page().grid.current())
	}

	r.page().grid.everything()
	r.page().details.variations.Set(50)
	r.varyChosen()
	if want := "500 pictures are too many to ask for at once; choose up to 100."; r.notice.Text() != want {
		t.Errorf("the window says %q, want %q", r.notice.Text(), want)
	}
}

func TestGalleryUses(t *testing.T) {
	r := newGalleryRoom(t)
	r.choose(1)
	r.useChosen()
	r.until("the recipe is in the fields", func() bool { return r.prompt.prompt.Text == "a red house" })
	if r.pages.at != r.create {
		t.Error("the fields are out of sight")
	}
	r.pages.Show(r.page().page)
	r.startFromChosen()
	path := filepath.Join(r.gallery.Dir(), "00006.png")
	r.until("it is the start", func() bool { q, err := r.prompt.Request(); return err == nil && q.Image == path })

	r.pages.Show(r.page().page)
	r.page().grid.TypedShortcut(&fyne.ShortcutCopy{})
	r.until("the recipe is copied", func() bool { return r.notice.Text() == "The recipe is copied." })
	if text := r.app.Clipboard().Content(); !strings.HasPrefix(text, "a red house\nSteps: 15, Sampler: DDIM") || !strings.Contains(text, "Size: 32x24") {
		t.Errorf("copied is %q", text)
	}

	folder := filepath.Join(t.TempDir(), "new")
	r.choose(0, 1)
	r.exportChosen()
	r.ask.path.SetText(folder)
	r.press(fyne.KeyReturn)
	r.until("they are exported", func() bool { return r.notice.Text() == "2 pictures are in "+folder+"." })
	if got, err := gallery.ReadFile(filepath.Join(folder, "00006.png")); err != nil || got.Prompt != "a red house" {
		t.Errorf("the copy says %+v (%v)", got, err)
	}

	r.choose(4)
	r.page().grid.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	r.until("it is on show", func() bool { return r.pages.at == r.create && r.shown.kept.ID == "00003.png" })
}

// A picture opened from the gallery has its steps.
func TestGalleryOpensTimelines(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.prompt.steps.Set(5)
	first := r.draw()
	r.recent = nil
	r.draw()
	r.pages.Show(r.page().page)
	r.lists(2)
	r.choose(1)
	r.openChosen()
	r.until("it is on show with its steps", func() bool { return r.shown.kept.ID == first.kept.ID && len(r.shown.previews) == 5 })
}

func TestGalleryWithoutPictures(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.pages.Show(r.page().page)
	r.until("it says so", func() bool { return r.page().empty.Visible() })
	if want := "Finished pictures are kept here."; r.page().hint.Text != want {
		t.Errorf("the page says %q, want %q", r.page().hint.Text, want)
	}
	r.press(fyne.KeyDelete)
	if !strings.HasPrefix(r.notice.Text(), "Choose a picture first") {
		t.Errorf("with nothing to delete, the window says %q", r.notice.Text())
	}
	r.page().way.Tapped(nil)
	if r.pages.at != r.create {
		t.Error("the way out leads nowhere")
	}
	r.prompt.steps.Set(1)
	r.draw()
	r.pages.Show(r.page().page)
	r.lists(1)
}

func TestGridReusesItsObjects(t *testing.T) {
	test.NewTempApp(t)
	g := newGrid(nil)
	asked := map[string]bool{}
	g.OnThumb = func(id string) *image.RGBA { asked[id] = true; return image.NewRGBA(image.Rect(0, 0, 40, 20)) }
	w := test.NewTempWindow(t, g)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(500, 400))
	var ids []string
	for n := range 50_000 {
		ids = append(ids, fmt.Sprintf("%05d.png", n))
	}
	g.SetPictures(ids)
	g.Choose(49_999)
	if n := len(g.tiles); n > 15 || len(g.floor.Objects) != n*tileObjects || g.columns != 3 {
		t.Errorf("500 × 400 units are made of %d tiles in %d columns", n, g.columns)
	}
	if len(asked) > 40 {
		t.Errorf("%d thumbnails were asked for", len(asked))
	}
	shown := 0
	for _, c := range g.tiles {
		if c.id == "" {
			continue
		}
		shown++
		if c.id != ids[c.place] || c.ground.Position() != g.corner(c.place) || c.view.Size() != fyne.NewSize(tileSide, tileSide/2) {
			t.Errorf("%s is at %v, %v large", c.id, c.ground.Position(), c.view.Size())
		}
		if at := g.under(g.corner(c.place).AddXY(5, 5).SubtractXY(0, g.scroll.Offset.Y)); at != c.place {
			t.Errorf("over picture %d the pointer is over %d", c.place, at)
		}
		if c.frame.Visible() != (c.place == 49_999) {
			t.Errorf("picture %d is marked: %t", c.place, c.frame.Visible())
		}
	}
	if shown < 6 {
		t.Errorf("only %d pictures are in sight", shown)
	}

	g.scrollTo(5000 * tilePitch)
	first := g.id(g.first())
	g.SetPictures(append([]string{"99999.png"}, ids...))
	if got := g.id(g.first()); got > first || got < ids[5000*3-3] {
		t.Errorf("when a picture came in above, %s took the place of %s", got, first)
	}
}

func TestThumbsAreBounded(t *testing.T) {
	th := &thumbs{kept: &gallery.Gallery{}, busy: readers}
	for n := range 1000 {
		th.get(fmt.Sprintf("%05d.png", n%500), 10)
	}
	if len(th.asked) != maxAsked || th.asked[maxAsked-1].id != "00499.png" || th.asked[0].id != "00372.png" {
		t.Errorf("%d thumbnails wait, from %v to %v", len(th.asked), th.asked[0], th.asked[len(th.asked)-1])
	}
}

// The shelf lists the newest and the newest favourites, and says how many more there are.
func TestShelfHasPlaces(t *testing.T) {
	test.NewTempApp(t)
	s := newShelf(nil)
	var newest, starred []gallery.Picture
	for n := 1000; n > 0; n-- {
		p := gallery.Picture{ID: fmt.Sprintf("%05d.png", n)}
		p.Favourite = n%2 == 0
		if len(newest) < shelfPlaces {
			newest = append(newest, p)
		}
		if p.Favourite && len(starred) < shelfPlaces {
			starred = append(starred, p)
		}
	}
	s.SetPictures(newest, starred, 1000, 500)
	if n := len(s.sight); n != shelfPlaces+1 || s.sight[n-1].older != 300 || s.count.Text != "500" || s.sight[150].ID != "00700.png" {
		t.Errorf("%d favourites are listed of %s", n, s.count.Text)
	}
	s.Filter(false)
	if n := len(s.sight); n != shelfPlaces+1 || s.sight[n-1].older != 800 || s.count.Text != "1\u202f000" || s.sight[150].ID != "00850.png" {
		t.Errorf("%d pictures are listed of %s", n, s.count.Text)
	}
	led := false
	s.OnOlder = func() { led = true }
	row := newShelfRow()
	s.fill(s.sight[shelfPlaces], row)
	row.undo.Tapped(nil)
	if !led || row.offered.Text != "800 older:" {
		t.Errorf("the last row says %q and leads on: %t", row.offered.Text, led)
	}
	s.Add(gallery.Picture{ID: "01001.png"})
	s.SetPictures(newest, starred, 1000, 500) // looked up before that one was kept
	if s.all[0].ID != "01001.png" || s.count.Text != "1\u202f001" {
		t.Errorf("the first is %s of %s", s.all[0].ID, s.count.Text)
	}
}

func TestDates(t *testing.T) {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.Local) }
	for text, want := range map[string][2]time.Time{
		"":                       {},
		"2026":                   {day(2026, 1, 1), day(2027, 1, 1)},
		"2026-12":                {day(2026, 12, 1), day(2027, 1, 1)},
		"2026-02-28":             {day(2026, 2, 28), day(2026, 3, 1)},
		"2026-02 – 2026-03-04":   {day(2026, 2, 1), day(2026, 3, 5)},
		"2025 to 2026":           {day(2025, 1, 1), day(2027, 1, 1)},
		"2026-01-02 - ":          {day(2026, 1, 2), {}},
		"2026-1-2 to":            {day(2026, 1, 2), {}},
		"2026-01-01..2026-01-03": {day(2026, 1, 1), day(2026, 1, 4)},
	} {
		since, until, err := dates(text)
		if err != nil || since != want[0] || until != want[1] {
			t.Errorf("%q is from %v until %v (%v)", text, since, until, err)
		}
	}
	for _, text := range []string{"yesterday", "2026-13", "26", "2026 to soon"} {
		if _, _, err := dates(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
