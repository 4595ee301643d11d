package prompt

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Tag is a network asked for in the prompt: <lora:name:0.8>. It is no part of
// the words.
type Tag struct {
	Span
	Kind string   `json:"kind"` // "lora", "hypernet", …
	Args []string `json:"args"` // the name, then what else stands between colons
}

// Name is the network's.
func (t Tag) Name() string { return t.Args[0] }

// Strengths is how strongly the text encoder and the U-Net are changed: by
// the first number for both, by a second one for the U-Net alone, or by te=… and
// unet=…; 1 if nothing is said.
func (t Tag) Strengths() (text, unet float64, err error) {
	text, unet = 1, 1
	said := false // whether the U-Net has its own
	number := func(to *float64, s string) {
		v, e := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if (e != nil || v-v != 0) && err == nil {
			err = fmt.Errorf("%q of <%s:%s> is not a number; write it like <%s:%s:0.8>", s, t.Kind, strings.Join(t.Args, ":"), t.Kind, t.Name())
		}
		*to = v
	}
	plain := 0
	for _, arg := range t.Args[1:] {
		key, value, named := strings.Cut(arg, "=")
		switch {
		case named && key == "te":
			number(&text, value)
		case named && key == "unet":
			number(&unet, value)
			said = true
		case named: // of other tools, such as dyn=
		case plain == 0:
			number(&text, arg)
			plain++
		case plain == 1:
			number(&unet, arg)
			plain++
			said = true
		}
	}
	if !said {
		unet = text
	}
	return text, unet, err
}

var tagged = regexp.MustCompile(`<([\p{L}\p{N}_]+):([^>]+)>`)

// tags takes the tags out of a text.
func tags(t Text) (words Text, found []Tag) {
	var kept []Text
	from := 0
	for _, m := range tagged.FindAllStringSubmatchIndex(t.s, -1) {
		kept = append(kept, t.cut(from, m[0]))
		found = append(found, Tag{
			Span: t.cut(m[0], m[1]).span(),
			Kind: t.s[m[2]:m[3]],
			Args: strings.Split(t.s[m[4]:m[5]], ":"),
		})
		from = m[1]
	}
	if found == nil {
		return t, nil
	}
	return join(append(kept, t.cut(from, len(t.s)))...), found
}

// Tags reads a list of nothing but tags.
func Tags(list string) ([]Tag, error) {
	words, found := tags(Typed(list))
	if rest := strings.TrimSpace(words.s); rest != "" {
		return nil, fmt.Errorf("%q is no tag; write them like <lora:name:0.8>", rest)
	}
	return found, nil
}

// comments takes out what stands between a # and the end of its line.
func comments(t Text) (words Text, found []Span) {
	var kept []Text
	from := 0
	for from < len(t.s) {
		i := strings.IndexByte(t.s[from:], '#')
		if i < 0 {
			break
		}
		i += from
		end := len(t.s)
		if n := strings.IndexByte(t.s[i:], '\n'); n >= 0 {
			end = i + n
		}
		gone := t.cut(i, end).span()
		kept = append(kept, t.cut(from, i), put("\n", gone))
		found = append(found, gone)
		from = min(end+1, len(t.s))
	}
	if found == nil {
		return t, nil
	}
	return join(append(kept, t.cut(from, len(t.s)))...), found
}
