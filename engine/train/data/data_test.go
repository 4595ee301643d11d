package data

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// disc is a round sprite that touches all four edges.
func disc(c color.RGBA) *image.RGBA {
	im := image.NewRGBA(image.Rect(0, 0, SpriteSize, SpriteSize))
	const radius = SpriteSize / 2
	for y := range SpriteSize {
		for x := range SpriteSize {
			if math.Hypot(float64(x)+0.5-radius, float64(y)+0.5-radius) < radius {
				im.SetRGBA(x, y, c)
			}
		}
	}
	return im
}

var discs = []color.RGBA{{220, 30, 30, 255}, {40, 90, 230, 255}, {250, 250, 250, 255}}

var discEntries = []entry{
	{Hex: "1", Name: "apple", Synonyms: []string{"red fruit"}},
	{Hex: "2", Name: "*berries", Synonyms: []string{"*the berries", "unit"}},
	{Hex: "3", Name: "egg", Colour: "pale"},
}

// archive writes a set of discs and returns the bytes of its file.
func archive(t testing.TB, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	err := writeSet(&b, entries, func(_ entry, i int) (*image.RGBA, error) { return disc(discs[i]), nil })
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// openDiscs writes a set of discs to a directory and opens it.
func openDiscs(t testing.TB) *Set {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, spritesFile), archive(t, discEntries), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func TestOpen(t *testing.T) {
	var got []string
	for _, c := range openDiscs(t).Concepts() {
		got = append(got, fmt.Sprint(c.Hex, c.Name, c.Synonyms, c.Colour))
	}
	want := []string{"1apple[red fruit]red", "2berries[the berries unit]blue", "3egg[]pale"}
	if !slices.Equal(got, want) {
		t.Errorf("concepts %q, want %q", got, want)
	}
}

func TestOpenErrors(t *testing.T) {
	sized := func(size int) []byte {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, size, size))); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	members := func(m ...string) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for i := 0; i < len(m); i += 2 {
			f, err := w.Create(m[i])
			if err == nil {
				_, err = f.Write([]byte(m[i+1]))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	const one = `[{"hex":"1","name":"a"}]`
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"missing", nil, "fetch.sh"},
		{"not an archive", []byte("hello"), "build the set again"},
		{"cut short", archive(t, discEntries)[:500], "build the set again"},
		{"no index", members("000.png", "x"), indexName},
		{"bad index", members(indexName, "{"), indexName},
		{"empty index", members(indexName, "[]"), "0 concepts"},
		{"long index", members(indexName, strings.Repeat(" ", maxIndexSize+1)), "longer"},
		{"empty name", members(indexName, `[{"hex":"1","name":"*"}]`), "empty name"},
		{"no picture", members(indexName, one), "000.png"},
		{"bad picture", members(indexName, one, "000.png", "x"), "000.png"},
		{"small picture", members(indexName, one, "000.png", string(sized(64))), "64×64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.file != nil {
				if err := os.WriteFile(filepath.Join(dir, spritesFile), tt.file, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(archive(f, discEntries[:1]))
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := read(bytes.NewReader(file), int64(len(file)))
		if err == nil && (len(s.concepts) == 0 || len(s.concepts) != len(s.sprites)) {
			t.Errorf("%d concepts, %d sprites", len(s.concepts), len(s.sprites))
		}
	})
}

func TestSampleIsDeterministicAndInRange(t *testing.T) {
	s := openDiscs(t)
	a, b := random(3), random(3)
	different := false
	var last string
	for range 300 {
		x, y := s.Sample(a, 24), s.Sample(b, 24)
		if x.Caption != y.Caption || x.Concept != y.Concept || !slices.Equal(x.Pix, y.Pix) {
			t.Fatalf("two samples of the same random state differ: %q and %q", x.Caption, y.Caption)
		}
		if len(x.Pix) != 24*24*3 {
			t.Fatalf("%d numbers, want %d", len(x.Pix), 24*24*3)
		}
		for _, v := range x.Pix {
			if !(v >= -1 && v <= 1) {
				t.Fatalf("%q has the component %v outside −1…1", x.Caption, v)
			}
		}
		different = different || last != "" && last != x.Caption
		last = x.Caption
	}
	if !different {
		t.Error("all captions are the same")
	}
}

// says reports whether a caption speaks of a background.
func says(caption string, b background) bool {
	return slices.ContainsFunc(b.phrases, func(p string) bool { return strings.HasSuffix(caption, p) })
}

// measure returns where the disc in a picture is and how wide, as parts of the
// picture's width; what differs from the top left corner counts as the disc.
func measure(pix []float32, size int) (x, y, width float64) {
	n := 0.0
	for i := 0; i < len(pix); i += 3 {
		var far float32
		for k := range 3 {
			d := pix[i+k] - pix[k]
			far = max(far, d, -d)
		}
		if far > 0.3 {
			n++
			x += float64(i/3%size) + 0.5
			y += float64(i/3/size) + 0.5
		}
	}
	scale := float64(size)
	return x / n / scale, y / n / scale, 2 * math.Sqrt(n/math.Pi) / scale
}

// The pictures must show what their captions say: the place and size of a blue
// disc and the colour around it are measured. The shares of the distribution
// are counted on the way.
func TestCaptionsAreTrue(t *testing.T) {
	const size, samples = 48, 2000
	s := openDiscs(t)
	r := random(5)
	seen := map[string]int{}
	for range samples {
		e := s.Example(r, 1, size)
		if slices.ContainsFunc(scenes, func(b background) bool { return says(e.Caption, b) }) {
			seen["scene"]++
			continue
		}
		want := normal
		for _, p := range places {
			if strings.Contains(e.Caption, p.phrase) {
				want = p
			}
		}
		if strings.Contains(e.Caption, "small") {
			want = small
		}
		seen[want.adjective+want.phrase]++
		x, y, width := measure(e.Pix, size)
		if math.Abs(x-float64(want.x)) > 0.04 || math.Abs(y-float64(want.y)) > 0.04 || math.Abs(width-float64(want.side)) > 0.07 {
			t.Errorf("%q shows a disc %.2f wide at %.2f, %.2f; want %.2f at %.2f, %.2f", e.Caption, width, x, y, want.side, want.x, want.y)
		}
		for _, b := range plainBackgrounds {
			if says(e.Caption, b) {
				seen["plain"]++
				c := func(i int) float64 { return float64(e.Pix[i]+1) / 2 }
				if got := colourWord(c(0), c(1), c(2)); got != b.colour {
					t.Errorf("%q has a %s background", e.Caption, got)
				}
			}
		}
	}
	// Of the 80 % without a scene: 75 % normal, 12 % small, 13 % at four places.
	for what, want := range map[string]float64{
		"scene": 0.20, "plain": 0.30, "": 0.60, "small": 0.096,
		"on the left": 0.026, "on the right": 0.026, "at the top": 0.026, "at the bottom": 0.026,
	} {
		if got := float64(seen[what]) / samples; math.Abs(got-want) > 0.03 || got < want/2 {
			t.Errorf("%.3f of the pictures are %q, want %.3f", got, what, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	tests := []struct {
		form       float32
		name       string
		adjectives []string
		want       string
	}{
		{0, "apple", nil, "an apple"},
		{0, "apple", []string{"small", "red"}, "a small red apple"},
		{0, "unicorn", nil, "a unicorn"},
		{0, "ufo", nil, "a ufo"},
		{0, "umbrella", nil, "an umbrella"},
		{0, "hourglass", nil, "an hourglass"},
		{0, "house", nil, "a house"},
		{0, "*grapes", []string{"small"}, "small grapes"},
		{0, "*the sun", []string{"small"}, "the small sun"},
		{0.75, "cat", nil, "cat"},
		{0.85, "egg", nil, "a picture of an egg"},
		{0.85, "*grapes", nil, "a picture of grapes"},
		{0.94, "egg", nil, "a 3d render of an egg"},
		{0.99, "cat", nil, "3d render of a cat"},
	}
	for _, tt := range tests {
		if got := describe(tt.form, parseNoun(tt.name), tt.adjectives); got != tt.want {
			t.Errorf("describe(%v, %q, %q) = %q, want %q", tt.form, tt.name, tt.adjectives, got, tt.want)
		}
	}
}

func TestCaptions(t *testing.T) {
	s := openDiscs(t)
	all := s.Captions(50)
	if !slices.Equal(all, s.Captions(50)) {
		t.Error("two calls differ")
	}
	if want := 2*6 + 50; len(all) != want {
		t.Errorf("%d captions, want %d", len(all), want)
	}
	for _, want := range []string{"apple", "an apple", "red fruit", "a red fruit", "the berries", "a unit"} {
		if !slices.Contains(all, want) {
			t.Errorf("no caption %q", want)
		}
	}
}

func BenchmarkSample(b *testing.B) {
	s, r := openDiscs(b), random(1)
	for b.Loop() {
		s.Sample(r, 64)
	}
}
