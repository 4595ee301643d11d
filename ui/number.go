package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
)

// number is a quantity that can be slid and typed. The slider covers the usual
// values; typing reaches all of them.
type number struct {
	object fyne.CanvasObject

	name     string
	min, max float64
	whole    bool // whole numbers only
	slider   *slider
	entry    *entry
	setting  bool // true while one of the two follows the other

	// OnChanged is called when a person changed the quantity.
	OnChanged func()
}

// sliderRoom takes back most of the room that Fyne's slider leaves around
// itself, so that it lines up with the fields.
var sliderRoom = layout.NewCustomPaddedLayout(-3, -3, -12, -2)

// newNumber makes the control; usual is the slider's upper end, max the limit
// of what may be typed. A step of 1 means whole numbers only.
func newNumber(name string, min, usual, max, step float64, keys plainKeys) *number {
	n := &number{name: name, min: min, max: max, whole: step == 1}
	n.slider = newSlider(min, usual, step, keys)
	n.entry = newEntry("", keys)
	n.slider.OnChanged = func(v float64) {
		if !n.setting {
			v = math.Round(v*1e6) / 1e6 // so many times a step of 0.05 has more digits than that
			n.follow(func() { n.entry.SetText(n.format(v)) })
		}
	}
	n.entry.OnChanged = func(string) {
		if v, err := n.Value(); err == nil && !n.setting {
			n.follow(func() { n.slider.SetValue(v) })
		}
	}
	n.object = container.NewBorder(nil, nil, nil, container.NewVBox(wide(58, n.entry)),
		column(0, caption(name), container.New(sliderRoom, n.slider)))
	return n
}

// follow lets one half of the control take over the other's value.
func (n *number) follow(set func()) {
	n.setting = true
	set()
	n.setting = false
	if n.OnChanged != nil {
		n.OnChanged()
	}
}

// Set shows a quantity without reporting a change.
func (n *number) Set(v float64) {
	n.setting = true
	n.slider.SetValue(v)
	n.entry.SetText(n.format(v))
	n.setting = false
}

// Value is the quantity, or an error that says what to type instead.
func (n *number) Value() (float64, error) {
	text := strings.Replace(strings.TrimSpace(n.entry.Text), ",", ".", 1)
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v < n.min || v > n.max || math.IsNaN(v) || n.whole && v != math.Trunc(v) {
		kind := "number"
		if n.whole {
			kind = "whole number"
		}
		return 0, fmt.Errorf("%s is %q; type a %s from %s to %s", strings.ToLower(n.name), n.entry.Text, kind, n.format(n.min), n.format(n.max))
	}
	return v, nil
}

func (n *number) format(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
