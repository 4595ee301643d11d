package ui

import (
	"errors"
	"fmt"
	"slices"

	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/engine/timeline"
)

// loadTimeline reads which runs there are, which takes a while where there are many,
// and offers to go on with those that were left.
func (s *Studio) loadTimeline() {
	store := s.options.Timeline
	if store == nil {
		return
	}
	go func() {
		runs, err := store.List()
		s.do(func() {
			left := slices.DeleteFunc(slices.Clone(runs), func(r timeline.Run) bool {
				return r.End != nil || r.Steps == r.ParentStep || s.tree.index(r.ID) >= 0 // begun meanwhile
			})
			s.tree.set(runs)
			if err != nil {
				s.notice.Fail(fmt.Errorf("some timelines can't be read: %w", err))
			}
			s.offer(left)
			if t := s.shown; s.asked == 1 && t != nil && t.still() && s.tree.of(t.kept) != "" {
				s.open(t.kept) // the newest picture, now with its steps
			}
		})
	}()
}

// offer offers to go on with the newest of the runs that were left, paused or cut
// short by whatever ended the program.
func (s *Studio) offer(left []timeline.Run) {
	if len(left) == 0 {
		return
	}
	r := left[0]
	words := fmt.Sprintf("a picture was left after step %d", r.Steps)
	if len(left) > 1 {
		words = fmt.Sprintf("%d pictures were left unfinished, the last after step %d", len(left), r.Steps)
	}
	if r.Parent == "" { // how many a branch has shows when it goes on
		words += fmt.Sprintf(" of %d", max(r.Steps, r.Request.Steps))
	}
	s.left = r.ID
	s.notice.Tell(words, "Resume   "+shortcutLabel(keyPause), s.resumeLeft)
}

// resumeLeft goes on with the run that was offered.
func (s *Studio) resumeLeft() {
	id := s.left
	s.left = ""
	s.notice.Clear()
	s.openRun(id, func(t *take) { s.goOn(t, false) })
}

// openRun puts a run on show and then does something with it, if then is not nil.
func (s *Studio) openRun(id string, then func(*take)) {
	wanted := s.asks()
	opened := func(t *take) {
		if !wanted() {
			return
		}
		s.show(t)
		s.report()
		if then != nil {
			then(t)
		}
	}
	if t := s.at(id); t != nil {
		opened(t)
		return
	}
	store, side := s.options.Timeline, s.thumbPixels(frameSide)
	i := s.tree.index(id)
	if store == nil || i < 0 {
		s.notice.Fail(errors.New("this timeline isn't there any more"))
		return
	}
	n := s.tree.nodes[i]
	go func() {
		t, err := readRun(store, id, side)
		if err == nil && t.kind == engine.Finished {
			if kept, found := s.madeBy(n, t.request); found {
				if picture, err := s.options.Gallery.Image(kept.ID); err == nil { // else its last step
					t.picture, t.kept = picture, kept
					t.thumbs[len(t.thumbs)-1] = thumbnail(picture, side)
				}
			}
		}
		s.do(func() {
			if err != nil {
				s.notice.Fail(err)
				return
			}
			t.parent = s.at(t.parentRun)
			opened(t)
		})
	}()
}

// at is the take of a run that is at hand, or nil.
func (s *Studio) at(run string) *take {
	if run == "" {
		return nil
	}
	is := func(t *take) bool { return t.run == run }
	if i := slices.IndexFunc(s.working, is); i >= 0 {
		return s.working[i]
	}
	return s.recent.find(is)
}

// readRun reads a run's steps, beginning with those it shares with the run it
// branched off. It is called off Fyne's goroutine.
func readRun(store *timeline.Store, id string, thumbPixels int) (*take, error) {
	run, err := store.Get(id)
	if err != nil {
		return nil, err
	}
	t := &take{request: run.Request, run: id, kind: engine.Paused, done: run.Steps, parentRun: run.Parent}
	if run.End != nil {
		t.kind = run.End.Kind
	}
	// Of the runs it came from, those that are still there.
	type part struct {
		timeline.Run
		last int // step
	}
	parts := []part{{run, run.Steps}}
	for r := run; r.Parent != "" && len(parts) < maxParts; {
		parent, err := store.Get(r.Parent)
		if err != nil {
			break
		}
		parts = append(parts, part{parent, min(r.ParentStep, parent.Steps)})
		r = parent
	}
	for i, p := range slices.Backward(parts) {
		for step := p.ParentStep + 1; step <= p.last; step++ {
			m, err := store.Moment(p.Run, step)
			if err != nil {
				return nil, err
			}
			if m.Preview == nil {
				continue
			}
			t.previews = append(t.previews, m.Preview)
			t.thumbs = append(t.thumbs, thumbnail(m.Preview, thumbPixels))
			t.marks = append(t.marks, mark{p.ID, step})
		}
		if i > 0 {
			t.inherited = len(t.marks)
		}
	}
	if len(t.marks) == t.inherited {
		return nil, errors.New("this timeline has no steps")
	}
	if t.inherited == 0 && run.Parent != "" {
		t.parentRun = "" // gone; what is there begins in its middle
	}
	return t, nil
}

// maxParts is more than anyone branches off branches.
const maxParts = 100

// madeBy is the kept picture that a run made of a request, false when there is none.
// It is called off Fyne's goroutine.
func (s *Studio) madeBy(n node, r engine.Request) (gallery.Picture, bool) {
	if s.options.Gallery == nil || !n.finished {
		return gallery.Picture{}, false
	}
	page, err := s.options.Gallery.Search(s.ctx, gallery.Query{Seed: &r.Seed, Sampler: r.Sampler, MinSteps: r.Steps, MaxSteps: r.Steps})
	if err != nil {
		return gallery.Picture{}, false
	}
	for _, p := range page.Pictures {
		if made(n, p) && recipeKey(p.Request) == n.recipe {
			return p, true
		}
	}
	return gallery.Picture{}, false
}

// toParent walks to the run that the one on show branched off, at its step.
func (s *Studio) toParent() {
	if t := s.shown; t != nil && t.parentRun != "" {
		look := t.inherited - 1
		s.openRun(t.parentRun, func(*take) { s.look(look) })
	}
}

// toChild walks to the first run that branched off the one on show.
func (s *Studio) toChild() {
	if t := s.shown; t != nil && t.run != "" {
		if kids := s.tree.children(t.run); len(kids) > 0 {
			s.openRun(kids[0].run, nil)
		}
	}
}

// beside walks to the run before or after the one on show, of the same parent.
func (s *Studio) beside(by int) {
	run := ""
	if s.shown != nil {
		run = s.shown.run
	}
	if other := s.tree.beside(run, by); other != "" {
		s.openRun(other, nil)
	}
}

// forks are the looks of a take at which others branched off.
func (s *Studio) forks(t *take) map[int]bool {
	kids := s.tree.children(t.run)
	if t.run == "" || len(kids) == 0 {
		return nil
	}
	looks := map[int]bool{}
	for i, m := range t.marks {
		if m.run == t.run && slices.ContainsFunc(kids, func(n node) bool { return n.step == m.step }) {
			looks[i] = true
		}
	}
	return looks
}
