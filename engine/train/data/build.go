package data

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

const (
	// SpriteSize is the width and height of the pictures of a built set.
	SpriteSize = 128

	// pictureDir is where fetch.sh unpacks the source pictures.
	pictureDir = "lobehub-fluent-emoji-3d-1.1.0/package/assets"

	spritesFile = "sprites.zip" // the file of a built set, in its directory
	indexName   = "index.json"  // the archive member that lists the concepts

	// edgeAlpha is the opacity from which a pixel counts as part of a picture;
	// what lies below is the fringe of the lossy compression.
	edgeAlpha = 12
)

// Build makes a training set from the packages that fetch.sh put into the
// directory fetched: it cuts out the picture of each concept of concepts.txt,
// scales it to SpriteSize and writes all of them with an index of their names
// to out/sprites.zip, PNG files that any archive program shows. progress, if
// not nil, is called after each picture. The same input gives the same file.
func Build(fetched, out string, progress func(done, total int)) error {
	entries, err := parseConcepts(conceptsText)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("build training set: %w", err)
	}
	part, err := os.CreateTemp(out, spritesFile+".part-*")
	if err != nil {
		return fmt.Errorf("build training set: %w", err)
	}
	defer os.Remove(part.Name()) // fails, as it should, once renamed
	err = writeSet(part, entries, func(e entry, i int) (*image.RGBA, error) {
		im, err := readPicture(filepath.Join(fetched, pictureDir), e.Hex)
		if err != nil {
			return nil, fmt.Errorf("picture of %q: %w", e.Name, err)
		}
		if progress != nil {
			progress(i+1, len(entries))
		}
		return cutOut(im)
	})
	if err := errors.Join(err, part.Chmod(0o644), part.Close()); err != nil {
		return fmt.Errorf("build training set: %w", err)
	}
	if err := os.Rename(part.Name(), filepath.Join(out, spritesFile)); err != nil {
		return fmt.Errorf("build training set: %w", err)
	}
	return nil
}

// writeSet writes the archive Open reads: the pictures "000.png", "001.png", …
// that sprite returns for each entry, then the index, with a measured
// colour where the entry gives none.
func writeSet(w io.Writer, entries []entry, sprite func(entry, int) (*image.RGBA, error)) error {
	archive := zip.NewWriter(w)
	index := make([]entry, len(entries))
	for i, e := range entries {
		im, err := sprite(e, i)
		if err != nil {
			return err
		}
		if e.Colour == "" {
			e.Colour = dominantColour(im)
		}
		index[i] = e
		// PNG data is compressed already, so it is stored as it is.
		member, err := archive.CreateHeader(&zip.FileHeader{Name: spriteName(i), Method: zip.Store})
		if err != nil {
			return err
		}
		if err := png.Encode(member, im); err != nil {
			return err
		}
	}
	member, err := archive.Create(indexName)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(member)
	enc.SetIndent("", " ")
	if err := enc.Encode(index); err != nil {
		return err
	}
	return archive.Close()
}

// spriteName is the name of the archive member with the picture of concept i.
func spriteName(i int) string { return fmt.Sprintf("%03d.png", i) }

// readPicture reads the source picture of a code point. Some file names carry
// the variation selector "-fe0f" (show as a picture, not as text), most don't.
func readPicture(dir, hex string) (image.Image, error) {
	f, err := os.Open(filepath.Join(dir, hex+".webp"))
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.Open(filepath.Join(dir, hex+"-fe0f.webp"))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no file %s.webp in %s; run engine/train/data/fetch.sh to get the pictures", hex, dir)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	im, err := webp.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return im, nil
}

// cutOut trims a picture to what is visible, centres that in a square and
// scales the square to SpriteSize, all in premultiplied colour so that the
// transparent surroundings don't bleed into the edges.
func cutOut(im image.Image) (*image.RGBA, error) {
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
		return nil, errors.New("the picture is fully transparent")
	}
	side := max(box.Dx(), box.Dy())
	square := image.NewRGBA(image.Rect(0, 0, side, side))
	at := image.Pt((side-box.Dx())/2, (side-box.Dy())/2)
	draw.Draw(square, image.Rectangle{Max: box.Size()}.Add(at), full, box.Min, draw.Src)
	sprite := image.NewRGBA(image.Rect(0, 0, SpriteSize, SpriteSize))
	draw.CatmullRom.Scale(sprite, sprite.Rect, square, square.Rect, draw.Src, nil)
	return sprite, nil
}
