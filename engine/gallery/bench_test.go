package gallery

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// many is how many pictures a gallery must stay quick with.
const many = 50_000

// BenchmarkGallery measures a gallery of many pictures: making the index from
// the files, opening with it, finding out that it is up to date, and looking for
// pictures. DARKROOM_FAKE names a folder that is used again, with pictures by
// Fake; else one is made.
func BenchmarkGallery(b *testing.B) {
	dir := os.Getenv("DARKROOM_FAKE")
	if dir == "" {
		dir = b.TempDir()
	}
	if _, err := os.Stat(filepath.Join(dir, name(many))); err != nil {
		if err := Fake(dir, many); err != nil {
			b.Fatal(err)
		}
	}
	ctx := context.Background()
	open := func(b *testing.B) *Gallery {
		g, err := Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		return g
	}
	b.Run("rebuild", func(b *testing.B) {
		for b.Loop() {
			if err := removeIndex(filepath.Join(dir, indexName)); err != nil {
				b.Fatal(err)
			}
			g := open(b)
			if err := g.Sync(ctx); err != nil {
				b.Fatal(err)
			}
			g.Close()
		}
	})
	b.Run("open and first page", func(b *testing.B) {
		for b.Loop() {
			g := open(b)
			if page, err := g.Search(ctx, Query{}); err != nil || len(page.Pictures) != 100 {
				b.Fatal(len(page.Pictures), err)
			}
			b.StopTimer()
			g.Close()
			b.StartTimer()
		}
	})
	g := open(b)
	defer g.Close()
	if err := g.Sync(ctx); err != nil {
		b.Fatal(err)
	}
	b.Run("sync", func(b *testing.B) {
		for b.Loop() {
			if err := g.Sync(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, c := range queries(b, g) {
		b.Run("search/"+c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := g.Search(ctx, c.Query); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("count/"+c.name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				var err error
				if n, err = g.Count(ctx, c.Query); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n), "pictures")
		})
	}
	b.Run("ids", func(b *testing.B) {
		for b.Loop() {
			if _, err := g.IDs(ctx, Query{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("mark", func(b *testing.B) {
		on := false
		for b.Loop() {
			on = !on
			if err := g.Favourite(name(7), on); err != nil {
				b.Fatal(err)
			}
		}
	})
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.Logf("heap %d MB, from the system %d MB", m.HeapAlloc>>20, m.Sys>>20)
}

type namedQuery struct {
	name string
	Query
}

// queries is what a person may ask, the cheap and the dear.
func queries(t testing.TB, g *Gallery) []namedQuery {
	t.Helper()
	ctx := context.Background()
	deep := Query{Limit: 1}
	ids, err := g.IDs(ctx, Query{})
	if err != nil {
		t.Fatal(err)
	}
	n, _ := number(ids[len(ids)*9/10])
	deep.After = Cursor{n: n}
	deep.Limit = 100
	p, err := g.Get(ctx, ids[0])
	if err != nil || len(p) != 1 {
		t.Fatal(len(p), err)
	}
	return []namedQuery{
		{"all", Query{}},
		{"deep page", deep},
		{"best rated", Query{Sort: BestRated}},
		{"one letter", Query{Text: "a"}},
		{"typing", Query{Text: "light"}},
		{"three words", Query{Text: "old red ligh"}},
		{"phrase", Query{Text: `"light red"`}},
		{"rare word", Query{Text: "naive butterfly"}},
		{"no such word", Query{Text: "xylophone"}},
		{"words, best rated", Query{Text: "a", Sort: BestRated}},
		{"words and filters", Query{Text: "cat", Favourite: true, MinRating: 3, Sampler: "euler"}},
		{"favourites", Query{Favourite: true}},
		{"tag", Query{Tags: []string{"dragon"}}},
		{"collection", Query{Collections: []string{"series 7"}}},
		{"seed", Query{Seed: &p[0].Request.Seed}},
		{"filters without a match", Query{MinSteps: 49, MaxSteps: 49, Schedule: "karras", Model: "none", HasParent: true}},
	}
}
