package main

import (
	"context"

	"darkroom/engine/models"
	"darkroom/engine/pipeline"
)

// shelf finds what recipes name in the user's library.
type shelf struct{}

var _ pipeline.Shelf = shelf{}

func (shelf) LoRA(ctx context.Context, name string) (string, error) {
	return onShelf(ctx, name, models.LoRA)
}
func (shelf) VAE(ctx context.Context, name string) (string, error) {
	return onShelf(ctx, name, models.VAE)
}

func onShelf(ctx context.Context, name string, kind models.Kind) (string, error) {
	l, err := library()
	if err != nil {
		return "", err
	}
	return l.ResolveKind(ctx, name, kind)
}

func (shelf) Embeddings(ctx context.Context) (map[string]string, error) {
	l, err := library()
	if err != nil || len(l.Folders()) == 0 {
		return nil, nil // nothing that a prompt could name
	}
	listing, err := l.Scan(ctx, nil)
	if err != nil {
		return nil, err
	}
	paths := map[string]string{}
	for _, m := range listing.Models {
		if m.Kind == models.Embedding {
			paths[m.Name] = m.Path
		}
	}
	return paths, nil
}
