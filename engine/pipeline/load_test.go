package pipeline

import (
	"os"
	"path/filepath"
	"testing"

	"darkroom/engine/checkpoint"
	"darkroom/engine/family"
)

// TestTokenizerPads reads the token that fills texts up from where Stable
// Diffusion 2's folders have it.
func TestTokenizerPads(t *testing.T) {
	for _, tt := range []struct{ file, token string }{
		{"", "<|endoftext|>"},
		{`{"bos_token":"b"}`, "<|endoftext|>"},
		{`{"pad_token":null}`, "<|endoftext|>"},
		{`{"pad_token":"a"}`, "a"},
		{`{"pad_token":{"content":"b","lstrip":false}}`, "b"},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(tiny)); err != nil {
			t.Fatal(err)
		}
		if tt.file != "" {
			if err := os.WriteFile(filepath.Join(dir, "tokenizer", "special_tokens_map.json"), []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		folder, err := checkpoint.OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := family.Tokenizer(folder, "tokenizer")
		if err != nil {
			t.Fatal(err)
		}
		want, err := tok.PadWith(tt.token)
		if err != nil {
			t.Fatal(err)
		}
		if tok.Pad() != want.Pad() {
			t.Errorf("%s pads with %d, want %d", tt.file, tok.Pad(), want.Pad())
		}
	}
}
