package models

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"darkroom/engine/adapter"
)

// Model is one file, or one model folder, of the library.
type Model struct {
	Name     string    // the file's name without its ending, or the folder's
	Path     string    // as it was found, which may be a link
	Folder   bool      // it is a folder in diffusers' layout
	Size     int64     // bytes
	Modified time.Time // of its newest file
	SHA256   string    // "" until it was asked for
	Origin   *Origin   // of what the library has downloaded
	Details
}

// Short is the first ten digits of the file's SHA-256, by which the web UI names a
// model; "" until it is known.
func (m Model) Short() string { return m.SHA256[:min(shortHash, len(m.SHA256))] }

const shortHash = 10

// Problem is a folder or a file that can't be looked at, in words.
type Problem struct {
	Path string
	Err  error
}

// Listing is what the library's folders hold.
type Listing struct {
	Models   []Model // by name
	Problems []Problem
}

// Limits of a scan: what is larger or deeper is no folder of models.
const (
	mostEntries = 200_000
	mostDepth   = 12
)

// passedOver is folders that hold many files and no models.
var passedOver = []string{"venv", "node_modules", "__pycache__", "site-packages", "outputs", "output"}

// Scan looks through the library's folders. A file that has not changed since the
// last time is not opened again. told, if any, hears the number of models found so
// far. It ends with ctx.
func (l *Library) Scan(ctx context.Context, told func(found int)) (Listing, error) {
	l.mu.Lock()
	err := l.read()
	s := &scan{ctx: ctx, told: told, known: l.state.Files, origins: l.state.Downloads, seen: map[string]bool{}, fresh: map[string]record{}}
	folders := slices.Clone(l.state.Folders)
	downloads := make([]string, 0, len(l.state.Downloads))
	for path := range l.state.Downloads {
		downloads = append(downloads, path)
	}
	l.mu.Unlock()
	if err != nil {
		return Listing{}, err
	}
	slices.Sort(downloads)
	for _, folder := range append(folders, downloads...) {
		for _, root := range roots(folder) {
			s.visit(root, 0)
		}
	}
	if err := ctx.Err(); err != nil {
		return Listing{}, err
	}
	slices.SortStableFunc(s.listing.Models, func(a, b Model) int {
		if c := strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)); c != 0 {
			return c
		}
		return strings.Compare(a.Path, b.Path)
	})
	return s.listing, l.update(func(st *state) {
		for path, r := range st.Files {
			now, found := s.fresh[path]
			switch {
			case found && now.same(r.Size, r.Modified) && now.SHA256 == "":
				now.SHA256 = r.SHA256 // read meanwhile
				s.fresh[path] = now
			case !found && !exists(filepath.Dir(path)):
				s.fresh[path] = r // on a disk that is not there now
			}
		}
		st.Files = s.fresh
	})
}

// roots is where to look in a folder: in the two that hold models if it is a whole
// web UI or ComfyUI, else in itself.
func roots(folder string) []string {
	for _, marker := range []string{"Stable-diffusion", "checkpoints"} {
		if info, err := os.Stat(filepath.Join(folder, "models", marker)); err == nil && info.IsDir() {
			list := []string{filepath.Join(folder, "models")}
			if embeddings := filepath.Join(folder, "embeddings"); exists(embeddings) {
				list = append(list, embeddings)
			}
			return list
		}
	}
	return []string{folder}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// scan is one walk through the folders.
type scan struct {
	ctx     context.Context
	told    func(int)
	known   map[string]record
	origins map[string]Origin
	seen    map[string]bool // paths with their links followed
	fresh   map[string]record
	entries int
	deep    bool // told that something lies too deep
	listing Listing
}

func (s *scan) trouble(path string, err error) {
	s.listing.Problems = append(s.listing.Problems, Problem{path, err})
}

// visit looks at a file or a folder, once, by whatever links it is reached.
func (s *scan) visit(path string, depth int) {
	if s.ctx.Err() != nil || s.entries > mostEntries {
		return
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			if depth > 0 && !WeightFile(path) {
				return // nobody's concern
			}
			err = errors.New("it is not there any more, or a link to nothing: put it back, or remove it from the library")
		}
		s.trouble(path, err)
		return
	}
	if s.seen[real] {
		return
	}
	s.seen[real] = true
	info, err := os.Stat(real)
	switch {
	case err != nil:
		s.trouble(path, err)
	case !info.IsDir():
		if candidate(path, depth) {
			s.add(Model{Name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), Path: path, Size: info.Size(), Modified: info.ModTime()})
		}
	case depth > mostDepth:
		if !s.deep {
			s.deep = true
			s.trouble(path, fmt.Errorf("it and others lie more than %d folders deep and are not looked into: add the folders that hold models", mostDepth))
		}
	default:
		s.folder(path, depth)
	}
}

// candidate tells, without a look into it, what may be a model's file: one that is named
// like one, or a picture where textual inversions lie, which some are saved in.
func candidate(path string, depth int) bool {
	if WeightFile(path) || !adapter.IsPicture(path) {
		return WeightFile(path)
	}
	place := placed(path)
	return place == Embedding || place == Unknown && depth <= 1
}

// folder looks at what is in a folder, which may be a model itself.
func (s *scan) folder(path string, depth int) {
	if exists(filepath.Join(path, "model_index.json")) {
		m := Model{Name: folderName(path), Path: path, Folder: true}
		m.Size, m.Modified = measure(path)
		s.add(m)
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		s.trouble(path, err)
		return
	}
	if s.entries += len(entries); s.entries > mostEntries {
		s.trouble(path, fmt.Errorf("the library's folders hold more than %d files, too many to look through: add the folders inside that hold the models", mostEntries))
		return
	}
	for _, e := range entries {
		hidden := strings.HasPrefix(e.Name(), ".")
		directory := e.IsDir() || e.Type()&fs.ModeSymlink != 0
		if hidden || e.Type()&^(fs.ModeDir|fs.ModeSymlink) != 0 || !directory && !candidate(filepath.Join(path, e.Name()), depth+1) || e.IsDir() && slices.Contains(passedOver, e.Name()) {
			continue
		}
		if e.Type()&fs.ModeSymlink != 0 && filepath.Ext(e.Name()) != "" && !candidate(filepath.Join(path, e.Name()), depth+1) {
			if info, err := os.Stat(filepath.Join(path, e.Name())); err != nil || !info.IsDir() {
				continue // a link to some other file
			}
		}
		s.visit(filepath.Join(path, e.Name()), depth+1)
	}
}

// folderName is a model folder's name. The hub's own cache keeps them as
// models--owner--name/snapshots/revision.
func folderName(path string) string {
	if above := filepath.Dir(path); filepath.Base(above) == "snapshots" {
		if name, ok := strings.CutPrefix(filepath.Base(filepath.Dir(above)), "models--"); ok {
			return strings.ReplaceAll(name, "--", "/")
		}
	}
	return filepath.Base(path)
}

// measure is a model folder's bytes and the time of its newest file, its parts
// included and what is below them not.
func measure(path string) (size int64, newest time.Time) {
	for _, pattern := range []string{"*", filepath.Join("*", "*")} {
		files, _ := filepath.Glob(filepath.Join(escapeGlob(path), pattern))
		for _, file := range files {
			if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
				size += info.Size()
				if info.ModTime().After(newest) {
					newest = info.ModTime()
				}
			}
		}
	}
	return size, newest
}

var globSpecial = strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`)

func escapeGlob(path string) string { return globSpecial.Replace(path) }

// add lists a model, with what is known of it or what its header tells.
func (s *scan) add(m Model) {
	r, known := s.known[m.Path]
	if !known || !r.same(m.Size, m.Modified) {
		r = record{Size: m.Size, Modified: m.Modified}
		switch {
		case m.Folder:
			r.Details = describeFolder(m.Path)
		case adapter.IsPicture(m.Path):
			r.Details = describePicture(m.Path)
		default:
			r.Details = describe(m.Path)
		}
	}
	m.Details, m.SHA256 = r.Details, r.SHA256
	s.fresh[m.Path] = r
	if m.Kind == Unknown && (pickled(m.Path) || adapter.IsPicture(m.Path)) {
		return // any program's, or a picture like others
	}
	if from, ours := s.origins[m.Path]; ours {
		m.Origin = &from
	}
	s.listing.Models = append(s.listing.Models, m)
	if s.told != nil {
		s.told(len(s.listing.Models))
	}
}
