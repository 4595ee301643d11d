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

// discs builds a set of discs: two things in two styles each, and a portrait.
func discs() *builder {
	b := &builder{byName: map[string]int{}}
	red, blue, white := color.RGBA{220, 30, 30, 255}, color.RGBA{40, 90, 230, 255}, color.RGBA{250, 250, 250, 255}
	add := func(names []string, style string, c color.RGBA) {
		b.add(cutout{Thing: b.thing(names, "fruit"), Style: style}, func() (image.Image, error) { return disc(c), nil })
	}
	add([]string{"apple", "red fruit"}, Render, red)
	add([]string{"apple"}, Cartoon, red)
	add([]string{"*berries", "*the berries", "unit"}, Render, blue)
	add([]string{"egg"}, Render, white)
	b.add(cutout{Thing: b.portraitThing(), Style: Portrait, Traits: []string{"long hair", "glasses"}, Manner: []string{"smiling"}},
		func() (image.Image, error) { return disc(white), nil })
	return b
}

// archive writes a set and returns the bytes of its file.
func archive(t testing.TB, b *builder) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := b.write(&out, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// openDiscs writes a set of discs to a directory and opens it.
func openDiscs(t testing.TB) *Set {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, spritesFile), archive(t, discs()), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func TestOpen(t *testing.T) {
	s := openDiscs(t)
	var got []string
	for _, c := range s.Concepts() {
		got = append(got, fmt.Sprint(c.Name, c.Synonyms, c.Kind))
	}
	want := []string{"apple[red fruit]fruit", "berries[the berries unit]fruit", "egg[]fruit", "person[face of a person]"}
	if !slices.Equal(got, want) {
		t.Errorf("concepts %q, want %q", got, want)
	}
	got = nil
	for _, c := range s.cutouts {
		got = append(got, c.Colour)
	}
	if want := []string{"red", "red", "blue", "white", "white"}; !slices.Equal(got, want) {
		t.Errorf("colours %q, want %q", got, want)
	}
	if d := s.cutouts[0].Dyes; !slices.Contains(d, "green") || !slices.Contains(d, "blue") || !slices.Contains(d, "black") {
		t.Errorf("a red disc can be dyed in %q", d)
	}
	if d := s.cutouts[3].Dyes; len(d) != 0 {
		t.Errorf("a white disc can be dyed in %q", d)
	}
}

func TestOpenErrors(t *testing.T) {
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
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"missing", nil, "build the set first"},
		{"not an archive", []byte("hello"), "build the set again"},
		{"cut short", archive(t, discs())[:500], "build the set again"},
		{"no index", members("00000.png", "x"), indexName},
		{"bad index", members(indexName, "{"), indexName},
		{"nothing", members(indexName, "{}"), "0 things"},
		{"no picture listed", members(indexName, `{"things":[{"names":["a"]}]}`), "0 pictures"},
		{"no name", members(indexName, `{"things":[{}],"cutouts":[{}]}`), "no name"},
		{"empty name", members(indexName, `{"things":[{"names":["*"]}],"cutouts":[{}]}`), "empty name"},
		{"no picture", members(indexName, `{"things":[{"names":["a"]}],"cutouts":[{"style":"cartoon"}]}`), "00000.png"},
		{"bad thing", members(indexName, `{"things":[{"names":["a"]}],"cutouts":[{"thing":1,"style":"cartoon"}]}`, "00000.png", "x"), "of thing 1"},
		{"bad style", members(indexName, `{"things":[{"names":["a"]}],"cutouts":[{"style":"fresco"}]}`, "00000.png", "x"), "fresco"},
	}
	for _, tt := range tests {
		dir := t.TempDir()
		if tt.file != nil {
			if err := os.WriteFile(filepath.Join(dir, spritesFile), tt.file, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

// A picture that doesn't decode must be told, whatever its header says.
func TestDamagedPicture(t *testing.T) {
	s := openDiscs(t)
	var small bytes.Buffer
	if err := png.Encode(&small, image.NewRGBA(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	for want, content := range map[string][]byte{"64×64": small.Bytes(), "00000.png": []byte("x")} {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		f, err := w.Create("00000.png")
		if err != nil {
			t.Fatal(err)
		}
		f.Write(content)
		w.Close()
		r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		damaged := &Set{concepts: s.concepts, cutouts: s.cutouts, sprites: r.File}
		if _, err := damaged.sprite(0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// A set is the same at every build, and a pair at every draw.
func TestSameAgain(t *testing.T) {
	if !bytes.Equal(archive(t, discs()), archive(t, discs())) {
		t.Error("two builds differ")
	}
	s := openDiscs(t)
	a, b := s.Sample(random(3), 32), s.Sample(random(3), 32)
	if a.Caption != b.Caption || !slices.Equal(a.Pix, b.Pix) {
		t.Error("two draws from the same state differ")
	}
}

// measure tells where what differs from the background is and how wide, as parts
// of the picture's width.
func measure(pix, bare []float32, size int) (x, y, width float64) {
	n := 0.0
	for i := 0; i < len(pix); i += 3 {
		var far float32
		for k := range 3 {
			far = max(far, pix[i+k]-bare[i+k], bare[i+k]-pix[i+k])
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

// The pictures must show what their captions say: place and size of a disc, its
// colour and the colour around it are measured.
func TestCaptionsAreTrue(t *testing.T) {
	const size, samples = 48, 700
	s := openDiscs(t)
	seen := map[string]int{}
	for i := range samples {
		e := s.Example(random(uint64(i)), 0, size)
		sc := e.Scene
		seen[fmt.Sprint("count ", sc.Count)]++
		if sc.Background != "" && sc.plain == "" {
			seen["scene"]++
		} else if sc.Count == 1 && sc.Relation == "" {
			bare := make([]float32, len(e.Pix))
			for k := range bare {
				bare[k] = e.Pix[k%3]
			}
			x, y, width := measure(e.Pix, bare, size)
			p := sc.Placing
			if math.Abs(x-float64(p.x)) > 0.05 || math.Abs(y-float64(p.y)) > 0.05 || math.Abs(width-float64(p.side)) > 0.1 {
				t.Errorf("%q shows a disc %.2f wide at %.2f, %.2f; want %.2f at %.2f, %.2f", e.Caption, width, x, y, p.side, p.x, p.y)
			}
			for word, holds := range map[string]bool{
				"left": x < 0.4, "right": x > 0.6, "top": y < 0.4, "bottom": y > 0.6, "small": width < 0.5, "tiny": width < 0.35, "big": width > 0.85,
			} {
				if !holds && strings.Contains(p.Place+p.Size, word) {
					t.Errorf("%q shows a disc %.2f wide at %.2f, %.2f", e.Caption, width, x, y)
				}
			}
			at := 3 * (int(y*size)*size + int(x*size))
			c := func(i int) float64 { return float64(e.Pix[i]+1) / 2 }
			if got, want := colourWord(c(at), c(at+1), c(at+2)), s.colour(sc.Items[0]); got != want {
				t.Errorf("%q shows a %s disc, want %s", e.Caption, got, want)
			}
			if sc.plain != "" {
				seen["plain"]++
				if got := colourWord(c(0), c(1), c(2)); got != sc.plain {
					t.Errorf("%q has a %s background", e.Caption, got)
				}
			}
		}
		for _, says := range []string{sc.Placing.Place, sc.Placing.Size, sc.Items[0].Colour, sc.Relation} {
			if !strings.Contains(e.Caption, says) {
				t.Errorf("%q does not say %q", e.Caption, says)
			}
			if says != "" {
				seen[says]++
			}
		}
		if sc.plain != "" && !strings.Contains(e.Caption, "background") || sc.Count > 1 && !strings.Contains(e.Caption, numberWords[sc.Count]+" ") {
			t.Errorf("%q lacks its background or number", e.Caption)
		}
		for _, it := range sc.Items {
			if it.Colour != "" && HeldColour(s.concepts[it.Concept].Name, it.Colour) {
				t.Errorf("%q is kept for tests", e.Caption)
			}
		}
	}
	for what, least := range map[string]int{
		"scene": 200, "plain": 110, "count 2": 12, "count 3": 12, "count 4": 12, "small": 12, "tiny": 12, "big": 12,
		"on the left": 5, "at the top": 5, "in the bottom right corner": 5, "green": 20, "next to": 5, "below": 5,
	} {
		if seen[what] < least {
			t.Errorf("%d of %d pictures are %q, want at least %d", seen[what], samples, what, least)
		}
	}
}

// What is held out must never be drawn; that is known by asking the rule of what
// was.
func TestHeldOut(t *testing.T) {
	b := discs()
	things := 12
	for i := range things {
		for _, style := range []string{Render, Cartoon, Flat, Sticker} {
			b.add(cutout{Thing: b.thing([]string{fmt.Sprintf("thing %c", 'a'+i)}, ""), Style: style},
				func() (image.Image, error) { return disc(color.RGBA{200, 20, 20, 255}), nil })
		}
	}
	file := archive(t, b)
	s, err := read(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	r := random(1)
	styles, colours, pairs, around := 0, 0, 0, 0
	for range 8000 {
		style := s.pickStyle(r)
		sc := s.compose(r, style, s.pickThing(r, style))
		first := s.concepts[sc.Items[0].Concept].Name
		if HeldStyle(first, sc.Style) {
			t.Errorf("%s as %s is held out", first, sc.Style)
		}
		styles++
		for _, it := range sc.Items {
			name := s.concepts[it.Concept].Name
			if it.Colour != "" {
				colours++
				if HeldColour(name, it.Colour) {
					t.Errorf("a %s %s is held out", it.Colour, name)
				}
			}
			if sc.Background != "" && sc.plain == "" {
				around++
				if HeldScene(name, sc.Background) {
					t.Errorf("%s %s is held out", name, sc.Background)
				}
			}
		}
		if sc.Relation != "" {
			pairs++
			if second := s.concepts[sc.Items[1].Concept].Name; HeldPair(first, second) {
				t.Errorf("%s %s %s is held out", first, sc.Relation, second)
			}
		}
	}
	if min(styles, colours, pairs, around) < 500 {
		t.Errorf("%d styles, %d colours, %d pairs and %d scenes were seen", styles, colours, pairs, around)
	}
}

// The rule holds out about the parts that it says, and what is named.
func TestHeldShares(t *testing.T) {
	names := make([]string, 4000)
	for i := range names {
		names[i] = fmt.Sprintf("name %d", i)
	}
	for what, rule := range map[string]struct {
		held func(string) bool
		want float64
	}{
		"colour": {func(n string) bool { return HeldColour(n, "red") }, 1.0 / heldColours},
		"style":  {func(n string) bool { return HeldStyle(n, Cartoon) }, 1.0 / heldStyles},
		"pair":   {func(n string) bool { return HeldPair(n, "cat") }, 1.0 / heldPairs},
		"scene":  {func(n string) bool { return HeldScene(n, "on grass") }, 1.0 / heldScenes},
	} {
		n := 0
		for _, name := range names {
			if rule.held(name) {
				n++
			}
		}
		if got := float64(n) / float64(len(names)); math.Abs(got/rule.want-1) > 0.25 {
			t.Errorf("%.3f of the names have a held %s, want %.3f", got, what, rule.want)
		}
	}
	if !HeldColour("fox", "green") || !HeldStyle("owl", Cartoon) || HeldStyle("owl", Render) {
		t.Error("a named case is not held out, or all of a thing is")
	}
}

func TestDescribe(t *testing.T) {
	tests := []struct {
		name       string
		adjectives []string
		want       string
	}{
		{"apple", nil, "an apple"},
		{"apple", []string{"small", "red"}, "a small red apple"},
		{"unicorn", nil, "a unicorn"},
		{"ufo", nil, "a ufo"},
		{"umbrella", nil, "an umbrella"},
		{"hourglass", nil, "an hourglass"},
		{"house", nil, "a house"},
		{"*grapes", []string{"small"}, "small grapes"},
		{"*the sun", []string{"small"}, "the small sun"},
	}
	for _, tt := range tests {
		if got := describe(parseNoun(tt.name), tt.adjectives); got != tt.want {
			t.Errorf("describe(%q, %q) = %q, want %q", tt.name, tt.adjectives, got, tt.want)
		}
	}
	for one, many := range map[string]string{
		"cat": "cats", "box": "boxes", "strawberry": "strawberries", "monkey": "monkeys", "glass of milk": "glasses of milk",
		"wolf": "wolves", "bunch of flowers": "bunches of flowers", "potato": "potatoes", "piano": "pianos", "fish": "fish",
		"cat face": "cat faces", "house with a garden": "houses with a garden", "santa claus": "santa clauses", "jellyfish": "jellyfish", "heart that is red": "hearts that are red", "bridge at night": "bridges at night",
	} {
		if got := plural(one); got != many {
			t.Errorf("plural(%q) = %q, want %q", one, got, many)
		}
	}
}

func TestCaptions(t *testing.T) {
	s := openDiscs(t)
	all := s.Captions(50)
	if !slices.Equal(all, s.Captions(50)) {
		t.Error("two calls differ")
	}
	if want := 2*8 + 50; len(all) != want {
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
		s.Sample(r, 128)
	}
}
