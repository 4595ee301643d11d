package ui

import (
	"cmp"
	"fmt"
	"image"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine/gallery"
	"darkroom/engine/recipe"
	"darkroom/engine/sampler"
	"darkroom/engine/schedule"
)

// details is the panel beside the grid: what is known of the pictures chosen, and what
// can be done with them.
type details struct {
	object fyne.CanvasObject

	view     *canvas.Image
	heading  *canvas.Text
	star     *button
	rating   *rating
	prompt   *widget.Label
	negative *widget.Label
	without  *fyne.Container
	facts    *fyne.Container
	tags     *entry
	inside   *entry // collections
	shared   gallery.Marks
	parent   *link
	children *link
	lineage  *fyne.Container
	body     *container.Scroll
	none     fyne.CanvasObject
	some     fyne.CanvasObject

	variations, strength *number
	one                  []*button // for one picture only

	OnFavourite            func()
	OnRating               func(int)
	OnTags, OnCollections  func(add, remove []string)
	OnParent, OnChildren   func()
	OnOpen, OnReseed       func()
	OnUse, OnStart, OnCopy func()
	OnVary                 func()
	OnExport, OnReveal     func()
	OnDelete               func()
}

// Sizes of the panel in Fyne's units.
const (
	detailsWidth  = 236 // of what is in it
	previewSide   = 236
	previewHeight = 184 // at most
)

func newDetails(keys plainKeys) *details {
	d := &details{
		view:    &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest},
		heading: plain(""), prompt: widget.NewLabel(""), negative: widget.NewLabel(""), rating: newRating(),
	}
	for _, l := range []*widget.Label{d.prompt, d.negative} {
		l.Wrapping = fyne.TextWrapWord
	}
	button := func(label string, act *func(), one bool) *button {
		b := newButton(label, func() { call(*act) }, keys)
		if one {
			d.one = append(d.one, b)
		}
		return b
	}
	d.star = newButton("", func() { call(d.OnFavourite) }, keys)
	d.star.Icon = starIcon
	d.star.Importance = widget.LowImportance
	d.rating.OnChanged = func(n int) {
		if d.OnRating != nil {
			d.OnRating(n)
		}
	}
	d.tags, d.inside = newEntry("fox, night", keys), newEntry("series", keys)
	submit := func(e *entry, shown func() []string, tell func() func(add, remove []string)) {
		e.OnSubmitted = func(text string) {
			typed := split(text)
			if f := tell(); f != nil {
				f(minus(typed, shown()), minus(shown(), typed))
			}
		}
	}
	submit(d.tags, func() []string { return d.shared.Tags }, func() func(add, remove []string) { return d.OnTags })
	submit(d.inside, func() []string { return d.shared.Collections }, func() func(add, remove []string) { return d.OnCollections })
	d.parent = newLink("", func() { call(d.OnParent) })
	d.children = newLink("", func() { call(d.OnChildren) })
	d.lineage = container.New(layout.NewCustomPaddedLayout(0, 0, -linkMargin, -linkMargin), column(0, d.parent, d.children))
	d.variations = newNumber("Variations", 1, 9, maxAtOnce, 1, keys)
	d.variations.Set(4)
	d.strength = newNumber("How different", 0, 1, 1, 0.05, keys)
	d.strength.Set(0.2)

	d.facts = column(3)
	d.without = column(0, caption("Without"), d.negative)
	text := func(o fyne.CanvasObject) fyne.CanvasObject { return inset(-8, -8, o) } // a label's own margin
	d.body = container.NewVScroll(inset(14, 12, column(10,
		wide(detailsWidth, d.view),
		between(d.heading, row(2, d.rating, d.star)),
		text(d.prompt), d.without, d.facts, d.lineage,
		column(2, caption("Tags"), d.tags),
		column(2, caption("Collections"), d.inside),
		column(4, d.variations.object, d.strength.object),
	)))
	open := button("Open   Enter", &d.OnOpen, true)
	open.Importance = widget.HighImportance
	buttons := column(6, open, container.NewGridWithColumns(2,
		button("Re-seed", &d.OnReseed, false), button("Vary", &d.OnVary, false),
		button("Use recipe", &d.OnUse, true), button("Use as start", &d.OnStart, true),
		button("Copy recipe", &d.OnCopy, false), button("Show file", &d.OnReveal, true),
		button("Export…", &d.OnExport, false), button("Delete", &d.OnDelete, false)))
	d.some = container.NewBorder(nil, column(0, hairline(), inset(14, 10, buttons)), nil, nil, d.body)
	hint := caption("Choose a picture.")
	hint.Alignment = fyne.TextAlignCenter
	d.none = centred(hint)
	d.object = container.NewStack(canvas.NewRectangle(shade(colorPanel)), wide(detailsWidth+28, container.NewStack(d.none, d.some)))
	d.Clear()
	return d
}

// Clear shows that nothing is chosen.
func (d *details) Clear() {
	d.some.Hide()
	d.none.Show()
}

// Show shows what is known of the pictures chosen, of which this is the one touched
// last, and how many came from it. Of some of many nothing may be known.
func (d *details) Show(p gallery.Picture, chosen int, known []gallery.Picture, children int) {
	d.none.Hide()
	d.some.Show()
	heading := strings.TrimSuffix(p.ID, ".png")
	if chosen > 1 {
		heading = plural(chosen, "picture")
	}
	say(d.heading, heading)
	d.shared = shared(known)
	if len(known) < chosen { // there may be others
		d.shared.Tags, d.shared.Collections = nil, nil
	}
	d.star.SetIcon(starIcon)
	if d.shared.Favourite {
		d.star.SetIcon(starredIcon)
	}
	d.rating.Set(d.shared.Rating)
	if !d.typing(d.tags) {
		d.tags.SetText(strings.Join(d.shared.Tags, ", "))
	}
	if !d.typing(d.inside) {
		d.inside.SetText(strings.Join(d.shared.Collections, ", "))
	}
	for _, b := range d.one {
		enable(b, chosen == 1)
	}

	high := float32(previewHeight) // what is below is to be in sight too
	if p.Width > 0 {
		high = min(high, up(previewSide*float32(p.Height)/float32(p.Width)))
	}
	d.view.SetMinSize(fyne.NewSize(previewSide, high))
	r := p.Request
	set := func(l *widget.Label, text string) {
		if l.Text != text {
			l.SetText(text)
		}
	}
	set(d.prompt, cmp.Or(strings.TrimSpace(r.Prompt), "(no prompt)"))
	set(d.negative, r.Negative)
	d.without.Hidden = strings.TrimSpace(r.Negative) == ""
	curve := ownSchedule
	if r.Schedule != "" {
		curve = schedule.Label(r.Schedule)
	}
	facts := [][2]string{
		{"Seed", strconv.FormatUint(r.Seed, 10)},
		{"Steps", strconv.Itoa(r.Steps)},
		{"Guidance", strconv.FormatFloat(r.Guidance, 'f', -1, 64)},
		{"Sampler", sampler.Label(r.Sampler)},
		{"Schedule", curve},
		{"Size", fmt.Sprintf("%d × %d", p.Width, p.Height)},
		{"Model", modelName(r.Model)},
	}
	for i, more := range recipe.Extras(r) {
		facts = append(facts, [2]string{map[bool]string{true: "Also"}[i == 0], more})
	}
	facts = append(facts, [2]string{"Kept", p.Kept.Local().Format("2006-01-02 15:04")})
	d.fill(facts)

	from, to := "", ""
	if p.Parent != "" {
		from = "↑ " + came(p.Lineage)
	}
	if children > 0 {
		to = fmt.Sprintf("↓ %s came from it", plural(children, "picture"))
	}
	d.parent.SetLabel(from)
	d.children.SetLabel(to)
	d.parent.Hidden, d.children.Hidden = from == "", to == ""
	d.lineage.Hidden = from == "" && to == ""
	for _, o := range []fyne.CanvasObject{d.prompt, d.without, d.facts, d.lineage} {
		if chosen > 1 {
			o.Hide()
		} else if o != fyne.CanvasObject(d.without) && o != fyne.CanvasObject(d.lineage) {
			o.Show()
		}
	}
	d.body.Content.Refresh()
	d.body.Refresh()
}

// typing reports whether a person is typing in a field.
func (d *details) typing(e *entry) bool {
	c := fyne.CurrentApp().Driver().CanvasForObject(e)
	return c != nil && c.Focused() == fyne.Focusable(e)
}

// SetThumb shows the picture, nil while it is being read.
func (d *details) SetThumb(thumb *image.RGBA) {
	if d.view.Hidden = thumb == nil; thumb == nil || d.view.Image == image.Image(thumb) {
		return
	}
	d.view.ScaleMode = canvas.ImageScaleFastest
	if max(thumb.Rect.Dx(), thumb.Rect.Dy()) < int(density(d.view)*previewSide) {
		d.view.ScaleMode = canvas.ImageScaleSmooth // the screen enlarges it
	}
	d.view.Image = thumb
	d.view.Refresh()
}

// fill shows facts, by name.
func (d *details) fill(facts [][2]string) {
	const nameWidth = 66
	for len(d.facts.Objects) < len(facts) {
		d.facts.Add(row(4, wide(nameWidth, caption("")), plain("")))
	}
	fits := func(s string) bool {
		return fyne.MeasureText(s, plain("").TextSize, fyne.TextStyle{}).Width <= detailsWidth-nameWidth-4
	}
	for i, o := range d.facts.Objects {
		line := o.(*fyne.Container)
		if line.Hidden = i >= len(facts); line.Hidden {
			continue
		}
		say(line.Objects[0].(*fyne.Container).Objects[0].(*canvas.Text), facts[i][0])
		say(line.Objects[1].(*canvas.Text), shorten(facts[i][1], fits))
	}
}

// shared is the marks that all pictures have.
func shared(kept []gallery.Picture) gallery.Marks {
	if len(kept) == 0 {
		return gallery.Marks{}
	}
	m := kept[0].Marks
	for _, p := range kept[1:] {
		m.Favourite = m.Favourite && p.Favourite
		if m.Rating != p.Rating {
			m.Rating = 0
		}
		m.Tags = both(m.Tags, p.Tags)
		m.Collections = both(m.Collections, p.Collections)
	}
	return m
}

// came is how a picture came from its parent, in words.
func came(l gallery.Lineage) string {
	parent := strings.TrimSuffix(l.Parent, ".png")
	switch l.How {
	case gallery.Branch:
		return fmt.Sprintf("branched off %s after step %d", parent, l.Step)
	case gallery.Variation:
		return "a variation of " + parent
	}
	return parent + " with another seed"
}

// split reads names with commas between.
func split(text string) []string {
	var names []string
	for _, name := range strings.Split(text, ",") {
		if name = strings.Join(strings.Fields(name), " "); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// minus is the names that are not among others.
func minus(names, others []string) []string {
	var rest []string
	for _, name := range names {
		if !slices.Contains(others, name) {
			rest = append(rest, name)
		}
	}
	return rest
}

// both is the names that are among others too.
func both(names, others []string) []string {
	return minus(names, minus(names, others))
}
