package data

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/image/webp"
)

// emojis adds what concepts.txt lists, in every style that there is of it.
func (b *builder) emojis() error {
	rows, err := parseConcepts(conceptsText)
	if err != nil {
		return err
	}
	kinds, err := b.emojiKinds()
	if err != nil {
		return err
	}
	things := make([]int, len(rows))
	for i, r := range rows {
		things[i] = b.thing(r.names(), kinds[r.key])
	}
	for _, p := range Packages {
		var read func(code string) (image.Image, error)
		switch p.style {
		case Render:
			read = func(code string) (image.Image, error) {
				return readWebP(filepath.Join(p.Folder(b.fetched), "assets"), code)
			}
		case Flat, Cartoon, Sticker, Glyph:
			icons, err := openIcons(p.Folder(b.fetched))
			if err != nil {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
			read = icons.render
		default:
			continue
		}
		for i, r := range rows {
			c := cutout{Thing: things[i], Style: p.style, Source: p.Name, Shadow: p.style == Render}
			if p.style == Render {
				c.Colour = r.colour
			}
			b.add(c, func() (image.Image, error) { return read(r.key) })
		}
	}
	return nil
}

// kindOf is what the things of a subgroup of Unicode's are called.
var kindOf = map[string]string{
	"animal-mammal": "animal", "animal-bird": "bird", "animal-reptile": "animal", "animal-marine": "sea animal",
	"animal-bug": "insect", "plant-flower": "flower", "plant-other": "plant", "food-fruit": "fruit",
	"food-vegetable": "vegetable", "food-prepared": "*food", "food-asian": "*food", "food-sweet": "dessert",
	"drink": "drink", "place-building": "building", "transport-ground": "vehicle", "transport-water": "ship",
	"musical-instrument": "musical instrument", "tool": "tool", "face-smiling": "emoji", "face-concerned": "emoji",
}

// emojiKinds is the kind of each emoji, by its code points.
func (b *builder) emojiKinds() (map[string]string, error) {
	var words Package
	for _, p := range Packages {
		if p.Name == "emojibase-data" {
			words = p
		}
	}
	dir := filepath.Join(words.Folder(b.fetched), "en")
	var groups struct {
		Subgroups []struct {
			Key   string
			Order int
		}
	}
	var emojis []struct {
		Hexcode  string
		Subgroup int
	}
	if err := errors.Join(readJSON(filepath.Join(dir, "messages.json"), &groups), readJSON(filepath.Join(dir, "data.json"), &emojis)); err != nil {
		return nil, err
	}
	kind := map[int]string{}
	for _, g := range groups.Subgroups {
		kind[g.Order] = kindOf[g.Key]
	}
	all := map[string]string{}
	for _, e := range emojis {
		all[strings.ReplaceAll(strings.ToLower(e.Hexcode), "-fe0f", "")] = kind[e.Subgroup]
	}
	return all, nil
}

func readJSON(path string, to any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, to); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// readWebP reads the picture of a code point. Some file names carry the variation
// selector "-fe0f" (show as a picture, not as text), most don't.
func readWebP(dir, code string) (image.Image, error) {
	for _, name := range []string{code, code + "-fe0f", strings.Replace(code, "-200d", "-fe0f-200d", 1), strings.Replace(code, "-200d", "-fe0f-200d", 1) + "-fe0f"} {
		f, err := os.Open(filepath.Join(dir, name+".webp"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return webp.Decode(f)
	}
	return nil, errNotThere
}

// icons is one of Iconify's collections of drawings.
type icons struct {
	Width, Height float64
	Icons         map[string]icon
	Aliases       map[string]struct{ Parent string }

	names map[string]string // of the drawing of a code point
}

type icon struct {
	Body                     string
	Left, Top, Width, Height float64
}

func openIcons(dir string) (*icons, error) {
	s := &icons{names: map[string]string{}}
	var chars map[string]string
	if err := errors.Join(readJSON(filepath.Join(dir, "icons.json"), s), readJSON(filepath.Join(dir, "chars.json"), &chars)); err != nil {
		return nil, err
	}
	for code, name := range chars {
		s.names[strings.ReplaceAll(code, "-fe0f", "")] = name
	}
	return s, nil
}

func (s *icons) render(code string) (image.Image, error) {
	name, there := s.names[code]
	if a, is := s.Aliases[name]; is {
		name = a.Parent
	}
	i, is := s.Icons[name]
	if !there || !is {
		return nil, errNotThere
	}
	if i.Width == 0 {
		i.Width = max(s.Width, 16)
	}
	if i.Height == 0 {
		i.Height = max(s.Height, 16)
	}
	return renderSVG(fmt.Appendf(nil,
		`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="%g %g %g %g" width="%g" height="%g">%s</svg>`,
		i.Left, i.Top, i.Width, i.Height, i.Width, i.Height, strings.ReplaceAll(i.Body, "currentColor", "#222")))
}
