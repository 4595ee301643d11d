package recipe

import (
	"bytes"
	"encoding/json"
	"fmt"

	"darkroom/engine"
	"darkroom/engine/metadata"
)

// The keywords of the texts in a picture that Darkroom saves.
const (
	Key           = "darkroom"   // the Request as JSON, exactly
	ParametersKey = "parameters" // the same for other programs, in the web UI's grammar
)

// longest is the longest recipe that is written; its keyword stands beside it.
const longest = metadata.MaxText - 100

// Marshal is a request as JSON, from which Unmarshal makes the same request. The
// error says when it is too long to be read again.
func Marshal(r engine.Request) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return "", err
	}
	text := bytes.TrimSpace(b.Bytes())
	if len(text) > longest {
		return "", fmt.Errorf("the recipe is %d bytes long and %d is the limit: shorten the prompt", len(text), longest)
	}
	return string(text), nil
}

// Unmarshal is the reverse of Marshal. The error says what is wrong with a text,
// or with a request that can't be drawn.
func Unmarshal(text string) (r engine.Request, err error) {
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return engine.Request{}, fmt.Errorf("the recipe is damaged: %w", err)
	}
	if err := r.Validate(); err != nil {
		return engine.Request{}, fmt.Errorf("the recipe can't be drawn: %w", err)
	}
	return r, nil
}
