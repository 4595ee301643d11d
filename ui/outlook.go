package ui

import (
	"context"
	"time"

	"darkroom/engine"
	"darkroom/engine/prompt"
)

// Outlook is what a request comes to, told before it is drawn.
type Outlook struct {
	Words, Negative *prompt.Prompt // how its prompts are read
	Levels          []float64      // the noise levels of its run, falling; nil if there are none
	Size            int            // pixels on a side of the pictures its model draws best
}

// outlooks asks what a request comes to, off Fyne's goroutine, when a person has
// stopped changing it for a moment.
type outlooks struct {
	do   func(func()) // runs a function on Fyne's goroutine
	ctx  context.Context
	look func(context.Context, engine.Request) (Outlook, error)
	show func(engine.Request, Outlook, error) // on Fyne's goroutine

	asked int
	timer *time.Timer
}

// pause is how long a person stops typing before something is asked.
const pause = 120 * time.Millisecond

// ask asks about a request in the place of the last one.
func (o *outlooks) ask(r engine.Request) {
	o.asked++
	mine := o.asked
	if o.timer != nil {
		o.timer.Stop()
	}
	o.timer = time.AfterFunc(pause, func() {
		if o.ctx.Err() != nil {
			return // the window is closed
		}
		out, err := o.look(o.ctx, r)
		o.do(func() {
			if mine == o.asked && o.ctx.Err() == nil {
				o.show(r, out, err)
			}
		})
	})
}

// lookAhead asks what the panel's request comes to.
func (s *Studio) lookAhead() {
	if s.options.Outlook == nil {
		return
	}
	if r, err := s.prompt.Request(); err == nil {
		s.outlooks.ask(r)
	}
}

// outlook tells what a request comes to. It is called off Fyne's goroutine.
func (s *Studio) outlook(ctx context.Context, r engine.Request) (Outlook, error) {
	typed, negative, err := s.settings.sources(r)
	if err != nil {
		return Outlook{}, err
	}
	return s.options.Outlook(ctx, r, typed, negative)
}
