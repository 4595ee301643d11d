package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"gorgonia.org/tensor"
)

// Version is written into saved pictures, so that a later version knows by
// which rules they were made.
const Version = "0.1.0"

// ErrClosed says that a request came after the end of its engine.
var ErrClosed = errors.New("the engine is closed")

// Painter turns requests into pictures, one at a time; pipeline.Pipeline is the
// one the program uses.
type Painter interface {
	// Resolve fills in what the request leaves to the model (its size) and
	// checks what only the painter knows, before anything is computed.
	Resolve(Request) (Request, error)
	// Paint draws a resolved request, from noise or from a moment of a run, of the
	// same request or of another, and calls step after each step. It returns soon
	// after ctx has ended, with ctx's error.
	Paint(ctx context.Context, r Request, from Moment, step func(Progress)) (Result, error)
}

// Progress is one step done. The painter does not write to it again.
type Progress struct {
	Step    int           // steps done so far, from 1
	Steps   int           // that there will be in the end
	Level   float64       // the noise level σ that is left
	Latent  *tensor.Dense // [1,h,w,c] the denoised estimate
	Preview *image.RGBA   // that estimate as a picture
	// Moment writes down all that going on from here needs.
	Moment func() (Moment, error)
}

// Result is a finished picture.
type Result struct {
	Picture *image.RGBA
	Stages  Stages
	Notes   []string // what of the request had no effect, and why
}

// Engine draws the jobs of one queue, one after the other, on a goroutine of
// its own. Its methods may be called from any goroutine.
type Engine struct {
	load   func(ctx context.Context, model, precision string) (Painter, error)
	record Recorder
	ctx    context.Context // ends with Close
	stop   context.CancelFunc
	done   chan struct{} // closed when the goroutine has ended

	mu     sync.Mutex
	queue  []*Job
	filled chan struct{} // holds a token when the queue may have become longer
	last   int64         // ID of the newest job

	// Of the goroutine alone: the painter of the last job, kept while the model
	// and the precision stay the same.
	painter          Painter
	model, precision string
}

// New starts an engine. It calls load, on its own goroutine, when a job names
// another model or precision than the job before, with a precision's name. The
// recorder, which may be nil, is told of every run.
func New(load func(ctx context.Context, model, precision string) (Painter, error), record Recorder) *Engine {
	if record == nil {
		record = none{}
	}
	e := &Engine{load: load, record: record, done: make(chan struct{}), filled: make(chan struct{}, 1)}
	e.ctx, e.stop = context.WithCancel(context.Background())
	go e.work()
	return e
}

// Submit puts a request at the end of the queue and returns at once. The error
// says what is wrong with the request (ErrInvalid), or is ErrClosed.
func (e *Engine) Submit(r Request) (*Job, error) { return e.SubmitFrom(r, Origin{}, 0) }

// SubmitFrom is Submit of a run that goes on from somewhere. With until, which is
// not 0, it pauses after so many steps in all.
func (e *Engine) SubmitFrom(r Request, from Origin, until int) (*Job, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ctx.Err() != nil {
		return nil, ErrClosed
	}
	e.last++
	j := newJob(e, e.last, r)
	j.from, j.until = from, until
	j.emit(Event{Kind: Queued, Request: r})
	e.queue = append(e.queue, j)
	select {
	case e.filled <- struct{}{}:
	default:
	}
	return j, nil
}

// Close cancels every job and waits until the one in work has ended.
func (e *Engine) Close() {
	e.mu.Lock()
	e.stop()
	waiting := e.queue
	e.queue = nil
	e.mu.Unlock()
	for _, j := range waiting {
		j.emit(Event{Kind: Cancelled, Request: j.Request})
	}
	<-e.done
}

// withdraw takes a job out of the queue; false when it is not there any more.
func (e *Engine) withdraw(j *Job) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.Index(e.queue, j)
	if i < 0 {
		return false
	}
	e.queue = slices.Delete(e.queue, i, i+1)
	return true
}

// work draws one job after the other until Close.
func (e *Engine) work() {
	defer close(e.done)
	for {
		if j := e.next(); j != nil {
			e.draw(j)
			continue
		}
		select {
		case <-e.filled:
		case <-e.ctx.Done():
			return
		}
	}
}

// next takes the first job of the queue; nil when it is empty.
func (e *Engine) next() *Job {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 {
		return nil
	}
	j := e.queue[0]
	e.queue = slices.Delete(e.queue, 0, 1)
	return j
}

// draw carries one job from its start to its end.
func (e *Engine) draw(j *Job) {
	defer j.cancel(nil) // frees what the context holds
	ev := Event{Request: j.Request}
	result, err := e.paint(j, &ev)
	switch {
	case err == nil:
		ev.Kind, ev.Picture, ev.Stages, ev.Notes = Finished, result.Picture, result.Stages, result.Notes
	case j.ctx.Err() != nil: // whatever the painter says, it was told to stop
		ev.Kind = Cancelled
		if context.Cause(j.ctx) == errPaused {
			ev.Kind = Paused
		}
	default:
		ev.Kind, ev.Err = Failed, err
	}
	if !j.started.IsZero() {
		j.warn(e.record.Ended(ev.Kind))
	}
	ev.Run, ev.Warning = j.run, j.warning
	ev.Elapsed = j.elapsed()
	j.emit(ev)
}

// paint loads the model, resolves the request into ev and draws it. A panic on
// the way becomes an error and costs the painter, which may have been left in
// any state.
func (e *Engine) paint(j *Job, ev *Event) (result Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			e.painter = nil
			slog.Error("a fault in the engine", "job", j.ID, "fault", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("the picture can't be finished because of a fault in Darkroom (%v): other pictures can go on; "+
				"please report this with the prompt and the settings", p)
		}
	}()
	if err := j.ctx.Err(); err != nil { // cancelled while it was taken from the queue
		return Result{}, err
	}
	if err := e.prepare(j); err != nil {
		return Result{}, err
	}
	r, err := e.painter.Resolve(j.Request)
	if err != nil {
		return Result{}, err
	}
	if err := j.ctx.Err(); err != nil {
		return Result{}, err
	}
	ev.Request = r
	j.started = time.Now()
	j.run, err = e.record.Started(r, j.from)
	j.warn(err)
	j.emit(Event{Kind: Started, Request: r, Run: j.run, Step: j.from.Step, Warning: j.warning})
	return e.painter.Paint(j.ctx, r, j.from.Moment, func(p Progress) {
		if j.run != "" {
			j.warn(e.record.Step(p))
		}
		elapsed := j.elapsed()
		var left time.Duration
		if done := p.Step - j.from.Step; done > 0 {
			left = elapsed / time.Duration(done) * time.Duration(max(0, p.Steps-p.Step))
		}
		j.emit(Event{
			Kind: Step, Request: r, Run: j.run, Step: p.Step, Steps: p.Steps, Level: p.Level, Latent: p.Latent, Preview: p.Preview,
			Elapsed: elapsed, Left: left, Warning: j.warning,
		})
		if j.asked.Load() || p.Step == j.until {
			j.cancel(errPaused)
		}
	})
}

// prepare makes e.painter the one of the job's model and precision. The last one
// goes first: two may not fit into memory.
func (e *Engine) prepare(j *Job) error {
	model, precision := j.Request.Model, cmp.Or(j.Request.Precision, Float32)
	if e.painter != nil && e.model == model && e.precision == precision {
		return nil
	}
	e.painter = nil
	p, err := e.load(j.ctx, model, precision)
	if err != nil {
		return err
	}
	e.painter, e.model, e.precision = p, model, precision
	return nil
}
