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

// shelf is the list of kept pictures, the newest first: the favourites, or
// everything there is. A favourite whose star is taken back stays in sight,
// offering to undo that, until the next one is.
type shelf struct {
	object fyne.CanvasObject

	all      []*card
	sight    []*card // those listed now
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
	// OnThumb asks for a thumbnail, which SetThumb brings.
	OnThumb func(id string)
}

// card is one kept picture on the shelf.
type card struct {
	gallery.Picture
	thumb   *image.RGBA // nil until it is read
	asked   bool        // it is being read
	removed bool        // its star was just taken back
}

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

// SetPictures puts these on the shelf, newest first.
func (s *shelf) SetPictures(kept []gallery.Picture) {
	known := s.all // what was made before the shelf was read
	s.all = nil
	for _, p := range known {
		if !slices.ContainsFunc(kept, func(k gallery.Picture) bool { return k.ID == p.ID }) {
			s.all = append(s.all, p)
		}
	}
	for _, k := range kept {
		s.all = append(s.all, &card{Picture: k})
	}
	s.refresh()
}

// Add puts a new picture on the shelf.
func (s *shelf) Add(p gallery.Picture) {
	s.all = slices.Insert(s.all, 0, &card{Picture: p})
	s.refresh()
}

// SetFavourite shows that a picture is a favourite now, or is not any more.
func (s *shelf) SetFavourite(id string, favourite bool) {
	p := s.find(id)
	if p == nil {
		return
	}
	if !favourite {
		s.forgetRemoved(p)
	}
	p.removed = p.Favourite && !favourite
	p.Favourite = favourite
	s.refresh()
}

// SetThumb shows a picture's thumbnail.
func (s *shelf) SetThumb(id string, thumb *image.RGBA) {
	if p := s.find(id); p != nil {
		p.thumb = thumb
		if i := slices.Index(s.sight, p); i >= 0 {
			s.list.RefreshItem(i)
		}
	}
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
	if p := s.sight[i]; !p.removed && p != s.selected {
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
	favourites := 0
	for _, p := range s.all {
		if p.Favourite {
			favourites++
		}
		if !s.starred || p.Favourite || p.removed {
			s.sight = append(s.sight, p)
		}
	}
	number, none := len(s.all), "Finished pictures are kept here."
	if s.starred {
		number, none = favourites, "Star a picture with "+shortcutLabel(keyFavourite)+"."
	}
	say(s.count, map[bool]string{true: fmt.Sprint(number)}[number > 0])
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
	if p.thumb == nil && !p.asked && s.OnThumb != nil {
		p.asked = true
		s.OnThumb(p.ID)
	}
	r.show(p, s.starred)
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
	}
	r.thumb.SetMinSize(fyne.NewSquareSize(thumbSide))
	text := column(2, r.lines[0], r.lines[1], r.seed)
	r.kept = column(2,
		container.NewBorder(nil, nil, r.thumb, nil, inset(10, 0, text)),
		inset(-linkMargin, 0, row(2, r.reseed, r.use, r.star)))
	r.offer = centred(row(2, caption("Removed"), r.undo))
	r.ExtendBaseWidget(r)
	return r
}

func (r *shelfRow) show(p *card, starred bool) {
	r.kept.Hidden, r.offer.Hidden = p.removed, !p.removed
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
	if r.thumb.Hidden = p.thumb == nil; p.thumb != nil && r.thumb.Image != image.Image(p.thumb) {
		r.thumb.Image = p.thumb
		r.thumb.Refresh()
	}
	r.Refresh()
}

// CreateRenderer is part of fyne.Widget.
func (r *shelfRow) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(inset(12, theme.Padding(), container.NewStack(r.kept, r.offer)))
}
