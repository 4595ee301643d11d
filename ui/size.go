package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine"
)

// sizeField is a picture's width and height in pixels: typed, or chosen among those that
// suit the model. Two empty fields are the model's own size.
type sizeField struct {
	object fyne.CanvasObject

	width, height *entry
	lock, menu    *button
	own           int     // pixels on a side that the model draws best, 0 if that isn't known
	ratio         float64 // width / height, while it is kept
	setting       bool    // true while one field follows the other

	// OnChanged is called when a person changed the size.
	OnChanged func()
}

func newSizeField(keys plainKeys) *sizeField {
	s := &sizeField{width: newEntry("own", keys), height: newEntry("own", keys)}
	s.width.OnChanged = func(string) { s.changed(s.width, s.height, func() float64 { return 1 / s.ratio }) }
	s.height.OnChanged = func(string) { s.changed(s.height, s.width, func() float64 { return s.ratio }) }
	s.lock = newButton("", func() { s.keep(s.ratio == 0) }, keys)
	s.lock.Icon = unlockedIcon
	swap := newButton("", s.Swap, keys)
	swap.Icon = swapIcon
	s.menu = newButton("", s.choose, keys)
	s.menu.Icon = theme.MenuDropDownIcon()
	s.object = column(2, caption("Size"), row(3,
		wide(65, s.width), centred(plain("×")), wide(65, s.height), s.menu, swap, s.lock))
	return s
}

// changed lets the other side follow, where the proportions are kept.
func (s *sizeField) changed(side, other *entry, times func() float64) {
	if s.setting {
		return
	}
	if n, err := strconv.Atoi(strings.TrimSpace(side.Text)); err == nil && s.ratio > 0 && n > 0 {
		s.setting = true
		other.SetText(strconv.Itoa(fitting(float64(n) * times())))
		s.setting = false
	}
	call(s.OnChanged)
}

// fitting is the nearest length a picture's side may have.
func fitting(pixels float64) int {
	n := int(math.Round(pixels/engine.SizeUnit)) * engine.SizeUnit
	return min(max(n, engine.MinSize), engine.MaxSize)
}

// keep keeps the proportions there are, or lets them go.
func (s *sizeField) keep(on bool) {
	s.ratio = 0
	s.lock.SetIcon(unlockedIcon)
	if !on {
		return
	}
	s.ratio = 1
	s.lock.SetIcon(lockedIcon)
	if w, h, err := s.Value(); err == nil && w > 0 && h > 0 {
		s.ratio = float64(w) / float64(h)
	}
}

// Set shows a size without reporting a change; 0 × 0 is the model's own.
func (s *sizeField) Set(width, height int) {
	s.setting = true
	for side, n := range map[*entry]int{s.width: width, s.height: height} {
		text := ""
		if n != 0 {
			text = strconv.Itoa(n)
		}
		side.SetText(text)
	}
	s.setting = false
	s.keep(s.ratio != 0)
}

// SetOwn tells the size of the model's own pictures, in pixels on a side.
func (s *sizeField) SetOwn(pixels int) {
	if pixels == s.own || pixels <= 0 {
		return
	}
	s.own = pixels
	s.width.SetPlaceHolder(strconv.Itoa(pixels))
	s.height.SetPlaceHolder(strconv.Itoa(pixels))
}

// Value is the size, 0 × 0 for the model's own, or an error that says what to type
// instead.
func (s *sizeField) Value() (width, height int, err error) {
	if w, h := strings.TrimSpace(s.width.Text), strings.TrimSpace(s.height.Text); w == "" && h == "" {
		return 0, 0, nil
	}
	number := func(side *entry, name string) int {
		n, e := strconv.Atoi(strings.TrimSpace(side.Text))
		if (e != nil || n < engine.MinSize || n > engine.MaxSize || n%engine.SizeUnit != 0) && err == nil {
			err = fmt.Errorf("%s is %q; type a multiple of %d from %d to %d, or leave both sides empty for the model's own size",
				name, side.Text, engine.SizeUnit, engine.MinSize, engine.MaxSize)
		}
		return n
	}
	width, height = number(s.width, "the width"), number(s.height, "the height")
	return width, height, err
}

// Swap turns the picture from upright to lying, or back.
func (s *sizeField) Swap() {
	s.setting = true
	w, h := s.width.Text, s.height.Text
	s.width.SetText(h)
	s.height.SetText(w)
	s.setting = false
	s.keep(s.ratio != 0)
	call(s.OnChanged)
}

// choose offers the sizes that suit the model.
func (s *sizeField) choose() {
	own := s.own
	var items []*fyne.MenuItem
	add := func(label string, width, height int) {
		items = append(items, fyne.NewMenuItem(label, func() {
			s.Set(width, height)
			call(s.OnChanged)
		}))
	}
	label := "Model's own"
	if own > 0 {
		label = fmt.Sprintf("Model's own   %d × %d", own, own)
	}
	add(label, 0, 0)
	for _, p := range suiting(own) {
		add(fmt.Sprintf("%s   %d × %d", p.name, p.width, p.height), p.width, p.height)
	}
	popUp(s.menu, items)
}

// proportion is a size by its name.
type proportion struct {
	name          string
	width, height int
}

// suiting is the sizes with about as many pixels as a model's own, lying and upright,
// and larger squares, in steps that its U-Net halves without a rest.
func suiting(own int) []proportion {
	if own <= 0 {
		own = 512
	}
	unit := min(64, max(engine.SizeUnit, own/8/engine.SizeUnit*engine.SizeUnit))
	side := func(pixels float64) int { return max(unit, int(math.Round(pixels/float64(unit)))*unit) }
	var all, upright []proportion
	for _, p := range [][2]int{{4, 3}, {3, 2}, {16, 9}, {2, 1}} {
		root := math.Sqrt(float64(p[0]) / float64(p[1]))
		long, short := side(float64(own)*root), side(float64(own)/root)
		if n := len(all); n > 0 && all[n-1].width == long {
			continue // a small model's steps are too coarse for both
		}
		all = append(all, proportion{fmt.Sprintf("%d:%d", p[0], p[1]), long, short})
		upright = append(upright, proportion{fmt.Sprintf("%d:%d", p[1], p[0]), short, long})
	}
	all = append(all, upright...)
	for _, times := range []float64{1.5, 2} {
		if n := side(float64(own) * times); n <= engine.MaxSize {
			all = append(all, proportion{"1:1", n, n})
		}
	}
	return all
}

// popUp shows a menu under an object.
func popUp(under fyne.CanvasObject, items []*fyne.MenuItem) {
	c := fyne.CurrentApp().Driver().CanvasForObject(under)
	if c == nil {
		return
	}
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(under).AddXY(0, under.Size().Height+2)
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, at)
}
