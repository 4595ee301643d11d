package ui

import (
	"errors"
	"slices"

	"darkroom/engine"
)

// errNoSteps says that there is nothing to go on from.
var errNoSteps = errors.New("only the picture is kept, not its steps: " + shortcutLabel(keyUse) + " and " +
	shortcutLabel(keyGenerate) + " develop it again")

// isWorking reports whether the engine has the take.
func (s *Studio) isWorking(t *take) bool { return slices.Contains(s.working, t) }

// pauseOrGoOn pauses the take on show, or lets it go on; when it is done, it pauses
// the one in work, or goes on with what was left before the program began.
func (s *Studio) pauseOrGoOn() {
	switch t := s.shown; {
	case t != nil && t.going: // it has just been asked to
	case t != nil && s.isWorking(t):
		s.pause(t)
	case t != nil && t.resumable():
		s.goOn(t, false)
	case len(s.working) > 0:
		s.pause(s.working[0])
	case s.left != "":
		s.resumeLeft()
	}
}

// pause ends a take's job after the step at hand.
func (s *Studio) pause(t *take) {
	if s.options.Timeline == nil || t.run == "" && t.kind != engine.Queued {
		s.notice.Fail(errors.New("this picture can't be paused, because its steps can't be kept"))
		return
	}
	t.pausing = true
	t.job.Pause()
	s.report()
}

// oneStep makes the next step of a paused take, and pauses a take in work.
func (s *Studio) oneStep() {
	switch t := s.shown; {
	case t != nil && t.resumable():
		s.goOn(t, true)
	case t != nil && t.once && s.isWorking(t): // the key is held: one after the other
	case len(s.working) > 0:
		s.pauseOrGoOn()
	}
}

// goOn lets a take go on after its last step, to its end or for one step.
func (s *Studio) goOn(t *take, once bool) {
	from := t.from // what was asked for last, if nothing was done since
	from.Branch = from.Branch && t.run == ""
	begin := func() {
		t.cut(from.Step)
		until := 0
		if once {
			until = from.Step + 1
		}
		s.start(t, from, until)
		s.show(t)
		s.report()
	}
	if len(t.marks) == t.inherited || t.run == "" {
		if t.run != "" {
			from.Run = t.run
		}
		begin()
		return
	}
	t.going = true
	last := t.marks[len(t.marks)-1]
	s.moment(last, func(m engine.Moment, step int, err error) {
		t.going = false
		if err != nil {
			s.notice.Fail(err)
			return
		}
		from = engine.Origin{Moment: m, Run: last.run, Step: step}
		begin()
	})
	s.report()
}

// continueHere goes on from the step on show with the settings it was made with.
// When steps came after it, they stay, and the picture becomes another take: the
// same one, if the machine is right.
func (s *Studio) continueHere() {
	t := s.shown
	switch {
	case t == nil:
		s.notice.Fail(errNothing)
	case s.step < 0 || s.step >= len(t.marks):
		s.notice.Fail(errNoSteps)
	case s.step == len(t.marks)-1 && s.isWorking(t): // it does already
	case s.step == len(t.marks)-1 && t.resumable():
		s.goOn(t, false)
	default:
		s.branch(t, s.step, t.request)
	}
}

// branchHere goes on from the step on show with what the panel asks for. When that
// is what the step was made with, it takes another seed, unless that is kept.
func (s *Studio) branchHere() {
	t := s.shown
	switch {
	case t == nil:
		s.notice.Fail(errNothing)
		return
	case s.step < 0 || s.step >= len(t.marks):
		s.notice.Fail(errNoSteps)
		return
	}
	r, err := s.prompt.Request()
	if err == nil {
		r, err = s.settings.decided(r)
	}
	if err != nil {
		s.notice.Fail(err)
		return
	}
	if r.Width == 0 && r.Height == 0 { // the model's own: the step has the picture's size
		r.Width, r.Height = t.request.Width, t.request.Height
	}
	if recipeKey(r) == recipeKey(t.request) {
		if s.prompt.seed.keep.Checked {
			s.notice.Tell("a branch is another turn: change the prompt, a setting or the seed first, or leave the seed free", "", nil)
			return
		}
		r.Seed = freshSeed()
		s.prompt.seed.Set(r.Seed)
	}
	s.remember()
	s.branch(t, s.step, r)
}

// branch draws a request from a look of a take.
func (s *Studio) branch(t *take, look int, r engine.Request) {
	at, n := t.marks[look], look+1
	b := &take{
		request: r, previews: t.previews[:n:n], thumbs: t.thumbs[:n:n], marks: t.marks[:n:n],
		inherited: n, parent: t, parentRun: at.run, done: at.step,
	}
	if look < t.inherited {
		b.parent = t.parent
	}
	s.moment(at, func(m engine.Moment, step int, err error) {
		if err == nil && step != at.step {
			err = errNoSteps
		}
		if err != nil {
			s.notice.Fail(err)
			return
		}
		s.start(b, engine.Origin{Moment: m, Run: at.run, Step: at.step, Branch: true}, 0)
	})
}

// moment reads what there was after a step, or after the last one kept before it,
// off Fyne's goroutine.
func (s *Studio) moment(at mark, done func(m engine.Moment, step int, err error)) {
	store := s.options.Timeline
	if store == nil || at.run == "" {
		done(nil, 0, errors.New("the steps of this picture aren't kept; there is nothing to go on from"))
		return
	}
	go func() {
		step := at.step
		var m engine.Moment
		run, err := store.Get(at.run)
		if err == nil {
			step = min(step, run.Steps)
			kept, failed := store.Moment(run, step)
			m, err = kept.State, failed
		}
		s.do(func() { done(m, step, err) })
	}()
}
