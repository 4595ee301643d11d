package main

import (
	"os"
	"path/filepath"
	"testing"

	"darkroom/engine/checkpoint"
)

// TestShelf finds what lies in the library, also what has come a moment ago.
func TestShelf(t *testing.T) {
	folder := filepath.Join(atHome(t), "models")
	put := func(name, tensor string) (path string) {
		t.Helper()
		path = filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := checkpoint.Write(path, []checkpoint.Tensor{{Name: tensor, Shape: []int{1}, Data: []float32{1}}}, checkpoint.F32, nil); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ctx := t.Context()
	if words, err := (shelf{}).Embeddings(ctx); err != nil || len(words) > 0 {
		t.Errorf("without a library there are the words %v (%v)", words, err)
	}
	ink := put("Lora/ink.safetensors", "lora_unet_x.lora_down.weight")
	word := put("embeddings/word.pt.safetensors", "emb_params")
	says(t, 0, "", "models", "add", folder)
	if got, err := (shelf{}).LoRA(ctx, "ink"); got != ink || err != nil {
		t.Errorf("a LoRA: %s, %v", got, err)
	}
	if words, err := (shelf{}).Embeddings(ctx); err != nil || len(words) != 1 || words["word.pt"] != word {
		t.Errorf("there are the words %v (%v)", words, err)
	}
	chalk := put("Lora/chalk.safetensors", "lora_unet_x.lora_down.weight")
	if got, err := (shelf{}).LoRA(ctx, "chalk"); got != chalk || err != nil {
		t.Errorf("a LoRA that has just come: %s, %v", got, err)
	}
	if _, err := (shelf{}).LoRA(ctx, "coal"); err == nil {
		t.Error("a LoRA that isn't there is found")
	}
	config, err := os.UserConfigDir()
	if err == nil {
		err = os.WriteFile(filepath.Join(config, "darkroom", "models.json"), []byte("{"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if words, err := (shelf{}).Embeddings(ctx); err != nil || len(words) > 0 {
		t.Errorf("with a damaged library there are the words %v (%v)", words, err)
	}
	if _, err := (shelf{}).LoRA(ctx, "ink"); err == nil {
		t.Error("a damaged library is no error for one who asks for a LoRA")
	}
}
