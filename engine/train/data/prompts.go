package data

import (
	_ "embed"
	"strings"
)

//go:embed prompts.txt
var promptsText string

// Prompts are descriptions to judge a model by: things of concepts.txt in the
// form of the training captions, made to be looked at side by side.
var Prompts = strings.Split(strings.TrimSpace(promptsText), "\n")

//go:embed words.txt
var wordsText string

// Words are everyday words outside the captions. A tokenizer trained with them
// too cuts what people type into fewer pieces.
var Words = strings.Fields(wordsText)
