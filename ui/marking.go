package ui

import (
	"errors"
	"fmt"
	"slices"

	"darkroom/engine/gallery"
)

// errNoGallery says that there is nowhere to keep pictures.
var errNoGallery = errors.New("there is no folder in which pictures could be kept")

// marking is the changes to what is known of kept pictures that are seen already and
// not yet written, by picture, in their order. It belongs to Fyne's goroutine.
type marking map[string][]func(*gallery.Marks)

// on is a picture as it will be when everything is written.
func (m marking) on(p gallery.Picture) gallery.Picture {
	for _, change := range m[p.ID] {
		change(&p.Marks)
	}
	return p
}

// written takes the first change of a picture out.
func (m marking) written(id string) {
	if m[id] = m[id][1:]; len(m[id]) == 0 {
		delete(m, id)
	}
}

// mark changes what is known of kept pictures: on the screen at once, and in their
// files behind it. What can't be written is said, and taken back. change is called
// more than once, and must not write into the lists of labels it finds.
func (s *Studio) mark(ids []string, change func(*gallery.Marks)) {
	g := s.options.Gallery
	if g == nil {
		s.notice.Fail(errNoGallery)
		return
	}
	asked := make(map[string]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
		s.marking[id] = append(s.marking[id], change)
	}
	s.showMarks(func(id string, m *gallery.Marks) {
		if asked[id] {
			change(m)
		}
	}, true)
	var written []gallery.Picture
	s.each(chore{
		doing: "Marking", ids: ids,
		act: func(id string) error {
			p, err := g.Mark(id, change)
			if err == nil {
				written = append(written, p)
			}
			return err
		},
		tell: func() func() {
			some := written
			written = nil
			return func() {
				for _, p := range some {
					s.marking.written(p.ID)
				}
				s.showPictures(some)
			}
		},
		done: func(left []string, err error) {
			for _, id := range left {
				s.marking.written(id)
			}
			s.readAgain(left)
			if err != nil {
				s.notice.Fail(fmt.Errorf("%w: it stays as it was", err))
			}
		},
	})
}

// readAgain shows what the index knows of pictures.
func (s *Studio) readAgain(ids []string) {
	if len(ids) == 0 {
		return
	}
	go func() {
		kept, err := s.options.Gallery.Get(s.ctx, ids...)
		if err != nil {
			return // it was said that they can't be reached
		}
		s.do(func() { s.showPictures(kept) })
	}()
}

// showPictures shows what is known of pictures now.
func (s *Studio) showPictures(kept []gallery.Picture) {
	known := make(map[string]gallery.Picture, len(kept))
	for _, p := range kept {
		known[p.ID] = p
	}
	s.showMarks(func(id string, m *gallery.Marks) {
		if p, ok := known[id]; ok {
			*m = s.marking.on(p).Marks
		}
	}, false)
}

// showMarks changes what is known of the pictures on show, wherever they are: because a
// person did so, or because it is so.
func (s *Studio) showMarks(change func(id string, m *gallery.Marks), did bool) {
	s.gallery.Mark(change)
	s.shelf.Mark(change, did)
	for _, t := range s.recent {
		change(t.kept.ID, &t.kept.Marks)
	}
	for _, t := range s.working {
		if !slices.Contains(s.recent, t) {
			change(t.kept.ID, &t.kept.Marks)
		}
	}
	if s.shown != nil {
		s.showStar(s.shown)
	}
}
