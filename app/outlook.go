//go:build cgo

package main

import (
	"context"
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
	mu       sync.Mutex
	model    string
	modified time.Time
	outline  *pipeline.Outline
}

func (o *outlooks) look(ctx context.Context, r engine.Request, typed, negative prompt.Source) (ui.Outlook, error) {
	outline, err := o.of(r.Model)
	if err != nil {
		return ui.Outlook{}, err
	}
	out := ui.Outlook{Size: outline.Size}
	if out.Words, out.Negative, err = outline.Read(ctx, r, shelf{}, typed, negative); err != nil {
		return out, err
	}
	out.Levels, err = outline.Levels(r)
	return out, err
}

func (o *outlooks) of(model string) (*pipeline.Outline, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	changed := modified(model)
	if o.outline != nil && o.model == model && o.modified.Equal(changed) {
		return o.outline, nil
	}
	outline, err := pipeline.OpenOutline(model)
	if err == nil {
		o.model, o.modified, o.outline = model, changed, outline
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
