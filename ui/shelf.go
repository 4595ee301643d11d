package ui

import (
	"fmt"
	"image"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine/gallery"
)

// shelf is the list of the newest kept pictures, or of the newest favourites. A
// favourite whose star is taken back stays in sight, offering to undo that, until
// the next one is. What is older is in the gallery.
type shelf struct {
	object fyne.CanvasObject

	all      []*card // newest first
	sight    []*card // those listed now
	pictures int     // there are, in the gallery
	stars    int     // of them are favourites
	starred  bool    // favourites only
	selected *card   // nil for none

	list       *shelfList
	none       *canvas.Text
	favourites *link
	everything *link
	count      *canvas.Text

	// What a person can do with a picture.
	OnOpen, OnReseed, OnUse func(gallery.Picture)
	OnFavourite             func(p gallery.Picture, favourite bool)
	OnOlder                 func()
	// OnThumb is a thumbnail, or nil, and then ThumbRead is called for it later.
	OnThumb func(id string) *image.RGBA
}

// card is one kept picture on the shelf.
type card struct {
	gallery.Picture
	recent  bool // it is one of the newest, not only of the newest favourites
	removed bool // its star was just taken back
	older   int  // this card stands for so many that are not on the shelf
}

// shelfPlaces is how many of the newest pictures, and of the newest favourites, the
// shelf lists.
const shelfPlaces = 200

// Sizes of the shelf in Fyne's units.
const (
	shelfWidth = 224
	thumbSide  = 60
)

func newShelf(keys plainKeys) *shelf {
	s := &shelf{starred: true, count: caption(""), none: caption("")}
	s.list = &shelfList{keys: keys, choose: s.choose}
	s.list.Length = func() int { return len(s.sight) }
	s.list.CreateItem = func() fyne.CanvasObject { return newShelfRow() }
	s.list.UpdateItem = func(i widget.ListItemID, o fyne.CanvasObject) { s.fill(s.sight[i], o.(*shelfRow)) }
	s.list.OnSelected = s.open
	s.list.HideSeparators = true
	s.list.ExtendBaseWidget(s.list)

	s.none.Alignment = fyne.TextAlignCenter
	s.favourites = newLink("Favourites", func() { s.Filter(true) })
	s.everything = newLink("All", func() { s.Filter(false) })
	header := inset(12-linkMargin, 9, between(row(4, s.favourites, s.everything), inset(linkMargin, 3, s.count)))
	s.object = container.NewStack(
		canvas.NewRectangle(shade(colorPanel)),
		wide(shelfWidth, container.NewBorder(header, nil, nil, nil,
			container.NewStack(centred(s.none), s.list))))
	s.Filter(true)
	return s
}

// Filter lists the favourites only, or everything.
func (s *shelf) Filter(starred bool) {
	s.starred = starred
	s.favourites.SetChosen(starred)
	s.everything.SetChosen(!starred)
	s.forgetRemoved(nil)
	s.refresh()
}

// SetPictures puts these on the shelf, the newest there are and the newest
// favourites, and says how many there are of either. What was kept after that was
// looked up stays.
func (s *shelf) SetPictures(newest, favourites []gallery.Picture, pictures, stars int) {
	known := map[string]*card{}
	last := ""
	if len(newest) > 0 {
		last = newest[0].ID
	}
	var all []*card
	for _, c := range s.all {
		known[c.ID] = c
		if newer(c.ID, last) {
			all = append(all, c)
			pictures++
			if c.Favourite {
				stars++
			}
		}
	}
	put := func(p gallery.Picture, recent bool) {
		c := known[p.ID]
		if c == nil {
			c = &card{}
		}
		c.Picture, c.recent = p, recent
		all = append(all, c)
	}
	for _, p := range newest {
		put(p, true)
	}
	for _, p := range favourites {
		if len(newest) == 0 || newer(newest[len(newest)-1].ID, p.ID) {
			put(p, false)
		}
	}
	s.all, s.pictures, s.stars = all, pictures, stars
	s.refresh()
}

// Add puts a new picture on the shelf.
func (s *shelf) Add(p gallery.Picture) {
	if s.find(p.ID) != nil {
		return
	}
	s.all = slices.Insert(s.all, 0, &card{Picture: p, recent: true})
	s.pictures++
	if p.Favourite {
		s.stars++
	}
	s.refresh()
}

// Mark shows a change of what is known of pictures. It offers to undo what a person did.
func (s *shelf) Mark(change func(id string, m *gallery.Marks), did bool) {
	for _, c := range s.all {
		was := c.Favourite
		change(c.ID, &c.Marks)
		switch {
		case was && !c.Favourite:
			s.forgetRemoved(c)
			c.removed = did
			s.stars--
		case !was && c.Favourite:
			c.removed = false
			s.stars++
		}
	}
	s.refresh()
}

// Remove takes pictures off the shelf, which are in the trash now.
func (s *shelf) Remove(ids []string) {
	gone := make(map[string]bool, len(ids))
	for _, id := range ids {
		gone[id] = true
	}
	s.pictures -= len(ids)
	s.all = slices.DeleteFunc(s.all, func(c *card) bool {
		if gone[c.ID] && c.Favourite {
			s.stars--
		}
		return gone[c.ID]
	})
	s.refresh()
}

// ThumbRead shows a picture's thumbnail, which is at hand now.
func (s *shelf) ThumbRead(id string) {
	if i := slices.IndexFunc(s.sight, func(c *card) bool { return c.ID == id }); i >= 0 {
		s.list.RefreshItem(i)
	}
}

// newer reports whether the first of two pictures was kept after the second.
func newer(a, b string) bool {
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return a > b
}

// Selected is the picture a person chose, false if there is none.
func (s *shelf) Selected() (gallery.Picture, bool) {
	if s.selected == nil {
		return gallery.Picture{}, false
	}
	return s.selected.Picture, true
}

// Unselect takes the choice back.
func (s *shelf) Unselect() {
	s.selected = nil
	s.list.UnselectAll()
}

func (s *shelf) find(id string) *card {
	for _, p := range s.all {
		if p.ID == id {
			return p
		}
	}
	return nil
}

func (s *shelf) forgetRemoved(but *card) {
	for _, p := range s.all {
		if p != but {
			p.removed = false
		}
	}
}

// choose moves the choice by so many lines, as the arrow keys do.
func (s *shelf) choose(by int) {
	i := slices.Index(s.sight, s.selected) + by
	if i >= 0 && i < len(s.sight) {
		s.list.Select(i)
	}
}

func (s *shelf) open(i int) {
	if p := s.sight[i]; !p.removed && p.older == 0 && p != s.selected {
		s.selected = p
		if s.OnOpen != nil {
			s.OnOpen(p.Picture)
		}
	}
}

// refresh lists what is to be listed. The choice stays where it is still in
// sight.
func (s *shelf) refresh() {
	s.sight = nil
	listed := 0
	for _, p := range s.all {
		if s.starred && p.Favourite || !s.starred && p.recent {
			listed++
			s.sight = append(s.sight, p)
		} else if s.starred && p.removed {
			s.sight = append(s.sight, p)
		}
	}
	number, none := s.pictures, "Finished pictures are kept here."
	if s.starred {
		number, none = s.stars, "Star a picture with "+shortcutLabel(keyFavourite)+"."
	}
	if older := number - listed; older > 0 && listed > 0 {
		s.sight = append(s.sight, &card{older: older})
	}
	say(s.count, map[bool]string{true: grouped(number)}[number > 0])
	say(s.none, none)
	s.none.Hidden = len(s.sight) > 0
	s.none.Refresh()
	s.list.OnSelected = nil // to mark a line is not to choose it again
	s.list.UnselectAll()
	if i := slices.Index(s.sight, s.selected); i >= 0 && s.selected != nil {
		s.list.Select(i)
	} else {
		s.selected = nil
	}
	s.list.OnSelected = s.open
	s.list.Refresh()
}

// fill makes a row show a picture.
func (s *shelf) fill(p *card, r *shelfRow) {
	var thumb *image.RGBA
	if s.OnThumb != nil && p.older == 0 {
		thumb = s.OnThumb(p.ID)
	}
	r.show(p, s.starred, thumb)
	act := func(do func(gallery.Picture)) func() {
		return func() {
			if do != nil {
				do(p.Picture)
			}
		}
	}
	star := func() {
		if s.OnFavourite != nil {
			s.OnFavourite(p.Picture, !p.Favourite)
		}
	}
	r.reseed.OnTapped = act(s.OnReseed)
	r.use.OnTapped = act(s.OnUse)
	r.star.OnTapped, r.undo.OnTapped = star, star
	if p.older > 0 {
		r.undo.OnTapped = func() { call(s.OnOlder) }
	}
}

// shelfList is a widget.List whose arrow keys choose at once.
type shelfList struct {
	widget.List
	keys   plainKeys
	choose func(by int)
}

// TypedKey walks through the pictures.
func (l *shelfList) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyUp:
		l.choose(-1)
	case fyne.KeyDown:
		l.choose(1)
	default:
		l.keys.used(ev)
	}
}

// shelfRow is the object a picture is listed with; the list reuses it.
type shelfRow struct {
	widget.BaseWidget

	thumb                   *canvas.Image
	lines                   [2]*canvas.Text
	seed                    *canvas.Text
	reseed, use, star, undo *link
	kept, offer             *fyne.Container
	offered                 *canvas.Text
}

func newShelfRow() *shelfRow {
	r := &shelfRow{
		thumb:  &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest},
		lines:  [2]*canvas.Text{plain(""), plain("")},
		seed:   caption(""),
		reseed: newLink("Re-seed", nil),
		use:    newLink("Use recipe", nil),
		star:   newLink("Remove", nil),
		undo:   newLink("Undo", nil),

		offered: caption(""),
	}
	r.thumb.SetMinSize(fyne.NewSquareSize(thumbSide))
	text := column(2, r.lines[0], r.lines[1], r.seed)
	r.kept = column(2,
		container.NewBorder(nil, nil, r.thumb, nil, inset(10, 0, text)),
		inset(-linkMargin, 0, row(2, r.reseed, r.use, r.star)))
	r.offer = centred(row(2, r.offered, r.undo))
	r.ExtendBaseWidget(r)
	return r
}

func (r *shelfRow) show(p *card, starred bool, thumb *image.RGBA) {
	r.kept.Hidden = p.removed || p.older > 0
	r.offer.Hidden = !r.kept.Hidden
	say(r.offered, "Removed")
	r.undo.SetLabel("Undo")
	if p.older > 0 {
		say(r.offered, grouped(p.older)+" older:")
		r.undo.SetLabel("Gallery")
	}
	first, second := twoLines(p.Request.Prompt, shelfWidth-2*12-thumbSide-20)
	say(r.lines[0], first)
	say(r.lines[1], second)
	r.lines[1].Hidden = second == ""
	say(r.seed, fmt.Sprintf("seed %d", p.Request.Seed))
	switch {
	case starred:
		r.star.SetLabel("Remove")
	case p.Favourite:
		r.star.SetLabel("Unstar")
	default:
		r.star.SetLabel("Star")
	}
	if r.thumb.Hidden = thumb == nil; thumb != nil && r.thumb.Image != image.Image(thumb) {
		r.thumb.Image = thumb
		r.thumb.Refresh()
	}
	r.Refresh()
}

// CreateRenderer is part of fyne.Widget.
func (r *shelfRow) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(inset(12, theme.Padding(), container.NewStack(r.kept, r.offer)))
}
