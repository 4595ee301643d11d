package gallery

import (
	"bytes"
	"errors"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"darkroom/engine/metadata"
)

func openGallery(t *testing.T, dir string) *Gallery {
	t.Helper()
	g, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func keep(t *testing.T, g *Gallery, k int, favourite bool) Picture {
	t.Helper()
	r := request
	r.Seed = uint64(k)
	p, err := g.Keep(picture(k), r, Marks{Favourite: favourite})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func listed(t *testing.T, g *Gallery) []Picture {
	t.Helper()
	p, err := g.List()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGallery(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "pictures")
	g := openGallery(t, dir)
	if p := listed(t, g); len(p) != 0 {
		t.Errorf("a new gallery holds %v", p)
	}
	a, b, c := keep(t, g, 1, false), keep(t, g, 2, true), keep(t, g, 3, false)
	if a.ID != "00001.png" || a.Path != filepath.Join(dir, a.ID) || a.Request.Seed != 1 {
		t.Errorf("kept as %+v", a)
	}
	if got := listed(t, g); !reflect.DeepEqual(got, []Picture{c, b, a}) {
		t.Errorf("list %+v", got)
	}

	for id, on := range map[string]bool{a.ID: true, b.ID: false} {
		for range 2 { // saying it again changes nothing
			if err := g.Favourite(id, on); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := g.Remove(c.ID); err != nil {
		t.Fatal(err)
	}
	d := keep(t, g, 4, false)
	if d.ID == c.ID {
		t.Errorf("the name %s is used again", d.ID)
	}

	a.Favourite, b.Favourite = true, false
	g = openGallery(t, dir) // as after a restart
	if got := listed(t, g); !reflect.DeepEqual(got, []Picture{d, b, a}) {
		t.Errorf("list %+v", got)
	}
	img, err := g.Image(a.ID)
	if err != nil || !bytes.Equal(img.Pix, picture(1).Pix) {
		t.Errorf("the pixels have changed (%v)", err)
	}
	var plain bytes.Buffer
	if err := encode(&plain, picture(2), b.Request, Marks{Kept: b.Kept}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(b.Path); err != nil || len(got) != plain.Len() {
		t.Errorf("no favourite any more, but not the file it was before (%v)", err)
	}
	if files, err := g.numbers(dir); err != nil || len(files) != 3 {
		t.Errorf("files %v, %v", files, err)
	}
}

func TestGalleryIgnoresAndReports(t *testing.T) {
	dir := t.TempDir()
	g := openGallery(t, dir)
	good := keep(t, g, 1, false)
	for name, content := range map[string]string{
		"00007.png":         "",            // being written by another program
		"00008.png":         "no picture",  // damaged
		"cat.png":           "anything",    // not of the gallery
		"9.png":             "anything",    // nor this
		".00001.png.12.tmp": "half a file", // left by a crash
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := g.List()
	if !reflect.DeepEqual(got, []Picture{good}) {
		t.Errorf("list %+v", got)
	}
	if err == nil || !strings.Contains(err.Error(), "00008.png: this is not a PNG") || strings.Contains(err.Error(), "00007") {
		t.Errorf("error %v", err)
	}
	if p := keep(t, g, 2, false); p.ID != "00009.png" {
		t.Errorf("the next one is %s", p.ID)
	}
}

func TestUnknownPicture(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "00001.png")
	if err := Save(outside, picture(1), request); err != nil {
		t.Fatal(err)
	}
	g := openGallery(t, filepath.Join(dir, "gallery"))
	for _, id := range []string{"00001.png", "../00001.png", outside, "", "1.png", "-0001.png", "+0001.png"} {
		_, imageErr := g.Image(id)
		_, thumbErr := g.Thumbnail(id, 8)
		for _, err := range []error{imageErr, thumbErr, g.Favourite(id, true), g.Remove(id)} {
			if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "has no picture") {
				t.Errorf("%q: %v", id, err)
			}
		}
	}
}

func TestThumbnail(t *testing.T) {
	g := openGallery(t, t.TempDir())
	p := keep(t, g, 1, false)
	small, err := g.Thumbnail(p.ID, 8)
	if err != nil || small.Rect != image.Rect(0, 0, 8, 4) {
		t.Fatalf("thumbnail %v, %v", small.Rect, err)
	}
	if c := small.RGBAAt(6, 1); c.A != 255 || c.R < 196 || c.R > 212 { // 24 … 27 of 32 pixels
		t.Errorf("colour %v", c)
	}
	if again, _ := g.Thumbnail(p.ID, 8); again != small {
		t.Error("made twice")
	}
	if large, err := g.Thumbnail(p.ID, 100); err != nil || large.Rect != image.Rect(0, 0, 32, 16) {
		t.Errorf("a small picture is blown up to %v (%v)", large.Rect, err)
	}
	if err := g.Remove(p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Thumbnail(p.ID, 8); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the removed one: %v", err)
	}
}

// A picture that claims to be huge is not decoded.
func TestHugePicture(t *testing.T) {
	g := openGallery(t, t.TempDir())
	p := keep(t, g, 1, false)
	header := metadata.NewChunk("IHDR", []byte{0, 1, 0, 0, 0, 1, 0, 0, 8, 2, 0, 0, 0})
	var b bytes.Buffer
	b.WriteString(metadata.Signature)
	b.Write(header.Append(nil))
	if err := os.WriteFile(p.Path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Image(p.ID); err == nil || !strings.Contains(err.Error(), "65536×65536") {
		t.Errorf("error %v", err)
	}
}

func TestNotWritable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{file, filepath.Join(file, "below")} {
		if _, err := Open(d); !errors.Is(err, ErrNotWritable) || !strings.Contains(err.Error(), d) {
			t.Errorf("Open(%s): %v", d, err)
		}
	}
	g := openGallery(t, filepath.Join(dir, "gallery"))
	if err := os.RemoveAll(g.Dir()); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Keep(picture(1), request, Marks{}); !errors.Is(err, ErrNotWritable) {
		t.Errorf("Keep in a folder that is gone: %v", err)
	}
	if _, err := g.List(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("List of a folder that is gone: %v", err)
	}
}

// A picture that can't be encoded leaves nothing behind.
func TestKeepFails(t *testing.T) {
	g := openGallery(t, t.TempDir())
	if _, err := g.Keep(image.NewRGBA(image.Rectangle{}), request, Marks{}); err == nil {
		t.Error("an empty picture was kept")
	}
	if files, _ := filepath.Glob(filepath.Join(g.Dir(), "*.png*")); len(files) != 0 {
		t.Errorf("%v are left", files)
	}
}

// Two galleries on one folder, as in two programs, never take the same name.
func TestSharedFolder(t *testing.T) {
	dir := t.TempDir()
	galleries := []*Gallery{openGallery(t, dir), openGallery(t, dir)}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			p, err := galleries[i%2].Keep(picture(i), request, Marks{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := galleries[i/2%2].Favourite(p.ID, i%3 == 0); err != nil {
				t.Error(err)
			}
			if _, err := galleries[i%2].Thumbnail(p.ID, 8); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	pictures := listed(t, galleries[0])
	favourites := 0
	for _, p := range pictures {
		if p.Request != request {
			t.Errorf("%s: %+v", p.ID, p.Request)
		}
		if p.Favourite {
			favourites++
		}
	}
	if len(pictures) != 20 || favourites != 7 {
		t.Errorf("%d pictures, %d favourites", len(pictures), favourites)
	}
}
