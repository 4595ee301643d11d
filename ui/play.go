package ui

import "time"

// playPause is the time between two steps when they are played back.
const playPause = time.Second / 6

// player plays steps back. It belongs to Fyne's goroutine.
type player struct {
	playing bool
	round   int // of what is waited for; an older round counts for nothing
}

func (p *player) stop() { p.playing = false; p.round++ }

// play plays the steps on show back, from the one looked at or, at the end, from
// the first; while it plays, it stops.
func (s *Studio) play() {
	t := s.shown
	if s.player.playing || t == nil || t.steps() < 2 {
		s.player.stop()
		s.showTransport()
		return
	}
	s.player.playing = true
	s.player.round++
	if s.step >= t.steps()-1 {
		s.step = 0
	}
	s.look(s.step)
	s.tick(s.player.round)
}

// tick shows the next step after a while.
func (s *Studio) tick(round int) {
	time.AfterFunc(playPause, func() {
		s.do(func() {
			if s.ctx.Err() != nil || round != s.player.round {
				return
			}
			if s.step+1 >= s.shown.steps()-1 {
				s.player.stop()
				s.look(s.step + 1)
				return
			}
			s.look(s.step + 1)
			s.tick(round)
		})
	})
}
