package ui

import (
	"context"
	"image"
	"slices"
	"sync"

	"darkroom/engine/gallery"
)

// thumbs has thumbnails of kept pictures read on goroutines of its own, the latest
// asked for first: that is what a person scrolled to.
type thumbs struct {
	ctx  context.Context // ends the reading
	kept *gallery.Gallery
	do   func(func())
	show func(id string) // a thumbnail is at hand now

	mu    sync.Mutex
	asked []wanted // the latest at the end
	busy  int      // goroutines
	open  sync.WaitGroup
}

// wanted is a kept picture and the size of its thumbnail in pixels.
type wanted struct {
	id   string
	side int
}

const (
	// maxAsked is more thumbnails than are ever in sight; those asked for before are
	// out of it again.
	maxAsked = 128
	// readers is how many thumbnails are read at once.
	readers = 2
)

func newThumbs(ctx context.Context, kept *gallery.Gallery, do func(func()), show func(id string)) *thumbs {
	return &thumbs{ctx: ctx, do: do, show: show, kept: kept}
}

// get is a thumbnail if it is at hand; else it is asked for, and nil.
func (t *thumbs) get(id string, side int) *image.RGBA {
	if thumb, ok := t.kept.Cached(id, side); ok {
		return thumb
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	w := wanted{id, side}
	t.asked = append(slices.DeleteFunc(t.asked, func(o wanted) bool { return o == w }), w)
	t.asked = t.asked[max(0, len(t.asked)-maxAsked):]
	if t.busy < readers {
		t.busy++
		t.open.Go(t.work)
	}
	return nil
}

func (t *thumbs) work() {
	for {
		t.mu.Lock()
		if len(t.asked) == 0 || t.ctx.Err() != nil {
			t.busy--
			t.mu.Unlock()
			return
		}
		w := t.asked[len(t.asked)-1]
		t.asked = t.asked[:len(t.asked)-1]
		t.mu.Unlock()

		if _, err := t.kept.Thumbnail(w.id, w.side); err != nil {
			continue // the picture itself will say what is wrong when it is opened
		}
		shown := make(chan struct{})
		t.do(func() {
			t.show(w.id)
			close(shown)
		})
		select {
		case <-shown:
		case <-t.ctx.Done():
		}
	}
}
