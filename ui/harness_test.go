package ui

import (
	"cmp"
	"context"
	"image"
	"image/color"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/engine/prompt"
	"darkroom/engine/schedule"
	"darkroom/engine/timeline"
	"darkroom/engine/tokenizer"
)

// room is a studio under test. Fyne's test driver has no loop of its own, so
// the test is the loop: functions meant for Fyne's goroutine wait in a queue
// until the test runs them.
type room struct {
	t *testing.T
	*Studio
	app     fyne.App
	engine  *engine.Engine
	gallery *gallery.Gallery
	store   *timeline.Store
	painter *testPainter
	queue   chan func()
}

// newRoom opens a studio over a gallery folder; the app may be that of an
// earlier room, whose settings it then has.
func newRoom(t *testing.T, app fyne.App, folder string) *room {
	t.Helper()
	if app == nil {
		app = test.NewTempApp(t)
	}
	app.Settings().SetTheme(Safelight{})
	kept, err := gallery.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	r := &room{t: t, app: app, gallery: kept, painter: &testPainter{}, queue: make(chan func(), 1000)}
	r.store, err = timeline.Open(filepath.Join(folder, ".timeline"))
	if err != nil {
		t.Fatal(err)
	}
	r.engine = engine.New(func(context.Context, string, string) (engine.Painter, error) { return r.painter, nil }, &timeline.Recorder{Store: r.store})
	r.Studio = New(Options{
		App: app, Engine: r.engine, Gallery: kept, Timeline: r.store, Version: "1.2.3", Toolchain: "go9.9", Arithmetic: "test on 3 threads",
		Do: func(f func()) { r.queue <- f }, Outlook: testOutlook,
	})
	t.Cleanup(r.shut)
	return r
}

// shut closes the window as a person does, and the engine with it.
func (r *room) shut() {
	if r.ctx.Err() == nil {
		r.close()
	}
	r.painter.finish()
	r.engine.Close()
	r.Wait()
	r.gallery.Close()
}

// until runs what is meant for Fyne's goroutine until something is true.
func (r *room) until(what string, holds func() bool) {
	r.t.Helper()
	deadline := time.After(10 * time.Second)
	for !holds() {
		select {
		case f := <-r.queue:
			f()
		case <-deadline:
			r.t.Fatalf("waited in vain until %s; the strip above the picture says %q", what, r.notice.Text())
		}
	}
}

// draw generates what the panel asks for and waits for the picture.
func (r *room) draw() *take {
	r.t.Helper()
	r.generate()
	r.until("the picture is finished", func() bool { return len(r.working) == 0 && r.shown != nil && r.shown.picture != nil })
	return r.shown
}

// press presses a key wherever the focus is.
func (r *room) press(key fyne.KeyName) {
	ev := &fyne.KeyEvent{Name: key}
	if f := r.window.Canvas().Focused(); f != nil {
		f.TypedKey(ev)
	} else {
		r.window.Canvas().OnTypedKey()(ev)
	}
}

// testPainter draws a gradient that noise leaves step by step. With gates it
// waits before each step until the test lets it go on.
type testPainter struct {
	mu   sync.Mutex
	gate chan struct{}
	fail error
}

// hold makes the painter wait before each step.
func (p *testPainter) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gate = make(chan struct{})
}

// step lets one step go on.
func (p *testPainter) step() { p.waiting() <- struct{}{} }

// finish lets all steps go on.
func (p *testPainter) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gate != nil {
		close(p.gate)
		p.gate = nil
	}
}

func (p *testPainter) waiting() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gate
}

func (p *testPainter) Resolve(r engine.Request) (engine.Request, error) {
	if r.Width == 0 || r.Height == 0 {
		r.Width, r.Height = 16, 16
	}
	return r, nil
}

func (p *testPainter) Paint(ctx context.Context, r engine.Request, from engine.Moment, step func(engine.Progress)) (engine.Result, error) {
	begin, _ := strconv.Atoi(string(from))
	for i := begin; i < r.Steps; i++ {
		if err := ctx.Err(); err != nil {
			return engine.Result{}, err
		}
		if gate := p.waiting(); gate != nil {
			select {
			case <-gate:
			case <-ctx.Done():
				return engine.Result{}, ctx.Err()
			}
		}
		if p.fail != nil {
			return engine.Result{}, p.fail
		}
		step(engine.Progress{
			Step: i + 1, Steps: r.Steps, Preview: plate(r, r.Steps-i-1),
			Moment: func() (engine.Moment, error) { return engine.Moment(strconv.Itoa(i + 1)), nil },
		})
	}
	if err := ctx.Err(); err != nil {
		return engine.Result{}, err
	}
	return engine.Result{Picture: plate(r, 0), Stages: engine.Stages{Text: 0.1, Denoise: 0.2, Decode: 0.3, Total: 0.6}}, nil
}

// testOutlook reads prompts and makes noise levels as Stable Diffusion 1 does.
func testOutlook(_ context.Context, r engine.Request, words, negative prompt.Source) (o Outlook, err error) {
	o.Size = 64
	reader := prompt.Reader{Tokenizer: tokenizer.CLIP(), Window: 77}
	if o.Words, err = reader.Read(words, false, r.Steps); err != nil {
		return o, err
	}
	if o.Negative, err = reader.Read(negative, true, r.Steps); err != nil {
		return o, err
	}
	levels, err := schedule.New(schedule.Config{})
	if err != nil {
		return o, err
	}
	o.Levels, err = levels.Levels(cmp.Or(r.Schedule, "normal"), r.Steps, schedule.Options{})
	return o, err
}

// plate is a picture whose colour tells its seed and how much noise is left.
func plate(r engine.Request, noise int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, r.Width, r.Height))
	for y := range r.Height {
		for x := range r.Width {
			m.SetRGBA(x, y, color.RGBA{uint8(r.Seed), uint8(noise), uint8(x * 255 / r.Width), 255})
		}
	}
	return m
}
