package engine

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// easel is a painter that does as the test says; it draws nothing.
type easel struct {
	from  Moment
	paint func(ctx context.Context, r Request, step func(Progress)) error
}

func (e *easel) Resolve(r Request) (Request, error) {
	if r.Sampler == "none" {
		return r, errors.New("no sampler is called none")
	}
	if r.Width == 0 {
		r.Width, r.Height = 64, 64
	}
	return r, nil
}

func (e *easel) Paint(ctx context.Context, r Request, from Moment, step func(Progress)) (Result, error) {
	e.from = from
	if err := e.paint(ctx, r, step); err != nil {
		return Result{}, err
	}
	return Result{Picture: image.NewRGBA(image.Rect(0, 0, r.Width, r.Height)), Stages: Stages{Total: 1}}, nil
}

// steps takes every step at once.
func steps(_ context.Context, r Request, step func(Progress)) error {
	for i := range r.Steps {
		step(Progress{Step: i + 1, Steps: r.Steps, Preview: image.NewRGBA(image.Rect(0, 0, 1, i+1))})
	}
	return nil
}

// untilCancelled takes one step, tells started and waits for its end.
func untilCancelled(started chan<- int) func(context.Context, Request, func(Progress)) error {
	return func(ctx context.Context, _ Request, step func(Progress)) error {
		step(Progress{Step: 1})
		started <- 1
		<-ctx.Done()
		return fmt.Errorf("layer 7: %w", ctx.Err())
	}
}

func open(t *testing.T, paint func(context.Context, Request, func(Progress)) error) *Engine {
	t.Helper()
	e := New(func(context.Context, string, string) (Painter, error) { return &easel{paint: paint}, nil }, nil)
	t.Cleanup(e.Close)
	return e
}

func request(steps int) Request { return Request{Steps: steps, Model: DefaultModel} }

func submit(t *testing.T, e *Engine, r Request) *Job {
	t.Helper()
	j, err := e.Submit(r)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// all waits for every event of a job.
func all(t *testing.T, j *Job) []Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var events []Event
	for {
		got, err := j.Wait(ctx)
		if errors.Is(err, io.EOF) {
			return events
		}
		if err != nil {
			t.Fatalf("job %d after %v: %v", j.ID, kinds(events), err)
		}
		events = append(events, got...)
	}
}

func kinds(events []Event) []Kind {
	var k []Kind
	for _, e := range events {
		k = append(k, e.Kind)
	}
	return k
}

func wantKinds(t *testing.T, events []Event, want ...Kind) {
	t.Helper()
	if got := kinds(events); !slices.Equal(got, want) {
		t.Fatalf("events %v, want %v", got, want)
	}
}

func TestLifeOfAJob(t *testing.T) {
	e := open(t, func(ctx context.Context, r Request, step func(Progress)) error {
		time.Sleep(2 * time.Millisecond)
		return steps(ctx, r, step)
	})
	j := submit(t, e, request(3))
	events := all(t, j)
	wantKinds(t, events, Queued, Started, Step, Step, Step, Finished)
	for i, ev := range events {
		if ev.Job != j.ID {
			t.Errorf("%s: job %d, want %d", ev.Kind, ev.Job, j.ID)
		}
		if resolved := ev.Request.Width == 64; resolved != (i > 0) {
			t.Errorf("%s: width %d", ev.Kind, ev.Request.Width)
		}
	}
	for i, ev := range events[2:5] {
		if ev.Step != i+1 || ev.Preview.Rect.Dy() != i+1 {
			t.Errorf("step %d is told as %d", i+1, ev.Step)
		}
		if want := ev.Elapsed / time.Duration(ev.Step) * time.Duration(3-ev.Step); ev.Left != want || ev.Elapsed < 2*time.Millisecond {
			t.Errorf("step %d: %v elapsed, %v left, want %v", ev.Step, ev.Elapsed, ev.Left, want)
		}
	}
	if last := events[5]; last.Picture.Rect.Dx() != 64 || last.Stages.Total != 1 || last.Elapsed == 0 {
		t.Errorf("finished with %+v", last)
	}
	if f := j.Frames(); len(f) != 3 || f[2].Rect.Dy() != 3 {
		t.Errorf("%d frames", len(f))
	}
	if j.Request.Width != 0 {
		t.Error("the job's own request was changed")
	}
}

func TestSubmitRefuses(t *testing.T) {
	e := open(t, steps)
	if _, err := e.Submit(request(0)); !errors.Is(err, ErrInvalid) {
		t.Errorf("no steps: %v", err)
	}
	e.Close()
	if _, err := e.Submit(request(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestOneAfterTheOther(t *testing.T) {
	var running, drawn atomic.Int32
	e := open(t, func(ctx context.Context, r Request, step func(Progress)) error {
		if running.Add(1) != 1 {
			t.Error("two jobs at once")
		}
		defer running.Add(-1)
		if n := drawn.Add(1); int(n) != r.Steps {
			t.Errorf("job %d comes as number %d", r.Steps, n)
		}
		return steps(ctx, r, step)
	})
	var jobs []*Job
	for i := range 20 {
		jobs = append(jobs, submit(t, e, request(i+1)))
	}
	var wg sync.WaitGroup
	for i, j := range jobs {
		if j.ID != int64(i+1) {
			t.Errorf("job %d has ID %d", i+1, j.ID)
		}
		wg.Go(func() {
			if events := all(t, j); len(events) != i+1+3 {
				t.Errorf("job %d: %v", j.ID, kinds(events))
			}
		})
	}
	wg.Wait()
}

// Someone who comes late finds everything at once; the engine did not wait.
func TestSlowListener(t *testing.T) {
	e := open(t, steps)
	j := submit(t, e, request(50))
	all(t, submit(t, e, request(1)))
	events, err := j.Wait(t.Context())
	if err != nil || len(events) != 53 {
		t.Errorf("%d events, %v", len(events), err)
	}
	for range 2 {
		if events, err := j.Wait(t.Context()); events != nil || !errors.Is(err, io.EOF) {
			t.Errorf("after the last one: %v, %v", events, err)
		}
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	started := make(chan int, 1)
	e := open(t, untilCancelled(started))
	j := submit(t, e, request(2))
	<-started
	if _, err := j.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	if events, err := j.Wait(ctx); events != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", events, err)
	}
}

func TestCancel(t *testing.T) {
	started := make(chan int, 2)
	e := open(t, untilCancelled(started))
	first, second, third := submit(t, e, request(9)), submit(t, e, request(9)), submit(t, e, request(9))
	<-started

	second.Cancel() // in the queue: ends at once, while the first goes on
	wantKinds(t, all(t, second), Queued, Cancelled)

	first.Cancel()
	wantKinds(t, all(t, first), Queued, Started, Step, Cancelled)
	<-started // the third has its turn now
	third.Cancel()
	third.Cancel()
	wantKinds(t, all(t, third), Queued, Started, Step, Cancelled)
	if len(started) != 0 {
		t.Error("the job cancelled in the queue was started")
	}
}

func TestCloseCancelsAll(t *testing.T) {
	started := make(chan int, 2)
	e := open(t, untilCancelled(started))
	working, queued := submit(t, e, request(9)), submit(t, e, request(9))
	<-started
	e.Close()
	e.Close()
	wantKinds(t, all(t, working), Queued, Started, Step, Cancelled)
	wantKinds(t, all(t, queued), Queued, Cancelled)
}

// A picture that is done is not thrown away because the cancel came too late.
func TestCancelTooLate(t *testing.T) {
	var j *Job
	submitted := make(chan int)
	e := open(t, func(context.Context, Request, func(Progress)) error {
		<-submitted
		j.Cancel()
		return nil
	})
	j = submit(t, e, request(1))
	close(submitted)
	wantKinds(t, all(t, j), Queued, Started, Finished)
}

func TestFailures(t *testing.T) {
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.DiscardHandler))
	loads := 0
	e := New(func(_ context.Context, model, _ string) (Painter, error) {
		loads++
		if model == "missing" {
			return nil, errors.New("the model folder missing does not exist")
		}
		return &easel{paint: func(_ context.Context, r Request, _ func(Progress)) error {
			switch r.Prompt {
			case "panic":
				var none []int
				none[0] = 1
			case "error":
				return errors.New("out of paint")
			}
			return nil
		}}, nil
	}, nil)
	defer e.Close()
	for _, c := range []struct {
		name, prompt, sampler, model string
		kinds                        []Kind
		message                      string
		loads                        int
	}{
		{"the model is missing", "", "", "missing", []Kind{Queued, Failed}, "missing does not exist", 1},
		{"it is well", "", "", DefaultModel, []Kind{Queued, Started, Finished}, "", 2},
		{"the request can't be resolved", "", "none", DefaultModel, []Kind{Queued, Failed}, "no sampler", 2},
		{"the painter fails", "error", "", DefaultModel, []Kind{Queued, Started, Failed}, "out of paint", 2},
		{"the painter is kept", "", "", DefaultModel, []Kind{Queued, Started, Finished}, "", 2},
		{"the painter panics", "panic", "", DefaultModel, []Kind{Queued, Started, Failed}, "fault in Darkroom (runtime error: index out of range", 2},
		{"the painter is made anew", "", "", DefaultModel, []Kind{Queued, Started, Finished}, "", 3},
		{"another model", "", "", "other", []Kind{Queued, Started, Finished}, "", 4},
		{"and back", "", "", DefaultModel, []Kind{Queued, Started, Finished}, "", 5},
	} {
		events := all(t, submit(t, e, Request{Prompt: c.prompt, Sampler: c.sampler, Model: c.model, Steps: 1}))
		wantKinds(t, events, c.kinds...)
		err := events[len(events)-1].Err
		if (err != nil) != (c.message != "") || err != nil && !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.message)
		}
		if loads != c.loads { // read after the final event, written before it
			t.Errorf("%s: %d loads, want %d", c.name, loads, c.loads)
		}
	}
}

// A painter draws in the precision that was asked for, whoever had the engine
// before, and is loaded no more often than that takes.
func TestPrecisionIsLoaded(t *testing.T) {
	var loaded []string
	e := New(func(_ context.Context, _, precision string) (Painter, error) {
		loaded = append(loaded, precision)
		return &easel{paint: func(_ context.Context, r Request, _ func(Progress)) error {
			if last := loaded[len(loaded)-1]; r.Exact() != (last == Float32) {
				return fmt.Errorf("asked for %q, it draws in %s", r.Precision, last)
			}
			return nil
		}}, nil
	}, nil)
	defer e.Close()
	for _, precision := range []string{"", Float32, BFloat16, BFloat16, "", Float32} {
		r := request(1)
		r.Precision = precision
		wantKinds(t, all(t, submit(t, e, r)), Queued, Started, Finished)
	}
	if want := []string{Float32, BFloat16, Float32}; !slices.Equal(loaded, want) { // read after the final event
		t.Errorf("loaded %v, want %v", loaded, want)
	}
}

func TestCancelWhileLoading(t *testing.T) {
	loading := make(chan int)
	e := New(func(ctx context.Context, _, _ string) (Painter, error) {
		close(loading)
		<-ctx.Done()
		return nil, ctx.Err()
	}, nil)
	defer e.Close()
	j := submit(t, e, request(1))
	<-loading
	j.Cancel()
	wantKinds(t, all(t, j), Queued, Cancelled)
}

// Many listeners and cancels at once; for the race detector.
func TestManyAtOnce(t *testing.T) {
	e := open(t, func(ctx context.Context, r Request, step func(Progress)) error {
		if err := steps(ctx, r, step); err != nil {
			return err
		}
		return ctx.Err()
	})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			j := submit(t, e, request(i%7+1))
			if i%3 == 0 {
				wg.Go(j.Cancel)
			}
			wg.Go(func() { j.Frames() })
			events := all(t, j)
			if last := events[len(events)-1].Kind; !last.Final() || last == Failed {
				t.Errorf("job %d ends with %s", j.ID, last)
			}
		})
	}
	wg.Wait()
}

// diary is a Recorder that writes down what it is told.
type diary struct {
	lines []string
	fail  error
}

func (d *diary) Started(r Request, from Origin) (string, error) {
	d.lines = append(d.lines, fmt.Sprintf("started %d steps from %q %d", r.Steps, from.Run, from.Step))
	return "run", nil
}

func (d *diary) Step(p Progress) error {
	moment, err := p.Moment()
	d.lines = append(d.lines, fmt.Sprintf("step %d %s", p.Step, moment))
	return errors.Join(err, d.fail)
}

func (d *diary) Ended(k Kind) error {
	d.lines = append(d.lines, string(k))
	return nil
}

// counting takes the steps that are left and tells what it went on from.
func counting(e **easel) func(context.Context, Request, func(Progress)) error {
	return func(ctx context.Context, r Request, step func(Progress)) error {
		for i := len((*e).from); i < r.Steps; i++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			step(Progress{Step: i + 1, Steps: r.Steps, Moment: func() (Moment, error) { return make(Moment, i+1), nil }})
		}
		return nil
	}
}

func TestRunPausesAndGoesOn(t *testing.T) {
	d := &diary{}
	var painter *easel
	painter = &easel{paint: counting(&painter)}
	e := New(func(context.Context, string, string) (Painter, error) { return painter, nil }, d)
	defer e.Close()
	j, err := e.SubmitFrom(request(4), Origin{}, 3)
	if err != nil {
		t.Fatal(err)
	}
	events := all(t, j)
	last := events[len(events)-1]
	if last.Kind != Paused || last.Run != "run" || last.Err != nil {
		t.Fatalf("the job ends with %+v, want Paused", last)
	}
	if j, err = e.SubmitFrom(request(4), Origin{Moment: make(Moment, 3), Run: last.Run, Step: 3}, 0); err != nil {
		t.Fatal(err)
	}
	events = all(t, j)
	if last := events[len(events)-1]; last.Kind != Finished {
		t.Fatalf("the job ends with %+v, want Finished", last)
	}
	want := "started 4 steps from \"\" 0, step 1 \x00, step 2 \x00\x00, step 3 \x00\x00\x00, paused, " +
		"started 4 steps from \"run\" 3, step 4 \x00\x00\x00\x00, finished"
	if got := strings.Join(d.lines, ", "); got != want {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

func TestPauseAsksForTheEndOfTheStep(t *testing.T) {
	started, pause := make(chan int), make(chan int)
	e := open(t, func(ctx context.Context, r Request, step func(Progress)) error {
		for i := range r.Steps {
			if i == 1 {
				started <- 1
				<-pause
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			step(Progress{Step: i + 1, Steps: r.Steps})
		}
		return nil
	})
	j, queued := submit(t, e, request(5)), submit(t, e, request(5))
	<-started
	j.Pause()
	queued.Pause()
	close(pause)
	count := 0
	events := all(t, j)
	for _, ev := range events {
		if ev.Kind == Step {
			count++
		}
	}
	if last := events[len(events)-1]; last.Kind != Paused || count != 2 {
		t.Errorf("%d steps and %s, want the step at hand to be the last", count, last.Kind)
	}
	if events := all(t, queued); events[len(events)-1].Kind != Paused {
		t.Errorf("the one in the queue ends with %s", events[len(events)-1].Kind)
	}
	j.Pause() // after the end it does nothing
}

func TestWhatCantBeRecordedIsAWarning(t *testing.T) {
	d := &diary{fail: errors.New("the disk is full")}
	var painter *easel
	painter = &easel{paint: counting(&painter)}
	e := New(func(context.Context, string, string) (Painter, error) { return painter, nil }, d)
	defer e.Close()
	events := all(t, submit(t, e, request(2)))
	if last := events[len(events)-1]; last.Kind != Finished || !errors.Is(last.Warning, d.fail) {
		t.Errorf("the job ends with %+v, want Finished and a warning", last)
	}
}
