package data

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/image/draw"
)

const (
	// SpriteSize is the width and height of the pictures of a built set.
	SpriteSize = 128

	spritesFile = "sprites.zip" // the file of a built set, in its directory
	indexName   = "index.json"  // the archive member that lists things and pictures

	// CreditsFile tells, in a built set's directory, what it was made from.
	CreditsFile = "THIRD_PARTY_DATA.md"

	// edgeAlpha is the opacity from which a pixel counts as part of a picture;
	// what lies below is the fringe of the lossy compression.
	edgeAlpha = 12
)

var (
	errNotThere = errors.New("the source has no such picture")
	errUnusable = errors.New("the picture can't be used")
)

// drawing is counted up when pictures are cut out or rendered in another way.
const drawing = 1

// recipe identifies what a set is built from and how.
func recipe() string {
	h := sha256.New()
	fmt.Fprintln(h, drawing, portraitsEach, conceptsText, furnitureText, pixelArtText, clipArtText, portraitScript)
	for _, p := range Packages {
		fmt.Fprintln(h, p.SHA256, p.style)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Build makes a training set from the packages that Fetch put into the
// directory fetched: it cuts out a picture of each thing in each style, scales it
// to SpriteSize and writes all of them with an index to out/sprites.zip, PNG
// files that any archive program shows, and the credits beside it. progress, if
// not nil, is called after each picture. The same input gives the same file; a
// set that was built from it already is kept.
func Build(fetched, out string, progress func(done, total int)) error {
	if s, err := Open(out); err == nil {
		s.Close()
		if s.recipe == recipe() {
			return writeCredits(fetched, out, s.cutouts)
		}
	}
	b := &builder{fetched: fetched, byName: map[string]int{}}
	defer b.close()
	if err := b.list(); err != nil {
		return fmt.Errorf("build training set: %w; fetch the packages again if they are damaged", err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("build training set: %w", err)
	}
	part, err := os.CreateTemp(out, spritesFile+".part-*")
	if err != nil {
		return fmt.Errorf("build training set: %w", err)
	}
	defer os.Remove(part.Name()) // fails, as it should, once renamed
	made, err := b.write(part, progress)
	if err := errors.Join(err, part.Chmod(0o644), part.Close()); err != nil {
		return fmt.Errorf("build training set: %w", err)
	}
	if err := writeCredits(fetched, out, made); err != nil {
		return err
	}
	if err := os.Rename(part.Name(), filepath.Join(out, spritesFile)); err != nil {
		return fmt.Errorf("build training set: %w", err)
	}
	return nil
}

func writeCredits(fetched, out string, used []cutout) error {
	if err := os.WriteFile(filepath.Join(out, CreditsFile), []byte(credits(fetched, used)), 0o644); err != nil {
		return fmt.Errorf("build training set: %w", err)
	}
	return nil
}

// builder lists what a set is made of before it makes it.
type builder struct {
	fetched string
	things  []thing
	byName  map[string]int // thing with that name
	jobs    []job
	closers []io.Closer
}

// job is a picture to be made.
type job struct {
	cutout
	draw func() (image.Image, error)
}

// list goes through all packages.
func (b *builder) list() error {
	for _, p := range Packages {
		if !exists(p.Folder(b.fetched)) {
			return fmt.Errorf("%s %s is not in %s", p.Name, p.Version, b.fetched)
		}
	}
	if err := errors.Join(b.emojis(), b.portraits()); err != nil {
		return err
	}
	for _, p := range Packages {
		var err error
		switch p.style {
		case Realistic:
			err = b.furniture(p)
		case PixelArt:
			err = b.pixelArt(p)
		case ClipArt:
			err = b.clipArt(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) close() {
	for _, c := range b.closers {
		c.Close()
	}
}

// thing is the number of the thing with the first of these names; the other names
// are added to it unless they are another's.
func (b *builder) thing(names []string, kind string) int {
	id, known := b.byName[parseNoun(names[0]).text]
	if !known {
		id = len(b.things)
		b.things = append(b.things, thing{Kind: kind})
	}
	for _, name := range names {
		if text := parseNoun(name).text; text != "" {
			if _, taken := b.byName[text]; !taken {
				b.byName[text] = id
				b.things[id].Names = append(b.things[id].Names, name)
			}
		}
	}
	return id
}

// portraitThing is what portraits are of.
func (b *builder) portraitThing() int {
	id := b.thing([]string{"person", "face of a person"}, "")
	b.things[id].Portrait = true
	return id
}

func (b *builder) add(c cutout, draw func() (image.Image, error)) {
	b.jobs = append(b.jobs, job{c, draw})
}

// write draws everything and writes the archive that Open reads; it returns what
// could be used.
func (b *builder) write(w io.Writer, progress func(done, total int)) ([]cutout, error) {
	archive := zip.NewWriter(w)
	var all []cutout
	done := 0
	for from := 0; from < len(b.jobs); {
		to := b.batch(from)
		sprites, errs := make([]*image.RGBA, to-from), make([]error, to-from)
		b.drawAll(from, sprites, errs)
		for i, sprite := range sprites {
			j := b.jobs[from+i]
			done++
			if progress != nil {
				progress(done, len(b.jobs))
			}
			if errors.Is(errs[i], errNotThere) || errors.Is(errs[i], errUnusable) {
				continue
			}
			if errs[i] != nil {
				return nil, fmt.Errorf("picture of %q as %s: %w", b.things[j.Thing].Names[0], j.Style, errs[i])
			}
			c := j.cutout
			if c.Colour == "" {
				c.Colour = dominantColour(sprite)
			}
			if c.Style != Portrait && c.Style != Glyph {
				c.Dye, c.Dyes = findDyes(sprite)
			}
			// PNG data is compressed already, so it is stored as it is.
			member, err := archive.CreateHeader(&zip.FileHeader{Name: spriteName(len(all)), Method: zip.Store})
			if err != nil {
				return nil, err
			}
			if err := png.Encode(member, sprite); err != nil {
				return nil, err
			}
			all = append(all, c)
		}
		from = to
	}
	member, err := archive.Create(indexName)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(member).Encode(index{Recipe: recipe(), Things: b.things, Cutouts: all}); err != nil {
		return nil, err
	}
	return all, archive.Close()
}

// index is what the archive says of its pictures.
type index struct {
	Recipe  string   `json:"recipe"`
	Things  []thing  `json:"things"`
	Cutouts []cutout `json:"cutouts"`
}

const batchSize = 256

// batch is the end of the jobs to be done together from one on: the views of a
// model are not parted.
func (b *builder) batch(from int) int {
	to := min(from+batchSize, len(b.jobs))
	for to < len(b.jobs) && to > from+1 && b.jobs[to].Style == Realistic && b.jobs[to].Thing == b.jobs[to-1].Thing {
		to++
	}
	return to
}

// drawAll draws on every processor; the views of one model, which share its
// surface, follow each other.
func (b *builder) drawAll(from int, sprites []*image.RGBA, errs []error) {
	next := make(chan [2]int)
	finished := make(chan struct{})
	workers := runtime.GOMAXPROCS(0)
	for range workers {
		go func() {
			for span := range next {
				for i := span[0]; i < span[1]; i++ {
					im, err := b.jobs[from+i].draw()
					if err == nil {
						sprites[i], err = cutOut(im, b.jobs[from+i].Style == PixelArt)
					}
					errs[i] = err
				}
			}
			finished <- struct{}{}
		}()
	}
	for i := 0; i < len(sprites); {
		n := 1
		if b.jobs[from+i].Style == Realistic {
			n = len(views)
		}
		next <- [2]int{i, min(i+n, len(sprites))}
		i += n
	}
	close(next)
	for range workers {
		<-finished
	}
}

// spriteName is the name of the archive member with a picture.
func spriteName(i int) string { return fmt.Sprintf("%05d.png", i) }

// cutOut trims a picture to what is visible, centres that in a square and
// scales the square to SpriteSize, all in premultiplied colour so that the
// transparent surroundings don't bleed into the edges. Of pixel art, it repeats the
// pixels.
func cutOut(im image.Image, pixelArt bool) (*image.RGBA, error) {
	b := im.Bounds()
	full := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(full, full.Rect, im, b.Min, draw.Src)
	box := image.Rectangle{}
	for y := range b.Dy() {
		for x := range b.Dx() {
			if full.RGBAAt(x, y).A >= edgeAlpha {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	if box.Empty() {
		return nil, fmt.Errorf("%w: it is fully transparent", errUnusable)
	}
	side := max(box.Dx(), box.Dy())
	if pixelArt { // all at the same scale, of a tile's 32 pixels
		side = 32
	}
	square := image.NewRGBA(image.Rect(0, 0, side, side))
	at := image.Pt((side-box.Dx())/2, (side-box.Dy())/2)
	draw.Draw(square, image.Rectangle{Max: box.Size()}.Add(at), full, box.Min, draw.Src)
	sprite := image.NewRGBA(image.Rect(0, 0, SpriteSize, SpriteSize))
	var scale draw.Scaler = draw.CatmullRom
	if pixelArt {
		scale = draw.NearestNeighbor
	}
	scale.Scale(sprite, sprite.Rect, square, square.Rect, draw.Src, nil)
	return sprite, nil
}
