// Package data makes the pictures and captions that the default model is trained
// on.
//
// Fetch gets the source packages, Build turns them into a set of cut-out
// pictures (sprites), Open reads that set, and Set.Sample composes some of them
// on a background together with a caption that is true by construction.
package data

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

const (
	// These bound what a damaged file can ask for; no real set comes near.
	maxThings     = 1 << 14
	maxCutouts    = 1 << 18
	maxIndexSize  = 1 << 26 // bytes
	maxSpriteSize = 1 << 20 // bytes; longer files are cut, and then don't decode
)

// Set is an opened training set. It doesn't change after Open, so several
// goroutines may sample it at once, each with its own random source. The pictures
// stay in the file, compressed, and are read when they are needed.
type Set struct {
	concepts []Concept
	cutouts  []cutout
	sprites  []*zip.File      // by cutout
	styled   map[string][]int // things by style
	recipe   string           // what it was built from
	file     io.Closer
}

// Concepts returns the concepts of the set; an Example's Concept is an index
// into it. The slice is shared: don't change it.
func (s *Set) Concepts() []Concept { return s.concepts }

// Close closes the set's file.
func (s *Set) Close() error { return s.file.Close() }

// Open reads the set that Build wrote into dir.
func Open(dir string) (*Set, error) {
	path := filepath.Join(dir, spritesFile)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open training set: no %s in %s; build the set first", spritesFile, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open training set: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open training set: %w", err)
	}
	s, err := read(f, info.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open training set %s: %w; build the set again", path, err)
	}
	s.file = f
	return s, nil
}

// read reads the archive that a builder writes, size bytes long.
func read(r io.ReaderAt, size int64) (*Set, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	text, err := readMember(archive, indexName, maxIndexSize)
	if err != nil {
		return nil, err
	}
	var list index
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", indexName, err)
	}
	if n := len(list.Things); n == 0 || n > maxThings {
		return nil, fmt.Errorf("%s lists %d things, want 1 to %d", indexName, n, maxThings)
	}
	if n := len(list.Cutouts); n == 0 || n > maxCutouts {
		return nil, fmt.Errorf("%s lists %d pictures, want 1 to %d", indexName, n, maxCutouts)
	}
	s := &Set{cutouts: list.Cutouts, styled: map[string][]int{}, recipe: list.Recipe}
	for i, t := range list.Things {
		for _, n := range t.Names {
			if parseNoun(n).text == "" {
				return nil, fmt.Errorf("%s: thing %d has an empty name", indexName, i)
			}
		}
		if len(t.Names) == 0 {
			return nil, fmt.Errorf("%s: thing %d has no name", indexName, i)
		}
		s.concepts = append(s.concepts, t.concept())
	}
	files := map[string]*zip.File{}
	for _, f := range archive.File {
		files[f.Name] = f
	}
	for i, c := range s.cutouts {
		sprite := files[spriteName(i)]
		if sprite == nil {
			return nil, fmt.Errorf("%s is missing", spriteName(i))
		}
		if c.Thing < 0 || c.Thing >= len(s.concepts) || !slices.Contains(Styles, c.Style) {
			return nil, fmt.Errorf("%s: picture %d is of thing %d in style %q", indexName, i, c.Thing, c.Style)
		}
		s.sprites = append(s.sprites, sprite)
		t := &s.concepts[c.Thing]
		if c.HeldBack {
			continue
		}
		if len(t.cutouts[c.Style]) == 0 {
			s.styled[c.Style] = append(s.styled[c.Style], c.Thing)
		}
		t.cutouts[c.Style] = append(t.cutouts[c.Style], i)
	}
	return s, nil
}

func readMember(archive *zip.Reader, name string, most int64) ([]byte, error) {
	f, err := archive.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("%s is longer than %d bytes", name, most)
	}
	return text, nil
}

// sprite reads a picture, SpriteSize squared, premultiplied.
func (s *Set) sprite(i int) (*image.RGBA, error) {
	f, err := s.sprites[i].Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	name := spriteName(i)
	text, err := io.ReadAll(io.LimitReader(f, maxSpriteSize))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	// The header tells the size before memory is spent on the pixels.
	head, err := png.DecodeConfig(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if head.Width != SpriteSize || head.Height != SpriteSize {
		return nil, fmt.Errorf("%s is %d×%d pixels, want %d×%d", name, head.Width, head.Height, SpriteSize, SpriteSize)
	}
	im, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	sprite := image.NewRGBA(image.Rect(0, 0, SpriteSize, SpriteSize))
	draw.Draw(sprite, sprite.Rect, im, im.Bounds().Min, draw.Src)
	return sprite, nil
}
