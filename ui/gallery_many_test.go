//go:build linux

package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"golang.org/x/sys/unix"

	"darkroom/engine/gallery"
)

// What the gallery's page may take with so many pictures.
const (
	manyPictures = 50_000
	maxOpening   = time.Second
	maxStretch   = 50 * time.Millisecond // that Fyne's goroutine is busy at a stretch
	maxAnswer    = 50 * time.Millisecond
	maxMemory    = 400 << 20 // bytes
)

// TestGalleryOfMany measures the gallery's page with many pictures. It needs
// DARKROOM_FAKE, a folder for them, which is filled when it is empty:
//
//	DARKROOM_FAKE=/tmp/many go test ./ui -run TestGalleryOfMany -v
//
// What a person waits for is time on the clock; how long Fyne's goroutine is busy at a
// stretch is processor time, which other programs don't lengthen.
func TestGalleryOfMany(t *testing.T) {
	folder := os.Getenv("DARKROOM_FAKE")
	if folder == "" {
		t.Skip("DARKROOM_FAKE names no folder for the pictures")
	}
	if _, err := os.Stat(filepath.Join(folder, fmt.Sprintf("%05d.png", manyPictures))); err != nil {
		if err := gallery.Fake(folder, manyPictures); err != nil {
			t.Fatal(err)
		}
	}
	g, err := gallery.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Sync(t.Context()); err != nil { // it is not the first time that it is opened
		t.Fatal(err)
	}
	g.Close()

	runtime.LockOSThread() // this goroutine is Fyne's, so its thread's processor time counts
	defer runtime.UnlockOSThread()
	begin := time.Now()
	r := newRoom(t, nil, folder)
	r.until("the newest picture is on show", func() bool { return r.shown != nil })
	t.Logf("the studio starts: %d ms", time.Since(begin).Milliseconds())
	r.window.Resize(fyne.NewSize(1280, 800))

	p, w := r.Studio.gallery, &stretches{room: r}
	complete := func() bool {
		if len(p.grid.ids) == 0 {
			return false
		}
		for _, c := range p.grid.tiles {
			if _, known := p.known[c.id]; c.id != "" && (c.view.Hidden || !known) {
				return false
			}
		}
		return true
	}
	begin = time.Now()
	w.do(func() { r.pages.Show(p.page) })
	w.until(func() bool { return len(p.grid.ids) == manyPictures })
	found := time.Since(begin)
	w.until(complete)
	took := time.Since(begin)
	t.Logf("the page opens: %d ms until all pictures are listed, %d ms until those in sight are seen; Fyne's goroutine at a stretch %v",
		found.Milliseconds(), took.Milliseconds(), w.reset())
	if took > maxOpening {
		t.Errorf("it should take at most %v", maxOpening)
	}

	// The wheel, turned fast for a while; then from page to page, and jumps.
	for i := range 3000 {
		w.do(func() { p.grid.scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, -30)}) })
		if i%3 == 0 {
			w.run()
		}
	}
	w.until(complete)
	for range 200 {
		w.do(func() { r.press(fyne.KeyPageDown) })
		w.run()
	}
	for i := range 50 {
		w.do(func() { p.grid.scrollTo(float32(i*7919%8333) * tilePitch) })
		w.run()
	}
	for _, key := range []fyne.KeyName{fyne.KeyEnd, fyne.KeyHome} {
		w.do(func() { r.press(key) })
		w.until(complete)
	}
	longest := w.reset()
	t.Logf("scrolling: Fyne's goroutine at a stretch %v", longest)
	if longest > maxStretch {
		t.Errorf("it should be busy for at most %v at a stretch", maxStretch)
	}

	var answers []time.Duration
	for _, text := range []string{"old red ligh", "naive butterfly", `"light red"`, "xylophone", "portrait", "a"} {
		for n := range text {
			begin := time.Now()
			round := p.round
			w.do(func() { p.filters.words.SetText(text[:n+1]) })
			w.until(func() bool { return p.answered > round })
			answers = append(answers, time.Since(begin))
		}
	}
	slices.Sort(answers)
	t.Logf("search: answers after %v, %v at most; Fyne's goroutine at a stretch %v",
		answers[len(answers)/2].Round(100*time.Microsecond), answers[len(answers)-1].Round(100*time.Microsecond), w.reset())
	if answers[len(answers)/2] > maxAnswer {
		t.Errorf("half of them should be there after %v", maxAnswer)
	}

	w.do(p.filters.Clear)
	w.until(func() bool { return len(p.grid.ids) == manyPictures })
	w.do(func() { p.grid.TypedShortcut(&fyne.ShortcutSelectAll{}) })
	w.run()
	t.Logf("everything is chosen: Fyne's goroutine at a stretch %v", w.reset())

	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, most, _ := strings.Cut(string(status), "VmHWM:")
	var memory int
	if _, err := fmt.Sscan(most, &memory); err != nil {
		t.Fatal(err)
	}
	t.Logf("memory: %d MB at most, with the test", memory>>10)
	if memory<<10 > maxMemory {
		t.Errorf("it should take at most %d MB", maxMemory>>20)
	}
}

// stretches runs what is meant for Fyne's goroutine and remembers the longest stretch, in
// processor time.
type stretches struct {
	*room
	longest time.Duration
}

// do runs something.
func (w *stretches) do(f func()) {
	begin := spent(w.t)
	f()
	w.longest = max(w.longest, spent(w.t)-begin)
}

// run runs what waits.
func (w *stretches) run() {
	for {
		select {
		case f := <-w.queue:
			w.do(f)
		default:
			return
		}
	}
}

// until runs what comes until something is true.
func (w *stretches) until(holds func() bool) {
	w.t.Helper()
	for deadline := time.After(time.Minute); !holds(); {
		select {
		case f := <-w.queue:
			w.do(f)
		case <-deadline:
			w.t.Fatalf("waited in vain; the strip says %q", w.notice.Text())
		}
	}
}

// reset is the longest stretch since the last time.
func (w *stretches) reset() time.Duration {
	longest := w.longest
	w.longest = 0
	return longest.Round(100 * time.Microsecond)
}

// spent is the processor time of this thread.
func spent(t *testing.T) time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
		t.Fatal(err)
	}
	return time.Duration(now.Nano())
}
