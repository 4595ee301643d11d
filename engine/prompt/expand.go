package prompt

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Source is a prompt on its way to be read, with all choices made.
type Source struct {
	Typed    string
	Text     Text
	Choices  []Choice
	Comments []Span // left out so far
	Problems []Problem
}

// Verbatim is a prompt in which nothing is to be chosen.
func Verbatim(typed string) Source { return Source{Typed: typed, Text: Typed(typed)} }

// Choice is what was taken for a wildcard or for {a|b}.
type Choice struct {
	Span
	Of  string `json:"of"`  // as it stands in the prompt
	Got string `json:"got"` // what stands there instead, with everything in it chosen
}

// Expansion puts in what is chosen by chance: {a|b|c}, {2$$a|b|c} (two of them),
// {1-3$$ and $$a|b|c} (one to three, joined by " and "), {3::a|b} (a three times
// as likely), and __name__, a line of the file name.txt in the folder of
// wildcards. All of it may stand in each other. The same seed chooses the same.
type Expansion struct {
	Seed      uint64
	Wildcards fs.FS // nil for none
}

// Limits of what is chosen: how deep it may stand in each other, and how large a
// file of wildcards may be.
const (
	maxDepth    = 32
	maxWildcard = 16 << 20
)

// Expand makes the choices of a prompt as it was typed, or of a styled one. The
// error says which wildcard can't be read, or what is too much.
func (e Expansion) Expand(s Source) (Source, error) {
	x := expander{Expansion: e, draws: rand.NewPCG(e.Seed, 0), out: s}
	text, err := x.text(s.Text, 0)
	if err != nil {
		return s, err
	}
	x.out.Text = text
	return x.out, nil
}

type expander struct {
	Expansion
	draws *rand.PCG
	out   Source
	lines map[string][]string // of files that were read
	size  int                 // bytes put in so far
}

// below draws a number from 0 to n−1.
func (x *expander) below(n uint64) uint64 {
	high, _ := bits.Mul64(x.draws.Uint64(), n)
	return high
}

// text expands t, which stands depth deep in others.
func (x *expander) text(t Text, depth int) (Text, error) {
	if depth > maxDepth {
		return t, fmt.Errorf("choices stand more than %d deep in each other in %q: do wildcards name each other in a circle?", maxDepth, short(t.s))
	}
	if x.size += len(t.s); x.size > 64*MaxLength {
		return t, fmt.Errorf("what is chosen is too long; a prompt may have %d bytes", MaxLength)
	}
	var kept []Text
	from, ends := 0, braces(t.s)
	replace := func(at, end int, with Text) {
		kept = append(kept, t.cut(from, at), with)
		from = end
	}
	for i := 0; i < len(t.s); {
		switch c := t.s[i]; {
		case c == '\\':
			i += 2
			continue
		case c == '{':
			end, ok := ends[i]
			if !ok {
				x.problem(t.cut(i, i+1), "is not closed and a sign like any other")
				break
			}
			with, ok, err := x.choice(t.cut(i, end), depth)
			if err != nil {
				return t, err
			}
			if ok {
				replace(i, end, with)
				i = end
				continue
			}
		case strings.HasPrefix(t.s[i:], "__"):
			name, ok := wildcardName(t.s[i:])
			if !ok {
				break
			}
			end := i + len(name) + 4
			with, ok, err := x.wildcard(t.cut(i, end), name, depth)
			if err != nil {
				return t, err
			}
			if ok {
				replace(i, end, with)
			}
			i = end
			continue
		}
		i++
	}
	if kept == nil {
		return t, nil
	}
	return join(append(kept, t.cut(from, len(t.s)))...), nil
}

func (x *expander) problem(what Text, why string) {
	x.out.Problems = append(x.out.Problems, Problem{what.span(), why})
}

// chosen notes a choice.
func (x *expander) chosen(of, got Text) {
	x.out.Choices = append(x.out.Choices, Choice{of.span(), of.s, got.s})
}

// braces finds for each brace that opens what is behind the one that closes it.
func braces(s string) map[int]int {
	ends := map[int]int{}
	var open []int
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			open = append(open, i)
		case '}':
			if n := len(open); n > 0 {
				ends[open[n-1]] = i + 1
				open = open[:n-1]
			}
		}
	}
	return ends
}

// choice expands {…}; false if there is nothing to choose from in it.
func (x *expander) choice(t Text, depth int) (Text, bool, error) {
	inner := t.cut(1, len(t.s)-1)
	low, high, joint := 1, 1, ", "
	head, rest, counted := strings.Cut(inner.s, "$$")
	if counted {
		if low, high, counted = count(head); counted {
			inner = inner.cut(len(inner.s)-len(rest), len(inner.s))
			if sign, rest, ok := strings.Cut(rest, "$$"); ok && !strings.ContainsAny(sign, "{}|") {
				joint = sign
				inner = inner.cut(len(inner.s)-len(rest), len(inner.s))
			}
		}
	}
	if !counted {
		low, high = 1, 1
	}
	options := alternatives(inner)
	if len(options) == 1 && !counted {
		return t, false, nil
	}
	weights := make([]uint64, len(options))
	for i, o := range options {
		options[i], weights[i] = likelihood(o)
	}
	n := low
	if high > low {
		n += int(x.below(uint64(high - low + 1)))
	}
	if n > len(options) {
		x.problem(t, fmt.Sprintf("asks for %d of %d", n, len(options)))
		n = len(options)
	}
	var texts []Text
	for range n {
		i, ok := x.pick(weights)
		if !ok {
			break
		}
		weights[i] = 0
		text, err := x.text(options[i], depth+1)
		if err != nil {
			return t, false, err
		}
		if len(texts) > 0 {
			texts = append(texts, put(joint, t.span()))
		}
		texts = append(texts, text)
	}
	got := join(texts...)
	x.chosen(t, got)
	return got, true, nil
}

// count reads "2", "1-3", "-3" or "2-".
func count(s string) (low, high int, ok bool) {
	s = strings.TrimFunc(s, isSpace)
	from, to, ranged := strings.Cut(s, "-")
	number := func(s string, otherwise int) int {
		n, err := strconv.ParseUint(s, 10, 16)
		switch {
		case s == "" && ranged:
			return otherwise
		case err != nil:
			return -1
		}
		return int(n)
	}
	low = number(from, 0)
	high = low
	if ranged {
		high = number(to, 1<<16)
	}
	return low, high, s != "-" && low >= 0 && high >= low
}

// alternatives cuts at every | that is not in braces of its own.
func alternatives(t Text) (options []Text) {
	from, depth := 0, 0
	for i := 0; i < len(t.s); i++ {
		switch t.s[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			depth--
		case '|':
			if depth == 0 {
				options = append(options, t.cut(from, i))
				from = i + 1
			}
		}
	}
	return append(options, t.cut(from, len(t.s)))
}

// likelihood takes the "3::" from before an option, in thousandths.
func likelihood(t Text) (Text, uint64) {
	const one = 1000
	head, rest, ok := strings.Cut(t.s, "::")
	if !ok {
		return t, one
	}
	w, err := strconv.ParseFloat(strings.TrimFunc(head, isSpace), 64)
	if err != nil || !(w >= 0 && w <= 1e6) {
		return t, one
	}
	return t.cut(len(t.s)-len(rest), len(t.s)), uint64(w * one)
}

// pick draws one of those that have a likelihood; false if none has.
func (x *expander) pick(weights []uint64) (int, bool) {
	var sum uint64
	for _, w := range weights {
		sum += w
	}
	if sum == 0 {
		return 0, false
	}
	at := x.below(sum)
	for i, w := range weights {
		if at < w {
			return i, true
		}
		at -= w
	}
	return 0, false
}

// wildcardName is what stands between two pairs of underscores at the start of s.
func wildcardName(s string) (string, bool) {
	name, _, ok := strings.Cut(s[2:], "__")
	if !ok || name == "" || name[0] == '_' {
		return "", false
	}
	for _, r := range name {
		if !isWord(r) && !strings.ContainsRune("-/. ", r) {
			return "", false
		}
	}
	return name, strings.TrimSpace(name) == name
}

// wildcard expands __name__; false if there is no folder of wildcards.
func (x *expander) wildcard(t Text, name string, depth int) (Text, bool, error) {
	if x.Wildcards == nil {
		x.problem(t, "is words, since no folder of wildcards is named")
		return t, false, nil
	}
	lines, err := x.file(name)
	if err != nil {
		return t, false, err
	}
	got, err := x.text(put(lines[x.below(uint64(len(lines)))], t.span()), depth+1)
	if err != nil {
		return t, false, err
	}
	x.chosen(t, got)
	return got, true, nil
}

// file reads the lines of a wildcard; those that are empty or begin with # are
// not for choosing.
func (x *expander) file(name string) ([]string, error) {
	if lines, ok := x.lines[name]; ok {
		return lines, nil
	}
	path := name + ".txt"
	if !fs.ValidPath(path) {
		return nil, fmt.Errorf("the wildcard __%s__ is not a name of a file in the folder of wildcards", name)
	}
	f, err := x.Wildcards.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the wildcard __%s__ needs a file %s in the folder of wildcards; there is none", name, path)
	}
	if err != nil {
		return nil, fmt.Errorf("the wildcard __%s__ can't be read: %w", name, err)
	}
	defer f.Close()
	var lines []string
	read := io.LimitedReader{R: f, N: maxWildcard + 1}
	scanner := bufio.NewScanner(&read)
	scanner.Buffer(nil, MaxLength+1)
	for scanner.Scan() {
		line := strings.TrimFunc(strings.TrimPrefix(scanner.Text(), "\ufeff"), isSpace)
		if line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	switch {
	case scanner.Err() != nil:
		return nil, fmt.Errorf("the wildcard file %s can't be read: %w", path, scanner.Err())
	case read.N <= 0:
		return nil, fmt.Errorf("the wildcard file %s is larger than %d MB: split it", path, maxWildcard>>20)
	case len(lines) == 0:
		return nil, fmt.Errorf("the wildcard file %s has no line to choose", path)
	}
	if x.lines == nil {
		x.lines = map[string][]string{}
	}
	x.lines[name] = lines
	return lines, nil
}

// short is the beginning of a text, for a message.
func short(s string) string {
	r := []rune(s)
	if len(r) <= 40 {
		return s
	}
	return string(r[:40]) + "…"
}
