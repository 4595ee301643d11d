package gallery

import (
	"bytes"
	"cmp"
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
	"strconv"
	"strings"
	"sync"

	"github.com/nfnt/resize"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/metadata"
)

// ErrNotWritable says that a folder can't take pictures.
var ErrNotWritable = errors.New("no pictures can be kept there")

// Picture is one kept picture.
type Picture struct {
	ID        string // unique in its gallery, and never used again
	Path      string // the PNG file
	Request   engine.Request
	Favourite bool
}

// Gallery is a folder of kept pictures, 00001.png and so on, each with its
// recipe and whether it is a favourite. Its methods may be called from any
// goroutine; several programs may keep pictures in one folder.
type Gallery struct {
	dir string

	mu     sync.Mutex
	last   int // highest number seen
	thumbs map[thumb]*image.RGBA
}

// thumb is what a thumbnail is remembered by.
type thumb struct {
	id   string
	side int
}

// maxThumbs is how many thumbnails are remembered: at 160 pixels, 50 MB.
const maxThumbs = 512

// maxPixels is the largest picture that is decoded.
const maxPixels = 1 << 26

// Open opens the gallery in the folder dir, which it makes when it is not
// there. An error that wraps ErrNotWritable says why nothing can be kept there.
func Open(dir string) (*Gallery, error) {
	fail := func(err error) (*Gallery, error) {
		return nil, fmt.Errorf("the gallery folder %s: %w: choose another folder, or allow writing to it (%w)", dir, ErrNotWritable, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fail(err)
	}
	probe, err := os.CreateTemp(dir, ".darkroom.*.tmp")
	if err != nil {
		return fail(err)
	}
	probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return fail(err)
	}
	g := &Gallery{dir: dir, thumbs: map[thumb]*image.RGBA{}}
	if _, err := g.numbers(); err != nil {
		return nil, err
	}
	return g, nil
}

// Dir is the folder of the pictures.
func (g *Gallery) Dir() string { return g.dir }

func name(number int) string { return fmt.Sprintf("%05d.png", number) }

// number is the reverse of name; false for other files.
func number(id string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSuffix(id, ".png"))
	return n, err == nil && n > 0 && id == name(n)
}

// numbers lists the pictures in the folder, highest first, and remembers the
// highest.
func (g *Gallery) numbers() ([]int, error) {
	files, err := os.ReadDir(g.dir)
	if err != nil {
		return nil, fmt.Errorf("the gallery folder %s can't be read: %w", g.dir, err)
	}
	var numbers []int
	for _, f := range files {
		if n, ok := number(f.Name()); ok && f.Type().IsRegular() {
			numbers = append(numbers, n)
		}
	}
	slices.SortFunc(numbers, func(a, b int) int { return cmp.Compare(b, a) })
	if len(numbers) > 0 {
		g.mu.Lock()
		g.last = max(g.last, numbers[0])
		g.mu.Unlock()
	}
	return numbers, nil
}

// Keep adds a picture.
func (g *Gallery) Keep(img image.Image, r engine.Request, favourite bool) (Picture, error) {
	id, err := g.reserve()
	if err != nil {
		return Picture{}, fmt.Errorf("the picture can't be kept in %s: %w: free some space or allow writing there (%w)", g.dir, ErrNotWritable, err)
	}
	p := Picture{ID: id, Path: filepath.Join(g.dir, id), Request: r, Favourite: favourite}
	if err := save(p.Path, img, r, favourite); err != nil {
		os.Remove(p.Path)
		return Picture{}, err
	}
	return p, nil
}

// reserve makes an empty file under a new name, which nobody else takes then.
func (g *Gallery) reserve() (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for {
		g.last++
		id := name(g.last)
		f, err := os.OpenFile(filepath.Join(g.dir, id), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		return id, f.Close()
	}
}

// List reads all pictures, newest first. The error names those that can't be
// read; the others are listed all the same.
func (g *Gallery) List() ([]Picture, error) {
	numbers, err := g.numbers()
	if err != nil {
		return nil, err
	}
	var pictures []Picture
	var bad []error
	for _, n := range numbers {
		path := filepath.Join(g.dir, name(n))
		if info, err := os.Stat(path); err == nil && info.Size() == 0 || errors.Is(err, fs.ErrNotExist) {
			continue // being written, or just removed
		}
		p, err := readFile(path)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		p.ID, p.Path = name(n), path
		pictures = append(pictures, p)
	}
	return pictures, errors.Join(bad...)
}

// Favourite says whether a picture is one; its file remembers.
func (g *Gallery) Favourite(id string, favourite bool) error {
	path, err := g.path(id)
	if err != nil {
		return err
	}
	g.mu.Lock() // not two changes of one file at once
	defer g.mu.Unlock()
	old, err := os.ReadFile(path)
	if err != nil {
		return g.failed(id, err)
	}
	head, rest, err := splitFavourite(old)
	if err != nil {
		return g.failed(id, err)
	}
	if favourite {
		head = metadata.TextChunk(favouriteKey, "yes").Append(head)
	}
	err = checkpoint.Replace(path, func(w io.Writer) error { return writeAll(w, head, rest) })
	if err != nil {
		return g.failed(id, err)
	}
	return nil
}

// splitFavourite takes the marks of a favourite out of a PNG and splits it
// after its first chunk, where a mark may be put.
func splitFavourite(file []byte) (head, rest []byte, err error) {
	at := int64(len(metadata.Signature))
	// A Buffer can't seek, so the scan finds every chunk to be complete.
	err = metadata.ScanPNG(bytes.NewBuffer(file), func(c metadata.Chunk) bool {
		begin := at
		at += c.Size
		switch keyword, _, _ := c.Text(); {
		case head == nil:
			head = file[:at:at]
		case keyword != favouriteKey:
			rest = append(rest, file[begin:at]...)
		}
		return true
	})
	return head, rest, err
}

// Remove deletes a picture.
func (g *Gallery) Remove(id string) error {
	path, err := g.path(id)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return g.failed(id, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for t := range g.thumbs {
		if t.id == id {
			delete(g.thumbs, t)
		}
	}
	return nil
}

// Image reads a picture's pixels.
func (g *Gallery) Image(id string) (*image.RGBA, error) {
	path, err := g.path(id)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, g.failed(id, err)
	}
	defer f.Close()
	config, err := png.DecodeConfig(f)
	if err != nil {
		return nil, g.failed(id, err)
	}
	if config.Width > maxPixels/config.Height {
		return nil, g.failed(id, fmt.Errorf("its size of %d×%d is more than can be shown", config.Width, config.Height))
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, g.failed(id, err)
	}
	img, err := png.Decode(f)
	if err != nil {
		return nil, g.failed(id, err)
	}
	return rgba(img), nil
}

// Thumbnail makes a small copy of a picture that fits into side × side pixels;
// it is remembered.
func (g *Gallery) Thumbnail(id string, side int) (*image.RGBA, error) {
	key := thumb{id, side}
	g.mu.Lock()
	small, ok := g.thumbs[key]
	g.mu.Unlock()
	if ok {
		return small, nil
	}
	img, err := g.Image(id)
	if err != nil {
		return nil, err
	}
	small = rgba(resize.Thumbnail(uint(max(side, 1)), uint(max(side, 1)), img, resize.Lanczos3))
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.thumbs) >= maxThumbs {
		clear(g.thumbs)
	}
	g.thumbs[key] = small
	return small, nil
}

// path finds a picture's file; an id is never a way out of the folder.
func (g *Gallery) path(id string) (string, error) {
	if _, ok := number(id); !ok {
		return "", g.failed(id, fs.ErrNotExist)
	}
	return filepath.Join(g.dir, id), nil
}

// failed says which picture an error is about.
func (g *Gallery) failed(id string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the gallery %s has no picture %q; perhaps it was removed (%w)", g.dir, id, fs.ErrNotExist)
	}
	return fmt.Errorf("picture %q of the gallery %s: %w", id, g.dir, err)
}

// rgba copies a picture unless it is what the window shows fastest already.
func rgba(img image.Image) *image.RGBA {
	if p, ok := img.(*image.RGBA); ok && p.Rect.Min == (image.Point{}) && p.Stride == 4*p.Rect.Dx() {
		return p
	}
	p := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(p, p.Rect, img, img.Bounds().Min, draw.Src)
	return p
}
