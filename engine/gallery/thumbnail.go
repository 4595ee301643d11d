package gallery

import (
	"container/list"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"darkroom/engine/system"

	"github.com/nfnt/resize"
)

// maxThumbs is how much memory thumbnails take at most, in bytes: at 160 pixels,
// 655 of them.
const maxThumbs = 64 << 20

// makers is how many thumbnails are made at once, each from a picture in memory.
const makers = 2

// thumbnails is the small copies of pictures: the last ones used in memory, and
// all of them in a folder, as 00/00001.png-160-SIZE-TIME.jpg after the size and
// time of the picture's file.
type thumbnails struct {
	dir string

	mu     sync.Mutex
	bytes  int
	recent list.List // of *thumb, the one used last in front
	known  map[thumbKey]*list.Element
	making map[thumbKey]*making
	slots  chan struct{}
}

type thumbKey struct {
	id   string
	side int
}

type thumb struct {
	thumbKey
	img *image.RGBA
}

// making is a thumbnail that others wait for too.
type making struct {
	done chan struct{}
	img  *image.RGBA
	err  error
}

// Thumbnail makes a small copy of a picture that fits into side × side pixels.
// It is made once, and kept in memory and on the disk. It takes as long as
// reading the picture does: call it where nobody waits, and Cached where somebody
// does.
func (g *Gallery) Thumbnail(id string, side int) (*image.RGBA, error) {
	path, err := g.path(id)
	if err != nil {
		return nil, err
	}
	img, err := g.thumbs.get(path, thumbKey{id, max(side, 1)})
	if err != nil {
		return nil, g.failed(id, err)
	}
	return img, nil
}

// Cached is a thumbnail that is in memory, at once; false when there is none.
func (g *Gallery) Cached(id string, side int) (*image.RGBA, bool) {
	g.thumbs.mu.Lock()
	defer g.thumbs.mu.Unlock()
	return g.thumbs.recall(thumbKey{id, max(side, 1)})
}

// recall finds a thumbnail in memory; mu is held.
func (t *thumbnails) recall(key thumbKey) (*image.RGBA, bool) {
	e, ok := t.known[key]
	if !ok {
		return nil, false
	}
	t.recent.MoveToFront(e)
	return e.Value.(*thumb).img, true
}

func (t *thumbnails) get(path string, key thumbKey) (*image.RGBA, error) {
	t.mu.Lock()
	if img, ok := t.recall(key); ok {
		t.mu.Unlock()
		return img, nil
	}
	if t.known == nil {
		t.known, t.making, t.slots = map[thumbKey]*list.Element{}, map[thumbKey]*making{}, make(chan struct{}, makers)
	}
	m, ok := t.making[key]
	if !ok {
		m = &making{done: make(chan struct{})}
		t.making[key] = m
	}
	t.mu.Unlock()
	if ok {
		<-m.done
		return m.img, m.err
	}
	t.slots <- struct{}{}
	m.img, m.err = t.make(path, key)
	<-t.slots

	t.mu.Lock()
	defer t.mu.Unlock()
	close(m.done)
	if t.making[key] == m { // it was not dropped in between
		delete(t.making, key)
		if m.err == nil {
			t.keep(key, m.img)
		}
	}
	return m.img, m.err
}

// keep remembers a thumbnail and forgets those not used for longest; mu is held.
func (t *thumbnails) keep(key thumbKey, img *image.RGBA) {
	t.known[key] = t.recent.PushFront(&thumb{key, img})
	t.bytes += len(img.Pix)
	for t.bytes > maxThumbs && t.recent.Len() > 1 {
		t.release(t.recent.Back())
	}
}

func (t *thumbnails) release(e *list.Element) {
	old := t.recent.Remove(e).(*thumb)
	t.bytes -= len(old.img.Pix)
	delete(t.known, old.thumbKey)
}

// drop forgets a picture's thumbnails in memory: it may be another picture now.
func (t *thumbnails) drop(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, e := range t.known {
		if key.id == id {
			t.release(e)
		}
	}
	for key := range t.making {
		if key.id == id {
			delete(t.making, key)
		}
	}
}

// make reads a thumbnail, or the picture.
func (t *thumbnails) make(path string, key thumbKey) (*image.RGBA, error) {
	s, err := stampOf(path)
	if err != nil {
		return nil, err
	}
	file := t.file(key, s)
	if img, err := readThumb(file, key.side); err == nil {
		return img, nil
	}
	img, err := decode(path)
	if err != nil {
		return nil, err
	}
	img = rgba(resize.Thumbnail(uint(key.side), uint(key.side), img, resize.Lanczos3))
	if os.MkdirAll(filepath.Dir(file), 0o755) == nil { // one that can't be kept is made again
		old := t.files(key.id, fmt.Sprint(key.side, "-"))
		_ = system.Replace(file, func(w io.Writer) error { return jpeg.Encode(w, img, &jpeg.Options{Quality: 90}) })
		for _, o := range old {
			os.Remove(o)
		}
	}
	return img, nil
}

func (t *thumbnails) file(key thumbKey, s stamp) string {
	return filepath.Join(t.folder(key.id), fmt.Sprintf("%s-%d%s.jpg", key.id, key.side, s))
}

// folder is one for each thousand.
func (t *thumbnails) folder(id string) string {
	n, _ := number(id)
	return filepath.Join(t.dir, fmt.Sprintf("%02d", n/1000))
}

func readThumb(file string, side int) (*image.RGBA, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	config, err := jpeg.DecodeConfig(f)
	if err != nil {
		return nil, err
	}
	if config.Width > side || config.Height > side {
		return nil, errors.New("this is no thumbnail")
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, err := jpeg.Decode(f)
	if err != nil {
		return nil, err
	}
	return rgba(img), nil
}

// files lists a picture's thumbnails on the disk, those whose names go on in a
// certain way.
func (t *thumbnails) files(id, goOn string) (paths []string) {
	folder := t.folder(id)
	list, _ := os.ReadDir(folder)
	for _, f := range list {
		if strings.HasPrefix(f.Name(), id+"-"+goOn) {
			paths = append(paths, filepath.Join(folder, f.Name()))
		}
	}
	return paths
}

// move has the thumbnails follow a file whose marks have changed, not its pixels.
func (t *thumbnails) move(id string, from, to stamp) {
	for _, f := range t.files(id, "") {
		if stem, ok := strings.CutSuffix(f, from.String()+".jpg"); ok {
			_ = os.Rename(f, stem+to.String()+".jpg")
		}
	}
}

// forget deletes the thumbnails of a picture that is gone for ever.
func (t *thumbnails) forget(id string) {
	t.drop(id)
	for _, f := range t.files(id, "") {
		os.Remove(f)
	}
}
