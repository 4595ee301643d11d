package family

import (
	"encoding/json"
	"fmt"

	"darkroom/engine/checkpoint"
	"darkroom/engine/tokenizer"
)

// Tokenizer is the vocabulary of one of the model's text encoders. A single file has
// none of its own: it is CLIP's, which OpenCLIP's encoders were trained to see
// filled up with token 0.
func (m *Model) Tokenizer(part checkpoint.Part) (*tokenizer.Tokenizer, error) {
	switch {
	case m.Folder != nil && part == checkpoint.Text2:
		return Tokenizer(m.Folder, "tokenizer_2")
	case m.Folder != nil:
		return Tokenizer(m.Folder, "tokenizer")
	case part == checkpoint.Text2 || m.Family == SD2:
		return tokenizer.CLIP().PadWith("!")
	}
	return tokenizer.CLIP(), nil
}

// Tokenizer reads the vocabulary in a model folder's folder name.
func Tokenizer(folder *checkpoint.Folder, name string) (*tokenizer.Tokenizer, error) {
	vocab, err := folder.ReadFile(name + "/vocab.json")
	if err != nil {
		return nil, err
	}
	merges, err := folder.ReadFile(name + "/merges.txt")
	if err != nil {
		return nil, err
	}
	t, err := tokenizer.New(vocab, merges)
	if err != nil {
		return nil, err
	}
	special, err := folder.ReadFile(name + "/special_tokens_map.json")
	if err != nil {
		return t, nil // CLIP's own: the end fills up
	}
	pad, err := padToken(special)
	if err != nil || pad == "" {
		return t, err
	}
	return t.PadWith(pad)
}

// padToken reads the token that fills texts up, which stands there by itself or
// as an object with its content.
func padToken(specialTokensMap []byte) (string, error) {
	var tokens struct {
		Pad json.RawMessage `json:"pad_token"`
	}
	var described struct {
		Content string `json:"content"`
	}
	err := json.Unmarshal(specialTokensMap, &tokens)
	if err == nil && tokens.Pad != nil && json.Unmarshal(tokens.Pad, &described.Content) != nil {
		err = json.Unmarshal(tokens.Pad, &described)
	}
	if err != nil {
		return "", fmt.Errorf("special_tokens_map.json is not the JSON it should be (%w): download the tokenizer's files again", err)
	}
	return described.Content, nil
}
