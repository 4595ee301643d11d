package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"darkroom/engine/gallery"
)

// galleryVerb looks through the kept pictures.
func galleryVerb(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "list":
			return listGallery(ctx, args[1:])
		case "search":
			return searchGallery(ctx, args[1:])
		case "rebuild":
			return rebuildGallery(ctx, args[1:])
		case "fake": // for measuring; nobody else wants it
			return fakeGallery(args[1:])
		case "help", "-h", "--help":
			fmt.Println("usage: darkroom gallery list | search | rebuild, each with --help\n" +
				"  list       list kept pictures, the newest first\n" +
				"  search     list those with words in the prompt, the negative prompt or the tags\n" +
				"  rebuild    make the gallery's index again from the pictures")
			return nil
		}
	}
	return fmt.Errorf("%w: say what to do with the gallery: list, search or rebuild (see darkroom gallery --help)", errUsage)
}

// asked is what the flags of a listing ask for.
type asked struct {
	gallery.Query
	folder, tag, collection, sort string
	seed                          string
	asJSON                        bool
}

func (a *asked) flags(f *flag.FlagSet) {
	f.StringVar(&a.folder, "folder", picturesFolder(), "the gallery's folder")
	f.BoolVar(&a.Favourite, "favourites", false, "only favourites")
	f.IntVar(&a.MinRating, "rating", 0, "only those rated so, or better: 1 to 5")
	f.StringVar(&a.tag, "tag", "", "only those with all of these tags, by commas")
	f.StringVar(&a.collection, "collection", "", "only those in all of these collections, by commas")
	f.StringVar(&a.Model, "model", "", "only of this model, as the recipe names it")
	f.StringVar(&a.Sampler, "sampler", "", "only of this sampler")
	f.StringVar(&a.Schedule, "schedule", "", "only of this schedule")
	f.StringVar(&a.seed, "seed", "", "only of this seed")
	f.StringVar(&a.sort, "sort", "newest", "newest, oldest or rating")
	f.IntVar(&a.Limit, "limit", 100, "at most so many")
	f.BoolVar(&a.asJSON, "json", false, "print one JSON object for each")
}

func (a *asked) complete() error {
	list := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
	}
	a.Tags, a.Collections = list(a.tag), list(a.collection)
	if a.seed != "" {
		a.Seed = new(uint64)
		if _, err := fmt.Sscan(a.seed, a.Seed); err != nil {
			return fmt.Errorf("%w: --seed is %q; give a whole number", errUsage, a.seed)
		}
	}
	sort, ok := map[string]gallery.Sort{"newest": gallery.Newest, "oldest": gallery.Oldest, "rating": gallery.BestRated}[a.sort]
	if !ok {
		return fmt.Errorf("%w: --sort is %q; choose newest, oldest or rating", errUsage, a.sort)
	}
	a.Sort = sort
	return nil
}

func listGallery(ctx context.Context, args []string) error {
	var a asked
	if _, err := operands("gallery list", "[flags]", a.flags, args); err != nil {
		return err
	}
	return a.list(ctx)
}

func searchGallery(ctx context.Context, args []string) error {
	var a asked
	words, err := operands("gallery search", "WORDS [flags]", a.flags, args, "words, in quotation marks")
	if err != nil {
		return err
	}
	a.Text = words[0]
	return a.list(ctx)
}

// openGallery opens a gallery to look at, whose index is up to date then.
func openGallery(ctx context.Context, folder string) (*gallery.Gallery, error) {
	if _, err := os.Stat(folder); err != nil {
		return nil, fmt.Errorf("there is no gallery yet: %w", err)
	}
	g, err := gallery.Open(folder)
	if g == nil {
		return nil, err
	}
	if err := g.Sync(ctx); err != nil {
		fmt.Fprintln(terminal{os.Stderr}, err) // of pictures that can't be read
	}
	return g, nil
}

func (a *asked) list(ctx context.Context) error {
	if err := a.complete(); err != nil {
		return err
	}
	g, err := openGallery(ctx, a.folder)
	if err != nil {
		return err
	}
	defer g.Close()
	page, err := g.Search(ctx, a.Query)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetEscapeHTML(false)
	for _, p := range page.Pictures {
		if a.asJSON {
			if err := enc.Encode(p); err != nil {
				return err
			}
			continue
		}
		star := " "
		if p.Favourite {
			star = "*"
		}
		fmt.Fprintf(terminal{os.Stdout}, "%s %s  %s  %-5s  %s\n", star, p.Path, p.Kept.Local().Format("2006-01-02 15:04"), strings.Repeat("+", p.Rating), oneLine(p.Request.Prompt, 80))
	}
	if page.More && !a.asJSON {
		n, err := g.Count(ctx, a.Query)
		if err != nil {
			return err
		}
		fmt.Printf("and %d more: --limit\n", n-len(page.Pictures))
	}
	return nil
}

// oneLine is the beginning of a text.
func oneLine(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

func rebuildGallery(ctx context.Context, args []string) error {
	folder := ""
	if _, err := operands("gallery rebuild", "[flags]", func(f *flag.FlagSet) {
		f.StringVar(&folder, "folder", picturesFolder(), "the gallery's folder")
	}, args); err != nil {
		return err
	}
	g, err := gallery.Open(folder)
	if err != nil {
		return err
	}
	defer g.Close()
	start := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- g.Rebuild(ctx) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			n, countErr := g.Count(context.WithoutCancel(ctx), gallery.Query{})
			if countErr != nil {
				return countErr
			}
			fmt.Printf("the index of %s has %d pictures; it took %.1f s\n", folder, n, time.Since(start).Seconds())
			return err
		case <-tick.C:
			if done, total := g.Progress(); total > 0 {
				fmt.Fprintf(os.Stderr, "%d of %d\n", done, total)
			}
		}
	}
}

// fakeGallery fills a new folder with pictures for measuring.
func fakeGallery(args []string) error {
	count := 0
	names, err := operands("gallery fake", "DIR [--count N]", func(f *flag.FlagSet) {
		f.IntVar(&count, "count", 50_000, "so many pictures")
	}, args, "a new folder")
	if err != nil {
		return err
	}
	return gallery.Fake(names[0], count)
}
