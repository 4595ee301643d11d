package gallery

import (
	"bytes"
	"cmp"
	"container/list"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom/engine/metadata"
)

// snapshot is all that the index says, in words that can be compared.
func snapshot(t *testing.T, g *Gallery) string {
	t.Helper()
	if err := g.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	db := g.index.Load().db
	var b strings.Builder
	for _, query := range []string{
		"SELECT * FROM picture ORDER BY n", "SELECT * FROM detail ORDER BY n", "SELECT * FROM label ORDER BY kind, name, n", "SELECT * FROM broken ORDER BY n",
		"SELECT rowid FROM words WHERE words MATCH 'a*' ORDER BY rowid", "SELECT count(*) FROM words",
	} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&b, values...)
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
		rows.Close()
	}
	return b.String()
}

// fresh opens a folder without an index and says what that then holds.
func fresh(t *testing.T, dir string) string {
	t.Helper()
	if err := removeIndex(filepath.Join(dir, indexName)); err != nil {
		t.Fatal(err)
	}
	g, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	return snapshot(t, g)
}

func marked() Marks {
	return Marks{
		Kept: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), Favourite: true, Rating: 4,
		Tags: []string{"café", "red"}, Collections: []string{"fruit"}, Lineage: Lineage{"00001.png", 8, Branch},
	}
}

func TestMarks(t *testing.T) {
	g := openGallery(t, t.TempDir())
	a := keep(t, g, 1, false)
	p, err := g.Keep(picture(2), request, marked())
	if err != nil || !reflect.DeepEqual(p.Marks, marked()) {
		t.Fatal(p, err)
	}
	changed, err := g.Mark(a.ID, func(m *Marks) {
		m.Rating, m.Tags, m.Lineage = 5, []string{" z  y ", "b", "b", ""}, Lineage{p.ID, 0, Reseed}
	})
	if err != nil || !slices.Equal(changed.Tags, []string{"b", "z y"}) {
		t.Error(changed, err)
	}
	// Two changes never leave the same time, by which others notice the second.
	written := time.Now()
	if err := os.Chtimes(changed.Path, written, written); err != nil {
		t.Fatal(err)
	}
	if changed, err = g.Mark(a.ID, func(*Marks) {}); err != nil || time.Since(written) < tick {
		t.Error(time.Since(written), err)
	}
	want := []Picture{p, changed}
	if got := listed(t, g); !reflect.DeepEqual(got, want) {
		t.Errorf("listed %+v\nwant   %+v", got, want)
	}
	g.Close()
	if err := removeIndex(filepath.Join(g.dir, indexName)); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, openGallery(t, g.dir)); !reflect.DeepEqual(got, want) {
		t.Errorf("from the files alone: %+v\nwant %+v", got, want)
	}
}

func TestMarksRefused(t *testing.T) {
	g := openGallery(t, t.TempDir())
	p := keep(t, g, 1, false)
	before, err := os.ReadFile(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Marks){
		"from 0 (none) to 5":    func(m *Marks) { m.Rating = 6 },
		"-1":                    func(m *Marks) { m.Rating = -1 },
		"longer than 100 bytes": func(m *Marks) { m.Tags = []string{strings.Repeat("é", 60)} },
		"takes 100 tags": func(m *Marks) {
			for k := range 101 {
				m.Collections = append(m.Collections, fmt.Sprint(k))
			}
		},
		"no picture":       func(m *Marks) { m.Lineage = Lineage{"../1.png", 1, Branch} },
		`not by "theft"`:   func(m *Marks) { m.Lineage = Lineage{"00001.png", 1, "theft"} },
		"from step -1":     func(m *Marks) { m.Lineage = Lineage{"00001.png", -1, Branch} },
		`"" is no picture`: func(m *Marks) { m.Step = 3 },
	} {
		if _, err := g.Mark(p.ID, change); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if _, err := g.Keep(picture(1), request, func() (m Marks) { change(&m); return }()); err == nil {
			t.Errorf("kept, against %q", want)
		}
	}
	if after, err := os.ReadFile(p.Path); err != nil || !bytes.Equal(before, after) {
		t.Error("the file has changed", err)
	}
}

// Pictures from before there were other marks, and marks of somebody else.
func TestForeignMarks(t *testing.T) {
	own := metadata.UnicodeChunk("darkroom", ownRecipe)
	for name, c := range map[string]struct {
		chunk metadata.Chunk
		want  Marks
	}{
		"an old favourite": {metadata.TextChunk(favouriteKey, "yes"), Marks{Favourite: true}},
		"no JSON":          {metadata.TextChunk(marksKey, "yes"), Marks{}},
		"a wrong rating":   {metadata.TextChunk(marksKey, `{"rating":9,"favourite":true}`), Marks{}},
		"a way out":        {metadata.TextChunk(marksKey, `{"parent":"../1.png","how":"branch"}`), Marks{}},
		"untidy":           {metadata.TextChunk(marksKey, `{"tags":["b","a","a"],"later":1}`), Marks{Tags: []string{"a", "b"}}},
	} {
		g := openGallery(t, t.TempDir())
		path := filepath.Join(g.dir, "00005.png")
		if err := os.WriteFile(path, with(t, own, c.chunk), 0o600); err != nil {
			t.Fatal(err)
		}
		date := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		if err := os.Chtimes(path, date, date); err != nil {
			t.Fatal(err)
		}
		c.want.Kept = date
		got := listed(t, g)
		if len(got) != 1 || !reflect.DeepEqual(got[0].Marks, c.want) {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		// The date stays when the file is written again.
		p, err := g.Mark(got[0].ID, func(m *Marks) { m.Favourite = false })
		if err != nil || !p.Kept.Equal(date) || p.Favourite {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if b, err := os.ReadFile(path); err != nil || bytes.Contains(b, []byte(favouriteKey)) {
			t.Errorf("%s: the old mark is still there, %v", name, err)
		}
	}
}

// What others do in the folder is noticed.
func TestSync(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	a, b, c := keep(t, g, 1, false), keep(t, g, 2, true), keep(t, g, 3, false)
	listed(t, g)
	if err := os.Remove(a.Path); err != nil {
		t.Fatal(err)
	}
	r := request
	r.Prompt = "something else"
	if err := Save(b.Path, picture(9), r); err != nil {
		t.Fatal(err)
	}
	if err := Save(filepath.Join(dir, "00009.png"), picture(9), request); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.Path, []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(dir, "00020.png")
	half := filepath.Join(dir, ".00021.png.12.tmp")
	for _, path := range []string{old, half} { // a crash, long ago
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-2*stale)); err != nil {
			t.Fatal(err)
		}
	}
	err := g.Sync(t.Context())
	if err == nil || !strings.Contains(err.Error(), "00003.png: this is not a PNG") {
		t.Errorf("error %v", err)
	}
	ids, _ := g.IDs(t.Context(), Query{})
	if !slices.Equal(ids, []string{"00009.png", b.ID}) {
		t.Error(ids)
	}
	if n, err := g.Count(t.Context(), Query{Text: "something"}); n != 1 || err != nil {
		t.Error(n, err)
	}
	for _, path := range []string{old, half} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	if done, total := g.Progress(); done != 0 || total != 0 {
		t.Error(done, total)
	}
	// The damaged one comes back.
	if err := Save(c.Path, picture(3), request); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, g); len(got) != 3 {
		t.Error(got)
	}
	if err := g.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := snapshot(t, g), fresh(t, dir); got != want {
		t.Errorf("index\n%s\nrebuilt\n%s", got, want)
	}
}

// An index that can't be used is made again from the files, or kept in memory.
func TestIndexRepair(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, path string) error{
		"missing": func(_ *testing.T, path string) error { return removeIndex(path) },
		"no database": func(_ *testing.T, path string) error {
			return os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600)
		},
		"cut":   func(_ *testing.T, path string) error { return os.Truncate(path, 5000) },
		"empty": func(_ *testing.T, path string) error { return os.Truncate(path, 0) },
		"overwritten": func(_ *testing.T, path string) error {
			b, err := os.ReadFile(path)
			for i := 4096; i < len(b); i++ {
				b[i] ^= 0x55
			}
			return cmp.Or(err, os.WriteFile(path, b, 0o600))
		},
		"a page overwritten": func(_ *testing.T, path string) error {
			b, err := os.ReadFile(path)
			for i := len(b) / 2; i < len(b)/2+8192; i++ {
				b[i] ^= 0x55
			}
			return cmp.Or(err, os.WriteFile(path, b, 0o600))
		},
		"another version": func(t *testing.T, path string) error {
			x, err := openIndex(path)
			if err != nil {
				return err
			}
			_, err = x.db.Exec("DROP TABLE label; PRAGMA user_version = 99")
			return cmp.Or(err, x.db.Close())
		},
		"a table missing": func(t *testing.T, path string) error {
			x, err := openIndex(path)
			if err != nil {
				return err
			}
			_, err = x.db.Exec("DROP TABLE detail")
			return cmp.Or(err, x.db.Close())
		},
		"a folder in its place": func(t *testing.T, path string) error {
			return cmp.Or(removeIndex(path), os.MkdirAll(filepath.Join(path, "x"), 0o755))
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := openGallery(t, t.TempDir())
			for k := range 30 {
				keep(t, g, k, k%2 == 0)
			}
			want := snapshot(t, g)
			g.Close()
			if err := harm(t, filepath.Join(g.dir, indexName)); err != nil {
				t.Fatal(err)
			}
			g = openGallery(t, g.dir)
			if got := snapshot(t, g); got != want {
				t.Errorf("index\n%s\nwant\n%s", got, want)
			}
			p := keep(t, g, 99, false)
			if page, err := g.Search(t.Context(), Query{Limit: 1}); err != nil || page.Pictures[0].ID != p.ID {
				t.Error(page, err)
			}
			if memory := g.index.Load().path == ""; memory != strings.Contains(name, "folder") {
				t.Errorf("in memory: %v", memory)
			}
		})
	}
}

func TestTrash(t *testing.T) {
	g := openGallery(t, t.TempDir())
	a, b := keep(t, g, 1, true), keep(t, g, 2, false)
	before := snapshot(t, g)
	for _, p := range []Picture{a, b} {
		if err := g.Remove(p.ID); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := g.Count(t.Context(), Query{}); n != 0 || err != nil {
		t.Error(n, err)
	}
	trashed, err := g.Trash()
	if err != nil || len(trashed) != 2 || trashed[0].ID != b.ID || !reflect.DeepEqual(trashed[1].Marks, a.Marks) {
		t.Errorf("%+v, %v", trashed, err)
	}
	for _, p := range []Picture{a, b} {
		if got, err := g.Restore(p.ID); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if after := snapshot(t, g); after != before {
		t.Errorf("%s\nwant\n%s", after, before)
	}
	if _, err := g.Restore(a.ID); err == nil || !strings.Contains(err.Error(), "another picture") {
		t.Error(err)
	}
	if err := g.Remove(b.ID); err != nil {
		t.Fatal(err)
	}
	if err := g.EmptyTrash(); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Restore(b.ID); err == nil || !strings.Contains(err.Error(), "has no picture") {
		t.Error(err)
	}
	if trashed, err := g.Trash(); err != nil || len(trashed) != 0 {
		t.Error(trashed, err)
	}
	g.Close()
	g = openGallery(t, g.dir)
	if p := keep(t, g, 3, false); p.ID != "00003.png" {
		t.Errorf("a number is used again: %s", p.ID)
	}
}

func TestExport(t *testing.T) {
	g := openGallery(t, t.TempDir())
	a, err := g.Keep(picture(1), request, marked())
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	for k, recipes := range []bool{true, false} {
		paths, err := g.Export(to, recipes, a.ID)
		if err != nil || len(paths) != 1 || filepath.Base(paths[0]) != []string{"00001.png", "00001-2.png"}[k] {
			t.Fatal(paths, err)
		}
		p, err := readFile(paths[0])
		if recipes && (err != nil || p.Request != request || !reflect.DeepEqual(p.Marks, Marks{})) || !recipes && err == nil {
			t.Errorf("recipes %v: %+v, %v", recipes, p, err)
		}
		if b, _ := os.ReadFile(paths[0]); !recipes && bytes.Contains(b, []byte("Xt")) {
			t.Error("a text is left")
		}
		if img, err := decode(paths[0]); err != nil || !bytes.Equal(img.Pix, picture(1).Pix) {
			t.Error("other pixels", err)
		}
	}
	if _, err := g.Export(filepath.Join(to, "none"), true, a.ID); err == nil || !strings.Contains(err.Error(), "choose another folder") {
		t.Error(err)
	}
	if _, err := g.Export(to, true, "00009.png"); err == nil || !strings.Contains(err.Error(), "has no picture") {
		t.Error(err)
	}
	if files, _ := os.ReadDir(to); len(files) != 2 {
		t.Error(files)
	}
}

func TestLineage(t *testing.T) {
	g := openGallery(t, t.TempDir())
	child := func(parent, how string) string {
		p, err := g.Keep(picture(1), request, Marks{Lineage: Lineage{Parent: parent, Step: 4, How: how}})
		if err != nil {
			t.Fatal(err)
		}
		return p.ID
	}
	root := keep(t, g, 1, false).ID
	a, b := child(root, Branch), child(root, Variation)
	c := child(b, Reseed)
	ids := func(pictures []Picture, err error) (ids []string) {
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pictures {
			ids = append(ids, p.ID)
		}
		return ids
	}
	ctx := t.Context()
	if got := ids(g.Children(ctx, root)); !slices.Equal(got, []string{b, a}) {
		t.Error(got)
	}
	if got := ids(g.Children(ctx, c)); got != nil {
		t.Error(got)
	}
	if got := ids(g.Ancestors(ctx, c)); !slices.Equal(got, []string{b, root}) {
		t.Error(got)
	}
	// A circle, as a file may claim.
	if _, err := g.Mark(root, func(m *Marks) { m.Lineage = Lineage{c, 0, Branch} }); err != nil {
		t.Fatal(err)
	}
	if got := ids(g.Ancestors(ctx, c)); !slices.Equal(got, []string{b, root, c}) && !slices.Equal(got, []string{b, root}) {
		t.Error(got)
	}
	if err := g.Remove(b); err != nil {
		t.Fatal(err)
	}
	if got := ids(g.Ancestors(ctx, c)); got != nil {
		t.Error(got)
	}
}

func TestThumbnailOnDisk(t *testing.T) {
	g := openGallery(t, filepath.Join(t.TempDir(), "a[b"))
	p := keep(t, g, 1, false)
	files := func() []string {
		var names []string
		_ = filepath.WalkDir(filepath.Join(g.dir, ".thumbnails"), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				names = append(names, path)
			}
			return nil
		})
		return names
	}
	if _, ok := g.Cached(p.ID, 8); ok {
		t.Error("cached before there is one")
	}
	small, err := g.Thumbnail(p.ID, 8)
	if err != nil {
		t.Fatal(err)
	}
	if again, ok := g.Cached(p.ID, 8); !ok || again != small {
		t.Error("not in memory")
	}
	first := files()
	if len(first) != 1 {
		t.Fatal(first)
	}
	// After a restart it is read, even when the marks have changed.
	if err := g.Favourite(p.ID, true); err != nil {
		t.Fatal(err)
	}
	g.Close()
	g = openGallery(t, g.dir)
	moved := files()
	if len(moved) != 1 || moved[0] == first[0] {
		t.Fatal(moved)
	}
	info, err := os.Stat(moved[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Thumbnail(p.ID, 8); err != nil {
		t.Fatal(err)
	}
	if now, err := os.Stat(moved[0]); err != nil || !os.SameFile(now, info) {
		t.Error("made twice", err)
	}
	// Another picture under that name has another thumbnail.
	if err := Save(p.Path, picture(200), request); err != nil {
		t.Fatal(err)
	}
	listed(t, g)
	other, err := g.Thumbnail(p.ID, 8)
	if err != nil || other.RGBAAt(1, 1) == small.RGBAAt(1, 1) || len(files()) != 1 {
		t.Error(files(), err)
	}
	// A damaged one is made again.
	if err := os.WriteFile(files()[0], []byte("no JPEG"), 0o600); err != nil {
		t.Fatal(err)
	}
	g.Close()
	g = openGallery(t, g.dir)
	if again, err := g.Thumbnail(p.ID, 8); err != nil || !reflect.DeepEqual(again, other) {
		t.Error("another one", err)
	}
	if err := g.Remove(p.ID); err != nil {
		t.Fatal(err)
	}
	if err := g.EmptyTrash(); err != nil || len(files()) != 0 {
		t.Error(files(), err)
	}
}

func TestThumbnailMemory(t *testing.T) {
	var thumbs thumbnails
	thumbs.known = map[thumbKey]*list.Element{}
	img := picture(1)
	most := maxThumbs / len(img.Pix)
	for k := range most + 10 {
		thumbs.keep(thumbKey{"a", k}, img)
		if k == most-1 {
			thumbs.recall(thumbKey{"a", 0}) // used just now
		}
	}
	_, first := thumbs.recall(thumbKey{"a", 0})
	_, second := thumbs.recall(thumbKey{"a", 1})
	if len(thumbs.known) != most || thumbs.bytes != most*len(img.Pix) || !first || second {
		t.Error(len(thumbs.known), thumbs.bytes, first, second)
	}
}

// All a person may ask for, against a look at every picture.
func TestSearch(t *testing.T) {
	dir := t.TempDir()
	const count = 400
	if err := Fake(dir, count); err != nil {
		t.Fatal(err)
	}
	g := openGallery(t, dir)
	all := listed(t, g)
	if len(all) != count {
		t.Fatal(len(all))
	}
	ctx := t.Context()
	word := func(p Picture, w string) bool {
		for _, f := range strings.FieldsFunc(p.Request.Prompt+" "+p.Request.Negative+" "+strings.Join(p.Tags, " "), func(r rune) bool { return r == ' ' }) {
			if strings.HasPrefix(f, w) {
				return true
			}
		}
		return false
	}
	seed := all[7].Request.Seed
	for name, c := range map[string]struct {
		Query
		want func(p Picture) bool
	}{
		"all":       {Query{}, func(Picture) bool { return true }},
		"blank":     {Query{Text: ` , "" - `}, func(Picture) bool { return true }},
		"word":      {Query{Text: "dragon"}, func(p Picture) bool { return word(p, "dragon") }},
		"beginning": {Query{Text: "DRA"}, func(p Picture) bool { return word(p, "dra") }},
		"two":       {Query{Text: "lig red"}, func(p Picture) bool { return word(p, "lig") && word(p, "red") }},
		"accent":    {Query{Text: "CAFE"}, func(p Picture) bool { return word(p, "café") }},
		"phrase": {Query{Text: `"of a"`}, func(p Picture) bool {
			return strings.Contains(" "+p.Request.Prompt+" ", " of a ") || strings.Contains(" "+p.Request.Negative+" ", " of a ")
		}},
		"open phrase": {Query{Text: `red "of th`}, func(p Picture) bool {
			return word(p, "red") && (strings.Contains(" "+p.Request.Prompt, " of th") || strings.Contains(" "+p.Request.Negative, " of th"))
		}},
		"syntax":     {Query{Text: `NOT (a* OR ^"`}, func(p Picture) bool { return word(p, "not") && word(p, "a") && word(p, "or") }},
		"favourite":  {Query{Favourite: true}, func(p Picture) bool { return p.Favourite }},
		"rating":     {Query{MinRating: 3}, func(p Picture) bool { return p.Rating >= 3 }},
		"tag":        {Query{Tags: []string{"Dragon"}}, func(p Picture) bool { return slices.Contains(p.Tags, "dragon") }},
		"collection": {Query{Collections: []string{"series 3"}}, func(p Picture) bool { return slices.Contains(p.Collections, "series 3") }},
		"model":      {Query{Model: "other"}, func(p Picture) bool { return false }},
		"sampler":    {Query{Sampler: "ddim"}, func(p Picture) bool { return p.Request.Sampler == "ddim" }},
		"schedule":   {Query{Schedule: "karras"}, func(p Picture) bool { return p.Request.Schedule == "karras" }},
		"seed":       {Query{Seed: &seed}, func(p Picture) bool { return p.Request.Seed == seed }},
		"steps":      {Query{MinSteps: 20, MaxSteps: 25}, func(p Picture) bool { return p.Request.Steps >= 20 && p.Request.Steps <= 25 }},
		"guidance":   {Query{MinGuidance: 3, MaxGuidance: 4}, func(p Picture) bool { return p.Request.Guidance >= 3 && p.Request.Guidance <= 4 }},
		"size":       {Query{Width: 256, Height: 512}, func(p Picture) bool { return p.Height == 512 }},
		"dates":      {Query{Since: all[50].Kept, Until: all[9].Kept}, func(p Picture) bool { return !p.Kept.Before(all[50].Kept) && p.Kept.Before(all[9].Kept) }},
		"parents":    {Query{HasParent: true}, func(p Picture) bool { return p.Parent != "" }},
		"children":   {Query{Parent: "00002.png"}, func(p Picture) bool { return p.Parent == "00002.png" }},
		"nobody's":   {Query{Parent: "x"}, func(p Picture) bool { return false }},
		"together": {
			Query{Text: "a", MinRating: 1, Sampler: "euler", HasParent: true},
			func(p Picture) bool {
				return word(p, "a") && p.Rating >= 1 && p.Request.Sampler == "euler" && p.Parent != ""
			},
		},
	} {
		for sort := range BestRated + 1 {
			var want []Picture
			for _, p := range all {
				if c.want(p) {
					want = append(want, p)
				}
			}
			switch sort {
			case Oldest:
				slices.Reverse(want)
			case BestRated:
				slices.SortStableFunc(want, func(a, b Picture) int { return b.Rating - a.Rating })
			}
			q := c.Query
			q.Sort, q.Limit = sort, 7
			var got []Picture
			for {
				page, err := g.Search(ctx, q)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				got = append(got, page.Pictures...)
				if q.After = page.Next; !page.More {
					break
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, sort %d: %d pictures, want %d", name, sort, len(got), len(want))
			}
			q.After = Cursor{}
			if n, err := g.Count(ctx, q); n != len(want) || err != nil {
				t.Errorf("%s: count %d of %d, %v", name, n, len(want), err)
			}
			if ids, err := g.IDs(ctx, q); len(ids) != len(want) || err != nil || len(ids) > 0 && ids[0] != want[0].ID {
				t.Errorf("%s: %d ids of %d, %v", name, len(ids), len(want), err)
			}
		}
	}
	counts := map[string]int{}
	for _, p := range all {
		for _, tag := range p.Tags {
			counts[tag]++
		}
	}
	values, err := g.Values(ctx, ByTag)
	got := map[string]int{}
	for _, v := range values {
		got[v.Name] = v.Count
	}
	if err != nil || !maps.Equal(got, counts) {
		t.Errorf("%v, %v, want %v", got, err, counts)
	}
	if values, err := g.Values(ctx, ByModel); err != nil || !slices.Equal(values, []Value{{"default", count}}) {
		t.Error(values, err)
	}
}

// A search that nobody waits for any more ends, and the index stays.
func TestSearchCancelled(t *testing.T) {
	g := openGallery(t, t.TempDir())
	keep(t, g, 1, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Search(ctx, Query{Text: "a"}); err == nil {
		t.Error("found all the same")
	}
	if n, err := g.Count(t.Context(), Query{Text: "apple"}); n != 1 || err != nil {
		t.Error(n, err)
	}
}

// The marks' names in JSON are in files for ever.
func TestMarksJSON(t *testing.T) {
	got, err := json.Marshal(marked())
	const want = `{"kept":"2026-01-02T03:04:05.006Z","favourite":true,"rating":4,"tags":["café","red"],"collections":["fruit"],"parent":"00001.png","step":8,"how":"branch"}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}
