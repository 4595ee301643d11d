//go:build cgo

package main

import (
	"context"
	"os"
	"sync"
	"time"

	"darkroom/engine"
	"darkroom/engine/models"
	"darkroom/engine/pipeline"
	"darkroom/engine/prompt"
	"darkroom/ui"
)

// outlooks tells the window what requests come to. It keeps the outline of the model it
// was asked about last, for people type many letters for each model.
type outlooks struct {
	shelf

	mu       sync.Mutex
	model    string
	modified time.Time
	outline  *pipeline.Outline
	words    map[string]string // the library's textual inversions …
	known    time.Time         // … and when they were looked for
}

// Embeddings looks into the library again after a while only: it may be large.
func (o *outlooks) Embeddings(ctx context.Context) (map[string]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Since(o.known) < 10*time.Second {
		return o.words, nil
	}
	words, err := o.shelf.Embeddings(ctx)
	if err == nil {
		o.words, o.known = words, time.Now()
	}
	return words, err
}

func (o *outlooks) look(ctx context.Context, r engine.Request, typed, negative prompt.Source) (ui.Outlook, error) {
	outline, err := o.of(r.Model)
	if err != nil {
		return ui.Outlook{}, err
	}
	out := ui.Outlook{Size: outline.Size}
	if out.Words, out.Negative, err = outline.Read(ctx, r, o, typed, negative); err != nil {
		return out, err
	}
	out.Levels, err = outline.Levels(r)
	return out, err
}

func (o *outlooks) of(model string) (*pipeline.Outline, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var modified time.Time
	if info, err := os.Stat(model); err == nil {
		modified = info.ModTime()
	}
	if o.outline != nil && o.model == model && o.modified.Equal(modified) {
		return o.outline, nil
	}
	outline, err := pipeline.OpenOutline(model)
	if err == nil {
		o.model, o.modified, o.outline = model, modified, outline
	}
	return outline, err
}

// named lists what a prompt or a request may name: the library's files of a kind.
func named(ctx context.Context, kind models.Kind) []string {
	l, err := library()
	if err != nil || len(l.Folders()) == 0 {
		return nil
	}
	listing, err := l.Scan(ctx, nil)
	if err != nil {
		return nil
	}
	var names []string
	for _, m := range listing.Models {
		if m.Kind == kind {
			names = append(names, m.Name)
		}
	}
	return names
}
