package metadata

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// golden is a picture that Pillow or piexif wrote, and its texts.
type golden struct {
	File  []byte
	Texts [][2]string
}

// pictures reads what engine/golden/recipes.py wrote.
func pictures(t testing.TB) map[string]golden {
	t.Helper()
	f, err := os.Open("testdata/pictures.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]golden{}
	if err := json.NewDecoder(z).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestReadsWhatOthersWrite(t *testing.T) {
	all := pictures(t)
	if len(all) < 25 {
		t.Fatalf("%d pictures", len(all))
	}
	for name, p := range all {
		for _, r := range []io.Reader{bytes.NewReader(p.File), bytes.NewBuffer(p.File)} { // one can seek
			texts, err := Read(r)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			var got [][2]string
			for _, text := range texts {
				got = append(got, [2]string{text.Key, text.Value})
			}
			if !slices.Equal(got, p.Texts) {
				t.Errorf("%s: %q\nwant %q", name, got, p.Texts)
			}
		}
	}
}

// Whatever is cut off a picture, what comes before is read and nothing breaks.
func TestReadsCutPictures(t *testing.T) {
	for name, p := range pictures(t) {
		for n := range p.File {
			texts, _ := Read(bytes.NewReader(p.File[:n]))
			if len(texts) > len(p.Texts) {
				t.Errorf("%s cut at %d: %q", name, n, texts)
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, text := range []string{"", "a cat", "GIF89a and more than twelve bytes", "RIFF\x00\x00\x00\x00WAVEfmt "} {
		if _, err := Read(strings.NewReader(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for name, text := range map[string]string{
		"no segment":       "\xff\xd8\xff\xe0\x00\x02abcdef",
		"an empty segment": "\xff\xd8\xff\xe0\x00\x01abcdef",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Lengths in a file that lie cost neither time nor memory.
func TestReadBelievesNoLength(t *testing.T) {
	for name, b := range map[string]string{
		"EXIF beyond its end":  "II*\x00\x08\x00\x00\x00\x01\x00\x86\x92\x07\x00\xff\xff\xff\x00\xff\xff\xff\xff",
		"directory at the end": "MM\x00*\xff\xff\xff\xff",
		"directory in itself":  "MM\x00*\x00\x00\x00\x08\x00\x02\x87\x69\x00\x04\x00\x00\x00\x01\x00\x00\x00\x08\x87\x69\x00\x04\x00\x00\x00\x01\x00\x00\x00\x08",
		"too many entries":     "MM\x00*\x00\x00\x00\x08\xff\xff",
	} {
		if texts := readEXIF([]byte(b)); len(texts) != 0 {
			t.Errorf("%s: %q", name, texts)
		}
	}
	webp := "RIFF\xff\xff\xff\xffWEBPEXIF\xff\xff\xff\xffMM\x00*"
	if texts, _ := Read(strings.NewReader(webp)); len(texts) != 0 {
		t.Errorf("%q", texts)
	}
	if texts := readXMP([]byte("<a>" + strings.Repeat("<rdf:li>x", 200_000))); len(texts) > maxTexts {
		t.Errorf("%d texts", len(texts))
	}
}

func TestWriteJPEG(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 32, 16))
	for i := range img.Pix {
		img.Pix[i] = 200
	}
	img.Set(3, 3, color.White)
	for _, comment := range []string{"words", "猫 😀\nline: \"two\", three", "", "\xff broken"} {
		own := Text{"darkroom", `{"prompt":"<a> & ` + "猫\\n" + `"}`}
		var b bytes.Buffer
		if err := WriteJPEG(&b, img, comment, own); err != nil {
			t.Fatal(err)
		}
		texts, err := Read(bytes.NewReader(b.Bytes()))
		want := []Text{{"UserComment", strings.ToValidUTF8(comment, "\ufffd")}, own}
		if comment == "" {
			want = want[1:]
		}
		if err != nil || !slices.Equal(texts, want) {
			t.Errorf("%q, %v; want %q", texts, err, want)
		}
		if got, err := jpeg.Decode(&b); err != nil || got.Bounds() != img.Bounds() {
			t.Errorf("the picture is %v, %v", got, err)
		}
	}
	if err := WriteJPEG(io.Discard, img, strings.Repeat("a", 40_000), Text{"darkroom", "x"}); err == nil || !strings.Contains(err.Error(), "save as PNG") {
		t.Errorf("a text that is too long: %v", err)
	}
}

// A text is read as it was written, in Latin-1 where other programs would write it so.
func TestTextChunk(t *testing.T) {
	for text, kind := range map[string]string{
		"plain": "tEXt", "café": "tEXt", "猫": "iTXt", "": "tEXt",
		"Ã©": "iTXt", // in Latin-1 it would read as é in UTF-8
	} {
		c := TextChunk("parameters", text)
		if key, got, ok := c.Text(); c.Kind != kind || key != "parameters" || got != text || !ok {
			t.Errorf("%q is %s and reads as %q", text, c.Kind, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, p := range pictures(f) {
		f.Add(p.File)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		seeking, err := Read(bytes.NewReader(b))
		reading, err2 := Read(bytes.NewBuffer(b))
		if err == nil && err2 == nil && !slices.Equal(seeking, reading) {
			t.Errorf("%q, when it can seek %q", reading, seeking)
		}
		for _, text := range reading {
			if len(text.Value) > 3*MaxText {
				t.Errorf("%s is %d bytes long", text.Key, len(text.Value))
			}
		}
	})
}

func FuzzEXIF(f *testing.F) {
	f.Add(writeEXIF("words"))
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x86\x92\x07\x00\x03\x00\x00\x00abc\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := len(readEXIF(b)); n > 2*maxTexts {
			t.Errorf("%d texts", n)
		}
	})
}

func FuzzXMP(f *testing.F) {
	f.Add(writeXMP(Text{"darkroom", "<a> & b"}))
	f.Add([]byte(`<rdf:Description xmp:a="1"><dc:d><rdf:Alt><rdf:li>x</rdf:li></rdf:Alt></dc:d></rdf:Description>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := len(readXMP(b)); n > 2*maxTexts+len(b) {
			t.Errorf("%d texts", n)
		}
	})
}
