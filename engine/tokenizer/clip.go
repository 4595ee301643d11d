package tokenizer

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"sync"
)

// clipMerges is CLIP's merge table; clip_merges.LICENSE tells where it is from.
//
//go:embed clip_merges.txt.gz
var clipMerges []byte

// CLIP gives the tokenizer of OpenAI's CLIP, which every Stable Diffusion up to
// XL uses: 49,408 tokens, start 49406, end 49407. Its vocabulary follows from
// the merges: the bytes, the bytes that end a word, the merges, start and end.
var CLIP = sync.OnceValue(func() *Tokenizer {
	t, err := readCLIP()
	if err != nil {
		panic("tokenizer: the embedded merge table is damaged: " + err.Error())
	}
	return t
})

func readCLIP() (*Tokenizer, error) {
	r, err := gzip.NewReader(bytes.NewReader(clipMerges))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	merges, err := readMerges(string(text))
	if err != nil {
		return nil, err
	}
	return build(clipVocabulary(merges), merges)
}

func clipVocabulary(merges [][2]string) map[string]int {
	ids := make(map[string]int, 2*256+len(merges)+2)
	add := func(token string) { ids[token] = len(ids) }
	for _, c := range units {
		add(string(runeOf[c]))
	}
	for _, c := range units {
		add(string(runeOf[c]) + wordEnd)
	}
	for _, m := range merges {
		add(m[0] + m[1])
	}
	add(startToken)
	add(endToken)
	return ids
}
