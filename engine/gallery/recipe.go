// Package gallery keeps pictures as PNG files that hold their own recipe, so
// that yesterday's picture can be made again. The files are all there is: a
// gallery is a folder of them.
package gallery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/sampler"
)

// The keywords of the texts in a PNG.
const (
	recipeKey     = "darkroom"           // the Request as JSON, exactly
	parametersKey = "parameters"         // the same for other programs, in the web UI's words
	favouriteKey  = "darkroom favourite" // there when the picture is one
)

// ErrNoRecipe says that a picture was not saved by Darkroom, or was saved again
// by a program that threw its texts away.
var ErrNoRecipe = errors.New("the picture holds no Darkroom recipe")

// Encode writes img as a PNG with the recipe r inside. The same picture and
// recipe give the same bytes.
func Encode(w io.Writer, img image.Image, r engine.Request) error {
	return encode(w, img, r, false)
}

func encode(w io.Writer, img image.Image, r engine.Request, favourite bool) error {
	var picture bytes.Buffer
	if err := png.Encode(&picture, img); err != nil {
		return err
	}
	recipe, err := recipeChunk(r)
	if err != nil {
		return err
	}
	var texts bytes.Buffer
	textChunk(parametersKey, parameters(r, img.Bounds().Size())).write(&texts)
	recipe.write(&texts)
	if favourite {
		textChunk(favouriteKey, "yes").write(&texts)
	}
	return writeAll(w, picture.Next(headerSize), texts.Bytes(), picture.Bytes())
}

func writeAll(w io.Writer, parts ...[]byte) error {
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	return nil
}

func recipeChunk(r engine.Request) (chunk, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return chunk{}, err
	}
	text := bytes.TrimSpace(b.Bytes())
	if len(text) > maxText {
		return chunk{}, fmt.Errorf("the recipe is %d bytes long and %d is the limit: shorten the prompt", len(text), maxText)
	}
	return unicodeChunk(recipeKey, string(text)), nil
}

// parameters renders a recipe as AUTOMATIC1111's web UI writes it, which most
// programs for such pictures can read.
func parameters(r engine.Request, size image.Point) string {
	text := r.Prompt
	if r.Negative != "" {
		text += "\nNegative prompt: " + r.Negative
	}
	model := r.Model
	if model != engine.DefaultModel {
		model = filepath.Base(model)
	}
	fields := []string{
		"Steps: " + strconv.Itoa(r.Steps),
		"Sampler: " + quote(sampler.Label(r.Sampler)),
		"CFG scale: " + strconv.FormatFloat(r.Guidance, 'f', -1, 64),
		"Seed: " + strconv.FormatUint(r.Seed, 10),
		fmt.Sprintf("Size: %dx%d", size.X, size.Y),
		"Model: " + quote(model),
	}
	if !r.Exact() {
		fields = append(fields, "Precision: "+r.Precision)
	}
	fields = append(fields, "Version: Darkroom "+engine.Version)
	return strings.TrimSpace(text + "\n" + strings.Join(fields, ", "))
}

// quote makes a JSON string of a value that would end early.
func quote(value string) string {
	if !strings.ContainsAny(value, ",:\n") {
		return value
	}
	b, _ := json.Marshal(value) // a string always can be
	return string(b)
}

// Read finds the recipe in a PNG, whose pixels it does not look at. The error
// is ErrNoRecipe when there is none, and says so when it can't be drawn. Only a
// megabyte of any text is read, whatever the file claims.
func Read(r io.Reader) (engine.Request, error) {
	p, err := read(r)
	return p.Request, err
}

// ReadFile finds the recipe in the PNG file at path.
func ReadFile(path string) (engine.Request, error) {
	p, err := readFile(path)
	return p.Request, err
}

// read fills in a Picture what the texts tell.
func read(r io.Reader) (p Picture, err error) {
	var recipe string
	err = scan(r, func(c chunk) bool {
		switch keyword, text, ok := c.text(); {
		case ok && keyword == recipeKey:
			recipe = text
		case ok && keyword == favouriteKey:
			p.Favourite = true
		}
		return true
	})
	switch {
	case err != nil:
		return Picture{}, err
	case recipe == "":
		return Picture{}, ErrNoRecipe
	}
	if err := json.Unmarshal([]byte(recipe), &p.Request); err != nil {
		return Picture{}, fmt.Errorf("the recipe is damaged: %w", err)
	}
	if err := p.Request.Validate(); err != nil {
		return Picture{}, fmt.Errorf("the recipe can't be drawn: %w", err)
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

// Save writes img with the recipe r as the PNG file path, wholly or not at all;
// a file of that name is replaced.
func Save(path string, img image.Image, r engine.Request) error {
	return save(path, img, r, false)
}

func save(path string, img image.Image, r engine.Request, favourite bool) error {
	err := checkpoint.Replace(path, func(w io.Writer) error { return encode(w, img, r, favourite) })
	if err != nil {
		return fmt.Errorf("the picture can't be saved as %s: %w", path, err)
	}
	return nil
}
