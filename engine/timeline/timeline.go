// Package timeline keeps the steps of runs on disk while they are made, so that
// one can go back to any of them, go on from there, or take another turn: in this
// run of the program or a later one, whatever ended the last.
package timeline

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"darkroom/engine"
)

// ErrNotWritable says that a folder can't take steps.
var ErrNotWritable = errors.New("no steps can be kept there")

// Info is what a run begins with.
type Info struct {
	Request engine.Request `json:"request"` // with every default resolved
	Begun   time.Time      `json:"begun"`
	// A branch begins after step ParentStep of the run Parent; a run from noise has
	// none.
	Parent     string `json:"parent,omitempty"`
	ParentStep int    `json:"parent_step,omitempty"`
}

// End is how a run ended. One without an end was paused or interrupted, or is under
// way.
type End struct {
	Kind engine.Kind `json:"kind"`
}

// Run is what is known of a run without reading its steps.
type Run struct {
	Info
	ID    string
	Steps int   // done; those from ParentStep+1 on are kept
	End   *End  // nil while there is none
	Size  int64 // bytes on disk

	moments []span
}

// Store is a folder of runs, a file each. Its methods may be called from any
// goroutine; a run is written by one at a time.
type Store struct{ dir string }

// suffix is that of a run's file; its name is the run's ID.
const suffix = ".run"

// Open opens the folder dir, which it makes when it is not there.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("the folder for steps %s: %w: choose another folder, or allow writing to it (%w)", dir, ErrNotWritable, err)
	}
	return &Store{dir}, nil
}

// Dir is the folder.
func (s *Store) Dir() string { return s.dir }

// List lists all runs, newest first. The error names those that can't be read; the
// others are listed all the same.
func (s *Store) List() ([]Run, error) {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("the folder for steps %s can't be read: %w", s.dir, err)
	}
	var runs []Run
	var bad []error
	for _, f := range files {
		id, ok := strings.CutSuffix(f.Name(), suffix)
		if !ok || !f.Type().IsRegular() {
			continue
		}
		r, err := s.Get(id)
		switch {
		case errors.Is(err, errEmpty), errors.Is(err, fs.ErrNotExist): // begun this moment, or gone
		case err != nil:
			bad = append(bad, err)
		default:
			runs = append(runs, r)
		}
	}
	slices.SortFunc(runs, func(a, b Run) int {
		return cmp.Or(b.Begun.Compare(a.Begun), strings.Compare(b.ID, a.ID))
	})
	return runs, errors.Join(bad...)
}

// Get looks a run up.
func (s *Store) Get(id string) (Run, error) {
	f, err := os.Open(s.path(id))
	if err != nil {
		return Run{}, s.failed(id, err)
	}
	defer f.Close()
	r, _, err := scan(f)
	if err != nil {
		return Run{}, s.failed(id, err)
	}
	r.ID = id
	return r, nil
}

// Moment reads what there was after a step of a run, counted from 1, those of the
// runs it has branched off included.
func (s *Store) Moment(r Run, step int) (Moment, error) {
	at := step - r.ParentStep - 1
	if at < 0 || at >= len(r.moments) {
		return Moment{}, s.failed(r.ID, fmt.Errorf("it has no step %d; it has %d to %d", step, r.ParentStep+1, r.Steps))
	}
	f, err := os.Open(s.path(r.ID))
	if err != nil {
		return Moment{}, s.failed(r.ID, err)
	}
	defer f.Close()
	m, err := readMoment(f, r.moments[at])
	if err != nil {
		return Moment{}, s.failed(r.ID, fmt.Errorf("step %d: %w", step, err))
	}
	return m, nil
}

// Remove deletes a run.
func (s *Store) Remove(id string) error {
	if err := os.Remove(s.path(id)); err != nil {
		return s.failed(id, err)
	}
	return nil
}

// Prune deletes the oldest runs until the rest takes no more than size bytes, but
// none that keep wants, and none that has no end: it may be under way.
func (s *Store) Prune(size int64, keep func(Run) bool) error {
	runs, err := s.List()
	var bad []error
	if err != nil {
		bad = append(bad, err)
	}
	for _, r := range runs {
		if size -= r.Size; size < 0 && r.End != nil && !keep(r) {
			if err := s.Remove(r.ID); err != nil && !errors.Is(err, fs.ErrNotExist) {
				bad = append(bad, err)
			}
			size += r.Size
		}
	}
	return errors.Join(bad...)
}

// path is a run's file; an ID is never a way out of the folder.
func (s *Store) path(id string) string { return filepath.Join(s.dir, filepath.Base(id)+suffix) }

// failed says which run an error is about.
func (s *Store) failed(id string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no run %q in %s; perhaps it was removed (%w)", id, s.dir, fs.ErrNotExist)
	}
	return fmt.Errorf("the run %q in %s: %w", id, s.dir, err)
}

// parseInfo reads a run's first record.
func parseInfo(b []byte) (info Info, err error) {
	if err := json.Unmarshal(b, &info); err != nil {
		return Info{}, fmt.Errorf("its beginning is not the JSON it should be: %w", err)
	}
	return info, nil
}
