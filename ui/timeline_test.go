package ui

import (
	"bytes"
	"image"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/engine/timeline"
)

// paused draws a picture of so many steps and pauses it after some of them.
func (r *room) paused(done, steps int) *take {
	r.t.Helper()
	r.painter.hold()
	r.prompt.steps.Set(float64(steps))
	r.generate()
	for range done - 1 {
		r.painter.step()
	}
	r.until("it develops", func() bool { return r.shown != nil && r.shown.kind == engine.Step && r.shown.done == done-1 })
	r.window.Canvas().Unfocus()
	r.press(fyne.KeySpace)
	r.painter.step()
	r.until("it is paused", func() bool { return r.shown.kind == engine.Paused })
	return r.shown
}

func TestPauseAndGoOn(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	p := r.paused(3, 6)
	if want := "paused after step 3 of 6"; r.progress.state.Text != want {
		t.Errorf("progress is %q, want %q", r.progress.state.Text, want)
	}
	if r.transport.pause.Text != "Resume" || r.transport.once.Disabled() {
		t.Errorf("the button says %q", r.transport.pause.Text)
	}
	looks := p.previews
	r.painter.finish()
	r.press(fyne.KeyPeriod)
	r.until("one step is done", func() bool { return p.kind == engine.Paused && p.done == 4 })
	r.press(fyne.KeySpace)
	r.until("it is finished", func() bool { return p.picture != nil })
	if r.shown != p || len(p.previews) != 6 || p.previews[2] != looks[2] || r.strip.total != 6 || len(r.strip.thumbs) != 6 {
		t.Errorf("it went on as another take, or with other frames: %d looks, %d frames", len(p.previews), r.strip.total)
	}
	if want := "6 steps, the last 2 in "; !strings.HasPrefix(r.progress.state.Text, want) {
		t.Errorf("progress is %q, want it to begin with %q", r.progress.state.Text, want)
	}
	if runs, err := r.store.List(); err != nil || len(runs) != 1 || runs[0].Steps != 6 || runs[0].End == nil {
		t.Errorf("the timeline has %+v, %v; want one whole run", runs, err)
	}
}

func TestSpaceIsTyped(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.painter.hold()
	r.prompt.steps.Set(3)
	r.generate()
	r.painter.step()
	r.until("a step is there", func() bool { return r.shown != nil })
	r.window.Canvas().Focus(r.prompt.prompt)
	r.press(fyne.KeySpace)
	r.press(fyne.KeyPeriod)
	if r.shown.pausing {
		t.Error("a space in the prompt pauses the picture")
	}
}

func TestCancelledGoesOn(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.painter.hold()
	r.prompt.steps.Set(4)
	r.generate()
	r.painter.step()
	r.until("a step is there", func() bool { return r.shown != nil })
	r.press(fyne.KeyEscape)
	r.until("it is cancelled", func() bool { return len(r.working) == 0 })
	r.painter.finish()
	r.pauseOrGoOn()
	r.until("it is finished", func() bool { return r.shown.picture != nil })
	if len(r.shown.previews) != 4 {
		t.Errorf("it has %d steps, want 4", len(r.shown.previews))
	}
}

func TestBranch(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.prompt.steps.Set(6)
	r.prompt.prompt.SetText("a cat")
	parent := r.draw()
	if !r.transport.branch.Disabled() {
		t.Error("after the last step a branch is offered")
	}
	r.look(2)
	if r.transport.branch.Disabled() {
		t.Error("before it no branch is offered")
	}
	r.prompt.prompt.SetText("a dog")
	r.branchHere()
	r.until("the branch is finished", func() bool { return r.shown != parent && r.shown.picture != nil })
	b := r.shown
	if b.request.Prompt != "a dog" || b.inherited != 3 || len(b.previews) != 6 || b.previews[2] != parent.previews[2] || b.previews[3] == parent.previews[3] {
		t.Fatalf("the branch has %d steps, %d of its parent's, for %q", len(b.previews), b.inherited, b.request.Prompt)
	}
	if b.kept.Parent != parent.kept.ID || b.kept.Step != 3 || b.kept.How != gallery.Branch {
		t.Errorf("it is kept as %+v, want a branch of %s after step 3", b.kept.Lineage, parent.kept.ID)
	}
	if r.strip.inherited != 3 || r.transport.parent.text.Text != "↑ branched after step 3" {
		t.Errorf("the strip dims %d frames, the link says %q", r.strip.inherited, r.transport.parent.text.Text)
	}

	r.toParent()
	if r.shown != parent || r.step != 2 || !r.strip.forks[2] || r.transport.children.text.Text != "↓ a branch" {
		t.Errorf("the parent is shown at step %d, forks %v, link %q", r.step, r.strip.forks, r.transport.children.text.Text)
	}
	r.toChild()
	if r.shown != b {
		t.Error("the way down leads elsewhere")
	}
	r.draw()
	r.beside(-1)
	if r.shown != parent {
		t.Error("the way to the one before leads elsewhere")
	}

	r.look(1)
	r.continueHere()
	r.until("the same picture is finished again", func() bool { return r.shown != parent && r.shown.picture != nil })
	if !bytes.Equal(r.shown.picture.Pix, parent.picture.Pix) || r.shown.inherited != 2 {
		t.Error("with the same settings another picture came out")
	}
}

func TestBranchOfNothingNewTakesAnotherSeed(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.prompt.steps.Set(3)
	first := r.draw()
	r.look(0)
	r.branchHere()
	r.until("the branch is finished", func() bool { return r.shown != first && r.shown.picture != nil })
	if r.shown.request.Seed == first.request.Seed {
		t.Error("the branch is the same picture again")
	}
	r.prompt.seed.keep.SetChecked(true)
	r.look(0)
	r.branchHere()
	if !strings.Contains(r.notice.Text(), "another turn") || len(r.working) > 0 {
		t.Errorf("with the seed kept the window says %q", r.notice.Text())
	}
}

func TestWhatWasLeftIsOffered(t *testing.T) {
	folder := t.TempDir()
	r := newRoom(t, nil, folder)
	whole := func() *image.RGBA { r.prompt.steps.Set(5); return r.draw().picture }()
	r.prompt.seed.keep.SetChecked(true)
	left := r.paused(2, 5).run
	r.shut()

	again := newRoom(t, r.app, folder)
	again.until("it is offered", func() bool { return again.notice.Text() != "" })
	if want := "A picture was left after step 2 of 5."; again.notice.Text() != want {
		t.Fatalf("the window says %q, want %q", again.notice.Text(), want)
	}
	test.Tap(again.notice.action)
	again.until("it is finished", func() bool {
		return again.shown != nil && again.shown.run == left && again.shown.picture != nil && len(again.working) == 0
	})
	if !bytes.Equal(again.shown.picture.Pix, whole.Pix) || len(again.shown.previews) != 5 {
		t.Error("it went on to another picture")
	}
	again.shut()

	third := newRoom(t, r.app, folder)
	third.until("the newest picture is there with its steps", func() bool { return third.shown != nil && len(third.shown.previews) == 5 })
	if third.notice.Text() != "" || third.shown.picture == nil || third.strip.total != 5 {
		t.Errorf("after all is done the window says %q and shows %d frames", third.notice.Text(), third.strip.total)
	}
}

func TestWarningsAreSaidInPlace(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	if err := os.RemoveAll(r.store.Dir()); err != nil {
		t.Fatal(err)
	}
	r.prompt.steps.Set(2)
	r.draw()
	if !strings.Contains(r.notice.Text(), "steps can't be gone back to later") {
		t.Errorf("the window says %q", r.notice.Text())
	}
	r.look(0)
	r.continueHere()
	if !strings.Contains(r.notice.Text(), "aren't kept") {
		t.Errorf("then the window says %q", r.notice.Text())
	}
}

func TestScrubbing(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.prompt.steps.Set(8)
	r.draw()
	r.window.Resize(fyne.NewSize(1280, 800))
	drag := func(x float32) {
		r.strip.scrub.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, 20)}})
	}
	drag(3.5 * framePitch)
	if r.step != 3 {
		t.Errorf("dragged to the fourth frame the step is %d", r.step)
	}
	drag(-50)
	if r.step != 0 {
		t.Errorf("dragged beyond the beginning the step is %d", r.step)
	}
	wheel := func(dy float32) { r.strip.scrub.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, dy)}) }
	wheel(-notch)
	wheel(-notch / 2)
	wheel(-notch / 2)
	if r.step != 2 {
		t.Errorf("two notches down lead to step %d, want 2", r.step)
	}
	wheel(notch)
	if r.step != 1 || r.live {
		t.Errorf("one up leads to step %d, want 1", r.step)
	}
	drag(10000)
	if !r.live {
		t.Error("at the end the newest is not followed again")
	}
}

func TestPlayBack(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.prompt.steps.Set(4)
	r.draw()
	r.window.Canvas().Unfocus()
	r.press(fyne.KeyP)
	if r.step != 0 || !r.player.playing {
		t.Fatalf("playing begins at step %d", r.step)
	}
	seen := map[int]bool{}
	r.until("all is played", func() bool { seen[r.step] = true; return !r.player.playing })
	if len(seen) != 4 || !r.live || r.picture.source != r.shown.picture {
		t.Errorf("it showed %d steps and ended at %d", len(seen), r.step)
	}
	r.play()
	r.press(fyne.KeyLeft)
	if r.player.playing {
		t.Error("it plays on while a person looks elsewhere")
	}
}

func TestExport(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.prompt.steps.Set(4)
	r.draw()
	for _, name := range []string{"a.gif", "b.png", "c"} {
		path := filepath.Join(t.TempDir(), name)
		r.exportTimeline()
		r.ask.path.SetText(path)
		r.ask.submit()
		r.until(name+" is written", func() bool { return strings.HasPrefix(r.notice.Text(), "4 steps are in ") })
		r.notice.Clear()
		if filepath.Ext(path) == "" {
			path += ".gif"
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(path) == ".png" {
			if m, err := png.Decode(bytes.NewReader(file)); err != nil || m.Bounds().Size() != image.Pt(4*16+3*4, 16) {
				t.Errorf("the strip is %v, %v", m.Bounds(), err)
			}
			continue
		}
		g, err := gif.DecodeAll(bytes.NewReader(file))
		if err != nil || len(g.Image) != 4 || g.Delay[3] != gifRest {
			t.Fatalf("the animation has %d frames, %v", len(g.Image), err)
		}
		last := image.NewRGBA(g.Image[3].Rect)
		for y := range 16 {
			for x := range 16 {
				last.Set(x, y, g.Image[3].At(x, y))
			}
		}
		if !bytes.Equal(last.Pix, r.shown.picture.Pix) { // 16 colours: no palette has to give way
			t.Error("its last frame is not the picture")
		}
	}
}

func TestColoursFollowThePicture(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := 0; i < len(m.Pix); i += 4 {
		m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = uint8(i/64), uint8(i/4%64), 7, 255
	}
	p := colours(m, 256)
	if len(p) != 256 {
		t.Fatalf("%d colours", len(p))
	}
	worst := 0
	for i := 0; i < len(m.Pix); i += 4 {
		c := m.RGBAAt(i/4%64, i/4/64)
		r, g, _, _ := p[p.Index(c)].RGBA()
		worst = max(worst, abs(int(r>>8)-int(c.R)), abs(int(g>>8)-int(c.G)))
	}
	if worst > 16 {
		t.Errorf("a colour is off by %d", worst)
	}
	if p := colours(image.NewRGBA(image.Rect(0, 0, 3, 3)), 256); len(p) != 1 {
		t.Errorf("one colour gives %d", len(p))
	}
}

func abs(x int) int { return max(x, -x) }

func TestCompare(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	r.prompt.steps.Set(3)
	first := r.draw()
	r.toggleCompare()
	second := r.draw()
	if !r.compared.object.Visible() || r.compared.view.source != first.picture || r.picture.source != second.picture {
		t.Fatal("the two are not side by side")
	}
	r.look(1)
	if r.compared.view.source != first.previews[1] {
		t.Error("the other is not in step")
	}
	r.strip.KeyDown(&fyne.KeyEvent{Name: fyne.KeyC})
	if r.picture.source != first.previews[1] {
		t.Error("holding C does not show the other")
	}
	r.strip.KeyUp(&fyne.KeyEvent{Name: fyne.KeyC})
	if r.picture.source != second.previews[1] {
		t.Error("the picture does not come back")
	}
	r.toggleCompare()
	if r.compared.object.Visible() {
		t.Error("the comparison stays")
	}
}

func TestTreeOfRuns(t *testing.T) {
	run := func(id, parent string) timeline.Run {
		return timeline.Run{ID: id, Info: timeline.Info{Parent: parent}}
	}
	var tr tree
	tr.set([]timeline.Run{run("d", "a"), run("c", ""), run("b", "a"), run("a", "gone")})
	for _, tt := range []struct{ got, want string }{
		{tr.parent("b"), "a"},
		{tr.parent("a"), ""},
		{tr.parent("c"), ""},
		{tr.parent("x"), ""},
		{tr.beside("b", 1), "d"},
		{tr.beside("b", -1), ""},
		{tr.beside("d", -1), "b"},
		{tr.beside("", -1), "c"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
	if kids := tr.children("a"); len(kids) != 2 || kids[0].run != "b" {
		t.Errorf("the branches of a are %v", kids)
	}
}

// Samplers that choose their steps look at some twice; a run goes on after the first.
func TestGoingOnDropsWhatComesAgain(t *testing.T) {
	a, b := func(step int) mark { return mark{"a", step} }, func(step int) mark { return mark{"b", step} }
	marks := []mark{a(1), a(2), a(2), b(3), b(3), b(4)}
	for step, want := range map[int]int{2: 3, 3: 4, 4: 6} {
		k := &take{marks: marks, previews: make([]*image.RGBA, 6), thumbs: make([]*image.RGBA, 6), inherited: 3}
		if k.cut(step); len(k.marks) != want || len(k.previews) != want || len(k.thumbs) != want || k.done != step {
			t.Errorf("after step %d there are %d looks, want %d", step, len(k.marks), want)
		}
	}
}
