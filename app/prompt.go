package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"darkroom/engine"
	"darkroom/engine/dialect"
	"darkroom/engine/pipeline"
	"darkroom/engine/prompt"
)

// wording is the flags that say how what is typed becomes what is drawn.
type wording struct {
	wildcards, file string
	names           []string
	styles          []prompt.Style
	kept            [2]bool // the prompt and the negative one: taken from a recipe, where all is chosen
}

func (w *wording) flags(f *flag.FlagSet) {
	f.StringVar(&w.wildcards, "wildcards", "", "folder of text files; __name__ in the prompt is a line of name.txt, chosen by the seed")
	f.StringVar(&w.file, "styles", "styles.csv", "file of styles as AUTOMATIC1111's web UI has them: name,prompt,negative_prompt")
	f.Func("style", "name of a style from --styles; may be given several times", func(name string) error {
		w.names = append(w.names, name)
		return nil
	})
}

// keep leaves alone what a recipe brings, unless a flag says something else. The
// flags are read once more after it.
func (w *wording) keep(f *flag.FlagSet) error {
	styled := len(w.names) > 0
	w.names = nil
	w.kept = [2]bool{true, true}
	f.Visit(func(given *flag.Flag) {
		switch given.Name {
		case "prompt":
			w.kept[0] = false
		case "negative":
			w.kept[1] = false
		}
	})
	if styled && w.kept[0] && w.kept[1] {
		return fmt.Errorf("%w: --style changes what is typed; type it with --prompt beside --from", errUsage)
	}
	return nil
}

// emphasisVar is the flag --emphasis.
func emphasisVar(f *flag.FlagSet, name *string) {
	f.StringVar(name, "emphasis", "", "how (weights:1.2) change the words: "+strings.Join(prompt.Emphases(), ", ")+"; none is the dialect's own")
}

// read finds the styles that are named.
func (w *wording) read() error {
	if w.styles != nil || w.names == nil {
		return nil
	}
	f, err := os.Open(w.file)
	if err != nil {
		return fmt.Errorf("the styles can't be read: %w; name their file with --styles FILE", err)
	}
	defer f.Close()
	all, err := prompt.Styles(f)
	if err != nil {
		return fmt.Errorf("%s: %w", w.file, err)
	}
	w.styles, err = prompt.Choose(all, w.names)
	return err
}

// expand puts styles, wildcards and choices into what was typed.
func (w *wording) expand(typed string, seed uint64, negative bool) (prompt.Source, error) {
	if err := w.read(); err != nil {
		return prompt.Source{}, err
	}
	e := prompt.Expansion{Seed: seed}
	if w.wildcards != "" {
		folder, err := os.OpenRoot(w.wildcards)
		if err != nil {
			return prompt.Source{}, fmt.Errorf("the folder of wildcards can't be read: %w; name another with --wildcards", err)
		}
		defer folder.Close()
		e.Wildcards = folder.FS()
	}
	return e.Expand(prompt.Styled(typed, w.styles, negative))
}

// apply makes r say what is drawn, and keeps what was typed if that is something
// else.
func (w *wording) apply(r *engine.Request) error {
	for i, side := range [][2]*string{{&r.Prompt, &r.Template}, {&r.Negative, &r.NegativeTemplate}} {
		if w.kept[i] {
			continue
		}
		text, template := side[0], side[1]
		s, err := w.expand(*text, r.Seed, i == 1)
		if err != nil {
			return err
		}
		*template = ""
		if s.Text.String() != s.Typed {
			*text, *template = s.Text.String(), s.Typed
		}
	}
	return nil
}

// promptVerb shows how a prompt is read.
func promptVerb(ctx context.Context, args []string) error {
	f := flags("prompt", `--text "a (red:1.2) [apple:pear:0.5]" [flags]`)
	var (
		text     = f.String("text", "", "the prompt")
		model    = f.String("model", engine.DefaultModel, `"default" or the path of a model, whose text encoder says how many words fit`)
		steps    = f.Int("steps", engine.DefaultSteps, "denoising steps")
		negative = f.Bool("negative", false, "read it as a negative prompt")
		seed     = f.Uint64("seed", 0, "what chooses wildcards and {a|b}")
		asJSON   = f.Bool("json", false, "print one JSON object")
		tool     = f.String("dialect", dialect.Native, "the tool whose way it is read in: "+strings.Join(dialect.Names(), ", "))
		emphasis string
		w        wording
	)
	emphasisVar(f, &emphasis)
	w.flags(f)
	if err := parse(f, args); err != nil {
		return err
	}
	if err := (engine.Request{Steps: *steps, Model: *model}).Validate(); err != nil {
		return err
	}
	s, err := w.expand(*text, *seed, *negative)
	if err != nil {
		return err
	}
	o, err := pipeline.OpenOutline(*model)
	if err != nil {
		return err
	}
	typed, kept := s, prompt.Verbatim("")
	if *negative {
		typed, kept = kept, typed
	}
	r := engine.Request{Steps: *steps, Sampler: engine.DefaultSampler, Emphasis: emphasis, Dialect: *tool}
	read, other, err := o.Read(ctx, r, shelf{}, typed, kept)
	if err != nil {
		return err
	}
	if *negative {
		read = other
	}
	if *asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(read)
	}
	showPrompt(terminal{os.Stdout}, read)
	return nil
}

// showPrompt prints a prompt for a person.
func showPrompt(out io.Writer, p *prompt.Prompt) {
	if p.Text != p.Typed {
		fmt.Fprintf(out, "drawn: %s\n", p.Text)
	}
	for _, c := range p.Choices {
		fmt.Fprintf(out, "chosen: %s → %s\n", c.Of, c.Got)
	}
	for _, tag := range p.Tags {
		fmt.Fprintf(out, "tag: %s %s\n", tag.Kind, strings.Join(tag.Args, " "))
	}
	for _, c := range p.Comments {
		fmt.Fprintf(out, "left out: %s\n", p.Typed[c.From:c.To])
	}
	for i, part := range p.Parts {
		if len(p.Parts) > 1 || part.Weight != 1 {
			fmt.Fprintf(out, "part %d of %d, weight %g\n", i+1, len(p.Parts), part.Weight)
		}
		showVariants(out, p, part.Variants)
	}
	for _, problem := range p.Problems {
		fmt.Fprintf(out, "note: %s\n", p.Say(problem))
	}
}

// showVariants prints each text once, with all the steps it is for.
func showVariants(out io.Writer, p *prompt.Prompt, variants []prompt.Variant) {
	var texts []string
	when := map[string][]string{}
	of := map[string]prompt.Variant{}
	for _, v := range variants {
		if v.First > v.Last {
			continue
		}
		if _, ok := of[v.Text]; !ok {
			texts = append(texts, v.Text)
			of[v.Text] = v
		}
		steps := fmt.Sprint(v.First)
		if v.Last > v.First {
			steps += fmt.Sprintf("–%d", v.Last)
		}
		when[v.Text] = append(when[v.Text], steps)
	}
	for _, text := range texts {
		v := of[text]
		if len(texts) > 1 {
			fmt.Fprintf(out, "steps %s: %s\n", strings.Join(when[text], ", "), text)
		}
		n, room := v.Tokens(p.Window)
		fmt.Fprintf(out, "%d of %d tokens\n", n, room)
		for i, chunk := range v.Chunks {
			if chunk.Blend == nil {
				fmt.Fprintf(out, "  %d: %s\n", i+1, line(chunk.Tokens))
				continue
			}
			fmt.Fprintf(out, "  %d: mixed of\n", i+1)
			for _, share := range chunk.Blend {
				fmt.Fprintf(out, "     %.4g × %s\n", share.Weight, cmp.Or(line(share.Tokens), "no words"))
			}
		}
	}
}

// line is tokens with their weights, without those that are hidden.
func line(tokens []prompt.Token) string {
	var groups []string
	for group := range runs(slices.DeleteFunc(slices.Clone(tokens), func(t prompt.Token) bool { return t.Hidden })) {
		var words []string
		for _, token := range group {
			words = append(words, token.Text)
		}
		s := strings.Join(words, "·")
		if w := group[0].Weight; w != 1 {
			s = fmt.Sprintf("(%s:%.4g)", s, w)
		}
		groups = append(groups, s)
	}
	return strings.Join(groups, " ")
}

// runs gives tokens of one weight in a row.
func runs(tokens []prompt.Token) func(func([]prompt.Token) bool) {
	return func(yield func([]prompt.Token) bool) {
		for len(tokens) > 0 {
			n := slices.IndexFunc(tokens, func(t prompt.Token) bool { return t.Weight != tokens[0].Weight })
			if n < 0 {
				n = len(tokens)
			}
			if !yield(tokens[:n]) {
				return
			}
			tokens = tokens[n:]
		}
	}
}
