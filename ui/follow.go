package ui

import (
	"image"
	"time"

	"darkroom/engine"
	"darkroom/engine/gallery"
)

// framePause is the shortest time between two frames on the screen. Fyne
// uploads the whole picture for each, so more than fifteen a second would cost
// the engine time for nothing.
const framePause = time.Second / 15

// news is what happened to a take since the last time, ready to be shown.
type news struct {
	events []engine.Event
	thumbs []*image.RGBA   // of the steps among the events, in order
	final  *image.RGBA     // thumbnail of the finished picture
	kept   gallery.Picture // the same in the gallery
	err    error           // what a person should know

	// what went wrong beside the picture, or nil
	warning error
}

// follow brings the events of a take's job to the window until the last one.
// It runs on a goroutine of its own, so that the engine never waits for the
// window: while the window is busy, events gather in the job and come together
// next time.
func (s *Studio) follow(t *take, job *engine.Job, thumbPixels int) {
	for {
		next := time.Now().Add(framePause)
		events, err := job.Wait(s.ctx)
		if s.ctx.Err() != nil {
			return
		}
		n := s.prepare(t, events, thumbPixels)
		shown := make(chan struct{})
		s.do(func() {
			s.apply(t, n)
			close(shown)
		})
		select {
		case <-shown:
		case <-s.ctx.Done():
			return
		}
		if err != nil || len(events) > 0 && events[len(events)-1].Kind.Final() {
			return
		}
		time.Sleep(time.Until(next))
	}
}

// prepare does, off Fyne's goroutine, what takes time: thumbnails, and putting
// a finished picture into the gallery, where nothing made is lost.
func (s *Studio) prepare(t *take, events []engine.Event, thumbPixels int) news {
	n := news{events: events}
	for _, ev := range events {
		n.warning = ev.Warning
		switch ev.Kind {
		case engine.Step:
			n.thumbs = append(n.thumbs, thumbnail(ev.Preview, thumbPixels))
		case engine.Finished:
			n.final = thumbnail(ev.Picture, thumbPixels)
			n.kept, n.err = s.keep(ev.Picture, ev.Request, s.lineage(t))
		case engine.Failed:
			n.err = ev.Err
		}
	}
	return n
}

// lineage says which kept picture a take branched off, as far as that is known by
// now.
func (s *Studio) lineage(t *take) gallery.Lineage {
	known := make(chan gallery.Lineage, 1)
	s.do(func() {
		l := t.lineage
		if t.parent != nil && t.parent.kept.ID != "" {
			l = gallery.Lineage{Parent: t.parent.kept.ID, Step: t.marks[t.inherited-1].step, How: gallery.Branch}
		}
		known <- l
	})
	select {
	case l := <-known:
		return l
	case <-s.ctx.Done():
		return gallery.Lineage{}
	}
}
