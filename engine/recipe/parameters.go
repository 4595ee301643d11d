package recipe

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// The grammar of AUTOMATIC1111's web UI, which most programs for such pictures
// read and many write:
//
//	prompt, of any number of lines
//	Negative prompt: the negative prompt, of any number of lines
//	Key: value, Key: "a value, quoted as in JSON", Size: 512x768
//
// The last line holds keys if it looks like three of them at least, and the
// negative prompt may be missing (modules/infotext_utils.py of the web UI).

// pair is a key and its value.
type pair struct{ key, value string }

// The web UI's own expressions; its \w and \s are Unicode's.
var (
	pairs = regexp.MustCompile(`[\s\v\p{Z}]*([\p{L}\p{N}_][\p{L}\p{N}_ \-/]+):[\s\v\p{Z}]*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)`)
	size  = regexp.MustCompile(`^(\p{Nd}+)x(\p{Nd}+)$`)
)

// splitParameters splits a text into the two prompts and the pairs.
func splitParameters(text string) (prompt, negative string, found []pair) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if last := pairs.FindAllStringSubmatch(lines[len(lines)-1], -1); len(last) >= 3 {
		lines = lines[:len(lines)-1]
		for _, m := range last {
			if m[2] != "" { // the web UI drops such a key
				found = append(found, pair{m[1], unquote(m[2])})
			}
		}
	}
	var first, second strings.Builder
	into := &first
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "Negative prompt:"); ok {
			into, line = &second, strings.TrimSpace(rest)
		}
		if into.Len() > 0 {
			into.WriteByte('\n')
		}
		into.WriteString(line)
	}
	return first.String(), second.String(), found
}

// joinParameters is the reverse of splitParameters.
func joinParameters(prompt, negative string, found []pair) string {
	if negative != "" {
		prompt += "\nNegative prompt: " + negative
	}
	fields := make([]string, len(found))
	for i, s := range found {
		fields[i] = s.key + ": " + quote(s.value)
	}
	return strings.TrimSpace(prompt + "\n" + strings.Join(fields, ", "))
}

// quote makes a JSON string of a value that would end early, with nothing but
// what JSON needs escaped.
func quote(value string) string {
	if !strings.ContainsAny(value, ",:\n") {
		return value
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(value) // a string always can be
	// encoding/json escapes these two all the same; a backslash in the value is two here
	return strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029").Replace(strings.TrimSpace(b.String()))
}

// unquote is the reverse of quote; what is no JSON string stays as it is.
func unquote(value string) string {
	if value[0] != '"' || value[len(value)-1] != '"' {
		return value
	}
	var text string
	if json.Unmarshal([]byte(value), &text) != nil {
		return value
	}
	return text
}

// Parameters renders a recipe as the web UI writes it, in the order of its keys.
func (r Recipe) Parameters() string {
	var written []pair
	for _, s := range settings {
		if value := s.write(&r); value != "" {
			written = append(written, pair{s.key, value})
		}
	}
	return joinParameters(r.Prompt, r.Negative, written)
}
