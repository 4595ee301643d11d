package ui

import (
	"image"
	"math"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// filmstrip shows every step of a picture in a row, one small frame each; steps
// still to come are empty frames. It keeps only as many objects as fit its
// width and reuses them while it scrolls.
type filmstrip struct {
	widget.BaseWidget

	thumbs   []*image.RGBA // by step
	total    int           // frames, of which the last may still be empty
	selected int           // index of the frame looked at, -1 for none
	focused  bool
	keys     plainKeys

	inherited int          // frames of the parent's, before the branch
	forks     map[int]bool // frames at which others branch off

	scroll *container.Scroll
	scrub  *scrubber
	hint   *canvas.Text // stands in place of the frames when there are none
	reel   *fyne.Container
	cells  []*frame

	// OnSelected is called when a person chose a frame that has a picture.
	OnSelected func(index int)
	// OnMenu is called when a person asked what can be done with a frame.
	OnMenu func(index int, at fyne.Position)
	// OnDown and OnUp hear every key go down and up.
	OnDown, OnUp func(*fyne.KeyEvent)
}

// Sizes of the strip in Fyne's units.
const (
	frameSide  = 56
	frameGap   = 6
	framePitch = frameSide + frameGap
	frameLabel = 16
)

var (
	_ fyne.Tappable   = (*filmstrip)(nil)
	_ fyne.Focusable  = (*filmstrip)(nil)
	_ desktop.Keyable = (*filmstrip)(nil)
)

// frame is one object of the strip, showing now this step, now that.
type frame struct {
	index    int
	thumb    *image.RGBA
	chosen   bool
	border   *canvas.Rectangle
	view     *canvas.Image
	label    *canvas.Text
	cut      *canvas.Rectangle // before the first frame of a branch
	fork     *canvas.Circle    // where another branches off
	assigned bool
}

func newFilmstrip(keys plainKeys) *filmstrip {
	f := &filmstrip{selected: -1, keys: keys, hint: caption("")}
	f.reel = container.New(reelLayout{f})
	f.scroll = container.NewHScroll(f.reel)
	f.scrub = newScrubber(f)
	f.scroll.OnScrolled = func(fyne.Position) { f.update() }
	f.ExtendBaseWidget(f)
	return f
}

// SetSteps shows these steps and empty frames up to total.
func (f *filmstrip) SetSteps(thumbs []*image.RGBA, total int) {
	f.thumbs = thumbs
	if total = max(total, len(thumbs)); total != f.total {
		f.total = total
		f.selected = -1
		f.scroll.ScrollToOffset(fyne.Position{})
		f.scroll.Refresh()
	}
	f.update()
}

// SetBranch tells how many frames are the parent's, and at which others branch off.
func (f *filmstrip) SetBranch(inherited int, forks map[int]bool) {
	f.inherited, f.forks = inherited, forks
}

// SetHint says something in place of the frames, while there are none.
func (f *filmstrip) SetHint(text string) { say(f.hint, text) }

// Select marks a frame and brings it into sight, without calling OnSelected.
func (f *filmstrip) Select(index int) {
	f.selected = index
	if index >= 0 {
		f.reveal(index)
	}
	f.update()
}

// choose is a person's choice of a frame.
func (f *filmstrip) choose(index int) {
	index = min(index, len(f.thumbs)-1)
	if index < 0 {
		return
	}
	f.Select(index)
	if f.OnSelected != nil {
		f.OnSelected(index)
	}
}

// reveal scrolls until the frame is in sight.
func (f *filmstrip) reveal(index int) {
	left := float32(index * framePitch)
	x := f.scroll.Offset.X
	if right := left + frameSide - f.scroll.Size().Width; x < right {
		x = right + frameGap
	}
	x = max(0, min(x, left))
	if end := f.reel.MinSize().Width - f.scroll.Size().Width; x > end {
		x = max(0, end)
	}
	if x != f.scroll.Offset.X {
		f.scroll.ScrollToOffset(fyne.NewPos(x, 0))
	}
}

// update gives every object in sight the step it has to show.
func (f *filmstrip) update() {
	f.hint.Hidden = f.total > 0
	width := f.scroll.Size().Width
	if width <= 0 {
		return
	}
	if need := int(width/framePitch) + 2; need > len(f.cells) {
		for len(f.cells) < need {
			c := newFrame()
			f.cells = append(f.cells, c)
			f.reel.Objects = append(f.reel.Objects, c.border, c.view, c.label, c.cut, c.fork)
		}
		for _, c := range f.cells { // which object shows which step depends on their number
			c.assigned = false
		}
	}
	first := int(f.scroll.Offset.X / framePitch)
	for i := first; i < first+len(f.cells); i++ {
		c := f.cells[i%len(f.cells)]
		if i >= f.total {
			c.hide()
			continue
		}
		var thumb *image.RGBA
		if i < len(f.thumbs) {
			thumb = f.thumbs[i]
		}
		c.show(i, thumb, i == f.selected, f.focused)
		c.place(f.inherited, f.forks[i])
	}
}

func newFrame() *frame {
	c := &frame{
		border: canvas.NewRectangle(shade(colorPanel)),
		view:   &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest},
		label:  caption(""),
		cut:    canvas.NewRectangle(shade(theme.ColorNamePrimary)),
		fork:   canvas.NewCircle(shade(theme.ColorNamePrimary)),
	}
	c.border.CornerRadius = 3
	c.label.Alignment = fyne.TextAlignCenter
	c.border.Resize(fyne.NewSquareSize(frameSide))
	c.view.Resize(fyne.NewSquareSize(frameSide - 6))
	c.label.Resize(fyne.NewSize(frameSide, frameLabel))
	c.cut.Resize(fyne.NewSize(2, frameSide))
	c.fork.Resize(fyne.NewSquareSize(5))
	return c
}

func (c *frame) hide() {
	c.assigned = false
	c.border.Hide()
	c.view.Hide()
	c.label.Hide()
	c.cut.Hide()
	c.fork.Hide()
}

// place shows how the frame stands to other takes: whose it is, and what branches off.
func (c *frame) place(inherited int, fork bool) {
	dim := 0.0
	if c.index < inherited {
		dim = 0.6
	}
	if c.view.Translucency != dim {
		c.view.Translucency = dim
		c.view.Refresh()
	}
	x := float32(c.index * framePitch)
	c.cut.Hidden = inherited == 0 || c.index != inherited
	c.cut.Move(fyne.NewPos(x-half(frameGap)-1, 0))
	c.fork.Hidden = !fork
	c.fork.Move(fyne.NewPos(x+frameSide-10, frameSide+half(frameLabel)-1))
}

func (c *frame) show(index int, thumb *image.RGBA, chosen, focused bool) {
	if !c.assigned || c.index != index {
		x := float32(index * framePitch)
		c.border.Move(fyne.NewPos(x, 0))
		c.view.Move(fyne.NewPos(x+3, 3))
		c.label.Move(fyne.NewPos(x, frameSide+1))
		say(c.label, strconv.Itoa(index+1))
		c.label.Show()
		c.border.Show()
	}
	if !c.assigned || c.thumb != thumb {
		if c.view.Hidden = thumb == nil; thumb != nil {
			c.view.Image = thumb
			c.view.Refresh()
		}
	}
	width, colour := float32(1), shade(colorFrame)
	if chosen {
		width, colour = 2, shade(theme.ColorNamePrimary)
		if focused {
			width = 3
		}
	}
	if c.border.StrokeWidth != width || c.chosen != chosen {
		c.border.StrokeWidth, c.border.StrokeColor = width, colour
		c.border.Refresh()
	}
	c.index, c.thumb, c.chosen, c.assigned = index, thumb, chosen, true
}

// Tapped looks at the frame under the pointer.
func (f *filmstrip) Tapped(ev *fyne.PointEvent) {
	if index := f.under(ev.Position.X); index < len(f.thumbs) {
		f.takeFocus()
		f.choose(index)
	}
}

// under is the frame at x, which may be none.
func (f *filmstrip) under(x float32) int {
	return int(math.Floor(float64(x+f.scroll.Offset.X) / framePitch))
}

func (f *filmstrip) takeFocus() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(f); c != nil {
		c.Focus(f)
	}
}

// KeyDown passes the key on.
func (f *filmstrip) KeyDown(ev *fyne.KeyEvent) { hear(f.OnDown, ev) }

// KeyUp passes the key on.
func (f *filmstrip) KeyUp(ev *fyne.KeyEvent) { hear(f.OnUp, ev) }

func hear(on func(*fyne.KeyEvent), ev *fyne.KeyEvent) {
	if on != nil {
		on(ev)
	}
}

// FocusGained marks the chosen frame more strongly.
func (f *filmstrip) FocusGained() { f.focused = true; f.update() }

// FocusLost takes the mark back.
func (f *filmstrip) FocusLost() { f.focused = false; f.update() }

// TypedRune has no use for letters.
func (f *filmstrip) TypedRune(rune) {}

// TypedKey walks through the steps.
func (f *filmstrip) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyLeft:
		f.choose(max(0, f.selected-1))
	case fyne.KeyRight:
		f.choose(f.selected + 1)
	case fyne.KeyHome:
		f.choose(0)
	case fyne.KeyEnd:
		f.choose(len(f.thumbs) - 1)
	default:
		f.keys.used(ev)
	}
}

// CreateRenderer is part of fyne.Widget.
func (f *filmstrip) CreateRenderer() fyne.WidgetRenderer { return filmstripRenderer{f} }

type filmstripRenderer struct{ f *filmstrip }

func (r filmstripRenderer) Layout(size fyne.Size) {
	r.f.scroll.Resize(size)
	r.f.scrub.Resize(fyne.NewSize(size.Width, frameSide)) // the scroll bar stays free
	r.f.hint.Move(fyne.NewPos(0, half(frameSide-r.f.hint.MinSize().Height)))
	r.f.hint.Resize(fyne.NewSize(size.Width, r.f.hint.MinSize().Height))
	if r.f.selected >= 0 {
		r.f.reveal(r.f.selected)
	}
	r.f.update()
}

// MinSize leaves a scroll bar's height under the numbers.
func (r filmstripRenderer) MinSize() fyne.Size {
	return fyne.NewSize(3*framePitch, frameSide+frameLabel+sizes[theme.SizeNameScrollBar]/2)
}
func (r filmstripRenderer) Refresh() { r.f.scroll.Refresh() }
func (r filmstripRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.f.scroll, r.f.scrub, r.f.hint}
}
func (r filmstripRenderer) Destroy() {}

// reelLayout is as wide as all frames together; update places what is in sight.
type reelLayout struct{ f *filmstrip }

func (l reelLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(max(0, float32(l.f.total*framePitch-frameGap)), frameSide+frameLabel)
}
func (reelLayout) Layout([]fyne.CanvasObject, fyne.Size) {}
