package ui

import (
	"fmt"
	"sync/atomic"
	"time"
)

// chore is something that is done to kept pictures, one after the other, behind the
// window.
type chore struct {
	doing string // what, for when it takes long: "Marking"
	ids   []string
	act   func(id string) error // to one; not on Fyne's goroutine
	// tell is called now and then, as act is, and makes what shows on Fyne's goroutine
	// what was done since; nil for nothing.
	tell func() func()
	// done is called in the end, on Fyne's goroutine, with those that act failed for or
	// was not called for any more.
	done func(left []string, err error)
}

// How often a chore tells what was done, and after what time it says how far it is.
const (
	tellPause   = 100 * time.Millisecond
	tellPatient = time.Second
)

// each does a chore. It ends with the first picture that it fails for, or when it is
// told to stop.
func (s *Studio) each(c chore) {
	s.filing.add(func() {
		var stopped atomic.Bool
		begin := time.Now()
		last, said := begin, false
		tell := func() {
			if c.tell != nil {
				s.do(c.tell())
			}
		}
		for i, id := range c.ids {
			err := c.act(id)
			if err != nil || stopped.Load() {
				left := c.ids[i:]
				if err == nil {
					left = c.ids[i+1:]
				}
				tell()
				s.do(func() {
					s.notice.Clear()
					c.done(left, err)
				})
				return
			}
			now := time.Now()
			if now.Sub(last) < tellPause {
				continue
			}
			last = now
			tell()
			if now.Sub(begin) > tellPatient {
				said = true
				s.do(func() {
					s.notice.Tell(fmt.Sprintf("%s: %s of %s", c.doing, grouped(i+1), plural(len(c.ids), "picture")), "Stop", func() { stopped.Store(true) })
				})
			}
		}
		tell()
		s.do(func() {
			if said {
				s.notice.Clear()
			}
			c.done(nil, nil)
		})
	})
}
