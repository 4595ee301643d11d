package data

import (
	_ "embed"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed pixelart.txt
var pixelArtText string

//go:embed clipart.txt
var clipArtText string

// pixelArt adds the game tiles that pixelart.txt lists.
func (b *builder) pixelArt(p Package) error {
	rows, err := parseRows("pixelart", pixelArtText)
	if err != nil {
		return err
	}
	top := filepath.Join(p.Folder(b.fetched), "source", "rltiles")
	for _, r := range rows {
		paths, err := filepath.Glob(filepath.Join(top, strings.Replace(r.key, "#", "[0-9]*", 1)+".png"))
		if err != nil {
			return err
		}
		if strings.HasSuffix(r.key, "#") { // a first one may have no number
			if first := filepath.Join(top, strings.TrimSuffix(r.key, "#")+".png"); exists(first) {
				paths = append(paths, first)
			}
		}
		if len(paths) == 0 {
			return fmt.Errorf("pixelart: %s has no %s", p.Name, r.key)
		}
		thing := b.thing(r.names(), "")
		for _, path := range paths {
			if slices.Contains(unclearTiles, strings.TrimSuffix(filepath.Base(path), ".png")) {
				continue
			}
			b.add(cutout{Thing: thing, Style: PixelArt, Source: p.Name}, func() (image.Image, error) { return readPNG(path) })
		}
	}
	return nil
}

// unclearTiles are among the files that numbered names of pixelart.txt stand for
// those that the game's artists list as of unclear origin.
var unclearTiles = []string{"tree1", "tree2", "tree1_dead", "tree2_dead"}

func readPNG(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return png.Decode(f)
}

// clipArt adds the drawings that clipart.txt lists, if they say that they are in
// the public domain.
func (b *builder) clipArt(p Package) error {
	rows, err := parseRows("clipart", clipArtText)
	if err != nil {
		return err
	}
	dir := filepath.Join(p.Folder(b.fetched), "usr", "share", "openclipart", "svg")
	for _, r := range rows {
		svg, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(r.key)+".svg"))
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("clipart: %s has no %s", p.Name, r.key)
		}
		if err != nil {
			return err
		}
		free, made := rights(svg)
		if !free {
			return fmt.Errorf("clipart: %s does not say that it is in the public domain: take it off the list", r.key)
		}
		b.add(cutout{Thing: b.thing(r.names(), ""), Style: ClipArt, Source: p.Name, Made: made},
			func() (image.Image, error) { return renderSVG(svg) })
	}
	return nil
}

// rights reads a drawing's description: whether it is in the public domain, and
// who made it.
func rights(svg []byte) (free bool, made string) {
	var doc struct {
		Work struct {
			Creator string `xml:"creator>Agent>title"`
			Licence struct {
				Resource string `xml:"resource,attr"`
			} `xml:"license"`
			Rights string `xml:"rights>Agent>title"`
		} `xml:"metadata>RDF>Work"`
	}
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	d.Strict = false
	if err := d.Decode(&doc); err != nil {
		return false, ""
	}
	w := doc.Work
	said := strings.ToLower(w.Licence.Resource + " " + w.Rights)
	return strings.Contains(said, "publicdomain") || strings.Contains(said, "public domain"), strings.TrimSpace(w.Creator)
}
