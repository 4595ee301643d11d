package ui

import (
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"

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

// loadGallery puts what was kept in earlier runs on the shelf and the newest picture
// on show: what the index knows at once, and once more when that is up to date.
func (s *Studio) loadGallery() {
	if s.options.Gallery == nil {
		return
	}
	go func() {
		s.stock(true)
		err := s.options.Gallery.Sync(s.ctx)
		if s.ctx.Err() != nil {
			return
		}
		if err != nil {
			s.do(func() { s.notice.Fail(fmt.Errorf("some kept pictures can't be read: %w", err)) })
		}
		s.stock(true)
		s.do(s.gallery.Changed)
	}()
}

// restock brings the shelf and the gallery in line with the index.
func (s *Studio) restock() {
	s.gallery.Changed()
	go s.stock(false)
}

// stock puts the newest pictures and favourites on the shelf, and the newest on show if
// there is nothing else. It is called off Fyne's goroutine.
func (s *Studio) stock(show bool) {
	g := s.options.Gallery
	newest, err := g.Search(s.ctx, gallery.Query{Limit: shelfPlaces})
	starred, e1 := g.Search(s.ctx, gallery.Query{Limit: shelfPlaces, Favourite: true})
	all, e2 := g.Count(s.ctx, gallery.Query{})
	stars, e3 := g.Count(s.ctx, gallery.Query{Favourite: true})
	if err = errors.Join(err, e1, e2, e3); s.ctx.Err() != nil {
		return
	}
	if len(newest.Pictures) > 0 && show {
		_, gone := os.Stat(newest.Pictures[0].Path) // the index may not know that yet
		show = gone == nil
	}
	s.do(func() {
		if err != nil {
			s.notice.Fail(err)
			return
		}
		for _, list := range [][]gallery.Picture{newest.Pictures, starred.Pictures} {
			for i, p := range list {
				list[i] = s.marking.on(p)
			}
		}
		s.shelf.SetPictures(newest.Pictures, starred.Pictures, all, stars)
		if kept := newest.Pictures; show && len(kept) > 0 && s.shown == nil && s.asked == 0 && len(s.working) == 0 {
			s.open(kept[0])
		}
	})
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
	s.mark([]string{p.ID}, func(m *gallery.Marks) { m.Favourite = favourite })
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
	s.takeOver(filepath.Base(path), found, err)
}

// pasteRecipe takes over a recipe that was copied as text.
func (s *Studio) pasteRecipe() {
	text := s.options.App.Clipboard().Content()
	go func() {
		found, err := recipe.Parse(text)
		s.takeOver("the clipboard", found, err)
	}()
}

// maxNotes is how many notes on a recipe are shown; the strip grows with them.
const maxNotes = 8

// takeOver fills the fields with a recipe and lists what could not be restored. It is
// called off Fyne's goroutine, for the library is looked through for what is named.
func (s *Studio) takeOver(from string, found recipe.Recipe, err error) {
	if err != nil {
		s.do(func() { s.notice.Fail(fmt.Errorf("%s: %w", from, err)) })
		return
	}
	r, notes := found.Request(s.options.Finder)
	text := fmt.Sprintf("the recipe of %s is in the fields; %s makes the picture again", from, shortcutLabel(keyGenerate))
	if len(notes) > 0 {
		text = fmt.Sprintf("the recipe of %s, drawn by %s, is in the fields. Not as it was:", from, found.Tool)
		for _, note := range notes[:min(len(notes), maxNotes)] {
			text += "\n• " + note
		}
		if more := len(notes) - maxNotes; more > 0 {
			text += fmt.Sprintf("\n• And %d more.", more)
		}
	}
	s.do(func() {
		s.notice.Tell(text, "", nil)
		s.use(r)
	})
}
