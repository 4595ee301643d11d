package recipe

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"darkroom/engine/metadata"
)

// ErrNone says that a file or a text holds no recipe.
var ErrNone = errors.New("no recipe is in it that this program understands; pictures lose it when they are edited or sent through a chat or a web site")

// ReadFile reads the recipe of a picture (PNG, JPEG or WebP) or of a text file:
// parameters as the web UI shows them, or a workflow of ComfyUI.
func ReadFile(path string) (Recipe, error) {
	f, err := os.Open(path)
	if err != nil {
		return Recipe{}, err
	}
	defer f.Close()
	r, err := Read(f)
	if err != nil {
		return Recipe{}, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Read reads the recipe of a picture or of a text file. The pixels are not
// looked at.
func Read(r io.ReadSeeker) (Recipe, error) {
	texts, damage := metadata.Read(r)
	if errors.Is(damage, metadata.ErrFormat) {
		b, err := io.ReadAll(io.LimitReader(r, metadata.MaxText+1))
		switch {
		case err != nil:
			return Recipe{}, err
		case len(b) > metadata.MaxText || !utf8.Valid(b):
			return Recipe{}, fmt.Errorf("%w, and it is no text of up to %d bytes", metadata.ErrFormat, metadata.MaxText)
		}
		return Parse(strings.TrimPrefix(string(b), "\ufeff"))
	}
	found, err := interpret(texts)
	if err != nil && damage != nil {
		return Recipe{}, damage
	}
	return found, err
}

// Parse reads the recipe in a text: parameters, a workflow, or the JSON that
// another program keeps in its pictures.
func Parse(text string) (Recipe, error) {
	return interpret([]metadata.Text{{Value: text}})
}

// reader tells a recipe from a text, false when the text is something else.
type reader struct {
	keys string // of the texts it is for, with a blank before and after each
	read func(text string) (Recipe, bool)
	any  bool // a text without a key, which a person gave, is for it too
}

// readers is who reads what, the most exact first: a text under a keyword that
// only one program uses goes before one that many share.
var readers = []reader{
	{" darkroom ", parseOwn, true},
	{" invokeai_metadata ", fromObject(parseInvoke), true},
	{" sd-metadata ", fromObject(parseInvokeOld), true},
	{" Dream ", parseDream, true},
	{" prompt Model Make ImageDescription ", parseGraph, true},
	{" workflow Make ImageDescription ", parseWorkflow, true},
	{" parameters UserComment ", fromObject(parseFooocus), true},
	{" parameters UserComment ", fromObject(parseSwarm), true},
	{" Comment UserComment ", fromObject(parseNovelAI), true},
	{" UserComment ", fromObject(parseDrawThings), true},
	{" parameters UserComment description Comment ImageDescription Description ", parseParameters, true},
	{" parameters ", parsePrompt, false},
}

// interpret finds the recipe in the texts of a picture, or in one text without
// a key.
func interpret(texts []metadata.Text) (Recipe, error) {
	for _, reader := range readers {
		for _, t := range texts {
			if !strings.Contains(reader.keys, " "+t.Key+" ") && !(t.Key == "" && reader.any) {
				continue
			}
			if r, ok := reader.read(t.Value); ok {
				r.addBeside(texts)
				return r, nil
			}
		}
	}
	return Recipe{}, ErrNone
}

// addBeside takes over what stands in another text than the recipe.
func (r *Recipe) addBeside(texts []metadata.Text) {
	for _, t := range texts {
		switch {
		case t.Key == Key && r.own == nil:
			_, err := Unmarshal(t.Value)
			r.note(fmt.Sprintf("Darkroom's own recipe in it can't be used (%v); this is the one for other programs.", err))
		case t.Key == "Source" && r.Tool == "NovelAI":
			r.Model = cmp.Or(r.Model, t.Value)
		}
	}
}

// fromObject is a reader of JSON.
func fromObject(read func(object) (Recipe, bool)) func(string) (Recipe, bool) {
	return func(text string) (Recipe, bool) {
		o, ok := parseObject(text)
		if !ok {
			return Recipe{}, false
		}
		return read(o)
	}
}

// parseOwn reads Darkroom's own JSON.
func parseOwn(text string) (Recipe, bool) {
	o, _ := parseObject(text)
	for _, key := range []string{"prompt", "guidance", "sampler", "model"} { // are never left away
		if _, ok := o[key]; !ok {
			return Recipe{}, false
		}
	}
	r, err := Unmarshal(text)
	if err != nil {
		return Recipe{}, false
	}
	found := Of(r)
	found.own = &r
	return found, true
}

// parsePrompt takes a text under the web UI's keyword that has no line of
// settings for what it is there: the prompts.
func parsePrompt(text string) (Recipe, bool) {
	prompt, negative, _ := splitParameters(text)
	if _, json := parseObject(text); json || prompt == "" {
		return Recipe{}, false
	}
	r := Recipe{Tool: "a program that writes as AUTOMATIC1111's web UI does", Dialect: "a1111", Prompt: prompt, Negative: negative}
	r.note("Only the prompt is in it, no settings.")
	return r, true
}
