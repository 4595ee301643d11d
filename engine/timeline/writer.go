package timeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Writer adds to a run.
type Writer struct {
	ID string

	store  *Store
	file   *os.File
	end    int64 // of the last complete record
	synced time.Time
}

// rest is how long steps may wait until the disk has them for certain: a power cut
// costs no more than that. A program that is killed loses nothing.
const rest = time.Second

// Begin begins a run.
func (s *Store) Begin(info Info) (*Writer, error) {
	info.Begun = info.Begun.UTC()
	stamp := info.Begun.Format("20060102-150405.000")
	for i := 0; ; i++ {
		id := stamp
		if i > 0 {
			id = fmt.Sprintf("%s-%d", stamp, i)
		}
		f, err := os.OpenFile(s.path(id), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, s.unwritable(err)
		}
		w := &Writer{ID: id, store: s, file: f}
		body, err := json.Marshal(info)
		if err == nil {
			err = w.write([]byte(magic))
		}
		if err == nil {
			err = w.add(infoRecord, body)
		}
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			return nil, err
		}
		return w, nil
	}
}

// Resume goes on with a run after a step, or after its last complete one if that is
// earlier; what it had after that is gone.
func (s *Store) Resume(id string, step int) (*Writer, Run, error) {
	f, err := os.OpenFile(s.path(id), os.O_RDWR, 0)
	if err != nil {
		return nil, Run{}, s.failed(id, err)
	}
	r, end, err := scan(f)
	if n := step - r.ParentStep; err == nil && n < len(r.moments) {
		if n < 0 {
			err = fmt.Errorf("step %d is before its beginning", step)
		} else {
			end = r.moments[n].begin - recordHead
			r.moments, r.Steps, r.End = r.moments[:n], step, nil
		}
	}
	if err == nil {
		err = f.Truncate(end)
	}
	if err != nil {
		f.Close()
		return nil, Run{}, s.failed(id, err)
	}
	r.ID = id
	w := &Writer{ID: id, store: s, file: f, end: end}
	if r.End != nil {
		if err := w.add(resumeRecord, nil); err != nil {
			f.Close()
			return nil, Run{}, err
		}
		r.End = nil
	}
	return w, r, nil
}

// Add adds the next step.
func (w *Writer) Add(m Moment) error {
	body, err := m.encode()
	if err != nil {
		return w.store.failed(w.ID, err)
	}
	return w.add(momentRecord, body)
}

// Finish adds how the run ended and closes it.
func (w *Writer) Finish(e End) error {
	body, err := json.Marshal(e)
	if err == nil {
		w.synced = time.Time{}
		err = w.add(endRecord, body)
	}
	return errors.Join(err, w.Close())
}

// Close closes a run that has not ended; it can be resumed.
func (w *Writer) Close() error { return errors.Join(w.file.Sync(), w.file.Close()) }

func (w *Writer) add(kind byte, body []byte) error {
	b, err := record(kind, body)
	if err != nil {
		return w.store.failed(w.ID, err)
	}
	return w.write(b)
}

// write adds bytes, or on a full disk nothing.
func (w *Writer) write(b []byte) error {
	_, err := w.file.WriteAt(b, w.end)
	if err == nil && time.Since(w.synced) > rest {
		err = w.file.Sync()
		w.synced = time.Now()
	}
	if err != nil {
		return errors.Join(w.store.unwritable(err), w.file.Truncate(w.end))
	}
	w.end += int64(len(b))
	return nil
}

func (s *Store) unwritable(err error) error {
	return fmt.Errorf("steps can't be kept in %s: %w: free some space or allow writing there (%w)", s.dir, ErrNotWritable, err)
}
