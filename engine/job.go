package engine

import (
	"context"
	"errors"
	"image"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Job is one request on its way through the engine. It gathers its events
// until someone waits for them, so that the engine waits for nobody. Its
// methods may be called from any goroutine.
type Job struct {
	ID      int64   // 1, 2, … in the order of Submit
	Request Request // as submitted

	engine *Engine
	ctx    context.Context
	cancel context.CancelCauseFunc
	from   Origin
	until  int         // see SubmitFrom
	asked  atomic.Bool // to pause

	// of the engine's goroutine alone
	started time.Time
	run     string
	warning error

	mu      sync.Mutex
	pending []Event
	ready   chan struct{} // holds a token when events may be pending; closed after the final one
	final   bool
	frames  []*image.RGBA
}

func newJob(e *Engine, id int64, r Request) *Job {
	j := &Job{ID: id, Request: r, engine: e, ready: make(chan struct{}, 1)}
	j.ctx, j.cancel = context.WithCancelCause(e.ctx)
	return j
}

// Cancel ends the job: at once when it is still queued, within one layer of the
// network when it is being drawn. After the end it does nothing.
func (j *Job) Cancel() {
	j.cancel(nil)
	if j.engine.withdraw(j) {
		j.emit(Event{Kind: Cancelled, Request: j.Request})
	}
}

// Pause ends the job after the step at hand, so that it can be gone on with from
// there, or at once when it is still queued. After the end it does nothing.
func (j *Job) Pause() {
	j.asked.Store(true)
	if j.engine.withdraw(j) {
		j.emit(Event{Kind: Paused, Request: j.Request})
	}
}

// errPaused is why the context of a job ends that pauses.
var errPaused = errors.New("paused")

// warn remembers the first thing that went wrong beside the picture.
func (j *Job) warn(err error) {
	if j.warning == nil {
		j.warning = err
	}
}

// Wait returns every event since the last call, in order, and blocks until
// there is at least one. Someone slow finds many at once and may show only the
// latest. After the final event it returns io.EOF; when ctx ends first, ctx's
// error.
func (j *Job) Wait(ctx context.Context) ([]Event, error) {
	for {
		j.mu.Lock()
		events, final := j.pending, j.final
		j.pending = nil
		j.mu.Unlock()
		switch {
		case len(events) > 0:
			return events, nil
		case final:
			return nil, io.EOF
		}
		select {
		case <-j.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Frames returns the preview of every step so far, in order.
func (j *Job) Frames() []*image.RGBA {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.frames)
}

// emit adds an event, unless the job has ended.
func (j *Job) emit(ev Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.final {
		return
	}
	ev.Job = j.ID
	j.pending = append(j.pending, ev)
	if ev.Preview != nil {
		j.frames = append(j.frames, ev.Preview)
	}
	if ev.Kind.Final() {
		j.final = true
		close(j.ready)
		return
	}
	select {
	case j.ready <- struct{}{}:
	default:
	}
}

// elapsed is the time since Started; 0 before.
func (j *Job) elapsed() time.Duration {
	if j.started.IsZero() {
		return 0
	}
	return time.Since(j.started)
}
