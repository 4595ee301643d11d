package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

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
	listing, err := listed(ctx, recent)
	if err != nil {
		return "", err
	}
	path, err := listing.Resolve(name, kind)
	if err == nil {
		return path, nil
	}
	if listing, err = listed(ctx, 0); err != nil { // it may have come a moment ago
		return "", err
	}
	return listing.Resolve(name, kind)
}

func (shelf) Embeddings(ctx context.Context) (map[string]string, error) {
	listing, err := listed(ctx, recent)
	if err != nil {
		return nil, ctx.Err() // without a library there is nothing that a prompt could name
	}
	paths := map[string]string{}
	for _, m := range listing.Models {
		if m.Kind == models.Embedding && (paths[m.Name] == "" || models.WeightFile(m.Path)) {
			paths[m.Name] = m.Path
		}
	}
	return paths, nil
}

// recent is how old a listing may be for the several things that one picture, or one
// letter more of a prompt, asks for.
const recent = 5 * time.Second

// onDisk is what the library's folders held when they were last looked through.
var onDisk struct {
	sync.Mutex
	models.Listing
	library  string    // its file
	modified time.Time // when folders were last added or taken away
	at       time.Time
}

// listed is what the library's folders hold, or held so long ago at most.
func listed(ctx context.Context, age time.Duration) (models.Listing, error) {
	path, err := models.ConfigFile()
	if err != nil {
		return models.Listing{}, err
	}
	onDisk.Lock()
	defer onDisk.Unlock()
	if onDisk.library == path && time.Since(onDisk.at) < age && onDisk.modified.Equal(modified(path)) {
		return onDisk.Listing, nil
	}
	l, err := models.Open(path)
	if err != nil {
		return models.Listing{}, err
	}
	listing, err := l.Scan(ctx, nil)
	if err != nil {
		return models.Listing{}, err
	}
	onDisk.Listing, onDisk.library, onDisk.modified, onDisk.at = listing, path, modified(path), time.Now()
	return listing, nil
}

// modified is when a file was changed; the zero time without it.
func modified(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
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
