package tokenizer

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

//go:embed testdata/golden.json
var goldenJSON []byte

// The ids of 300 texts, from testdata/golden.py.
func TestGolden(t *testing.T) {
	var golden []struct {
		Text string `json:"text"`
		Ids  []int  `json:"ids"`
	}
	if err := json.Unmarshal(goldenJSON, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden) != 300 {
		t.Fatalf("%d texts", len(golden))
	}
	for _, g := range golden {
		if got := CLIP().Encode(g.Text); !slices.Equal(got, g.Ids) {
			t.Errorf("Encode(%q)\n got %v\nwant %v", g.Text, got, g.Ids)
		}
	}
}

//go:embed testdata/many.json.gz
var manyGZ []byte

// The ids of 10 000 random texts in every script, from testdata/golden.py.
func TestManyTexts(t *testing.T) {
	var many struct {
		Texts []string
		Sums  []uint32
	}
	z, err := gzip.NewReader(bytes.NewReader(manyGZ))
	if err == nil {
		err = json.NewDecoder(z).Decode(&many)
	}
	if err != nil || len(many.Texts) != 10000 || len(many.Sums) != len(many.Texts) {
		t.Fatalf("%d texts, %v", len(many.Texts), err)
	}
	clip := CLIP()
	for i, text := range many.Texts {
		var ids []byte
		for _, id := range clip.Encode(text) {
			ids = binary.LittleEndian.AppendUint32(ids, uint32(id))
		}
		if crc32.ChecksumIEEE(ids) != many.Sums[i] {
			t.Errorf("Encode(%q) is %v, which transformers' is not", text, clip.Encode(text))
		}
	}
}

func TestIds(t *testing.T) {
	c := CLIP()
	if c.Start() != 49406 || c.End() != 49407 || c.Size() != 49408 {
		t.Fatalf("start %d, end %d, size %d", c.Start(), c.End(), c.Size())
	}
	cat := []int{49406, 320, 1125, 539, 320, 2368, 49407}
	ids, n := c.Ids("a photo of a cat", 77)
	if n != 7 || len(ids) != 77 || !slices.Equal(ids[:n], cat) {
		t.Errorf("ids %v, n %d", ids, n)
	}
	for _, id := range ids[n:] {
		if id != c.End() {
			t.Fatalf("padded with %d", id)
		}
	}
	for _, k := range []struct {
		length, n int
		want      []int
	}{
		{7, 7, cat},
		{6, 6, []int{49406, 320, 1125, 539, 320, 49407}},
		{2, 2, []int{49406, 49407}},
		{-1, 2, []int{49406, 49407}},
	} {
		if ids, n := c.Ids("a photo of a cat", k.length); n != k.n || !slices.Equal(ids, k.want) {
			t.Errorf("length %d: %v, n %d, want %v", k.length, ids, n, k.want)
		}
	}
}

func TestPadWith(t *testing.T) {
	open, err := CLIP().PadWith("!")
	if err != nil {
		t.Fatal(err)
	}
	ids, n := open.Ids("cat", 5)
	if want := []int{49406, 2368, 49407, 0, 0}; n != 3 || !slices.Equal(ids, want) {
		t.Errorf("ids %v, n %d, want %v", ids, n, want)
	}
	if CLIP().Pad() != CLIP().End() {
		t.Error("another tokenizer was changed")
	}
	if _, err := CLIP().PadWith("no token"); err == nil {
		t.Error("a token that there isn't pads")
	}
}

func TestWords(t *testing.T) {
	words := CLIP().Words("Two  Cats&#33; don't")
	var texts []string
	var ids []int
	for _, w := range words {
		texts = append(texts, w.Text)
		ids = append(ids, w.Ids...)
	}
	if want := []string{"two", "cats", "!", "don", "'t"}; !slices.Equal(texts, want) {
		t.Errorf("words %q, want %q", texts, want)
	}
	if want := CLIP().Encode("two cats! don't"); !slices.Equal(ids, want) {
		t.Errorf("ids %v, want %v", ids, want)
	}
}

// TestSpans finds in the text what each token stands for; a character that is
// two tokens is there twice.
func TestSpans(t *testing.T) {
	for text, want := range map[string]string{
		"Two  Cats&#33; don't":     "Two|Cats|&#33;|don|'t",
		"&amp;lt;b &ltt":           "&amp;lt;|b|&lt|t",
		"a cafe\u0301s":            "a|caf|e\u0301s",
		"GREG RUTKOWSKI, art":      "GREG|RUT|KOWSKI|,|art",
		"x<|endoftext|>Y":          "x|<|endoftext|>|Y",
		"\u00a0İstanbul\u3000ΣΑΣ ": "İ|İ|stanbul|Σ|Σ|Α|Α|Σ|Σ",
		"\xff?":                    "\xff|?",
	} {
		var got []string
		for _, w := range CLIP().Words(text) {
			for _, s := range w.Spans {
				got = append(got, text[s.From:s.To])
			}
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: tokens stand for %q, want %q", text, strings.Join(got, "|"), want)
		}
	}
}

func TestDecode(t *testing.T) {
	c := CLIP()
	for text, want := range map[string]string{
		"A photo of a Cat":  "a photo of a cat",
		"猫 😀 café":          "猫 😀 café",
		"it's 42":           "it 's 4 2",
		"":                  "",
		"a <|endoftext|> b": "a b",
	} {
		if got := c.Decode(c.Encode(text)); got != want {
			t.Errorf("Decode(Encode(%q)) = %q, want %q", text, got, want)
		}
	}
	if got := c.Decode([]int{-1, 320, 99999}); got != "\ufffda \ufffd" {
		t.Errorf("unknown ids: %q", got)
	}
}

// A page of letters without a space is one word of 100,000 symbols.
func TestLongWord(t *testing.T) {
	long := strings.Repeat("abcdefghijklmnopqrstuvwxyz", 4000)
	if got := CLIP().Decode(CLIP().Encode(long)); got != long {
		t.Errorf("%d letters come back as %d", len(long), len(got))
	}
}

// small makes a vocabulary of all bytes, with the merges given, of which only
// those in keep have a token.
func small(t *testing.T, merges string, keep ...string) *Tokenizer {
	t.Helper()
	vocabulary := map[string]int{}
	for _, r := range runeOf {
		vocabulary[string(r)] = len(vocabulary)
		vocabulary[string(r)+wordEnd] = len(vocabulary)
	}
	for _, k := range append(keep, startToken, endToken) {
		vocabulary[k] = len(vocabulary)
	}
	b, err := json.Marshal(vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(b, []byte(merges))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSmallVocabulary(t *testing.T) {
	s := small(t, "#version: 0.2\r\nc a\r\nca t</w>\r\n\r\na t\r\n", "ca", "at")
	for text, want := range map[string][]string{
		"cat": {"c", "a", "t</w>"}, // "cat</w>" merges but has no token
		"cab": {"ca", "b</w>"},
		"ate": {"at", "e</w>"},
		"é":   {"Ã", "©</w>"},
	} {
		var got []string
		for _, id := range s.Encode(text) {
			got = append(got, s.tokens[id])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
		if back := s.Decode(s.Encode(text)); back != text {
			t.Errorf("%q comes back as %q", text, back)
		}
	}
}

// Without its byte, a sign becomes the end token, CLIP's unknown.
func TestUnknownSign(t *testing.T) {
	s, err := New([]byte(`{"a":0,"a</w>":1,"<|startoftext|>":2,"<|endoftext|>":3}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Encode("aba"); !slices.Equal(got, []int{0, 3, 1}) {
		t.Errorf("ids %v", got)
	}
}

func TestNewErrors(t *testing.T) {
	ok := `{"<|startoftext|>":0,"<|endoftext|>":1}`
	for _, c := range []struct{ vocabulary, merges, want string }{
		{`[1]`, "", "not a JSON object"},
		{`{"a":"b"}`, "", "not a JSON object"},
		{`{"<|endoftext|>":1}`, "", `no token "<|startoftext|>"`},
		{`{"<|startoftext|>":1}`, "", `no token "<|endoftext|>"`},
		{`{"<|startoftext|>":1,"<|endoftext|>":1}`, "", "has id 1, which is"},
		{`{"<|startoftext|>":-1,"<|endoftext|>":1}`, "", "has id -1, which is negative"},
		{ok, "#version\na b\nabc\n", `line 3 is "abc"`},
		{ok, "a b c\n", `line 1 is "a b c"`},
		{ok, " b\n", `line 1 is " b"`},
	} {
		if _, err := New([]byte(c.vocabulary), []byte(c.merges)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("New(%s, %q): error %v, want %q", c.vocabulary, c.merges, err, c.want)
		}
	}
}

// What Encode gives is in the vocabulary, and encoding what it decodes to gives
// the same text again.
func FuzzEncode(f *testing.F) {
	for _, s := range []string{"a photo of a cat", "&amp;lt;", "İ don't \xff\xfe", "<|endoftext|>", "…\u0301", "猫😀", "'s't"} {
		f.Add(s)
	}
	c := CLIP()
	f.Fuzz(func(t *testing.T, text string) {
		ids := c.Encode(text)
		for _, id := range ids {
			if id < 0 || id >= c.Size() {
				t.Fatalf("id %d", id)
			}
		}
		got := c.Decode(ids)
		if !utf8.ValidString(got) {
			t.Fatalf("decoded %q", got)
		}
		letters := func(s string) string { return strings.Join(strings.Fields(s), "") }
		var words []string
		last := Span{}
		for _, w := range c.Words(text) {
			words = append(words, w.Text)
			for _, s := range w.Spans {
				if s.From < last.From || s.To < last.To || s.From >= s.To || s.To > len(text) {
					t.Fatalf("%q: %v after %v in a text of %d bytes", w.Text, s, last, len(text))
				}
				last = s
			}
			if len(w.Spans) != len(w.Ids) {
				t.Fatalf("%q: %d spans for %d ids", w.Text, len(w.Spans), len(w.Ids))
			}
		}
		want := strings.NewReplacer(startToken, "", endToken, "").Replace(strings.Join(words, " "))
		if letters(got) != letters(want) {
			t.Fatalf("%q comes back as %q, want %q", text, got, want)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	c := CLIP()
	for b.Loop() {
		c.Encode("portrait of a woman, art by greg rutkowski and alphonse mucha, trending on artstation, 8k, unreal engine")
	}
}

func BenchmarkCLIP(b *testing.B) {
	for b.Loop() {
		if _, err := readCLIP(); err != nil {
			b.Fatal(err)
		}
	}
}
