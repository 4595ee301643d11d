package bpe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// tokenizerConfig and specialTokens are the remaining files of a diffusers
// tokenizer folder, with the fields that say how to use the tables.
type tokenizerConfig struct {
	Class          string `json:"tokenizer_class"`
	ModelMaxLength int    `json:"model_max_length"`
	LowerCase      bool   `json:"do_lower_case"`
	AddPrefixSpace bool   `json:"add_prefix_space"`
	Errors         string `json:"errors"` // what to do with bytes that aren't UTF-8
	specialTokens
}

type specialTokens struct {
	BOS string `json:"bos_token"`
	EOS string `json:"eos_token"`
	PAD string `json:"pad_token"`
	UNK string `json:"unk_token"`
}

// Write writes what Train returned as a diffusers tokenizer folder: vocab.json,
// merges.txt, tokenizer_config.json and special_tokens_map.json. length is the
// number of tokens the text encoder takes, StartToken and EndToken included;
// texts are padded to it with EndToken, as CLIP does. dir is created if needed.
func Write(dir string, vocab map[string]int, merges []string, length int) error {
	table, err := vocabJSON(vocab)
	if err != nil {
		return fmt.Errorf("write tokenizer: %w", err)
	}
	special := specialTokens{BOS: StartToken, EOS: EndToken, PAD: EndToken, UNK: EndToken}
	files := []struct {
		name string
		text []byte
	}{
		{"vocab.json", table},
		{"merges.txt", []byte("#version: 0.2\n" + strings.Join(merges, "\n") + "\n")},
		{"tokenizer_config.json", indented(tokenizerConfig{
			Class:          "CLIPTokenizer",
			ModelMaxLength: length,
			LowerCase:      true,
			Errors:         "replace",
			specialTokens:  special,
		})},
		{"special_tokens_map.json", indented(special)},
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write tokenizer: %w", err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.text, 0o644); err != nil {
			return fmt.Errorf("write tokenizer: %w", err)
		}
	}
	return nil
}

// vocabJSON writes the table in the order of its numbers, which must be 0, 1,
// 2, … without gaps.
func vocabJSON(vocab map[string]int) ([]byte, error) {
	tokens := make([]string, len(vocab))
	for t, id := range vocab {
		if id < 0 || id >= len(tokens) || tokens[id] != "" {
			return nil, fmt.Errorf("token %q has number %d; %d tokens need the numbers 0 to %d, each once", t, id, len(vocab), len(vocab)-1)
		}
		tokens[id] = t
	}
	var b bytes.Buffer
	b.WriteString("{")
	for id, t := range tokens {
		if id > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n  %s: %d", bytes.TrimSpace(encoded(t, "")), id)
	}
	b.WriteString("\n}\n")
	return b.Bytes(), nil
}

func indented(v any) []byte { return encoded(v, "  ") }

// encoded is JSON without the escapes for HTML, which would hide "</w>". The
// values written here are strings, numbers and structs of them: they can't fail.
func encoded(v any, indent string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return b.Bytes()
}
