package ui

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/engine/models"
	"darkroom/engine/prompt"
	"darkroom/engine/recipe"
	"darkroom/engine/timeline"
)

// Options is what a Studio works with.
type Options struct {
	App      fyne.App         // makes the window and keeps the settings
	Engine   *engine.Engine   // draws the pictures
	Gallery  *gallery.Gallery // keeps them; nil when nothing can be kept
	Timeline *timeline.Store  // where the engine's recorder keeps the steps; nil when it keeps none
	Trouble  error            // what went wrong before there was a window, or nil
	Finder   recipe.Finder    // knows the files that recipes name; nil when nothing does
	// Models lists the paths of the person's models; nil for none.
	Models func(context.Context) []string
	// Named lists the names of the person's other files, by their kind; nil for none.
	Named func(context.Context, models.Kind) []string
	// Outlook tells what a request comes to, its prompts given with their choices made,
	// before its model is loaded. It is called off Fyne's goroutine; nil when no one knows.
	Outlook func(ctx context.Context, r engine.Request, words, negative prompt.Source) (Outlook, error)

	// For the About sheet: of the program and of what built it, and what computes.
	Version, Toolchain, Arithmetic string

	// Do runs a function on Fyne's goroutine; fyne.Do when it is nil.
	Do func(func())
}

// Studio is the window and the one who runs it: it owns the takes in work and
// the one on show, and connects the widgets to the engine and the gallery.
type Studio struct {
	options  Options
	settings settings
	window   fyne.Window
	do       func(func())
	ctx      context.Context // ends with the window
	leave    context.CancelFunc

	pages      *pages
	create     *page
	gallery    *galleryPage
	prompt     *promptPanel
	picture    *picture
	welcome    fyne.CanvasObject
	strip      *filmstrip
	transport  *transport
	compared   *comparison
	player     player
	progress   *progress
	notice     *notice
	ask        *ask
	shelf      *shelf
	thumbs     *thumbs
	filing     filing
	marking    marking
	sheets     *sheets
	outlooks   *outlooks
	palette    *commandPalette
	status     *canvas.Text
	timing     *canvas.Text
	save, star *button
	menu       []menuGroup

	working []*take // in the order they were asked for; the first is in work
	shown   *take   // the one on show, nil before the first
	step    int     // the step on show, counted from 0
	live    bool    // the newest step is on show, whichever it is
	recent  recent  // takes at hand, the one on show among them
	tree    tree    // every run of the timeline
	asked   int     // for something to be put on show, so often
	left    string  // a run that is offered to go on with, "" for none
}

// New builds the studio and its window, which the caller shows. It must be
// called on Fyne's goroutine.
func New(o Options) *Studio {
	s := &Studio{options: o, settings: settings{o.App.Preferences()}, live: true, marking: marking{}}
	s.ctx, s.leave = context.WithCancel(context.Background())
	do := o.Do
	if do == nil {
		do = fyne.Do
	}
	s.do = func(f func()) {
		if s.ctx.Err() == nil { // else Fyne would run it on any goroutine
			do(f)
		}
	}
	s.window = o.App.NewWindow("Darkroom")
	s.window.SetPadded(false)
	s.build()
	s.menu = s.commands()
	s.window.SetMainMenu(newMenu(s.menu...))
	s.connect()
	s.restore()
	return s
}

// Window is the studio's window.
func (s *Studio) Window() fyne.Window { return s.window }

// build makes the widgets and lays them out, page by page: on the first what to
// draw on the left, the picture in the middle, the favourites on the right.
func (s *Studio) build() {
	s.prompt = newPromptPanel(s.plainKey)
	s.picture = newPicture(s.do)
	s.strip = newFilmstrip(s.plainKey)
	s.transport = newTransport(s.plainKey)
	s.compared = newComparison(s.do)
	s.progress = newProgress()
	s.notice = newNotice(s.plainKey)
	s.ask = newAsk(s.window, s.plainKey)
	s.shelf = newShelf(s.plainKey)
	s.thumbs = newThumbs(s.ctx, s.options.Gallery, s.do, func(id string) { s.shelf.ThumbRead(id); s.gallery.ThumbRead(id) })
	s.gallery = newGalleryPage(s.ctx, s.options.Gallery, s.do, s.plainKey)
	s.sheets = &sheets{window: s.window, keys: s.plainKey}
	s.palette = newPalette(s.window)
	s.status, s.timing = caption("Ready"), caption("")
	s.welcome = newWelcome(s.try, s.plainKey)
	s.star = newButton("", s.toggleFavourite, s.plainKey)
	s.star.Icon = starIcon
	s.save = newButton("Save PNG   "+shortcutLabel(keySave), s.saveAs, s.plainKey)

	below := inset(pictureMargin, 0, column(10,
		container.NewBorder(nil, nil, nil, row(6, spacer(6, 1), s.star, s.save),
			column(0, spacer(1, 2), s.progress.object)),
		s.strip,
		s.transport.object,
		spacer(1, 2)))
	middle := container.NewBorder(nil, below, nil, nil, container.NewStack(container.New(pairLayout{}, s.picture, s.compared.object), s.welcome))
	bottom := container.NewStack(canvas.NewRectangle(shade(colorPanel)),
		column(0, hairline(), inset(14, 5, between(s.status, s.timing))))
	s.create = &page{
		name: "Create", icon: createIcon, shortcut: ctrl(fyne.Key1),
		keys: [][2]string{
			{"Left, Right", "Look at the step before or after, as the wheel does"},
			{"Home, End", "Look at the first step; follow the newest"},
			{"Space", "Pause, or go on: outside the text fields, as . and P"},
			{".", "One step"},
			{"P", "Play back"},
			{"C, held", "The other picture of a comparison in the one's place"},
			{shortcutLabel(keyStronger) + ", Down", "More weight to the word at the cursor; less"},
			{"Ctrl+Z, Ctrl+Y", "Undo in a text field; redo"},
		},
		object: container.NewBorder(nil, nil, wide(promptWidth, panel(s.prompt.object)), s.shelf.object, middle),
	}
	s.pages = newPages(container.NewVBox(s.notice.object, s.ask.object), s.create, s.gallery.page)
	s.window.SetContent(container.NewBorder(nil, bottom, nil, nil, s.pages.object))
}

// promptWidth is the width of the left panel in Fyne's units.
const promptWidth = 280

// connect tells the widgets what to call.
func (s *Studio) connect() {
	s.prompt.OnGenerate, s.prompt.OnCancel = s.generate, s.cancel
	s.prompt.OnChanged, s.prompt.OnChooseModel = s.remember, s.chooseModel
	s.connectPrompt()
	s.strip.OnSelected = func(step int) { s.player.stop(); s.look(step) }
	s.strip.OnMenu = s.stepMenu
	s.connectTransport()
	s.shelf.OnOpen, s.shelf.OnFavourite = s.open, s.setFavourite
	s.shelf.OnThumb = func(id string) *image.RGBA { return s.thumbs.get(id, s.thumbPixels(thumbSide)) }
	s.shelf.OnReseed = s.reseed
	s.shelf.OnUse = func(p gallery.Picture) { s.use(p.Request) }
	s.shelf.OnOlder = func() { s.pages.Show(s.gallery.page) }
	s.connectGallery()
	s.window.SetOnDropped(s.dropped)
	s.window.Canvas().SetOnTypedKey(func(ev *fyne.KeyEvent) { // nothing has the focus
		if !s.plainKey(ev.Name) && s.pages.at == s.create {
			s.strip.TypedKey(ev)
		}
	})
	s.holdKeys()
	s.window.SetCloseIntercept(s.close)
}

// restore takes up where the last run ended.
func (s *Studio) restore() {
	keep := s.settings.KeepSeed() // before filling the panel remembers another
	if r, ok := s.settings.Request(); ok {
		s.fill(r)
	}
	s.prompt.seed.keep.SetChecked(keep)
	if s.settings.HideFavourites() {
		s.shelf.object.Hide()
	}
	s.window.Resize(s.settings.WindowSize())
	s.window.Canvas().Focus(s.prompt.prompt)
	s.present()
	if err := s.options.Trouble; err != nil {
		s.notice.Fail(err)
	}
	s.loadGallery()
	s.loadTimeline()
	s.listModels()
	s.listNamed()
	s.lookAhead()
}

// close remembers the window's size and closes it.
func (s *Studio) close() {
	s.settings.SetWindowSize(s.window.Canvas().Size())
	s.remember()
	s.leave()
	s.window.Close()
}

// Wait waits until everything is written that was asked for. It is called when the
// window is closed, before the gallery is.
func (s *Studio) Wait() {
	s.filing.wait()
	s.thumbs.open.Wait()
}

// remember keeps what the panel asks for, as far as it is complete.
func (s *Studio) remember() {
	if r, err := s.prompt.Request(); err == nil {
		s.settings.SetRequest(r)
	}
	s.settings.SetKeepSeed(s.prompt.seed.keep.Checked)
	s.lookAhead()
}

// fill fills the panel with a recipe and says what it could not take over.
func (s *Studio) fill(r engine.Request) {
	if err := s.prompt.SetRequest(r); err != nil {
		s.notice.Fail(err)
	}
}

// try fills in an example and starts.
func (s *Studio) try(prompt string) {
	s.prompt.prompt.SetText(prompt)
	s.generate()
}

// use fills the panel with a recipe, its seed kept, so that Generate makes the
// same picture again.
func (s *Studio) use(r engine.Request) {
	s.fill(r)
	s.prompt.seed.keep.SetChecked(true)
	s.remember()
}

// reseed draws a picture once more, at once and with another seed.
func (s *Studio) reseed(p gallery.Picture) {
	t := &take{request: p.Request}
	t.request.Seed = freshSeed()
	if p.ID != "" {
		t.lineage = gallery.Lineage{Parent: p.ID, How: gallery.Reseed}
	}
	s.fill(t.request)
	s.remember()
	s.start(t, engine.Origin{}, 0)
}

// generate draws what the panel asks for.
func (s *Studio) generate() {
	if _, err := s.prompt.seed.Next(); err != nil {
		s.notice.Fail(err)
		return
	}
	r, err := s.prompt.Request()
	if err != nil {
		s.notice.Fail(err)
		return
	}
	s.remember()
	s.settings.AddPrompt(r.Prompt)
	s.submit(r)
}

// submit draws a request from noise.
func (s *Studio) submit(r engine.Request) {
	r, err := s.settings.decided(r)
	if err != nil {
		s.notice.Fail(err)
		return
	}
	s.start(&take{request: r}, engine.Origin{}, 0)
}

// start hands a take to the engine, to be drawn from somewhere until so many steps
// are done (0 is to its end), and follows the job.
func (s *Studio) start(t *take, from engine.Origin, until int) {
	job, err := s.options.Engine.SubmitFrom(t.request, from, until)
	if err != nil {
		s.notice.Fail(err)
		return
	}
	s.notice.Clear()
	s.left = ""
	t.job, t.from, t.once, t.kind, t.warned = job, from, until > 0, engine.Queued, false
	s.working = append(s.working, t)
	s.report()
	go s.follow(t, job, s.thumbPixels(frameSide))
}

// cancel stops the picture in work.
func (s *Studio) cancel() {
	if len(s.working) > 0 {
		s.working[0].job.Cancel()
	}
}

// apply takes over news of a take. It runs on Fyne's goroutine.
func (s *Studio) apply(t *take, n news) {
	t.take(n)
	switch {
	case n.err != nil:
		s.notice.Fail(n.err)
	case n.warning != nil && !t.warned:
		t.warned = true
		s.notice.Fail(n.warning)
	}
	s.tree.add(t)
	if n.kept.ID != "" {
		s.shelf.Add(n.kept)
		s.gallery.Changed()
		if t.wanted {
			s.setFavourite(n.kept, true)
		}
	}
	if t.kind.Final() {
		s.working = slices.DeleteFunc(s.working, func(w *take) bool { return w == t })
	}
	// The last picture stays on show until there is something to see of this one.
	if t.steps() > 0 && !t.seen {
		s.show(t)
	} else if s.shown == t {
		s.present()
	}
	s.report()
}

// show puts a take on show, at its newest step.
func (s *Studio) show(t *take) {
	t.seen = true
	if p, ok := s.shelf.Selected(); ok && p.ID != t.kept.ID {
		s.shelf.Unselect()
	}
	s.player.stop()
	s.recent.add(t)
	s.shown, s.live = t, true
	s.present()
}

// asks is called when a person asks for something to be put on show that has to be read
// first, and tells later whether nothing else was asked for since.
func (s *Studio) asks() (still func() bool) {
	s.asked++
	mine := s.asked
	return func() bool { return s.asked == mine }
}

// look shows a step; looking at the newest follows the picture as it develops.
func (s *Studio) look(step int) {
	if s.shown == nil {
		return
	}
	s.step = step
	s.live = step >= s.shown.steps()-1
	s.present()
}

// present brings the picture, the strip and what can be done with them in line
// with the take on show.
func (s *Studio) present() {
	t := s.shown
	s.welcome.Hide()
	if t == nil {
		s.welcome.Show()
		s.save.Disable()
		s.star.Disable()
		s.showTransport()
		return
	}
	if s.live {
		s.step = t.steps() - 1
	}
	s.picture.Display(s.onShow(t), s.player.playing || s.live && !t.kind.Final())
	s.compare(t)
	if t.still() {
		s.strip.SetHint("Only the picture is kept, not its steps: " + shortcutLabel(keyUse) + " and " +
			shortcutLabel(keyGenerate) + " develop it again.")
	}
	s.strip.SetBranch(t.inherited, s.forks(t))
	s.strip.SetSteps(t.thumbs, t.planned())
	s.strip.Select(min(s.step, len(t.thumbs)-1))
	s.progress.SetRecipe(t.recipe())
	s.window.SetTitle(title(t.request.Prompt))
	s.save.Enable()
	s.showStar(t)
	s.showTransport()
}

// showStar tells whether the take on show is a favourite and whether it can be
// one.
func (s *Studio) showStar(t *take) {
	s.star.SetIcon(starIcon)
	if t.kept.Favourite || t.wanted && !t.over() {
		s.star.SetIcon(starredIcon)
	}
	if t.kept.ID != "" || !t.over() {
		s.star.Enable()
	} else {
		s.star.Disable()
	}
}

// report says in words what the engine does.
func (s *Studio) report() {
	t := s.shown
	words := "Ready"
	if len(s.working) > 0 {
		t = s.working[0]
		words = t.stateWords()
		if more := len(s.working) - 1; more > 0 {
			words += fmt.Sprintf("   ·   %d more waiting", more)
		}
	}
	s.prompt.SetBusy(len(s.working) > 0)
	s.showTransport()
	say(s.status, words)
	if t != nil {
		s.progress.Set(t.done, t.planned(), t.progressWords())
		say(s.timing, t.timingWords())
	}
}

// toggleFavourites folds the favourites away, or back.
func (s *Studio) toggleFavourites() {
	hide := s.shelf.object.Visible()
	if hide {
		s.shelf.object.Hide()
	} else {
		s.shelf.object.Show()
	}
	s.settings.SetHideFavourites(hide)
	s.window.Content().Refresh()
}

// title is the window's title for a prompt.
func title(prompt string) string {
	prompt = strings.Join(strings.Fields(prompt), " ")
	if prompt == "" {
		return "Darkroom"
	}
	return prompt + " — Darkroom"
}

// errNothing says that there is no picture yet.
var errNothing = errors.New("there is no picture yet; press " + shortcutLabel(keyGenerate) + " to make one")
