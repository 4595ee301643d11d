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
// not yet written, by picture. It belongs to Fyne's goroutine.
type marking map[string]*unwritten

// unwritten is the changes of one picture, in their order, and what they change.
type unwritten struct {
	base    gallery.Marks // as it is written
	changes []func(*gallery.Marks)
}

// on is a picture as it will be when everything is written, of what is written now.
func (m marking) on(p gallery.Picture) gallery.Picture {
	if u := m[p.ID]; u != nil {
		u.base = p.Marks
		p.Marks = u.marks()
	}
	return p
}

func (u *unwritten) marks() gallery.Marks {
	m := u.base
	for _, change := range u.changes {
		change(&m)
	}
	return m
}

// over takes the first change of a picture out, which is written now or can't be.
func (m marking) over(id string) {
	u := m[id]
	if u.changes = u.changes[1:]; len(u.changes) == 0 {
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
	asked := make(map[string]*unwritten, len(ids))
	for _, id := range ids {
		u := s.marking[id]
		if u == nil {
			u = &unwritten{}
			s.marking[id] = u
		}
		u.changes = append(u.changes, change)
		asked[id] = u
	}
	s.showMarks(func(id string, m *gallery.Marks) {
		if u := asked[id]; u != nil {
			if len(u.changes) == 1 {
				u.base = *m
			}
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
					s.marking.over(p.ID)
				}
				s.showWritten(some)
			}
		},
		done: func(left []string, err error) {
			back := make(map[string]*unwritten, len(left))
			for _, id := range left {
				back[id] = asked[id]
				s.marking.over(id)
			}
			s.showMarks(func(id string, m *gallery.Marks) {
				if u := back[id]; u != nil {
					*m = u.marks()
				}
			}, false)
			if err != nil {
				s.notice.Fail(fmt.Errorf("%w: it stays as it was", err))
			}
		},
	})
}

// showWritten shows what is known of pictures whose files say so now.
func (s *Studio) showWritten(kept []gallery.Picture) {
	known := make(map[string]gallery.Marks, len(kept))
	for _, p := range kept {
		known[p.ID] = s.marking.on(p).Marks
	}
	s.showMarks(func(id string, m *gallery.Marks) {
		if k, ok := known[id]; ok {
			*m = k
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
