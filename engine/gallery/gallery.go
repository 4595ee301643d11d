package gallery

import (
	"cmp"
	"context"
	"encoding/binary"
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
	"sync/atomic"
	"time"

	"darkroom/engine"
	"darkroom/engine/metadata"
	"darkroom/engine/system"
)

// ErrNotWritable says that a folder can't take pictures.
var ErrNotWritable = errors.New("no pictures can be kept there")

// Picture is one kept picture.
type Picture struct {
	ID      string         `json:"id"`    // unique in its gallery, and never used again
	Path    string         `json:"path"`  // the PNG file
	Width   int            `json:"width"` // pixels
	Height  int            `json:"height"`
	Request engine.Request `json:"request"`
	Marks
}

// Gallery is a folder of kept pictures, 00001.png and so on, each with its
// recipe and marks, and an index of them. Its methods may be called from any
// goroutine; several programs may keep pictures in one folder.
type Gallery struct {
	dir   string
	index atomic.Pointer[index]

	ctx   context.Context // ends with Close
	close context.CancelFunc
	tasks sync.WaitGroup // goroutines

	mu   sync.Mutex // held while a file changes, so that its line in the index is of the same time
	last int        // highest number ever seen

	healing     sync.Mutex
	syncing     sync.Mutex
	done, total atomic.Int64 // of the files that the index is behind with

	thumbs thumbnails
}

// maxPixels is the largest picture that is decoded.
const maxPixels = 1 << 26

// Open opens the gallery in the folder dir, which it makes when it is not
// there, and brings its index up to date in the background. An error that wraps
// ErrNotWritable says why nothing can be kept there; if the folder can be read
// there is a gallery with the error, to look at.
func Open(dir string) (*Gallery, error) {
	g := &Gallery{dir: dir}
	refused := func(err error) error {
		return fmt.Errorf("the gallery folder %s: %w: choose another folder, or allow writing to it (%w)", dir, ErrNotWritable, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, refused(err)
	}
	numbers, err := g.numbers(dir)
	if err != nil {
		return nil, refused(err)
	}
	trashed, err := g.numbers(g.trash())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	g.last = max(highest(numbers), highest(trashed))
	unwritable := probe(dir)
	x, err := openIndex(filepath.Join(dir, indexName))
	if err != nil {
		if x, err = openIndex(""); err != nil {
			return nil, err
		}
	}
	g.index.Store(x)
	if n, err := x.highest(); err == nil {
		g.last = max(g.last, n)
	}
	g.thumbs.dir = filepath.Join(dir, ".thumbnails")
	g.ctx, g.close = context.WithCancel(context.Background())
	g.background()
	if unwritable != nil {
		return g, refused(unwritable)
	}
	return g, nil
}

// probe tries to write in a folder.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".darkroom.*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write([]byte{0})
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// Close ends what goes on in the background, and the use of the index.
func (g *Gallery) Close() error {
	g.close()
	g.tasks.Wait()
	g.healing.Lock()
	defer g.healing.Unlock()
	return g.index.Load().db.Close()
}

// Dir is the folder of the pictures.
func (g *Gallery) Dir() string { return g.dir }

func name(number int) string { return fmt.Sprintf("%05d.png", number) }

// number is the reverse of name; false for other files.
func number(id string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSuffix(id, ".png"))
	return n, err == nil && n > 0 && id == name(n)
}

// numbers lists the pictures in a folder, in no order.
func (g *Gallery) numbers(dir string) ([]int, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("the gallery folder %s can't be read: %w", dir, err)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("the gallery folder %s can't be read: %w", dir, err)
	}
	var numbers []int
	for _, f := range names {
		if n, ok := number(f); ok {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

func highest(numbers []int) int {
	if len(numbers) == 0 {
		return 0
	}
	return slices.Max(numbers)
}

// Keep adds a picture.
func (g *Gallery) Keep(img image.Image, r engine.Request, m Marks) (Picture, error) {
	if err := m.check(); err != nil {
		return Picture{}, err
	}
	if m.Kept.IsZero() {
		m.Kept = now()
	}
	id, err := g.reserve()
	if err != nil {
		return Picture{}, fmt.Errorf("the picture can't be kept in %s: %w: free some space or allow writing there (%w)", g.dir, ErrNotWritable, err)
	}
	size := img.Bounds().Size()
	p := Picture{ID: id, Path: filepath.Join(g.dir, id), Width: size.X, Height: size.Y, Request: r, Marks: m}
	if err := save(p.Path, img, r, m); err != nil {
		os.Remove(p.Path)
		return Picture{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.note(id)
	return p, nil
}

// now is the time as marks hold it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

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

// Favourite says whether a picture is one; its file remembers.
func (g *Gallery) Favourite(id string, favourite bool) error {
	_, err := g.Mark(id, func(m *Marks) { m.Favourite = favourite })
	return err
}

// Mark changes what is known of a picture; its file remembers.
func (g *Gallery) Mark(id string, change func(*Marks)) (Picture, error) {
	path, err := g.path(id)
	if err != nil {
		return Picture{}, err
	}
	g.mu.Lock() // not two changes of one file at once
	defer g.mu.Unlock()
	before, err := stampOf(path)
	if err != nil {
		return Picture{}, g.failed(id, err)
	}
	p, err := mark(path, before, change)
	if err != nil {
		return Picture{}, g.failed(id, err)
	}
	p.ID, p.Path = id, path
	g.note(id)
	if after, err := stampOf(path); err == nil {
		g.thumbs.move(id, before, after)
	}
	return p, nil
}

// tick is more than the finest time that any file system tells apart.
const tick = 20 * time.Millisecond

func mark(path string, before stamp, change func(*Marks)) (Picture, error) {
	old, err := os.ReadFile(path)
	if err != nil {
		return Picture{}, err
	}
	p, err := readPicture(path)
	if err != nil {
		return Picture{}, err
	}
	head, rest, m, err := splitMarks(old)
	if err != nil {
		return Picture{}, err
	}
	p.Marks = m
	p.dated(path)
	m = p.Marks
	change(&m)
	if err := m.check(); err != nil {
		return Picture{}, err
	}
	marks, err := m.chunk(nil)
	if err != nil {
		return Picture{}, err
	}
	// A change leaves another time even where the size is the same, or it would go
	// unnoticed if the program ended before the index knows.
	time.Sleep(min(tick, tick-time.Since(time.Unix(0, before.changed))))
	if err = system.Replace(path, func(w io.Writer) error { return writeAll(w, head, marks, rest) }); err != nil {
		return Picture{}, err
	}
	p.Marks = m
	return p, nil
}

// readPicture fills in what the file tells.
func readPicture(path string) (Picture, error) {
	f, err := os.Open(path)
	if err != nil {
		return Picture{}, err
	}
	defer f.Close()
	p, err := read(f)
	if err != nil {
		return Picture{}, err
	}
	header := make([]byte, metadata.HeaderSize) // signature, length, IHDR, width, height
	if _, err := f.ReadAt(header, 0); err != nil {
		return Picture{}, err
	}
	p.Width = int(binary.BigEndian.Uint32(header[16:]))
	p.Height = int(binary.BigEndian.Uint32(header[20:]))
	return p, nil
}

// Image reads a picture's pixels.
func (g *Gallery) Image(id string) (*image.RGBA, error) {
	path, err := g.path(id)
	if err != nil {
		return nil, err
	}
	img, err := decode(path)
	if err != nil {
		return nil, g.failed(id, err)
	}
	return img, nil
}

func decode(path string) (*image.RGBA, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	config, err := png.DecodeConfig(f)
	if err != nil {
		return nil, err
	}
	if config.Width > maxPixels/config.Height {
		return nil, fmt.Errorf("its size of %d×%d is more than can be shown", config.Width, config.Height)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, err := png.Decode(f)
	if err != nil {
		return nil, err
	}
	return rgba(img), nil
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

// newestFirst orders pictures by their numbers.
func newestFirst(a, b Picture) int {
	m, _ := number(a.ID)
	n, _ := number(b.ID)
	return cmp.Compare(n, m)
}
