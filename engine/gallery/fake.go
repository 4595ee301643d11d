package gallery

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"darkroom/engine"
	"darkroom/engine/metadata"
	"darkroom/engine/recipe"
)

// vocabulary is what the prompts of Fake are made of; the first are the most frequent.
var vocabulary = strings.Fields(`a of the in with and on painting portrait light photograph old red blue
	green city forest mountain river sea woman man child cat dog horse bird house street window garden night morning
	evening winter summer autumn spring rain snow fog storm sun moon star cloud sky oil watercolour ink pencil charcoal
	sharp soft warm cold dark bright golden silver wooden stone glass iron paper silk velvet apple pear orange lemon
	flower rose lily tree leaf branch root lamp candle fire smoke mirror door stair bridge boat ship train tower castle
	market kitchen library desert island valley harbour lighthouse violin piano book letter map clock dancer sailor
	painter baker king queen knight dragon fox owl wolf deer whale butterfly café été naïve`)

// Fake fills a folder with pictures that have the same pixels and other recipes
// and marks, for measuring; the same count gives the same pictures.
func Fake(dir string, count int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	img := image.NewRGBA(image.Rect(0, 0, 256, 256))
	for y := range 256 {
		for x := range 256 {
			img.SetRGBA(x, y, color.RGBA{uint8(x), uint8(y), 128, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return err
	}
	head, rest := b.Bytes()[:metadata.HeaderSize], b.Bytes()[metadata.HeaderSize:]
	random := rand.New(rand.NewPCG(1, 2))
	for n := range count {
		r, m := invented(random, n+1)
		own, err := recipe.Marshal(r)
		if err != nil {
			return err
		}
		file := metadata.TextChunk(recipe.ParametersKey, parameters(r, img)).Append(bytes.Clone(head))
		if file, err = m.chunk(metadata.UnicodeChunk(recipe.Key, own).Append(file)); err != nil {
			return err
		}
		path := filepath.Join(dir, name(n+1))
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s is there already: choose a new folder", path)
		}
		if err := os.WriteFile(path, append(file, rest...), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// invented is what the picture of a number claims to be.
func invented(random *rand.Rand, n int) (engine.Request, Marks) {
	words := func(n int) string {
		list := make([]string, n)
		for i := range list {
			f := random.Float64()
			list[i] = vocabulary[int(f*f*float64(len(vocabulary)))]
		}
		return strings.Join(list, " ")
	}
	r := engine.Request{
		Prompt: words(20 + random.IntN(40)), Negative: words(random.IntN(8)), Seed: random.Uint64(),
		Steps: 10 + random.IntN(40), Guidance: float64(2+random.IntN(20)) / 2, Width: 256, Height: 256,
		Sampler: []string{"euler", "euler_ancestral", "ddim", "dpmpp_2m"}[random.IntN(4)], Model: engine.DefaultModel,
		Schedule: []string{"", "karras"}[random.IntN(2)],
	}
	m := Marks{Kept: time.Date(2025, 1, 1, 0, n, 0, 0, time.UTC)}
	m.Favourite = random.IntN(20) == 0
	m.Rating = max(0, random.IntN(15)-9)
	if random.IntN(4) == 0 {
		m.Tags = labels([]string{vocabulary[random.IntN(len(vocabulary))], vocabulary[random.IntN(len(vocabulary))]})
	}
	if random.IntN(10) == 0 {
		m.Collections = []string{fmt.Sprint("series ", random.IntN(30))}
	}
	if n > 1 && random.IntN(3) == 0 {
		m.Lineage = Lineage{Parent: name(1 + random.IntN(n-1)), Step: random.IntN(10), How: Branch}
	}
	return r, m
}
