package ui

import (
	"context"
	"errors"
	"image"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"darkroom/engine/gallery"
)

// galleryPage is the face of the window with all kept pictures: what is looked for
// above, what is found below it, and what is known of those chosen beside that. It
// holds the names of everything found, and more only of what is or was in sight.
type galleryPage struct {
	page    *page
	filters *filters
	grid    *grid
	details *details
	empty   *fyne.Container // in the grid's place when nothing is found
	hint    *canvas.Text
	way     *link // out of that

	kept   *gallery.Gallery // nil when nothing can be kept
	do     func(func())
	ctx    context.Context
	marked func(gallery.Picture) gallery.Picture // as it will be when all marks are written
	thumb  func(id string, side float32) *image.RGBA
	focus  func(fyne.Focusable)
	known  map[string]gallery.Picture
	all    int    // pictures there are
	stale  bool   // there may be others than those shown
	wanted string // is to be chosen when it is found, "" for none
	// those on their way into the trash, which may be found until they are there
	leaving map[string]bool

	looking, offering, reading, choosing latest

	overtake        context.CancelFunc // ends the look before
	round, answered int                // looks asked for, and the last one that is shown
	children        int                // of the picture childrenOf
	childrenOf      string

	// OnCreate leads to where pictures are made, OnFail says what went wrong.
	OnCreate func()
	OnFail   func(error)
}

const (
	// maxKnown bounds the memory that what is known of pictures takes.
	maxKnown = 4000
	// maxShared is of how many chosen pictures it is looked up what they share.
	maxShared = 200
	// behind is the time between two looks while the index is behind the files.
	behind = time.Second
)

func newGalleryPage(ctx context.Context, kept *gallery.Gallery, do func(func()), keys plainKeys) *galleryPage {
	p := &galleryPage{
		kept: kept, do: do, ctx: ctx, known: map[string]gallery.Picture{}, leaving: map[string]bool{}, stale: true, overtake: func() {},
		filters: newFilters(keys), grid: newGrid(keys), details: newDetails(keys),
		hint: plain(""),
	}
	p.hint.Color = shade(colorQuiet)
	p.hint.Alignment = fyne.TextAlignCenter
	p.way = newLink("", nil)
	p.empty = centred(column(4, p.hint, centred(p.way)))
	p.filters.OnChanged = p.Look
	p.filters.words.OnSubmitted = func(string) {
		if p.grid.current() == "" {
			p.grid.Choose(0)
		}
		p.focus(p.grid)
	}
	p.grid.OnMarks = func(id string) (gallery.Marks, bool) { k, ok := p.known[id]; return k.Marks, ok }
	p.grid.OnThumb = func(id string) *image.RGBA { return p.thumb(id, tileSide) }
	p.grid.OnSight = p.read
	p.grid.OnChosen = p.chosen
	object := container.NewBorder(column(0, p.filters.object, hairline()), nil, nil, p.details.object,
		container.NewStack(p.grid, p.empty))
	p.empty.Hide()
	p.page = &page{
		name: "Gallery", icon: galleryIcon, shortcut: keyGallery, object: object, shown: p.Shown,
		keys: [][2]string{
			{"Arrows, Page", "Choose the picture beside; with Shift all up to it"},
			{"Space", "Choose one more, or take it back, as Ctrl+click"},
			{"Ctrl+A", "Choose everything that is found"},
			{"Enter", "Open the picture with its steps, as a double click"},
			{"0 to 5", "Rate those chosen"},
			{"Delete", "Put those chosen into the trash"},
			{"Ctrl+C", "Copy their recipes"},
		},
	}
	return p
}

// Shown is called when the page comes on show.
func (p *galleryPage) Shown() {
	p.focus(p.grid)
	if p.stale {
		p.Look()
	}
}

// Find leads to the field with the words.
func (p *galleryPage) Find() { p.focus(p.filters.words) }

// Changed says that there may be other pictures than those shown.
func (p *galleryPage) Changed() {
	p.stale = true
	if p.page.object.Visible() {
		p.Look()
	}
}

// Look looks for what the fields ask for.
func (p *galleryPage) Look() {
	p.round++
	p.overtake()
	if p.kept == nil {
		p.found(nil, 0)
		return
	}
	q, err := p.filters.Query()
	if err != nil {
		p.say(err)
		return
	}
	ctx, cancel := context.WithCancel(p.ctx)
	p.overtake = cancel
	round, values := p.round, p.stale
	p.looking.run(func() {
		ids, err := p.kept.IDs(ctx, q)
		if ctx.Err() != nil {
			return
		}
		all, failed := p.kept.Count(ctx, gallery.Query{})
		_, left := p.kept.Progress()
		p.do(func() {
			if round != p.round {
				return
			}
			if err := errors.Join(err, failed); err != nil {
				p.OnFail(err)
				return
			}
			p.answered = round
			p.found(ids, all)
			p.stale = left > 0
			if p.stale {
				time.AfterFunc(behind, func() {
					if p.ctx.Err() == nil {
						p.do(func() {
							if round == p.round {
								p.Look()
							}
						})
					}
				})
			}
		})
		if values {
			p.offering.run(p.readValues)
		}
	})
}

// readValues reads what the fields can offer. It is called off Fyne's goroutine.
func (p *galleryPage) readValues() {
	for _, c := range p.filters.choices {
		values, err := p.kept.Values(p.ctx, c.facet)
		if err != nil {
			return // the look that comes with it says so
		}
		p.do(func() { p.filters.SetValues(c.facet, values) })
	}
}

// found shows these, of so many that there are.
func (p *galleryPage) found(ids []string, all int) {
	if len(p.leaving) > 0 {
		ids = slices.DeleteFunc(ids, func(id string) bool { return p.leaving[id] })
	}
	p.all, p.childrenOf = all, ""
	p.grid.SetPictures(ids)
	if i := p.grid.place(p.wanted); i >= 0 {
		p.wanted = ""
		p.grid.Choose(i)
	}
	p.read()
	p.chosen()
	p.showEmpty()
}

// showEmpty says why nothing is found, where that is so.
func (p *galleryPage) showEmpty() {
	empty := len(p.grid.ids) == 0
	if p.empty.Hidden = !empty; !empty {
		return
	}
	hint, way, act := "No kept picture is like that.", "Look for everything", p.filters.Clear
	switch {
	case p.kept == nil:
		hint, way = sentence(errNoGallery.Error()), ""
	case p.all == 0:
		hint, way, act = "Finished pictures are kept here.", "Make the first one", func() { call(p.OnCreate) }
	}
	say(p.hint, hint)
	p.way.SetLabel(way)
	p.way.OnTapped = act
	p.way.Hidden = way == ""
	p.empty.Refresh()
}

// say says how many pictures there are and are chosen, and what is wrong with a field.
func (p *galleryPage) say(problem error) {
	q, _ := p.filters.Query()
	p.filters.Show(q, len(p.grid.ids), p.all, len(p.grid.chosen), problem)
	if p.kept == nil {
		return
	}
	if done, total := p.kept.Progress(); total > 100 { // fewer are read before one knew
		say(p.filters.count, p.filters.count.Text+"  ·  reading "+grouped(done)+" of "+plural(total, "new picture"))
	}
}

// read has what is known of the pictures in sight read, where it is not at hand.
func (p *galleryPage) read() {
	first, end := p.grid.sight()
	var missing []string
	for _, id := range p.grid.ids[first:end] {
		if _, ok := p.known[id]; !ok {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 || p.kept == nil {
		return
	}
	p.reading.run(func() {
		kept, err := p.kept.Get(p.ctx, missing...)
		if err != nil {
			return // a look would say so
		}
		p.do(func() {
			p.learn(kept)
			p.grid.Fill()
		})
	})
}

// learn remembers what is known of pictures.
func (p *galleryPage) learn(kept []gallery.Picture) {
	if len(p.known) > maxKnown {
		clear(p.known)
	}
	for _, k := range kept {
		p.known[k.ID] = p.marked(k)
	}
}

// chosen shows what is known of the pictures chosen.
func (p *galleryPage) chosen() {
	p.say(nil)
	id := p.grid.current()
	if id == "" {
		p.details.Clear()
		return
	}
	some := p.grid.all()
	some = some[:min(len(some), maxShared)]
	if !slices.Contains(some, id) {
		some = append(some, id)
	}
	missing := slices.DeleteFunc(some, func(id string) bool { _, ok := p.known[id]; return ok })
	if len(missing) == 0 && p.childrenOf == id {
		p.showDetails()
		return
	}
	p.choosing.run(func() {
		kept, err := p.kept.Get(p.ctx, missing...)
		children, failed := p.kept.Count(p.ctx, gallery.Query{Parent: id})
		if err != nil || failed != nil {
			return // a look would say so
		}
		p.do(func() {
			p.learn(kept)
			p.children, p.childrenOf = children, id
			p.showDetails()
		})
	})
}

// showDetails brings the panel in line with what is known.
func (p *galleryPage) showDetails() {
	id := p.grid.current()
	k, ok := p.known[id]
	if !ok || p.childrenOf != id {
		return // being read
	}
	some := p.grid.all()
	var known []gallery.Picture
	for _, id := range some[:min(len(some), maxShared)] {
		if k, ok := p.known[id]; ok {
			known = append(known, k)
		}
	}
	p.details.Show(k, len(some), known, p.children)
	p.details.SetThumb(p.thumb(id, previewSide))
}

// ThumbRead shows a thumbnail that is at hand now.
func (p *galleryPage) ThumbRead(id string) {
	p.grid.ThumbRead(id)
	if id == p.grid.current() && p.childrenOf == id {
		p.details.SetThumb(p.thumb(id, previewSide))
	}
}

// Mark changes what is known of pictures.
func (p *galleryPage) Mark(change func(id string, m *gallery.Marks)) {
	for id, k := range p.known {
		change(id, &k.Marks)
		p.known[id] = k
	}
	p.grid.Fill()
	p.showDetails()
}

// Remove takes pictures out, which are in the trash now, and chooses the one after.
func (p *galleryPage) Remove(ids []string) {
	gone := make(map[string]bool, len(ids))
	for _, id := range ids {
		gone[id], p.leaving[id] = true, true
	}
	next := p.grid.place(ids[len(ids)-1]) + 1 - len(ids)
	rest := make([]string, 0, len(p.grid.ids))
	for _, id := range p.grid.ids {
		if !gone[id] {
			rest = append(rest, id)
		}
	}
	p.all -= len(ids)
	p.grid.SetPictures(rest)
	p.grid.Choose(max(0, min(next, len(rest)-1)))
	p.showEmpty()
}

// Left says that pictures are in the trash, or stay.
func (p *galleryPage) Left(ids []string) {
	for _, id := range ids {
		delete(p.leaving, id)
	}
	p.Changed()
}

// Go chooses a picture, also when something else is looked for.
func (p *galleryPage) Go(id string) {
	if i := p.grid.place(id); i >= 0 {
		p.grid.Choose(i)
		return
	}
	p.wanted = id
	p.filters.Clear()
}
