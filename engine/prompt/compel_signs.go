package prompt

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	compelSpace   = " \t\n\r\v\f" // what ends a word
	compelSigns   = `()",.+-=`    // what has a meaning, and has none behind a \
	compelKeyword = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
)

func (p *compelParser) skip(i int) int {
	for i < len(p.t.s) && strings.IndexByte(compelSpace, p.t.s[i]) >= 0 {
		i++
	}
	return i
}

// sign is behind a sign, or -1.
func (p *compelParser) sign(i int, s string) int {
	if i = p.skip(i); strings.HasPrefix(p.t.s[i:], s) {
		return i + len(s)
	}
	return -1
}

// run is behind a run of some of the signs, or -1.
func (p *compelParser) run(i int, signs string) int {
	end := i
	for end < len(p.t.s) && strings.IndexByte(signs, p.t.s[end]) >= 0 {
		end++
	}
	if end == i {
		return -1
	}
	return end
}

// word is a run of signs without a meaning, among them + and − within a word.
func (p *compelParser) word(at int) compelMatch {
	i := p.skip(at)
	from := i
	for i < len(p.t.s) {
		c := p.t.s[i]
		meant := func(k int) bool { return k == len(p.t.s) || strings.IndexByte(compelSpace+compelSigns, p.t.s[k]) >= 0 }
		switch {
		case c == '\\' && i+1 < len(p.t.s) && strings.IndexByte(compelSigns, p.t.s[i+1]) >= 0:
			i += 2
			continue
		case (c == '+' || c == '-') && !meant(i+1):
			i++
			continue
		}
		if meant(i) {
			break
		}
		_, n := utf8.DecodeRuneInString(p.t.s[i:])
		i += n
	}
	if i == from {
		return noMatch
	}
	return leaf(p.t.cut(from, i), i)
}

func leaf(t Text, end int) compelMatch {
	return compelMatch{[]compelNode{{text: unescaped(unescaped(t)), weight: 1}}, end}
}

// unescaped takes the \ from before brackets and quotes; compel does so twice.
func unescaped(t Text) Text {
	return t.replaced(func(i int) (Text, int) {
		if t.s[i] == '\\' && i+1 < len(t.s) && strings.IndexByte(`()"`, t.s[i+1]) >= 0 {
			return t.cut(i+1, i+2), 2
		}
		return Text{}, 0
	})
}

var compelQuoted = regexp.MustCompile(`^"(?:\\"|[^"\n\r])*"`)

// whitened puts white space in the place of \t, \n, \f and \r.
func whitened(t Text) Text {
	return t.replaced(func(i int) (Text, int) {
		if t.s[i] == '\\' && i+1 < len(t.s) && strings.IndexByte("tnfr", t.s[i+1]) >= 0 {
			return put(" ", t.cut(i, i+2).span()), 2
		}
		return Text{}, 0
	})
}

func (p *compelParser) blank(i int) bool {
	return i < len(p.t.s) && strings.IndexByte(compelSpace, p.t.s[i]) >= 0
}

var (
	compelReal    = regexp.MustCompile(`^[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)`)
	compelInteger = regexp.MustCompile(`^-?[0-9]+`)
)

// weight is +…, −… or, if numbers are meant too, a number.
func (p *compelParser) weight(at int, numbers bool) (w float64, end int) {
	i := p.skip(at)
	for _, step := range []struct {
		sign string
		by   float64
	}{{"+", 1.1}, {"-", 0.9}} {
		if end := p.run(i, step.sign); end >= 0 {
			w = 1
			for range end - i {
				w *= step.by
			}
			return w, end
		}
	}
	if numbers {
		if text, end := p.number(at); end >= 0 {
			w, _ = strconv.ParseFloat(text, 64) // what is too large is infinite
			return w, end
		}
	}
	return 0, -1
}

// number is the text of one.
func (p *compelParser) number(at int) (text string, end int) {
	i := p.skip(at)
	for _, form := range []*regexp.Regexp{compelReal, compelInteger} {
		if text := form.FindString(p.t.s[i:]); text != "" {
			return text, i + len(text)
		}
	}
	return "", -1
}

// options is those of an operator, of option=value the value; none at all is one way.
func (p *compelParser) options(at int) (all []string, end int) {
	end = at
	for next := at; ; {
		option, i := p.option(next)
		if i < 0 {
			return all, end
		}
		all, end = append(all, option), i
		if next = p.sign(end, ","); next < 0 {
			return all, end
		}
	}
}

func (p *compelParser) option(at int) (value string, end int) {
	i := p.skip(at)
	keyword := p.run(i, compelKeyword)
	if keyword >= 0 {
		if j := p.sign(keyword, "="); j >= 0 {
			if text, end := p.number(j); end >= 0 {
				return text, end
			}
			if j = p.skip(j); p.run(j, compelKeyword) >= 0 {
				return p.t.s[j:p.run(j, compelKeyword)], p.run(j, compelKeyword)
			}
		}
	}
	if text, end := p.number(at); end >= 0 {
		return text, end
	}
	if keyword < 0 {
		return "", -1
	}
	return p.t.s[i:keyword], keyword
}
