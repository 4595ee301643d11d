package bpe

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"A Red  apple", []string{"a", "red", "apple"}},
		{"it's 42!", []string{"it", "'s", "4", "2", "!"}},
		{"cat, dog...", []string{"cat", ",", "dog", "..."}},
		{"salt &amp;amp; pepper", []string{"salt", "&", "pepper"}},
		{"naïve\tü2", []string{"naïve", "ü", "2"}},
		{" \n", nil},
	}
	for _, tt := range tests {
		if got := words(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("words(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// The numbers of the byte tokens are the same in every CLIP vocabulary:
// '!' = 0, 'a' = 64, 'a</w>' = 320 (openai/clip-vit-large-patch14, vocab.json).
func TestByteTokens(t *testing.T) {
	vocab, merges := Train(nil, 10)
	if len(merges) != 0 || len(vocab) != 514 {
		t.Fatalf("empty training text: %d merges and %d tokens, want 0 and 514", len(merges), len(vocab))
	}
	for token, want := range map[string]int{
		"!": 0, "a": 64, "~": 93, "¡": 94, "ÿ": 187, "Ā": 188, "Ń": 255,
		"!</w>": 256, "a</w>": 320, "Ń</w>": 511, StartToken: 512, EndToken: 513,
	} {
		if got, ok := vocab[token]; !ok || got != want {
			t.Errorf("token %q has number %d (%v), want %d", token, got, ok, want)
		}
	}
}

func TestTrain(t *testing.T) {
	tests := []struct {
		name     string
		captions []string
		merges   int
		want     []string
	}{
		{"most frequent first", []string{"low low low", "lot"}, 3, []string{"l o", "lo w</w>", "lo t</w>"}},
		{"ties by string", []string{"ba", "ca"}, 1, []string{"b a</w>"}},
		{"limit", []string{"abcdef"}, 2, []string{"a b", "ab c"}},
		{"repeats from the left", []string{"aaaa aaaa"}, 2, []string{"a a", "a a</w>"}},
		{"bytes", []string{"ü"}, 5, []string{"Ã ¼</w>"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			vocab, merges := Train(tt.captions, tt.merges)
			if !slices.Equal(merges, tt.want) {
				t.Fatalf("merges %q, want %q", merges, tt.want)
			}
			for i, m := range merges {
				if id := vocab[strings.ReplaceAll(m, " ", "")]; id != 512+i {
					t.Errorf("merge %q makes token %d, want %d", m, id, 512+i)
				}
			}
			if n := len(vocab); n != 514+len(merges) || vocab[EndToken] != n-1 || vocab[StartToken] != n-2 {
				t.Errorf("%d tokens, start %d, end %d; want %d with start and end last", n, vocab[StartToken], vocab[EndToken], 514+len(merges))
			}
		})
	}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tokenizer")
	vocab, merges := Train([]string{"a red apple", "a \"red\" <heart>"}, 8)
	if err := Write(dir, vocab, merges, 32); err != nil {
		t.Fatal(err)
	}
	var read map[string]int
	unmarshal(t, filepath.Join(dir, "vocab.json"), &read)
	if len(read) != len(vocab) {
		t.Fatalf("vocab.json has %d tokens, want %d", len(read), len(vocab))
	}
	for token, id := range vocab {
		if read[token] != id {
			t.Errorf("vocab.json: token %q is %d, want %d", token, read[token], id)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "merges.txt"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if lines[0] != "#version: 0.2" || !slices.Equal(lines[1:], merges) {
		t.Errorf("merges.txt is %q, want the version line and %q", lines, merges)
	}
	var config struct {
		Class  string `json:"tokenizer_class"`
		Length int    `json:"model_max_length"`
		EOS    string `json:"eos_token"`
	}
	unmarshal(t, filepath.Join(dir, "tokenizer_config.json"), &config)
	if config.Class != "CLIPTokenizer" || config.Length != 32 || config.EOS != EndToken {
		t.Errorf("tokenizer_config.json says %+v", config)
	}
	var special map[string]string
	unmarshal(t, filepath.Join(dir, "special_tokens_map.json"), &special)
	if special["bos_token"] != StartToken || special["pad_token"] != EndToken {
		t.Errorf("special_tokens_map.json says %v", special)
	}
}

func TestWriteRefusesGaps(t *testing.T) {
	err := Write(t.TempDir(), map[string]int{"a": 0, "b": 2}, nil, 32)
	if err == nil || !strings.Contains(err.Error(), "number 2") {
		t.Errorf("error %v, want one that names the number 2", err)
	}
}

func unmarshal(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}
