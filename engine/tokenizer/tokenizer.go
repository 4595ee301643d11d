// Package tokenizer turns text into the token ids a CLIP text encoder reads,
// by the byte-pair encoding of OpenAI's CLIP (clip/simple_tokenizer.py) with
// the Unicode rules of transformers' CLIPTokenizer.
package tokenizer

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The special tokens and the mark that ends a word, as CLIP's vocabulary spells them.
const (
	startToken = "<|startoftext|>"
	endToken   = "<|endoftext|>"
	wordEnd    = "</w>"
)

// Tokenizer is a vocabulary with its merges. It is safe for concurrent use.
type Tokenizer struct {
	ids    map[string]int
	tokens map[int]string
	ranks  map[[2]string]int // a pair of symbols → which merge it is
	start  int
	end    int
	pad    int
	size   int
}

// New makes a tokenizer from the two files of a tokenizer folder: vocab.json
// (token → id) and merges.txt (one merge a line, the earliest ones first).
func New(vocabJSON, mergesTXT []byte) (*Tokenizer, error) {
	var ids map[string]int
	if err := json.Unmarshal(vocabJSON, &ids); err != nil {
		return nil, fmt.Errorf("vocab.json is not a JSON object of token ids (%w): download the tokenizer's files again", err)
	}
	merges, err := readMerges(string(mergesTXT))
	if err != nil {
		return nil, err
	}
	return build(ids, merges)
}

// readMerges reads the lines "left right" below an optional version line.
func readMerges(text string) ([][2]string, error) {
	var merges [][2]string
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || number == 1 && strings.HasPrefix(line, "#version") {
			continue
		}
		left, right, ok := strings.Cut(line, " ")
		if !ok || left == "" || right == "" || strings.Contains(right, " ") {
			return nil, fmt.Errorf("merges.txt: line %d is %q, want two symbols with one space between: download the tokenizer's files again",
				number, line)
		}
		merges = append(merges, [2]string{left, right})
	}
	return merges, nil
}

func build(ids map[string]int, merges [][2]string) (*Tokenizer, error) {
	t := &Tokenizer{ids: ids, tokens: make(map[int]string, len(ids)), ranks: make(map[[2]string]int, len(merges))}
	for token, id := range ids {
		if _, twice := t.tokens[id]; twice || id < 0 {
			return nil, fmt.Errorf("vocab.json: token %q has id %d, which is negative or another token's too: download the tokenizer's files again",
				token, id)
		}
		t.tokens[id] = token
		t.size = max(t.size, id+1)
	}
	for i, m := range merges {
		if _, known := t.ranks[m]; !known {
			t.ranks[m] = i
		}
	}
	for token, id := range map[string]*int{startToken: &t.start, endToken: &t.end} {
		var ok bool
		if *id, ok = ids[token]; !ok {
			return nil, fmt.Errorf("vocab.json has no token %q: it is not a CLIP vocabulary", token)
		}
	}
	t.pad = t.end
	return t, nil
}

// PadWith returns t filling texts up with another token than the end, as
// OpenCLIP's encoders were trained to see them.
func (t *Tokenizer) PadWith(token string) (*Tokenizer, error) {
	id, ok := t.ids[token]
	if !ok {
		return nil, fmt.Errorf("the token %q that is to fill texts up is not in vocab.json: download the tokenizer's files again", token)
	}
	padded := *t
	padded.pad = id
	return &padded, nil
}

// Start is the id that begins every text.
func (t *Tokenizer) Start() int { return t.start }

// End is the id that ends every text.
func (t *Tokenizer) End() int { return t.end }

// Pad is the id that fills a text up behind its end: the end again, unless
// PadWith says another.
func (t *Tokenizer) Pad() int { return t.pad }

// Size is one more than the highest id: the rows of the token embedding.
func (t *Tokenizer) Size() int { return t.size }

// Word is one unit of a cleaned text, a run of letters, a digit or a run of
// other signs, with its tokens.
type Word struct {
	Text  string
	Ids   []int
	Spans []Span // for each id the bytes of the text it stands for, whole characters
}

// Words cuts a text into words; their ids in a row are what Encode gives.
func (t *Tokenizer) Words(text string) []Word {
	var words []Word
	for _, l := range split(text) {
		w := Word{Text: string(l.b)}
		at := 0
		t.encode(w.Text, func(id, n int) {
			w.Ids = append(w.Ids, id)
			w.Spans = append(w.Spans, l.span(at, at+n))
			at += n
		})
		words = append(words, w)
	}
	return words
}

// Encode gives the tokens of a text, without start and end.
func (t *Tokenizer) Encode(text string) []int {
	var ids []int
	for _, w := range split(text) {
		t.encode(string(w.b), func(id, _ int) { ids = append(ids, id) })
	}
	return ids
}

// Ids gives a text as a CLIP text encoder reads it: start, the tokens as far as
// there is room, end, and then the pad token up to length (at least 2). The first n ids, the end among them, are the text.
func (t *Tokenizer) Ids(text string, length int) (ids []int, n int) {
	length = max(length, 2)
	tokens := t.Encode(text)
	tokens = tokens[:min(len(tokens), length-2)]
	ids = append(append(make([]int, 0, length), t.start), tokens...)
	ids = append(ids, t.end)
	n = len(ids)
	for len(ids) < length {
		ids = append(ids, t.pad)
	}
	return ids, n
}

// Decode turns tokens back into text: lower case, a space after every word.
// Start and end are left out; an id outside the vocabulary becomes U+FFFD.
func (t *Tokenizer) Decode(ids []int) string {
	var b []byte
	for _, id := range ids {
		if id == t.start || id == t.end {
			continue
		}
		token, ok := t.tokens[id]
		if !ok {
			b = utf8.AppendRune(b, utf8.RuneError)
			continue
		}
		token, ends := strings.CutSuffix(token, wordEnd)
		for _, r := range token {
			if c, ok := byteOf[r]; ok {
				b = append(b, c)
			} else {
				b = utf8.AppendRune(b, r)
			}
		}
		if ends {
			b = append(b, ' ')
		}
	}
	return strings.ToValidUTF8(strings.TrimSuffix(string(b), " "), "\ufffd")
}

// encode hands out the tokens of one word, each with the number of its bytes.
func (t *Tokenizer) encode(word string, token func(id, bytes int)) {
	if word == startToken || word == endToken {
		token(t.ids[word], len(word))
		return
	}
	merged := t.merge(symbols(word))
	for i, symbol := range merged {
		rest, ends := symbol, i == len(merged)-1
		if ends {
			rest = strings.TrimSuffix(symbol, wordEnd)
		}
		if id, ok := t.ids[symbol]; ok {
			token(id, utf8.RuneCountInString(rest))
			continue
		}
		// A small vocabulary may lack what the merges make: spell it out.
		for i, r := range rest {
			unit := string(r)
			if ends && i+len(unit) == len(rest) {
				unit += wordEnd
			}
			id, ok := t.ids[unit]
			if !ok {
				id = t.end // CLIP's token for the unknown
			}
			token(id, 1)
		}
	}
}
