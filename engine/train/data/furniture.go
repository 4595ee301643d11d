package data

import (
	"archive/zip"
	_ "embed"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

//go:embed furniture.txt
var furnitureText string

// views are where 3D models are looked at from.
var views = func() []view {
	const degree = math.Pi / 180
	var all []view
	for turn := 0; turn < 360; turn += 45 {
		v := view{turn: float64(turn) * degree, rise: 16 * degree}
		switch turn {
		case 0:
			v.says = "from the front"
		case 90, 270:
			v.says = "from the side"
		case 180:
			v.says = "from behind"
		}
		all = append(all, v)
	}
	return append(all, view{turn: 25 * degree, rise: 50 * degree, says: "from above"}, view{turn: -25 * degree, rise: 30 * degree})
}()

// heldModels is how many models one is kept for tests of: its views from the back.
const heldModels = 8

// skippedModels are words in the catalogue's names of what is left out.
var skippedModels = []string{"plug", "switch", "socket", "window", "hood"}

// furniture adds the 3D models of Sweet Home 3D's libraries.
func (b *builder) furniture(p Package) error {
	rows, err := parseRows("furniture", furnitureText)
	if err != nil {
		return err
	}
	called := map[string]row{}
	for _, r := range rows {
		called[r.key] = r
	}
	libraries, err := filepath.Glob(filepath.Join(p.Folder(b.fetched), "usr", "share", "sweethome3d", "furniture", "*.sh3f"))
	if err != nil {
		return err
	}
	if len(libraries) == 0 {
		return fmt.Errorf("%s has no libraries of models", p.Name)
	}
	n := 0
	for _, path := range libraries {
		archive, err := zip.OpenReader(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		b.closers = append(b.closers, archive)
		models, err := catalogue(&archive.Reader)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, m := range models {
			names, wanted := modelNames(m, called)
			if !wanted {
				continue
			}
			n++
			b.model(&archive.Reader, m, b.thing(names, ""), p.Name, n%heldModels == 0)
		}
	}
	return nil
}

// model adds the views of one model. It is read once for all of them.
func (b *builder) model(archive *zip.Reader, m map[string]string, thing int, source string, held bool) {
	var rotation []float64
	for _, f := range strings.Fields(m["modelRotation"]) {
		x, err := strconv.ParseFloat(f, 64)
		if err != nil {
			break
		}
		rotation = append(rotation, x)
	}
	made := m["creator"]
	if made != "" && m["licence"] != "" {
		made += " (" + m["licence"] + ")"
	}
	var surface *mesh
	for i, v := range views {
		c := cutout{Thing: thing, Style: Realistic, View: v.says, Source: source, Made: made, Shadow: true}
		c.HeldBack = held && math.Cos(v.turn) < -0.5
		b.add(c, func() (image.Image, error) {
			if surface == nil {
				var err error
				if surface, err = readMesh(archive, strings.TrimPrefix(m["model"], "/")); err != nil {
					return nil, fmt.Errorf("%w: %w", errUnusable, err)
				}
			}
			im := surface.render(v, rotation)
			if i == len(views)-1 {
				surface = nil
			}
			return im, nil
		})
	}
}

// modelNames is what a model is called, if it is used.
func modelNames(m map[string]string, called map[string]row) ([]string, bool) {
	name := m["name"]
	lower := strings.ToLower(name)
	if !strings.HasSuffix(m["model"], ".obj") || m["category"] == "Doors and windows" && !strings.HasPrefix(name, "Elevator") {
		return nil, false
	}
	if r, listed := called[name]; listed {
		return r.names(), r.name != ""
	}
	if slices.ContainsFunc(skippedModels, func(w string) bool { return strings.Contains(lower, w) }) {
		return nil, false
	}
	if strings.HasSuffix(lower, "s") && !strings.HasSuffix(lower, "ss") && !strings.HasSuffix(lower, "us") {
		lower = "*" + lower
	}
	return []string{lower}, true
}

// catalogue lists the models of a library, each with what is said of it: its name,
// category, creator, model and modelRotation; licence is that of the library.
func catalogue(archive *zip.Reader) ([]map[string]string, error) {
	text, err := readMember(archive, "PluginFurnitureCatalog.properties", 1<<22)
	if err != nil {
		return nil, err
	}
	byNumber := map[int]map[string]string{}
	licence := "CC-BY-3.0"
	for line := range strings.Lines(string(text)) {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if !found {
			continue
		}
		if key == "license" && strings.Contains(value, "Public domain") {
			licence = "CC0-1.0"
		}
		key, number, found := strings.Cut(key, "#")
		n, err := strconv.Atoi(number)
		if !found || err != nil {
			continue
		}
		if byNumber[n] == nil {
			byNumber[n] = map[string]string{}
		}
		byNumber[n][key] = latin1(value)
	}
	numbers := make([]int, 0, len(byNumber))
	for n := range byNumber {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var all []map[string]string
	for _, n := range numbers {
		byNumber[n]["licence"] = licence
		all = append(all, byNumber[n])
	}
	return all, nil
}

// latin1 is text of that encoding, which property files have.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// exists tells whether there is a file.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
