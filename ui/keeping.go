package ui

import (
	"errors"
	"fmt"
	"image"
	"path/filepath"
	"sync"

	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/engine/recipe"
)

// keep puts a finished picture into the gallery. It is called off Fyne's
// goroutine.
func (s *Studio) keep(picture *image.RGBA, r engine.Request, l gallery.Lineage) (gallery.Picture, error) {
	if s.options.Gallery == nil {
		return gallery.Picture{}, nil
	}
	return s.options.Gallery.Keep(picture, r, gallery.Marks{Lineage: l})
}

// loadGallery lists what was kept in earlier runs and puts the newest picture
// on show.
func (s *Studio) loadGallery() {
	if s.options.Gallery == nil {
		return
	}
	go func() {
		kept, err := s.options.Gallery.List()
		s.do(func() {
			s.shelf.SetPictures(kept)
			if err != nil {
				s.notice.Fail(fmt.Errorf("some kept pictures can't be read: %w", err))
			}
			if len(kept) > 0 && s.shown == nil && s.asked == 0 && len(s.working) == 0 {
				s.open(kept[0])
			}
		})
	}()
}

// open puts a kept picture on show, with its steps where they are still there.
func (s *Studio) open(p gallery.Picture) {
	wanted := s.asks()
	run, side := s.tree.of(p), s.thumbPixels(frameSide)
	if t := s.recent.find(func(t *take) bool { return t.kept.ID == p.ID }); t != nil && !(t.still() && run != "") {
		s.show(t)
		s.report()
		return
	}
	go func() {
		picture, err := s.options.Gallery.Image(p.ID)
		t := &take{request: p.Request, kind: engine.Finished}
		if run != "" && err == nil {
			if old, err := readRun(s.options.Timeline, run, side); err == nil { // else the picture alone
				t = old
				t.thumbs[len(t.thumbs)-1] = thumbnail(picture, side)
			}
		}
		t.picture, t.kept = picture, p
		s.do(func() {
			if err != nil {
				s.notice.Fail(err)
				return
			}
			if !wanted() {
				return
			}
			s.show(t)
			s.report()
			if run == "" && s.tree.of(p) != "" { // the timeline was read meanwhile
				s.open(p)
			}
		})
	}()
}

// setFavourite stars a kept picture or takes the star back.
func (s *Studio) setFavourite(p gallery.Picture, favourite bool) {
	if err := s.options.Gallery.Favourite(p.ID, favourite); err != nil {
		s.notice.Fail(err)
		return
	}
	s.shelf.SetFavourite(p.ID, favourite)
	if s.shown != nil && s.shown.kept.ID == p.ID {
		s.shown.kept.Favourite = favourite
		s.showStar(s.shown)
	}
}

// toggleFavourite stars the picture on show, or takes the star back.
func (s *Studio) toggleFavourite() {
	switch {
	case s.shown == nil:
		s.notice.Fail(errNothing)
	case !s.shown.over(): // still developing: as soon as it is kept
		s.shown.wanted = !s.shown.wanted
		s.showStar(s.shown)
	case s.shown.kept.ID == "":
		s.notice.Fail(errors.New("only a finished picture can be a favourite"))
	default:
		s.setFavourite(s.shown.kept, !s.shown.kept.Favourite)
	}
}

// savePicture writes a picture with its recipe. It is called off Fyne's goroutine.
func (s *Studio) savePicture(path string, picture *image.RGBA, r engine.Request) {
	err := gallery.Save(path, picture, r)
	s.do(func() {
		if err != nil {
			s.notice.Fail(err)
			return
		}
		s.notice.Tell("saved as "+path, "", nil)
	})
}

// readRecipe takes over the recipe of a picture, Darkroom's or another
// program's, or of a text file. It is called off Fyne's goroutine.
func (s *Studio) readRecipe(path string) {
	found, err := recipe.ReadFile(path)
	s.do(func() { s.takeOver(filepath.Base(path), found, err) })
}

// pasteRecipe takes over a recipe that was copied as text.
func (s *Studio) pasteRecipe() {
	found, err := recipe.Parse(s.options.App.Clipboard().Content())
	s.takeOver("the clipboard", found, err)
}

// maxNotes is how many notes on a recipe are shown; the strip grows with them.
const maxNotes = 8

// takeOver fills the fields with a recipe and lists what could not be restored.
func (s *Studio) takeOver(from string, found recipe.Recipe, err error) {
	if err != nil {
		s.notice.Fail(fmt.Errorf("%s: %w", from, err))
		return
	}
	r, notes := found.Request(s.options.Finder)
	if len(notes) == 0 {
		s.notice.Tell(fmt.Sprintf("the recipe of %s is in the fields; %s makes the picture again", from, shortcutLabel(keyGenerate)), "", nil)
	} else {
		text := fmt.Sprintf("the recipe of %s, drawn by %s, is in the fields. Not as it was:", from, found.Tool)
		for _, note := range notes[:min(len(notes), maxNotes)] {
			text += "\n• " + note
		}
		if more := len(notes) - maxNotes; more > 0 {
			text += fmt.Sprintf("\n• And %d more.", more)
		}
		s.notice.Tell(text, "", nil)
	}
	s.use(r)
}

// thumbs reads thumbnails of kept pictures on a goroutine of its own, the
// latest asked for first: that is what a person scrolled to.
type thumbs struct {
	do   func(func())
	load func(id string, side int) (*image.RGBA, error)
	show func(id string, thumb *image.RGBA)

	mu    sync.Mutex
	asked []wanted
	busy  bool
}

// wanted is a kept picture and the size of its thumbnail in pixels.
type wanted struct {
	id   string
	side int
}

// ask has a thumbnail read, and returns at once.
func (t *thumbs) ask(id string, side int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked = append(t.asked, wanted{id, side})
	if !t.busy {
		t.busy = true
		go t.work()
	}
}

func (t *thumbs) work() {
	for {
		t.mu.Lock()
		if len(t.asked) == 0 {
			t.busy = false
			t.mu.Unlock()
			return
		}
		w := t.asked[len(t.asked)-1]
		t.asked = t.asked[:len(t.asked)-1]
		t.mu.Unlock()

		thumb, err := t.load(w.id, w.side)
		if err != nil {
			continue // the picture itself will say what is wrong when it is opened
		}
		shown := make(chan struct{})
		t.do(func() {
			t.show(w.id, thumb)
			close(shown)
		})
		<-shown
	}
}
