package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"unicode"

	"darkroom/engine"
	"darkroom/engine/metadata"
	"darkroom/engine/prompt"
	"darkroom/engine/recipe"
)

// showRecipe tells how a picture was drawn, what of it can't be restored, and
// the command that draws it.
func showRecipe(_ context.Context, args []string) error {
	f := flags("recipe", "FILE [--json]\n\nFILE is a PNG, JPEG or WebP picture, a workflow of ComfyUI (.json), a text as the\n"+
		"web UI shows it, or - for such a text on standard input.")
	asJSON := f.Bool("json", false, "print one JSON object")
	var paths, switches []string // in any order
	for _, arg := range args {
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			paths = append(paths, arg)
		} else {
			switches = append(switches, arg)
		}
	}
	if err := parse(f, switches); err != nil {
		return err
	}
	if len(paths) != 1 {
		return fmt.Errorf("%w: say which picture, one at a time: darkroom recipe FILE", errUsage)
	}
	found, err := readRecipe(paths[0])
	if err != nil {
		return err
	}
	request, notes := found.Request(finder{})
	if *asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetEscapeHTML(false)
		return e.Encode(struct {
			Tool    string         `json:"tool"`
			Request engine.Request `json:"request"`
			Notes   []string       `json:"notes"`
			Recipe  recipe.Recipe  `json:"recipe"`
		}{found.Tool, request, append([]string{}, notes...), found})
	}
	draw := command(request)
	if paths[0] != "-" { // nothing is lost on this way
		draw = "darkroom generate --from " + shellQuoted(paths[0]) + " --out picture.png\n\nor\n" + draw
	}
	return printRecipe(terminal{os.Stdout}, found, request, notes, draw)
}

// startFrom makes r the request of a recipe, with the flags in args changing it,
// and says what the recipe has that r has not.
func startFrom(f *flag.FlagSet, args []string, r *engine.Request, path string) error {
	found, err := recipe.ReadFile(path)
	if err != nil {
		return err
	}
	var notes []string
	*r, notes = found.Request(finder{})
	if err := parse(f, args); err != nil { // once more, over the recipe
		return err
	}
	for _, note := range notes {
		fmt.Fprintf(terminal{os.Stderr}, "%s: %s\n", path, note)
	}
	return nil
}

// readRecipe reads a file, or standard input for "-".
func readRecipe(path string) (recipe.Recipe, error) {
	if path != "-" {
		return recipe.ReadFile(path)
	}
	b, err := io.ReadAll(io.LimitReader(os.Stdin, metadata.MaxText))
	if err != nil {
		return recipe.Recipe{}, err
	}
	return recipe.Read(bytes.NewReader(b))
}

func printRecipe(w io.Writer, found recipe.Recipe, r engine.Request, notes []string, draw string) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	line := func(name string, value any) {
		if text := printable(fmt.Sprint(value)); text != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, strings.ReplaceAll(text, "\n", "\n\t"))
		}
	}
	line("Drawn by", strings.TrimSpace(found.Tool+" "+found.Version))
	line("Prompt", r.Prompt)
	line("Without", r.Negative)
	line("Seed", r.Seed)
	line("Steps", r.Steps)
	line("Guidance", r.Guidance)
	line("Sampler", r.Sampler)
	line("Schedule", r.Schedule)
	line("Dialect", r.Dialect)
	if r.Width != 0 {
		line("Size", fmt.Sprintf("%d×%d", r.Width, r.Height))
	}
	line("Model", r.Model)
	if !r.Exact() {
		line("Precision", r.Precision)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(notes) > 0 {
		fmt.Fprintln(w, "\nNot as it was:")
		for _, note := range notes {
			fmt.Fprintln(w, "-", note)
		}
	}
	_, err := fmt.Fprintf(w, "\nDraw it with:\n%s\n", draw)
	return err
}

// command is the command that draws a request: a flag for each field of its JSON
// that is not as it would be anyway. Which of several pictures drawn at once it was
// has no flag: its recipe says so (--from).
func command(r engine.Request) string {
	text, err := recipe.Marshal(r)
	if err != nil {
		return err.Error() // it is too long for a command, too
	}
	fields := map[string]any{}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	_ = d.Decode(&fields) // it was written a moment ago
	f := flag.NewFlagSet("", flag.ContinueOnError)
	requestVars(f, &engine.Request{})
	words := "darkroom generate"
	f.VisitAll(func(g *flag.Flag) {
		var values []string
		switch g.Name {
		case "lora":
			tags, _ := prompt.Tags(r.Loras) // those that can't be read are not drawn with
			for _, tag := range tags {
				values = append(values, strings.Join(tag.Args, ":"))
			}
		case "seed-resize":
			if r.SeedResizeWidth > 0 {
				values = append(values, fmt.Sprintf("%dx%d", r.SeedResizeWidth, r.SeedResizeHeight))
			}
		default:
			if value, ok := fields[strings.ReplaceAll(g.Name, "-", "_")]; ok && fmt.Sprint(value) != g.DefValue {
				values = append(values, fmt.Sprint(value))
			}
		}
		for _, value := range values {
			words += " --" + g.Name + " " + shellQuoted(value)
		}
	})
	return words + " --out picture.png"
}

// shellQuoted is a word of a command line.
func shellQuoted(word string) string {
	plain := func(r rune) bool {
		return r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._/+-", r))
	}
	if strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 && !strings.HasPrefix(word, "-") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
