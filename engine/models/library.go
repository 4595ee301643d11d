// Package models is the person's own library of models: which folders they lie in,
// what each file is, and by what names it is found. Files are told apart by their
// headers and their places; none is read as a whole unless its hash is asked for.
package models

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"darkroom/engine/system"
)

// Library is what is remembered from run to run, in one JSON file. Its methods may
// be called from any goroutine.
type Library struct {
	path string

	mu    sync.Mutex
	state state
}

// state is the file's contents.
type state struct {
	Folders []string `json:"folders"`          // and single files, as the person named them
	Chosen  string   `json:"chosen,omitempty"` // the path of the model that is drawn with when none is named
	// what is known of files, by path, while size and time stay the same
	Files     map[string]record `json:"files,omitempty"`
	Downloads map[string]Origin `json:"downloads,omitempty"` // what the library itself has fetched, by path
}

// record is what is known of one file or model folder.
type record struct {
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	SHA256   string    `json:"sha256,omitempty"`
	Details
}

// same reports whether a file is still the one that was looked at.
func (r record) same(size int64, modified time.Time) bool {
	return r.Size == size && r.Modified.Equal(modified)
}

// Origin is where a download came from.
type Origin struct {
	Source  string    `json:"source"` // as it was asked for
	Licence string    `json:"licence,omitempty"`
	Time    time.Time `json:"time"`
	Files   []string  `json:"files,omitempty"` // of a folder, with forward slashes
}

// ConfigFile is where the person's library is remembered.
func ConfigFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("the folder for settings is not known, in which the library of models is remembered: %w", err)
	}
	return filepath.Join(dir, "darkroom", "models.json"), nil
}

// Open opens the library that the file path remembers; a new one if there is none.
func Open(path string) (*Library, error) {
	l := &Library{path: path}
	return l, l.read()
}

// read takes the state from the disk.
func (l *Library) read() error {
	l.state = state{}
	b, err := os.ReadFile(l.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("the library of models can't be read: %w", err)
	}
	if err := json.Unmarshal(b, &l.state); err != nil {
		return fmt.Errorf("the library of models, %s, is damaged (%w): delete the file and add your folders again; the models themselves are not in it", l.path, err)
	}
	return nil
}

// update changes the state and writes it. It begins with what is on the disk, since
// another program may have written there.
func (l *Library) update(change func(*state)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.read(); err != nil {
		return err
	}
	before, _ := json.Marshal(l.state)
	change(&l.state)
	if after, _ := json.Marshal(l.state); bytes.Equal(before, after) {
		return nil
	}
	err := os.MkdirAll(filepath.Dir(l.path), 0o755)
	if err == nil {
		err = system.Replace(l.path, func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "\t")
			return e.Encode(l.state)
		})
	}
	if err != nil {
		return fmt.Errorf("the library of models can't be remembered: %w", err)
	}
	return nil
}

// Folders lists the folders and files that were added, in that order.
func (l *Library) Folders() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.state.Folders)
}

// Add adds a folder with models in it, a model folder or a model file.
func (l *Library) Add(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist: name a folder that holds models, or a model's file (%w)", path, fs.ErrNotExist)
	case err != nil:
		return fmt.Errorf("%s can't be added: %w", path, err)
	case !info.IsDir() && !WeightFile(path):
		return fmt.Errorf("%s is no file of a model, which end in %s: add the folder of models instead", path, strings.Join(extensions, ", "))
	}
	return l.update(func(s *state) {
		if !slices.Contains(s.Folders, path) {
			s.Folders = append(s.Folders, path)
		}
	})
}

// Forget takes a folder or a file out of the library, and leaves it on the disk.
// false says that it was not added by that path.
func (l *Library) Forget(path string) (was bool, err error) {
	err = l.update(func(s *state) {
		i := slices.Index(s.Folders, path)
		if was = i >= 0; was {
			s.Folders = slices.Delete(s.Folders, i, i+1)
		}
		if s.Chosen == path {
			s.Chosen = ""
		}
	})
	return was, err
}

// Chosen is the path of the model to draw with when none is named; "" is the
// built-in one.
func (l *Library) Chosen() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.Chosen
}

// Choose makes the model at path the chosen one; "" is the built-in one.
func (l *Library) Choose(path string) error {
	return l.update(func(s *state) { s.Chosen = path })
}

// Downloaded remembers that the library itself has fetched what lies at path, so
// that it may delete it again.
func (l *Library) Downloaded(path string, from Origin) error {
	return l.update(func(s *state) {
		if s.Downloads == nil {
			s.Downloads = map[string]Origin{}
		}
		s.Downloads[path] = from
	})
}

// Delete deletes what the library itself has downloaded to path. Other files are
// the person's own, and an error.
func (l *Library) Delete(path string) error {
	l.mu.Lock()
	from, ours := l.state.Downloads[path]
	l.mu.Unlock()
	if !ours {
		return fmt.Errorf("%s was not downloaded by this program: delete it yourself, or remove its folder from the library", path)
	}
	if err := from.remove(path); err != nil {
		return fmt.Errorf("%s can't be deleted: %w", path, err)
	}
	return l.update(func(s *state) {
		delete(s.Downloads, path)
		delete(s.Files, path)
		if s.Chosen == path {
			s.Chosen = ""
		}
	})
}

// remove removes the file at path, or those of the folder and then the folders that
// are empty: what else a person has put there stays.
func (o Origin) remove(path string) error {
	if len(o.Files) == 0 {
		return gone(os.Remove(path))
	}
	folders := map[string]bool{path: true}
	for _, file := range o.Files {
		file = filepath.Join(path, filepath.FromSlash(file))
		if err := gone(os.Remove(file)); err != nil {
			return err
		}
		for dir := filepath.Dir(file); len(dir) > len(path); dir = filepath.Dir(dir) {
			folders[dir] = true
		}
	}
	deepest := slices.SortedFunc(maps.Keys(folders), func(a, b string) int { return len(b) - len(a) })
	for _, dir := range deepest {
		_ = os.Remove(dir) // it may hold more
	}
	return nil
}

// gone is no error about a file that isn't there.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
