package ui

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2/driver/desktop"
)

// weightStep is what a key press adds to a weight, or takes away.
const weightStep = 0.05

// weigh adds to the weight of what is selected in a prompt, or, if nothing is, of what
// the cursor at from stands in: a tag (<lora:name:0.8>), the innermost (words:1.2), or a
// word. Words get brackets when they need some, and lose them at a weight of 1. It gives
// the text and where the words are in it, to be selected; the same ones if there is
// nothing that could weigh.
func weigh(text string, from, to int, by float64) (string, int, int) {
	m := markUp(text)
	cursor := from == to
	if cursor {
		if tag, ok := m.tag(from); ok {
			return weighTag(text, tag, by, from)
		}
	}
	g, ok := m.chosen(text, from, to)
	if !ok {
		from, to = m.extent(text, from, to)
		g = group{from: from, to: to, begin: from, end: to, weight: 1}
		beside := func(o group) bool {
			return from < to && o.begin == from && o.end == to || cursor && from == to && (o.from == from || o.to == to)
		}
		if i := slices.IndexFunc(m.groups, beside); i >= 0 { // the words of brackets are selected, or the cursor touches some
			g = m.groups[i]
		} else if from == to {
			return text, from, to
		}
	}
	weight := math.Max(0, math.Round((g.weight+by)*100)/100)
	words := text[g.begin:g.end]
	put, at := words, g.from
	if weight != 1 {
		put, at = "("+words+":"+strconv.FormatFloat(weight, 'f', -1, 64)+")", g.from+1
	}
	text = text[:g.from] + put + text[g.to:]
	return text, at, at + len(words)
}

// reweigh changes the weight of what is selected in a field, or is at its cursor, on the
// keys for that; false if the key is another.
func reweigh(e *entry, key *desktop.CustomShortcut) bool {
	by := weightStep
	switch key.ShortcutName() {
	case keyStronger.ShortcutName():
	case keyWeaker.ShortcutName():
		by = -weightStep
	default:
		return false
	}
	from, to := e.Selection()
	selected, old := from < to, e.Text
	text, first, last := weigh(old, from, to, by)
	if text == old {
		return true
	}
	e.Replace(difference(old, text)) // no more, so that it is undone by itself
	if !selected {
		first = last
	}
	e.Select(first, last)
	return true
}

// group is words in round brackets: from and to with them, begin and end without, and
// without the number.
type group struct {
	from, to, begin, end int
	weight               float64
}

// marks is what of a prompt has a meaning for weights, inner ones first.
type marks struct {
	groups []group
	pairs  map[int]int // of all brackets, each to the other
	tags   [][2]int
}

var (
	ownWeight = regexp.MustCompile(`:\s*([+-]?[.0-9]+)\s*$`)
	tagged    = regexp.MustCompile(`<[\p{L}\p{N}_]+:[^>]+>`)
)

// markUp finds the brackets and tags of a prompt.
func markUp(text string) marks {
	m := marks{pairs: map[int]int{}}
	for _, t := range tagged.FindAllStringIndex(text, -1) {
		m.tags = append(m.tags, [2]int(t))
	}
	var round, square []int
	pop := func(stack *[]int, i int) (from int, ok bool) {
		n := len(*stack)
		if n == 0 {
			return 0, false
		}
		from = (*stack)[n-1]
		*stack = (*stack)[:n-1]
		m.pairs[from], m.pairs[i] = i, from
		return from, true
	}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '(':
			round = append(round, i)
		case '[':
			square = append(square, i)
		case ']':
			pop(&square, i)
		case ')':
			from, ok := pop(&round, i)
			if !ok {
				continue
			}
			g := group{from: from, to: i + 1, begin: from + 1, end: i, weight: 1.1}
			if n := ownWeight.FindStringSubmatchIndex(text[g.begin:i]); n != nil {
				if w, err := strconv.ParseFloat(text[g.begin+n[2]:g.begin+n[3]], 64); err == nil {
					g.weight, g.end = w, g.begin+n[0]
				}
			}
			m.groups = append(m.groups, g)
		}
	}
	return m
}

// tag is the one a cursor stands in.
func (m marks) tag(at int) ([2]int, bool) {
	for _, t := range m.tags {
		if t[0] < at && at < t[1] {
			return t, true
		}
	}
	return [2]int{}, false
}

// chosen is the brackets that are selected with all that is in them, or that a cursor
// stands in.
func (m marks) chosen(text string, from, to int) (group, bool) {
	first, last := trimmed(text, from, to)
	for _, g := range m.groups {
		if from == to && g.from < from && from < g.to || from < to && g.from == first && g.to == last {
			return g, true
		}
	}
	return group{}, false
}

// extent is the word at a cursor, or a selection without the spaces around it and with
// the other halves of its brackets; nothing if there is none, or a bracket has none.
func (m marks) extent(text string, from, to int) (int, int) {
	if from == to {
		return word(text, from)
	}
	from, to = trimmed(text, from, to)
	for again := true; again; {
		again = false
		for i := from; i < to; i++ {
			switch other, paired := m.pairs[i]; {
			case text[i] == '\\':
				i++
				to = max(to, min(i+1, len(text)))
			case !strings.ContainsRune("()[]", rune(text[i])):
			case !paired:
				return from, from
			case other < from || other >= to:
				from, to, again = min(from, other), max(to, other+1), true
			}
		}
	}
	return from, to
}

// trimmed is a selection without the spaces around it.
func trimmed(text string, from, to int) (int, int) {
	words := text[from:to]
	from += len(words) - len(strings.TrimLeftFunc(words, unicode.IsSpace))
	return from, max(from, from+len(strings.TrimSpace(words)))
}

// word is the word that a cursor stands in or touches. An escaped bracket is a letter.
func word(text string, at int) (from, to int) {
	begin := -1
	for i := 0; i <= len(text); {
		size := letter(text[i:])
		if size > 0 && begin < 0 {
			begin = i
		}
		if size == 0 && begin >= 0 {
			if end := begin + len(strings.TrimRight(text[begin:i], ".!?'’-")); begin <= at && at <= i && end > begin {
				return begin, end
			}
			begin = -1
		}
		if i == len(text) {
			break
		}
		if size == 0 {
			_, size = utf8.DecodeRuneInString(text[i:])
		}
		i += size
	}
	return at, at
}

// letter is the bytes of the letter of a word at the start of a text, 0 if there is none.
func letter(text string) int {
	r, size := utf8.DecodeRuneInString(text)
	switch {
	case size == 0 || unicode.IsSpace(r):
		return 0
	case r == '\\':
		_, next := utf8.DecodeRuneInString(text[1:])
		return 1 + next
	case strings.ContainsRune("()[]{}<>|,;:\"“”", r):
		return 0
	}
	return size
}

// weighTag adds to the strength of a tag, which is the first of its numbers.
func weighTag(text string, tag [2]int, by float64, cursor int) (string, int, int) {
	parts := strings.Split(text[tag[0]+1:tag[1]-1], ":")
	weight, at := 1.0, -1
	for i := len(parts) - 1; i >= 2; i-- {
		if w, err := strconv.ParseFloat(strings.TrimSpace(parts[i]), 64); err == nil {
			weight, at = w, i
		}
	}
	if at < 0 {
		parts, at = append(parts[:2:2], append([]string{""}, parts[2:]...)...), 2
	}
	parts[at] = strconv.FormatFloat(math.Round((weight+by)*100)/100, 'f', -1, 64)
	put := "<" + strings.Join(parts, ":") + ">"
	cursor = min(cursor, tag[0]+len(put)-1)
	return text[:tag[0]] + put + text[tag[1]:], cursor, cursor
}
