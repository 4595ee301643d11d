package prompt

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Style is something to say with a prompt and its negative prompt. Where {prompt}
// stands in it the prompt goes; without, the style is put behind the prompt.
type Style struct {
	Name, Prompt, Negative string
}

// Styles reads AUTOMATIC1111's styles.csv: a line of names (name, prompt,
// negative_prompt, in any order, with others between) and a line for each style.
func Styles(r io.Reader) ([]Style, error) {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = -1
	lines.LazyQuotes = true
	lines.TrimLeadingSpace = true
	names, err := lines.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the styles are not the table (CSV) they should be: %w", err)
	}
	names[0] = strings.TrimPrefix(names[0], "\ufeff")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	name := slices.Index(names, "name")
	text := slices.Index(names, "prompt")
	if text < 0 {
		text = slices.Index(names, "text") // in files from before there was a negative prompt
	}
	negative := slices.Index(names, "negative_prompt")
	if name < 0 || text < 0 {
		return nil, fmt.Errorf("the styles' first line is %q; it must name the columns: name,prompt,negative_prompt", strings.Join(names, ","))
	}
	var styles []Style
	for {
		line, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return styles, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the styles are not the table (CSV) they should be: %w", err)
		}
		field := func(i int) string {
			if i < 0 || i >= len(line) {
				return ""
			}
			return line[i]
		}
		if field(name) != "" {
			styles = append(styles, Style{field(name), field(text), field(negative)})
		}
	}
}

// Choose finds styles by their names, in that order.
func Choose(styles []Style, names []string) ([]Style, error) {
	var chosen []Style
	for _, name := range names {
		i := slices.IndexFunc(styles, func(s Style) bool { return s.Name == name })
		if i < 0 {
			var known []string
			for _, s := range styles {
				known = append(known, s.Name)
			}
			return nil, fmt.Errorf("there is no style %q; there are: %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, styles[i])
	}
	return chosen, nil
}

// Styled puts styles around a prompt as it was typed, one after the other, or,
// if it is the negative one, their negative prompts.
func Styled(typed string, styles []Style, negative bool) Source {
	s := Verbatim(typed)
	if len(styles) == 0 {
		return s
	}
	t, found := comments(s.Text)
	s.Comments = found
	t = t.trim()
	for _, style := range styles {
		words := style.Prompt
		if negative {
			words = style.Negative
		}
		more, _ := comments(put(words, Span{}))
		more = more.trim()
		switch pieces := strings.Split(more.s, "{prompt}"); {
		case len(pieces) > 1:
			texts := []Text{put(pieces[0], Span{})}
			for _, piece := range pieces[1:] {
				texts = append(texts, t, put(piece, Span{}))
			}
			t = join(texts...)
		case more.s == "":
		case t.s == "":
			t = more
		default:
			t = join(t, put(", ", Span{}), more)
		}
	}
	s.Text = t
	return s
}
