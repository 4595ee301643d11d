package tokenizer

import (
	"encoding/json"
	"testing"
)

// FuzzNew changes a folder's vocabulary and merges: they are refused with a reason, or
// give a tokenizer that keeps to its own ids.
func FuzzNew(f *testing.F) {
	vocab := map[string]int{}
	for _, c := range units {
		vocab[string(runeOf[c])] = len(vocab)
		vocab[string(runeOf[c])+wordEnd] = len(vocab)
	}
	merges := "#version: 0.2\nc a\nca t</w>\n"
	for _, token := range []string{"ca", "cat" + wordEnd, startToken, endToken} {
		vocab[token] = len(vocab)
	}
	whole, err := json.Marshal(vocab)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, []byte(merges))
	f.Add([]byte(`{"a":0,"a</w>":1,"<|startoftext|>":2,"<|endoftext|>":3}`), []byte("a a\na a</w>"))
	f.Add([]byte(`{"<|startoftext|>":9007199254740993,"<|endoftext|>":-1}`), []byte("a  b"))
	f.Add([]byte(`[1,2]`), []byte("\xff \xff\r\n"))
	f.Fuzz(func(t *testing.T, vocabJSON, mergesTXT []byte) {
		tok, err := New(vocabJSON, mergesTXT)
		if err != nil {
			if len(err.Error()) < 10 {
				t.Errorf("error %q says nothing", err)
			}
			return
		}
		const length = 20
		ids, n := tok.Ids("a cat, aaaaaaaaaaaa été <|endoftext|> 42", length)
		if len(ids) != length || n > length || ids[0] != tok.Start() {
			t.Errorf("ids %v, %d", ids, n)
		}
		for _, id := range ids {
			if id < 0 || id >= tok.Size() {
				t.Errorf("id %d of %d", id, tok.Size())
			}
		}
		_ = tok.Decode(ids)
	})
}
