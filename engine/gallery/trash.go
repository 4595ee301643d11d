package gallery

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// trash is where removed pictures wait.
func (g *Gallery) trash() string { return filepath.Join(g.dir, ".trash") }

// Remove moves a picture to the trash, from where Restore brings it back.
func (g *Gallery) Remove(id string) error {
	path, err := g.path(id)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := os.MkdirAll(g.trash(), 0o755); err != nil {
		return g.failed(id, fmt.Errorf("there is no way to make the folder .trash, so it stays (%w)", err))
	}
	if err := os.Rename(path, filepath.Join(g.trash(), id)); err != nil {
		return g.failed(id, err)
	}
	n, _ := number(id)
	g.forget(n)
	return nil
}

// Restore brings a picture back from the trash.
func (g *Gallery) Restore(id string) (Picture, error) {
	path, err := g.path(id)
	if err != nil {
		return Picture{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	// Nobody else takes this number; an empty file is left of a name that was
	// reserved when the program ended.
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		return Picture{}, fmt.Errorf("the gallery %s has another picture %q: take that out of the folder first", g.dir, id)
	}
	if err := os.Rename(filepath.Join(g.trash(), id), path); err != nil {
		return Picture{}, g.failed(id, err)
	}
	p, err := readPicture(path)
	if err != nil {
		return Picture{}, g.failed(id, err)
	}
	p.ID, p.Path = id, path
	p.dated(path)
	g.note(id)
	return p, nil
}

// Trash lists the pictures in the trash, newest first; those that can't be read
// are in the error.
func (g *Gallery) Trash() ([]Picture, error) {
	numbers, err := g.numbers(g.trash())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var pictures []Picture
	bad := []error{err}
	for _, n := range numbers {
		path := filepath.Join(g.trash(), name(n))
		p, err := readPicture(path)
		if err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", path, err))
			continue
		}
		p.ID, p.Path = name(n), path
		p.dated(path)
		pictures = append(pictures, p)
	}
	slices.SortFunc(pictures, newestFirst)
	return pictures, errors.Join(bad...)
}

// EmptyTrash deletes what is in the trash, for ever.
func (g *Gallery) EmptyTrash() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	numbers, err := g.numbers(g.trash())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	bad := []error{err}
	for _, n := range numbers {
		bad = append(bad, os.Remove(filepath.Join(g.trash(), name(n))))
		g.thumbs.forget(name(n))
	}
	g.remember() // the numbers aren't used again
	return errors.Join(bad...)
}
