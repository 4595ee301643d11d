package gallery

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"darkroom/engine"
	"darkroom/engine/metadata"
	"darkroom/engine/recipe"
	"darkroom/engine/system"
)

// ErrNoRecipe says that a picture was not saved by Darkroom, or was saved again
// by a program that threw its texts away.
var ErrNoRecipe = errors.New("the picture holds no Darkroom recipe")

// Encode writes img as a PNG with the recipe r inside. The same picture and
// recipe give the same bytes.
func Encode(w io.Writer, img image.Image, r engine.Request) error {
	return encode(w, img, r, Marks{})
}

func encode(w io.Writer, img image.Image, r engine.Request, m Marks) error {
	var picture bytes.Buffer
	if err := png.Encode(&picture, img); err != nil {
		return err
	}
	own, err := recipe.Marshal(r)
	if err != nil {
		return err
	}
	texts := metadata.TextChunk(recipe.ParametersKey, parameters(r, img)).Append(nil)
	texts = metadata.UnicodeChunk(recipe.Key, own).Append(texts)
	if texts, err = m.chunk(texts); err != nil {
		return err
	}
	return writeAll(w, picture.Next(metadata.HeaderSize), texts, picture.Bytes())
}

// parameters is the recipe for other programs, with the size that img has.
func parameters(r engine.Request, img image.Image) string {
	size := img.Bounds().Size()
	r.Width, r.Height = size.X, size.Y
	return recipe.Of(r).Parameters()
}

// encodeJPEG writes img as a JPEG with the recipe r inside.
func encodeJPEG(w io.Writer, img image.Image, r engine.Request) error {
	own, err := recipe.Marshal(r)
	if err != nil {
		return err
	}
	return metadata.WriteJPEG(w, img, parameters(r, img), metadata.Text{Key: recipe.Key, Value: own})
}

func writeAll(w io.Writer, parts ...[]byte) error {
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	return nil
}

// Read finds the recipe that Darkroom put in a picture, whose pixels it does not
// look at; package recipe reads those of other programs too. The error is
// ErrNoRecipe when there is none, and says so when it can't be drawn. Only a
// megabyte of any text is read, whatever the file claims.
func Read(r io.Reader) (engine.Request, error) {
	p, err := read(r)
	return p.Request, err
}

// ReadFile finds the recipe in the picture at path.
func ReadFile(path string) (engine.Request, error) {
	p, err := readFile(path)
	return p.Request, err
}

// read fills in a Picture what the texts tell.
func read(r io.Reader) (p Picture, err error) {
	texts, err := metadata.Read(r)
	if err != nil {
		return Picture{}, err
	}
	own := ""
	for _, t := range texts {
		if t.Key == recipe.Key {
			own = t.Value
		}
		p.Marks.read(t.Key, t.Value)
	}
	if own == "" {
		return Picture{}, ErrNoRecipe
	}
	if p.Request, err = recipe.Unmarshal(own); err != nil {
		return Picture{}, err
	}
	return p, nil
}

func readFile(path string) (Picture, error) {
	f, err := os.Open(path)
	if err != nil {
		return Picture{}, err
	}
	defer f.Close()
	p, err := read(f)
	if err != nil {
		return Picture{}, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// Save writes img with the recipe r as the file path, wholly or not at all; a
// file of that name is replaced. It is a JPEG file when the name ends like one,
// and else a PNG.
func Save(path string, img image.Image, r engine.Request) error {
	if IsJPEG(path) {
		return replace(path, func(w io.Writer) error { return encodeJPEG(w, img, r) })
	}
	return save(path, img, r, Marks{})
}

// IsJPEG reports whether Save makes a JPEG file of this name.
func IsJPEG(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".jpg" || ext == ".jpeg"
}

func save(path string, img image.Image, r engine.Request, m Marks) error {
	return replace(path, func(w io.Writer) error { return encode(w, img, r, m) })
}

func replace(path string, write func(io.Writer) error) error {
	if err := system.Replace(path, write); err != nil {
		return fmt.Errorf("the picture can't be saved as %s: %w", path, err)
	}
	return nil
}
