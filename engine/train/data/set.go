// Package data makes the pictures and captions that the small text-to-picture
// model is trained on.
//
// fetch.sh gets the source packages, Build turns them into a set of cut-out
// pictures (sprites), Open reads that set, and Set.Sample composes one picture
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
)

const (
	// These bound what a damaged file can ask for; no real set comes near.
	maxConcepts   = 4096
	maxIndexSize  = 1 << 20 // bytes
	maxSpriteSize = 1 << 20 // bytes; longer files are cut, and then don't decode
)

// Set is an opened training set. It doesn't change after Open, so several
// goroutines may sample it at once, each with its own random source.
type Set struct {
	concepts []Concept
	sprites  []*image.RGBA // by concept, SpriteSize squared, premultiplied
}

// Concepts returns the concepts of the set; an Example's Concept is an index
// into it. The slice is shared: don't change it.
func (s *Set) Concepts() []Concept { return s.concepts }

// Open reads the set that Build wrote into dir.
func Open(dir string) (*Set, error) {
	path := filepath.Join(dir, spritesFile)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open training set: no %s in %s; fetch the pictures with engine/train/data/fetch.sh and build the set first", spritesFile, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open training set: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open training set: %w", err)
	}
	s, err := read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("open training set %s: %w; build the set again", path, err)
	}
	return s, nil
}

// read reads the archive writeSet writes, size bytes long.
func read(r io.ReaderAt, size int64) (*Set, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	index, err := readIndex(archive)
	if err != nil {
		return nil, err
	}
	s := &Set{}
	for i, e := range index {
		c := e.concept()
		for _, n := range c.nouns {
			if n.text == "" {
				return nil, fmt.Errorf("%s: concept %d has an empty name", indexName, i)
			}
		}
		sprite, err := readSprite(archive, spriteName(i))
		if err != nil {
			return nil, err
		}
		s.concepts = append(s.concepts, c)
		s.sprites = append(s.sprites, sprite)
	}
	return s, nil
}

func readIndex(archive *zip.Reader) ([]entry, error) {
	f, err := archive.Open(indexName)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxIndexSize+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", indexName, err)
	}
	if len(text) > maxIndexSize {
		return nil, fmt.Errorf("%s is longer than %d bytes", indexName, maxIndexSize)
	}
	var index []entry
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, fmt.Errorf("%s: %w", indexName, err)
	}
	if len(index) == 0 || len(index) > maxConcepts {
		return nil, fmt.Errorf("%s lists %d concepts, want 1 to %d", indexName, len(index), maxConcepts)
	}
	return index, nil
}

func readSprite(archive *zip.Reader, name string) (*image.RGBA, error) {
	f, err := archive.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
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
