package timeline

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"darkroom/engine"
)

var begun = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

func info(prompt string, after time.Duration) Info {
	return Info{Request: engine.Request{Prompt: prompt, Seed: 1<<64 - 1, Steps: 9, Model: "default"}, Begun: begun.Add(after)}
}

func moment(step int) Moment {
	img := image.NewRGBA(image.Rect(0, 0, 3, 2))
	for i := range img.Pix {
		img.Pix[i] = byte(i * step)
	}
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	img.SetRGBA(1, 1, color.RGBA{byte(step), 2, 3, 255})
	return Moment{Step: step, Level: 1 / float64(step), State: fmt.Appendf(nil, "state\n%d", step), Preview: img}
}

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "runs"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func begin(t *testing.T, s *Store, i Info, steps int) *Writer {
	t.Helper()
	w, err := s.Begin(i)
	if err != nil {
		t.Fatal(err)
	}
	for n := range steps {
		if err := w.Add(moment(n + 1)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func check(t *testing.T, s *Store, id string, steps int, end *End) Run {
	t.Helper()
	r, err := s.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	if r.Steps != r.ParentStep+steps || !reflect.DeepEqual(r.End, end) {
		t.Fatalf("%d steps and the end %v, want %d and %v", r.Steps, r.End, steps, end)
	}
	for n := range steps {
		m, err := s.Moment(r, r.ParentStep+n+1)
		if err != nil {
			t.Fatal(err)
		}
		if want := moment(n + 1); !reflect.DeepEqual(m, want) {
			t.Fatalf("step %d is %+v, want %+v", n+1, m, want)
		}
	}
	return r
}

func TestRunIsReadAsItWasWritten(t *testing.T) {
	s := open(t)
	want := info("a \"red\" apple\n", 0)
	want.Parent, want.ParentStep = "20260101-000000.000", 4
	w := begin(t, s, want, 3)
	check(t, s, w.ID, 3, nil) // while it is under way
	if err := w.Finish(End{engine.Finished}); err != nil {
		t.Fatal(err)
	}
	r := check(t, s, w.ID, 3, &End{engine.Finished})
	if !reflect.DeepEqual(r.Info, want) {
		t.Errorf("info %+v, want %+v", r.Info, want)
	}
	for _, step := range []int{0, -1, 4, 8} {
		if _, err := s.Moment(r, step); err == nil || !strings.Contains(err.Error(), "it has 5 to 7") {
			t.Errorf("step %d: error %v", step, err)
		}
	}
}

func TestRunGoesOnAfterItsEnd(t *testing.T) {
	s := open(t)
	w := begin(t, s, info("a", 0), 2)
	if err := w.Finish(End{Kind: engine.Cancelled}); err != nil {
		t.Fatal(err)
	}
	w, r, err := s.Resume(w.ID, 2)
	if err != nil || r.Steps != 2 || r.End != nil {
		t.Fatalf("resumed with %d steps, end %v, %v", r.Steps, r.End, err)
	}
	if err := w.Add(moment(3)); err != nil {
		t.Fatal(err)
	}
	check(t, s, w.ID, 3, nil)
	if err := w.Finish(End{Kind: engine.Finished}); err != nil {
		t.Fatal(err)
	}
	check(t, s, w.ID, 3, &End{Kind: engine.Finished})

	if w, r, err = s.Resume(w.ID, 1); err != nil || r.Steps != 1 {
		t.Fatalf("resumed after step 1 with %d steps, %v", r.Steps, err)
	}
	if err := w.Add(moment(2)); err != nil {
		t.Fatal(err)
	}
	check(t, s, w.ID, 2, nil)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRecorderKeepsWhatAnEngineDraws(t *testing.T) {
	s := open(t)
	r := &Recorder{Store: s}
	progress := func(step int) engine.Progress {
		m := moment(step)
		return engine.Progress{Step: step, Steps: 9, Level: m.Level, Preview: m.Preview, Moment: func() (engine.Moment, error) { return m.State, nil }}
	}
	started := func(from engine.Origin) string {
		t.Helper()
		id, err := r.Started(info("a", 0).Request, from)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	steps := func(numbers ...int) {
		t.Helper()
		for _, n := range numbers {
			if err := r.Step(progress(n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	first := started(engine.Origin{})
	steps(1, 1, 2, 3) // the first took two tries
	if err := r.Ended(engine.Paused); err != nil {
		t.Fatal(err)
	}
	check(t, s, first, 3, nil)
	if id := started(engine.Origin{Run: first, Step: 2}); id != first {
		t.Errorf("the run %s goes on as %s", first, id)
	}
	steps(3, 4)
	if err := r.Ended(engine.Finished); err != nil {
		t.Fatal(err)
	}
	check(t, s, first, 4, &End{engine.Finished})

	branch := started(engine.Origin{Run: first, Step: 2, Branch: true})
	steps(3, 4)
	if err := r.Ended(engine.Cancelled); err != nil {
		t.Fatal(err)
	}
	run, err := s.Get(branch)
	if err != nil || run.Parent != first || run.ParentStep != 2 || run.Steps != 4 || run.End.Kind != engine.Cancelled {
		t.Errorf("the branch is %+v, %v", run, err)
	}
	if m, err := s.Moment(run, 3); err != nil || m.Step != 3 {
		t.Errorf("step 3 of the branch is %d, %v", m.Step, err)
	}

	if err := os.RemoveAll(s.Dir()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Started(engine.Request{}, engine.Origin{}); !errors.Is(err, ErrNotWritable) {
		t.Errorf("error %v", err)
	}
	if err := errors.Join(r.Step(progress(1)), r.Ended(engine.Finished)); err != nil {
		t.Errorf("after that the run goes on, but %v", err)
	}
}

// A program may be killed, or the power fail, at any byte.
func TestWhateverIsCutShortGoesOn(t *testing.T) {
	s := open(t)
	w := begin(t, s, info("a", 0), 3)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(s.path(w.ID))
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for n := range len(whole) + 1 {
		for _, zeros := range []int{0, 50} {
			if err := os.WriteFile(s.path("cut"), append(whole[:n:n], make([]byte, zeros)...), 0o644); err != nil {
				t.Fatal(err)
			}
			r, err := s.Get("cut")
			if errors.Is(err, errEmpty) && last == 0 {
				continue
			}
			if err != nil {
				t.Fatalf("cut at %d of %d and %d zeros: %v", n, len(whole), zeros, err)
			}
			if r.Steps < last-zeros || r.Steps > 3 {
				t.Fatalf("cut at %d: %d steps, %d before", n, r.Steps, last)
			}
			before := last
			if last = max(last, r.Steps); last == before && n%41 > 0 {
				continue // going on waits for the disk
			}
			w, r, err := s.Resume("cut", 9)
			if err != nil {
				t.Fatal(err)
			}
			for step := r.Steps + 1; step <= 4; step++ {
				if err := w.Add(moment(step)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Finish(End{Kind: engine.Finished}); err != nil {
				t.Fatal(err)
			}
			check(t, s, "cut", 4, &End{Kind: engine.Finished})
		}
	}
	if last != 3 {
		t.Errorf("the whole file has %d steps", last)
	}
}

func TestDamageIsSaid(t *testing.T) {
	s := open(t)
	w := begin(t, s, info("a", 0), 3)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(s.path(w.ID))
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		bad := append([]byte(nil), whole...)
		bad[n] ^= 0x10
		if err := os.WriteFile(s.path("bad"), bad, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := s.Get("bad")
		for step := 1; err == nil && step <= r.Steps; step++ {
			var m Moment
			if m, err = s.Moment(r, step); err == nil && !reflect.DeepEqual(m, moment(step)) {
				t.Fatalf("byte %d is damaged, and step %d is another", n, step)
			}
		}
		if err == nil && r.Steps == 3 {
			t.Fatalf("byte %d is damaged, and nothing says so", n)
		}
	}
}

func TestListAndPrune(t *testing.T) {
	s := open(t)
	var ids []string
	for i := range 5 {
		w := begin(t, s, info(fmt.Sprint(i), time.Duration(i/2)*time.Second), 1)
		ids = append(ids, w.ID)
		var err error
		if i == 1 {
			err = w.Close() // interrupted
		} else {
			err = w.Finish(End{Kind: engine.Finished})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"strange.run": "something else", "new.run": "", "notes.txt": "x"} {
		if err := os.WriteFile(filepath.Join(s.Dir(), name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	listed := func() string {
		runs, err := s.List()
		if err == nil || !strings.Contains(err.Error(), "strange") || strings.Contains(err.Error(), "new") {
			t.Errorf("error %v, want one about strange.run only", err)
		}
		var prompts []string
		for _, r := range runs {
			prompts = append(prompts, r.Request.Prompt)
		}
		return strings.Join(prompts, " ")
	}
	if got := listed(); got != "4 3 2 1 0" {
		t.Errorf("listed %s", got)
	}
	r, err := s.Get(ids[4])
	if err != nil {
		t.Fatal(err)
	}
	s.Prune(2*r.Size+10, func(r Run) bool { return r.Request.Prompt == "0" })
	if got := listed(); got != "4 3 1 0" {
		t.Errorf("after pruning %s are left: want the two newest, the interrupted one and the wanted one", got)
	}
	if err := s.Remove(ids[4]); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(ids[4]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if _, err := s.Get("../" + filepath.Base(s.Dir()) + "/" + ids[3]); err != nil {
		t.Errorf("an ID's folder counts for nothing, but %v", err)
	}
}

func TestFolderThatCantBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(file, "runs")); !errors.Is(err, ErrNotWritable) {
		t.Errorf("error %v", err)
	}
	s := open(t)
	if err := os.RemoveAll(s.Dir()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Begin(info("a", 0)); !errors.Is(err, ErrNotWritable) {
		t.Errorf("error %v", err)
	}
}

func FuzzRun(f *testing.F) {
	dir := f.TempDir()
	s, err := Open(dir)
	if err != nil {
		f.Fatal(err)
	}
	w, err := s.Begin(info("a", 0))
	if err != nil {
		f.Fatal(err)
	}
	if err := errors.Join(w.Add(moment(1)), w.Finish(End{Kind: engine.Finished})); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(s.path(w.ID))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, file []byte) {
		if err := os.WriteFile(s.path("fuzz"), file, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := s.Get("fuzz")
		if err != nil {
			return
		}
		for step := 1; step <= r.Steps; step++ {
			s.Moment(r, step)
		}
	})
}

// TestDamagedMoment says what is wrong with a step whose head doesn't fit it.
func TestDamagedMoment(t *testing.T) {
	for body, want := range map[string]string{
		"{\"state\":4}\nabc":  "it is damaged (of 3 bytes, 4 are said to be the state)",
		"{\"state\":-1}\nabc": "it is damaged (of 3 bytes, -1 are said to be the state)",
		"no JSON\nabc":        "it is damaged (invalid character",
	} {
		b, err := record(momentRecord, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readMoment(bytes.NewReader(b), span{recordHead, int64(len(b))}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", body, err, want)
		}
	}
}
