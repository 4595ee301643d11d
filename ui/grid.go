package ui

import (
	"image"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine/gallery"
)

// grid shows pictures side by side, row after row, of which a person chooses one or
// many. It keeps only as many objects as fit its room and reuses them while it
// scrolls, so that their number doesn't matter.
type grid struct {
	widget.BaseWidget
	selection

	keys    plainKeys
	scroll  *container.Scroll
	floor   *fyne.Container // as high as all rows together
	tiles   []*tile
	columns int
	focused bool
	hovered int // the place under the pointer, -1 for none

	// modifiers is the keys held down beside one that is typed.
	modifiers func() fyne.KeyModifier

	// OnMarks is what is known of a picture, false if that is not at hand.
	OnMarks func(id string) (gallery.Marks, bool)
	// OnThumb is a thumbnail, or nil, and then ThumbRead is called for it later.
	OnThumb func(id string) *image.RGBA
	// OnSight is called when other pictures are in sight.
	OnSight func()
	// OnChosen is called when others are chosen, OnOpen when one is to be opened, OnMenu
	// when a person asks what can be done with those chosen.
	OnChosen func()
	OnOpen   func(id string)
	OnMenu   func(at fyne.Position)
	// OnKey is asked for keys that the grid has no use for, OnCopy is Ctrl+C.
	OnKey  func(fyne.KeyName) bool
	OnCopy func()
}

// Sizes of the grid in Fyne's units. A tile has its share of the room.
const (
	tileSide   = 144 // of the square that a picture fits into
	tileGap    = 10
	tileWords  = 17 // the line of marks below it
	tilePitch  = tileSide + tileWords + tileGap
	gridMargin = 14
)

var (
	_ fyne.Focusable         = (*grid)(nil)
	_ fyne.Shortcutable      = (*grid)(nil)
	_ fyne.DoubleTappable    = (*grid)(nil)
	_ fyne.SecondaryTappable = (*grid)(nil)
	_ desktop.Mouseable      = (*grid)(nil)
	_ desktop.Hoverable      = (*grid)(nil)
)

func newGrid(keys plainKeys) *grid {
	g := &grid{keys: keys, columns: 1, hovered: -1, modifiers: heldKeys}
	g.at, g.anchor = -1, -1
	g.floor = container.New(floorLayout{g})
	g.scroll = container.NewVScroll(g.floor)
	g.scroll.OnScrolled = func(fyne.Position) { g.update() }
	g.ExtendBaseWidget(g)
	return g
}

// SetPictures shows these pictures. The ones in sight stay there as far as they are
// among them, unless the beginning is in sight, which stays the beginning.
func (g *grid) SetPictures(ids []string) {
	first := g.first()
	was := g.id(first)
	within := g.scroll.Offset.Y - float32(first/g.columns*tilePitch)
	g.set(ids)
	g.hovered = -1
	for _, c := range g.tiles {
		c.id = ""
	}
	y := float32(0)
	if i := g.place(was); g.scroll.Offset.Y > 0 && i >= 0 {
		y = float32(i/g.columns*tilePitch) + within
	}
	g.scrollTo(y)
	g.update()
}

// first is the place of the first picture in sight.
func (g *grid) first() int { return int(g.scroll.Offset.Y/tilePitch) * g.columns }

// sight is the places in sight: from first until before end.
func (g *grid) sight() (first, end int) {
	first = g.first()
	rows := int(g.scroll.Size().Height/tilePitch) + 2
	return min(first, len(g.ids)), min(first+rows*g.columns, len(g.ids))
}

// ThumbRead shows a picture's thumbnail, which is at hand now.
func (g *grid) ThumbRead(id string) {
	for _, c := range g.tiles {
		if c.id == id {
			g.fill(c)
		}
	}
}

// Fill shows anew what is in sight.
func (g *grid) Fill() {
	for _, c := range g.tiles {
		if c.id != "" {
			g.fill(c)
		}
	}
}

// Reveal scrolls until a place is in sight.
func (g *grid) Reveal(place int) {
	if place < 0 {
		return
	}
	top := float32(place / g.columns * tilePitch)
	y := g.scroll.Offset.Y
	if bottom := top + tilePitch + gridMargin - g.scroll.Size().Height; y < bottom {
		y = bottom
	}
	g.scrollTo(min(y, top))
}

func (g *grid) scrollTo(y float32) {
	most := g.floor.MinSize().Height - g.scroll.Size().Height
	y = max(0, min(y, most))
	g.scroll.Content.Resize(g.floor.MinSize().Max(g.scroll.Size()))
	if y != g.scroll.Offset.Y {
		g.scroll.ScrollToOffset(fyne.NewPos(0, y))
	}
	g.scroll.Refresh()
}

// update gives every object in sight the picture it has to show.
func (g *grid) update() {
	size := g.scroll.Size()
	if size.Width <= 0 || size.Height <= 0 {
		return
	}
	rows := int(size.Height/tilePitch) + 2
	if need := rows * g.columns; need != len(g.tiles) {
		for len(g.tiles) < need {
			c := newTile()
			g.tiles = append(g.tiles, c)
			g.floor.Objects = append(g.floor.Objects, c.objects()...)
		}
		for _, c := range g.tiles[need:] {
			c.hide()
		}
		g.tiles = g.tiles[:need:need]
		g.floor.Objects = g.floor.Objects[: need*tileObjects : need*tileObjects]
		for _, c := range g.tiles {
			c.id = ""
		}
	}
	first, changed := g.first(), false
	for i := first; i < first+len(g.tiles); i++ {
		c := g.tiles[i%len(g.tiles)]
		id := g.id(i)
		if id == "" {
			c.hide()
			continue
		}
		if c.id != id || c.place != i {
			c.id, c.place = id, i
			c.move(g.corner(i))
			changed = true
			g.fill(c)
		}
	}
	if changed {
		call(g.OnSight)
	}
}

// corner is where the square of a place begins.
func (g *grid) corner(place int) fyne.Position {
	width := (g.scroll.Size().Width - 2*gridMargin) / float32(g.columns)
	x := gridMargin + float32(place%g.columns)*width + (width-tileSide)/2
	return fyne.NewPos(float32(math.Round(float64(x))), float32(gridMargin/2+place/g.columns*tilePitch))
}

// under is the place at a position of the grid, -1 for none.
func (g *grid) under(at fyne.Position) int {
	y := at.Y + g.scroll.Offset.Y - gridMargin/2
	width := (g.scroll.Size().Width - 2*gridMargin) / float32(g.columns)
	x := at.X - gridMargin
	if x < 0 || y < 0 || width <= 0 || int(x/width) >= g.columns {
		return -1
	}
	place := int(y/tilePitch)*g.columns + int(x/width)
	if place >= len(g.ids) {
		return -1
	}
	return place
}

// fill shows a tile's picture.
func (g *grid) fill(c *tile) {
	var thumb *image.RGBA
	if g.OnThumb != nil {
		thumb = g.OnThumb(c.id)
	}
	c.show(thumb, density(g)*tileSide)
	var marks gallery.Marks
	if g.OnMarks != nil {
		marks, _ = g.OnMarks(c.id)
	}
	c.mark(marks)
	c.choose(g.chosen[c.id], g.focused && c.place == g.at, c.place == g.hovered)
}

// paint shows what is chosen.
func (g *grid) paint() {
	for _, c := range g.tiles {
		if c.id != "" {
			c.choose(g.chosen[c.id], g.focused && c.place == g.at, c.place == g.hovered)
		}
	}
}

// changed shows what is chosen and tells of it.
func (g *grid) changed() {
	g.paint()
	call(g.OnChosen)
}

// Choose chooses one picture and brings it into sight.
func (g *grid) Choose(place int) {
	g.only(place)
	g.Reveal(place)
	g.changed()
}

// CreateRenderer is part of fyne.Widget.
func (g *grid) CreateRenderer() fyne.WidgetRenderer { return gridRenderer{g} }

type gridRenderer struct{ g *grid }

func (r gridRenderer) Layout(size fyne.Size) {
	g := r.g
	was := g.first()
	g.columns = max(1, int((size.Width-2*gridMargin+tileGap)/(tileSide+tileGap)))
	g.scroll.Resize(size)
	for _, c := range g.tiles {
		c.id = "" // it has another place
	}
	if g.scroll.Offset.Y > 0 {
		g.scrollTo(float32(was / g.columns * tilePitch))
	}
	g.update()
}

func (r gridRenderer) MinSize() fyne.Size {
	return fyne.NewSize(2*tileSide+tileGap+2*gridMargin, tilePitch+gridMargin)
}

func (r gridRenderer) Refresh() { r.g.scroll.Refresh(); r.g.Fill() }

func (r gridRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.g.scroll} }

func (r gridRenderer) Destroy() {}

// floorLayout is as high as all rows together; update places what is in sight.
type floorLayout struct{ g *grid }

func (l floorLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	rows := (len(l.g.ids) + l.g.columns - 1) / l.g.columns
	return fyne.NewSize(0, float32(rows*tilePitch+gridMargin))
}

func (floorLayout) Layout([]fyne.CanvasObject, fyne.Size) {}
