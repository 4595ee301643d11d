package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"darkroom/engine/adapter"
	"darkroom/engine/models"
	"darkroom/engine/pipeline"
	"darkroom/engine/recipe"
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
	listing, err := l.Scan(ctx, nil)
	if err != nil {
		return "", err
	}
	return listing.Resolve(name, kind)
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
	for _, folder := range l.Folders() {
		for _, place := range []string{"", "embeddings", "models/embeddings"} {
			dir := filepath.Join(folder, place)
			pictures, _ := fs.Glob(os.DirFS(dir), "*.png")
			for _, file := range pictures {
				if name, path := strings.TrimSuffix(file, ".png"), filepath.Join(dir, file); paths[name] == "" && adapter.HasEmbedding(path) {
					paths[name] = path
				}
			}
		}
	}
	return paths, nil
}

// finder knows what of the files that recipes name is in the library.
type finder struct{}

var _ recipe.Finder = finder{}

func (finder) Model(name, hash string) (string, bool) {
	l, err := library()
	if err != nil {
		return "", false
	}
	if hash != "" {
		name = fmt.Sprintf("%s [%s]", name, hash) // as the web UI has it; unknown hashes are not computed for that
	}
	m, err := l.Find(context.Background(), name, nil)
	return m.Path, err == nil && m.Kind == models.Whole
}

func (finder) LoRA(name string) bool {
	_, err := shelf{}.LoRA(context.Background(), name)
	return err == nil
}

func (finder) VAE(name string) bool {
	_, err := shelf{}.VAE(context.Background(), name)
	return err == nil
}

// wholeModels lists the library's models that draw by themselves.
func wholeModels(ctx context.Context) []string {
	l, err := library()
	if err != nil || len(l.Folders()) == 0 {
		return nil
	}
	listing, err := l.Scan(ctx, nil)
	if err != nil {
		return nil
	}
	var paths []string
	for _, m := range listing.Models {
		if m.Kind == models.Whole {
			paths = append(paths, m.Path)
		}
	}
	return paths
}
