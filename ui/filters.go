package ui

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/engine/sampler"
	"darkroom/engine/schedule"
)

// filters is where pictures are looked for: a line with the words, what is asked for
// most and the order, and below it, folded away at first, a field for everything that
// an index can be asked.
type filters struct {
	object fyne.CanvasObject

	words     *entry
	starred   *button
	rating    *selector
	order     *selector
	unfold    *button
	more      *fyne.Container
	choices   []*choice
	steps     *entry
	guidance  *entry
	seed      *entry
	size      *entry
	kept      *entry
	derived   *check
	count     *canvas.Text
	problem   *canvas.Text
	clear     *link
	favourite bool
	parent    string // only what came from this picture, "" for no matter
	setting   bool   // the fields are being set, not changed by a person

	// OnChanged is called when something else is looked for, OnFolded when there is more
	// or less room for what is found.
	OnChanged, OnFolded func()
}

// choice is a field that offers the values there are.
type choice struct {
	facet  gallery.Facet
	name   string
	field  *selector
	values map[string]string // by option
	label  func(value string) string
}

// Options that ask for nothing.
const (
	anyValue  = "Any"
	anyRating = "Any rating"
)

// orders is the orders there are, as a person knows them.
var orders = []string{gallery.Newest: "Newest first", gallery.Oldest: "Oldest first", gallery.BestRated: "Best rated first"}

func newFilters(keys plainKeys) *filters {
	f := &filters{count: caption(""), problem: caption("")}
	f.problem.Color = shade(theme.ColorNameError)
	changed := func() {
		if !f.setting {
			call(f.OnChanged)
		}
	}
	field := func(hint string) *entry {
		e := newEntry(hint, keys)
		e.OnChanged = func(string) { changed() }
		return e
	}
	f.words = field("Search prompts and tags   " + shortcutLabel(keyFind))
	f.starred = newButton("Favourites", func() { f.SetFavourites(!f.favourite) }, keys)
	f.starred.Icon = starIcon
	ratings := []string{anyRating}
	for n := 1; n <= gallery.MaxRating; n++ {
		ratings = append(ratings, strings.Repeat("• ", n)+map[bool]string{true: "or more"}[n < gallery.MaxRating])
	}
	f.rating = newSelector(ratings, func(string) { changed() }, keys)
	f.order = newSelector(orders, func(string) { changed() }, keys)
	f.unfold = newButton("Filters", f.toggle, keys)
	f.unfold.Icon = theme.MenuDropDownIcon()
	f.unfold.IconPlacement = widget.ButtonIconTrailingText

	f.choices = []*choice{
		{facet: gallery.ByTag, name: "Tag"},
		{facet: gallery.ByCollection, name: "Collection"},
		{facet: gallery.ByModel, name: "Model", label: modelName},
		{facet: gallery.BySampler, name: "Sampler", label: sampler.Label},
		{facet: gallery.BySchedule, name: "Schedule", label: schedule.Label},
	}
	var fields []fyne.CanvasObject
	put := func(name string, o fyne.CanvasObject) { fields = append(fields, column(2, caption(name), o)) }
	for _, c := range f.choices {
		c.field = newSelector([]string{anyValue}, func(string) { changed() }, keys)
		put(c.name, c.field)
	}
	f.steps, f.guidance = field("20 or 10-30"), field("4 or 2-7")
	f.seed, f.size, f.kept = field("number"), field("512x768"), field("2026-01-31 or 2026")
	put("Steps", f.steps)
	put("Guidance", f.guidance)
	put("Seed", f.seed)
	put("Size", f.size)
	put("Kept", f.kept)
	f.derived = newCheck("From another", func(bool) { changed() }, keys)
	put("Lineage", f.derived)
	f.more = container.NewGridWithColumns(6, fields...)
	f.more.Hide()
	f.clear = newLink("Clear", f.Clear)
	f.clear.Hide()

	line := container.NewBorder(nil, nil, nil, row(6, spacer(2, 1), f.starred, wide(118, f.rating), wide(136, f.order), f.unfold), f.words)
	f.object = container.NewStack(canvas.NewRectangle(shade(colorPanel)),
		inset(14, 10, column(6, line, f.more, between(row(4, inset(0, 3, f.count), f.clear), f.problem))))
	f.set(func() {
		f.rating.SetSelectedIndex(0)
		f.order.SetSelectedIndex(0)
		for _, c := range f.choices {
			c.field.SetSelectedIndex(0)
		}
	})
	return f
}

// modelName is how a person knows a model.
func modelName(model string) string {
	if model == engine.DefaultModel {
		return ownModel
	}
	return filepath.Base(model)
}

// set changes fields as one change, which is not told.
func (f *filters) set(change func()) {
	f.setting = true
	change()
	f.setting = false
}

// toggle folds the fields away, or back.
func (f *filters) toggle() {
	f.more.Hidden = !f.more.Hidden
	f.unfold.SetIcon(theme.MenuDropDownIcon())
	if !f.more.Hidden {
		f.unfold.SetIcon(theme.MenuDropUpIcon())
	}
	call(f.OnFolded)
}

// SetFavourites asks for favourites alone, or not.
func (f *filters) SetFavourites(alone bool) {
	f.favourite = alone
	f.starred.SetIcon(starIcon)
	if alone {
		f.starred.SetIcon(starredIcon)
	}
	if !f.setting {
		call(f.OnChanged)
	}
}

// SetParent asks for what came from a picture alone.
func (f *filters) SetParent(id string) {
	f.reset()
	f.parent = id
	call(f.OnChanged)
}

// Clear asks for everything.
func (f *filters) Clear() {
	f.reset()
	call(f.OnChanged)
}

func (f *filters) reset() {
	f.set(func() {
		f.parent = ""
		f.SetFavourites(false)
		f.rating.SetSelectedIndex(0)
		f.derived.SetChecked(false)
		for _, e := range []*entry{f.words, f.steps, f.guidance, f.seed, f.size, f.kept} {
			e.SetText("")
		}
		for _, c := range f.choices {
			c.field.SetSelectedIndex(0)
		}
	})
}

// SetValues offers the values there are of a facet.
func (f *filters) SetValues(of gallery.Facet, values []gallery.Value) {
	for _, c := range f.choices {
		if c.facet != of {
			continue
		}
		options := []string{anyValue}
		c.values = map[string]string{}
		for _, v := range values {
			if v.Name == "" { // the model's own schedule, which can't be asked for
				continue
			}
			option := v.Name
			if c.label != nil {
				option = c.label(option)
			}
			if _, taken := c.values[option]; taken || option == anyValue {
				option = fmt.Sprintf("%s (%s)", option, v.Name)
			}
			c.values[option] = v.Name
			options = append(options, option)
		}
		if !slices.Equal(options, c.field.Options) {
			c.field.SetOptions(options)
		}
	}
}

// value is what a choice asks for, "" for nothing.
func (f *filters) value(of gallery.Facet) string {
	for _, c := range f.choices {
		if c.facet == of && c.field.Selected != anyValue {
			return c.values[c.field.Selected]
		}
	}
	return ""
}

// Query is what is looked for. The error says what to type instead in a field.
func (f *filters) Query() (gallery.Query, error) {
	q := gallery.Query{
		Text: f.words.Text, Favourite: f.favourite, MinRating: max(0, f.rating.SelectedIndex()),
		Sort: gallery.Sort(max(0, f.order.SelectedIndex())), Parent: f.parent, HasParent: f.derived.Checked,
		Model: f.value(gallery.ByModel), Sampler: f.value(gallery.BySampler), Schedule: f.value(gallery.BySchedule),
	}
	if tag := f.value(gallery.ByTag); tag != "" {
		q.Tags = []string{tag}
	}
	if collection := f.value(gallery.ByCollection); collection != "" {
		q.Collections = []string{collection}
	}
	from, to, err := span(f.steps.Text)
	if err != nil {
		return q, fmt.Errorf("steps: %w", err)
	}
	q.MinSteps, q.MaxSteps = int(from), int(to)
	if q.MinGuidance, q.MaxGuidance, err = span(f.guidance.Text); err != nil {
		return q, fmt.Errorf("guidance: %w", err)
	}
	if text := strings.TrimSpace(f.seed.Text); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return q, fmt.Errorf("seed: %q is no whole number", text)
		}
		q.Seed = &seed
	}
	if q.Width, q.Height, err = dimensions(f.size.Text); err != nil {
		return q, err
	}
	q.Since, q.Until, err = dates(f.kept.Text)
	return q, err
}

// Show says how many pictures are found, of how many, how many of them are chosen,
// and what is wrong with what is looked for.
func (f *filters) Show(q gallery.Query, found, all, chosen int, problem error) {
	words := plural(found, "picture")
	q.Sort = 0
	asked := !isZero(q)
	if asked && all > 0 {
		words = grouped(found) + " of " + plural(all, "picture")
	}
	if q.Parent != "" {
		words += " that came from " + strings.TrimSuffix(q.Parent, ".png")
	}
	if chosen > 0 {
		words += "  ·  " + grouped(chosen) + " selected"
	}
	say(f.count, words)
	if f.clear.Hidden == asked {
		f.clear.Hidden = !asked
		f.object.Refresh()
	}
	said := ""
	if problem != nil {
		said = sentence(problem.Error())
	}
	say(f.problem, said)
}

// isZero reports whether a query asks for nothing.
func isZero(q gallery.Query) bool {
	return q.Text == "" && !q.Favourite && q.MinRating == 0 && len(q.Tags) == 0 && len(q.Collections) == 0 &&
		q.Model == "" && q.Sampler == "" && q.Schedule == "" && q.Seed == nil && q.MinSteps == 0 && q.MaxSteps == 0 &&
		q.MinGuidance == 0 && q.MaxGuidance == 0 && q.Width == 0 && q.Height == 0 && q.Since.IsZero() && q.Until.IsZero() &&
		!q.HasParent && q.Parent == ""
}

// grouped is a number with a narrow blank before each three digits.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}

// plural is "1 picture" or "7 pictures".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return grouped(n) + " " + what + "s"
}

// span reads "20", "10-30", "10-" or "-30"; 0 is no limit.
func span(text string) (from, to float64, err error) {
	text = strings.ReplaceAll(strings.Join(strings.Fields(text), ""), "–", "-")
	if text == "" {
		return 0, 0, nil
	}
	a, b, both := strings.Cut(text, "-")
	if !both {
		b = a
	}
	for _, half := range []struct {
		text string
		to   *float64
	}{{a, &from}, {b, &to}} {
		if half.text == "" {
			continue
		}
		if *half.to, err = strconv.ParseFloat(strings.Replace(half.text, ",", ".", 1), 64); err != nil || *half.to < 0 {
			return 0, 0, fmt.Errorf("%q is no number; type one, or two as in 10-30", text)
		}
	}
	return from, to, nil
}

// dimensions reads "512x768"; 0 is any.
func dimensions(text string) (width, height int, err error) {
	text = strings.ToLower(strings.Join(strings.Fields(text), ""))
	if text == "" {
		return 0, 0, nil
	}
	w, h, both := strings.Cut(strings.NewReplacer("×", "x", "*", "x").Replace(text), "x")
	width, e := strconv.Atoi(w)
	height, err = strconv.Atoi(h)
	if !both || e != nil || err != nil || width <= 0 || height <= 0 {
		return 0, 0, fmt.Errorf("size: %q is none; type width and height, as in 512x768", text)
	}
	return width, height, nil
}

// dates reads a day, a month or a year, or two of them with "to" or "–" between, and
// is the time from the first's beginning until after the last's end.
func dates(text string) (since, until time.Time, err error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return since, until, nil
	}
	first, last := text, text
	text = " " + text + " "
	for _, between := range []string{"–", " to ", " - ", ".."} {
		if a, b, both := strings.Cut(text, between); both {
			first, last = strings.TrimSpace(a), strings.TrimSpace(b)
			break
		}
	}
	if first != "" {
		if since, _, err = date(first); err != nil {
			return since, until, err
		}
	}
	if last != "" {
		if _, until, err = date(last); err != nil {
			return since, until, err
		}
	}
	return since, until, nil
}

// date is when a day, a month or a year begins, and the next one.
func date(text string) (begin, end time.Time, err error) {
	for layout, next := range map[string][3]int{"2006-1-2": {0, 0, 1}, "2006-1": {0, 1, 0}, "2006": {1, 0, 0}} {
		if begin, err = time.ParseInLocation(layout, text, time.Local); err == nil {
			return begin, begin.AddDate(next[0], next[1], next[2]), nil
		}
	}
	return begin, end, fmt.Errorf("kept: %q is no date; type one as in 2026-01-31, 2026-01 or 2026, or two with \"to\" between", text)
}
