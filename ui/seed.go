package ui

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// seedField is the seed of the noise a picture grows from. Unless it is kept,
// every picture takes a fresh one.
type seedField struct {
	object fyne.CanvasObject

	entry *entry
	keep  *check

	// OnChanged is called when a person changed the seed or whether to keep it.
	OnChanged func()
	// OnOwn takes the seed of the picture on show.
	OnOwn func()
}

func newSeedField(keys plainKeys) *seedField {
	s := &seedField{entry: newEntry("", keys)}
	changed := func() {
		if s.OnChanged != nil {
			s.OnChanged()
		}
	}
	s.entry.OnChanged = func(string) { changed() }
	s.keep = newCheck("Keep", func(bool) { changed() }, keys)
	dice := newButton("", func() { s.Set(freshSeed()) }, keys)
	dice.Icon = diceIcon
	own := newButton("", func() { call(s.OnOwn) }, keys)
	own.Icon = ownSeedIcon
	s.object = column(2, caption("Seed"),
		container.NewBorder(nil, nil, nil, row(2, dice, own, s.keep), s.entry))
	s.Set(freshSeed())
	return s
}

// Set shows a seed.
func (s *seedField) Set(seed uint64) { s.entry.SetText(strconv.FormatUint(seed, 10)) }

// Value is the seed shown, or an error that says what to type instead.
func (s *seedField) Value() (uint64, error) {
	v, err := strconv.ParseUint(strings.TrimSpace(s.entry.Text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the seed is %q; type a whole number of at most 20 digits, or press the dice", s.entry.Text)
	}
	return v, nil
}

// Next is the seed for the next picture: the one shown when it is kept, else a
// fresh one, which is then shown.
func (s *seedField) Next() (uint64, error) {
	if !s.keep.Checked {
		s.Set(freshSeed())
	}
	return s.Value()
}

// freshSeed is a random seed. It has 32 bits, the range other tools accept.
func freshSeed() uint64 { return uint64(rand.Uint32()) }
