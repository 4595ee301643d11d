package ui

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine"
)

// transport is the row of buttons under the steps: what time can do on the left, what
// can be made of the step on show on the right, and what branched off what between.
type transport struct {
	object *fyne.Container

	pause, once, play       *button
	goOn, branch, compare   *button
	parent, children        *link
	OnPause, OnOnce, OnPlay func()
	OnGoOn, OnBranch        func()
	OnCompare               func()
	OnParent, OnChild       func()
}

func newTransport(keys plainKeys) *transport {
	t := &transport{}
	t.pause = newButton("Pause", func() { call(t.OnPause) }, keys)
	t.pause.Icon = theme.MediaPauseIcon()
	t.once = newButton("", func() { call(t.OnOnce) }, keys)
	t.once.Icon = theme.MediaSkipNextIcon()
	t.play = newButton("", func() { call(t.OnPlay) }, keys)
	t.play.Icon = theme.MediaReplayIcon()
	t.goOn = newButton("Continue here", func() { call(t.OnGoOn) }, keys)
	t.branch = newButton("Branch here", func() { call(t.OnBranch) }, keys)
	t.compare = newButton("", func() { call(t.OnCompare) }, keys)
	t.compare.Icon = compareIcon
	t.parent = newLink("", func() { call(t.OnParent) })
	t.children = newLink("", func() { call(t.OnChild) })
	t.object = container.New(transportLayout{},
		row(6, wide(88, t.pause), t.once, t.play),
		row(6, t.goOn, t.branch, t.compare),
		row(4, t.parent, t.children))
	t.parent.Hide()
	t.children.Hide()
	return t
}

// transportLayout puts the first object left, the second right and the third between
// them, where there is room for it.
type transportLayout struct{}

// MinSize is that of the first two.
func (transportLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	left, right := wholeMinSize(objects[0]), wholeMinSize(objects[1])
	return fyne.NewSize(left.Width+6+right.Width, max(left.Height, right.Height))
}

// Layout centres the third in what is left.
func (transportLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left, right, mid := wholeMinSize(objects[0]), wholeMinSize(objects[1]), wholeMinSize(objects[2])
	objects[0].Resize(fyne.NewSize(left.Width, size.Height))
	objects[1].Move(fyne.NewPos(size.Width-right.Width, 0))
	objects[1].Resize(fyne.NewSize(right.Width, size.Height))
	room := size.Width - left.Width - right.Width
	objects[2].Resize(mid)
	objects[2].Move(fyne.NewPos(left.Width+half(room-mid.Width), half(size.Height-mid.Height)))
	if mid.Width <= room {
		objects[2].Show()
	} else {
		objects[2].Hide()
	}
}

// connectTransport tells the buttons what to do.
func (s *Studio) connectTransport() {
	t := s.transport
	t.OnPause, t.OnOnce, t.OnPlay = s.pauseOrGoOn, s.oneStep, s.play
	t.OnGoOn, t.OnBranch, t.OnCompare = s.continueHere, s.branchHere, s.toggleCompare
	t.OnParent, t.OnChild = s.toParent, s.toChild
}

// showTransport brings the buttons in line with the take on show.
func (s *Studio) showTransport() {
	t, b := s.shown, s.transport
	resumable := t != nil && t.resumable() && s.options.Timeline != nil // then it is not in work
	working := len(s.working) > 0 && s.options.Timeline != nil
	label, icon := "Pause", theme.MediaPauseIcon()
	if resumable {
		label, icon = "Resume", theme.MediaPlayIcon()
	}
	if b.pause.Text != label {
		b.pause.Icon = icon
		b.pause.SetText(label)
	}
	enable(b.pause, resumable || working)
	enable(b.once, resumable || working)

	icon = theme.MediaReplayIcon()
	if s.player.playing {
		icon = theme.MediaStopIcon()
	}
	if b.play.Icon.Name() != icon.Name() {
		b.play.SetIcon(icon)
	}
	enable(b.play, t != nil && t.steps() > 1)
	kept := t != nil && s.options.Timeline != nil && s.step >= 0 && s.step < len(t.marks)
	enable(b.goOn, kept && !(s.isWorking(t) && s.step == len(t.marks)-1))
	// After the last step there is nothing left to change.
	enable(b.branch, kept && !(t.kind == engine.Finished && s.step == len(t.marks)-1))
	enable(b.compare, t != nil && t.steps() > 0)
	importance := widget.MediumImportance
	if s.compared.with != nil {
		importance = widget.HighImportance
	}
	if b.compare.Importance != importance {
		b.compare.Importance = importance
		b.compare.Refresh()
	}

	parent, children := "", ""
	if t != nil && t.parentRun != "" && t.inherited > 0 {
		parent = fmt.Sprintf("↑ branched after step %d", t.marks[t.inherited-1].step)
	}
	if t != nil && t.run != "" {
		switch n := len(s.tree.children(t.run)); n {
		case 0:
		case 1:
			children = "↓ a branch"
		default:
			children = fmt.Sprintf("↓ %d branches", n)
		}
	}
	if b.parent.text.Text == parent && b.children.text.Text == children {
		return
	}
	b.parent.SetLabel(parent)
	b.children.SetLabel(children)
	b.parent.Hidden, b.children.Hidden = parent == "", children == ""
	b.object.Refresh()
}

// enable makes a button work, or not.
func enable(b *button, can bool) {
	if can == !b.Disabled() {
		return
	}
	if can {
		b.Enable()
	} else {
		b.Disable()
	}
}

// stepMenu offers at a frame of the strip what can be made of its step.
func (s *Studio) stepMenu(step int, at fyne.Position) {
	s.player.stop()
	s.look(step)
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("",
		fyne.NewMenuItem("Continue from here", s.continueHere),
		fyne.NewMenuItem("Branch from here", s.branchHere),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Compare", s.toggleCompare),
		fyne.NewMenuItem("Save this step as…", s.saveAs),
		fyne.NewMenuItem("Export the timeline…", s.exportTimeline),
	), s.window.Canvas(), at)
}
