package prompt

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"darkroom/engine/tokenizer"
)

// reader has a window that a few words fill.
func reader(rules Rules) Reader {
	return Reader{Tokenizer: tokenizer.CLIP(), Window: 10, Rules: rules}
}

func read(t *testing.T, r Reader, text string, negative bool, steps int) *Prompt {
	t.Helper()
	p, err := r.Read(Verbatim(text), negative, steps)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// written is everything of a prompt in a line: parts by &, variants by the steps
// they are for, chunks by /, and of each token what it stands for, its weight
// behind it unless it is 1.
func written(p *Prompt) string {
	var parts []string
	for _, part := range p.Parts {
		var variants []string
		for _, v := range part.Variants {
			var chunks []string
			for _, c := range v.Chunks {
				var words []string
				for _, token := range c.Tokens {
					w := p.Typed[token.From:token.To]
					if token.Weight != 1 {
						w += fmt.Sprintf("*%.4g", token.Weight)
					}
					words = append(words, w)
				}
				chunks = append(chunks, strings.Join(words, " "))
			}
			s := strings.Join(chunks, " / ")
			if len(part.Variants) > 1 {
				s = fmt.Sprintf("%d-%d{%s}", v.First, v.Last, s)
			}
			variants = append(variants, s)
		}
		s := strings.Join(variants, " ")
		if part.Weight != 1 {
			s += fmt.Sprintf(":%g", part.Weight)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " & ")
}

func TestRead(t *testing.T) {
	const a1111, comfy, none, plain = Original, Comfy, None, Plain
	for _, c := range []struct {
		emphasis Emphasis
		text     string
		want     string
		problem  string // a part of the one there is to be; "" for none
	}{
		{a1111, "", "", ""},
		{a1111, "Two CATS", "Two CATS", ""},
		{a1111, "a (red:1.5) cat", "a red*1.5 cat", ""},
		{a1111, `a \(red\) cat`, "a ( red ) cat", ""},
		{a1111, "a (red cat", "a red*1.1 cat*1.1", "not closed"},
		{a1111, "a red) cat", "a red ) cat", "not open"},
		{a1111, "a [red] cat", "a red*0.9091 cat", ""},
		{a1111, "un(believ)able", "un beli*1.1 ev*1.1 able", ""},
		{a1111, "(cat)(s)", "cat)(s*1.1", ""}, // one token of two brackets
		{a1111, "a red:1.5) cat", "a red : 1 . 5 ) cat", "without a bracket"},
		{a1111, "(a:1.2.3)", "a*1.1 :*1.1 1*1.1 .*1.1 2*1.1 .*1.1 3*1.1", "not a number"},
		{a1111, `a \x`, "a x", "left out before"},
		{a1111, "a # cat\nb", "a b", ""},
		{a1111, "a <lora:cat:1> b", "a b", ""},
		{a1111, "a <pose:cat:1> b", "a b", "unknown kind"},
		{a1111, "a <lora:cat:x> b", "a b", "not a number; write it like <lora:cat:0.8>"},
		{a1111, "a < b", "a < b", ""},
		{a1111, "a AND b:0.5", "a & b:0.5", ""},
		{a1111, "a AND", "a & ", ""},
		{a1111, "wide 16:9 ", "wide 1 6:9", "weight of all of it"},
		{a1111, "[a:b:2]", "1-2{a} 3-6{b}", ""},
		{a1111, "[a:b:0.5]", "1-3{a} 4-6{b}", ""},
		{a1111, "[a:b:6]", "a", "not within these 6 steps"},
		{a1111, "[a|b] c", "1-1{a c} 2-2{b c} 3-3{a c} 4-4{b c} 5-5{a c} 6-6{b c}", ""},
		{a1111, "a|b [c:d:2]", "a | b c*0.9091 :*0.9091 d*0.9091 :*0.9091 2*0.9091", "out of place"},
		{a1111, "x [a:(b:1.5):3] AND y:2", "1-3{x a} 4-6{x b*1.5} & y:2", ""},
		{a1111, "a BREAK b", "a / b", ""},
		{a1111, "a BREAK BREAK b", "a /  / b", ""},
		{a1111, "BREAK", "", ""},
		{a1111, "(a BREAK b)", "a*1.1 BREAK*-1.1 b*1.1", "does not end a chunk"},
		{a1111, "a b c d e f g h i", "a b c d e f g h / i", ""},
		{a1111, "a b c, d e f g h", "a b c , / d e f g h", ""},
		{a1111, "a b c d e f g, h", "a b c d e f g , / h", ""},
		{a1111, "a b c d e f g h, i", "a b c d e f g h / , i", ""},
		{a1111, "(a b c d), e f g h", "a*1.1 b*1.1 c*1.1 d*1.1 , / e f g h", ""},
		{Ignore, "a (red:1.5) [cat]", "a red cat", ""},
		{NoNorm, "a (red:1.5) [cat]", "a red*1.5 cat*0.9091", ""},
		{none, "a (red:1.5)", "a ( red : 1 . 5 )", ""},
		{none, "[a:b:2]", "1-2{a} 3-6{b}", ""},
		{Compel, "", "", ""},
		{Compel, "a red++ (big cat)1.5", "a red*1.21 big*1.5 cat*1.5", ""},
		{Compel, "a (red (big)1.5 cat)+", "a red*1.1 big*1.65 cat*1.1", ""},
		{Compel, `a "red cat"+ b`, "a red*1.1 cat*1.1 b", ""},
		{Compel, `a \(red\)`, "a ( red )", ""},
		{Compel, `("a b", "c+").and()`, "a b / c*1.1", ""},
		{Compel, `("a b", "c").and() d`, "a b / c", "not drawn"},
		{Compel, `("a", "b").and(1)`, "a / b", "other than a weight for each"},
		{Compel, `("a b", "c").blend(1, 3)`, "a b", ""},
		{Compel, `("a", "b").blend(1) c`, "a , b . blend ( 1 ) / c", "refuses"},
		{Compel, "a cat.swap(dog)", "a cat", "swaps words"},
		{Compel, "a (cat", "a ( cat", "out of place"},
		{Compel, "a (cat:1.3)", "a cat : 1 . 3", "no weight"},
		{Compel, "a [b", "a [ b", "sign like any other with compel"},
		{Compel, "a withLora(ink, 0.5) b", "a b", ""},
		{Compel, "a b c d e f g h i", "a b c d e f g h / i", ""},
		{comfy, "a (red:1.5) cat", "a red*1.5 cat", ""},
		{comfy, "a ((red:1.5):2)", "a red*1.5", ""},
		{comfy, "a ((red) b:2)", "a red*2.2 b*2", ""},
		{comfy, `a \(red\)`, "a ( red )", ""},
		{comfy, "a [b", "a [ b", "sign like any other with comfy"},
		{comfy, "a AND b", "a AND b", "is a word with comfy"},
		{comfy, "a (b", "a ( b", "without its other half"},
		{comfy, "[a:b:2]", "[ a : b : 2 ]", "sign like any other with comfy"},
		{comfy, "a # b", "a # b", ""},
		{comfy, "a b c d (e f:2)", "a b c d e*2 f*2", ""},
		{comfy, "a b c d e f (g h i:2) j", "a b c d e f / g*2 h*2 i*2 j", ""},
		{comfy, "a b c d e f g h i", "a b c d e f g h / i", ""},
		{comfy, "(a b c d e f g h i:2)", "a*2 b*2 c*2 d*2 e*2 f*2 g*2 h*2 / i*2", ""},
		{plain, "a (b:2) [c|d]", "a ( b : 2 ) [ c / | d ]", "sign like any other with plain"},
		{plain, "a b c, d e f g h", "a b c , / d e f g h", ""},
	} {
		p := read(t, reader(Rules{Emphasis: c.emphasis}), c.text, false, 6)
		if got := written(p); got != c.want {
			t.Errorf("%s: %q is %q, want %q", c.emphasis, c.text, got, c.want)
		}
		if (c.problem == "") != (len(p.Problems) == 0) || c.problem != "" && !strings.Contains(p.Problems[0].What, c.problem) {
			t.Errorf("%s: %q: the problems are %v, want %q", c.emphasis, c.text, p.Problems, c.problem)
		}
	}
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		rules Rules
		text  string
		want  string
	}{
		{Rules{}, "[a:b:1]", "1-1{a} 2-6{b}"},
		{Rules{FromZero: true}, "[a:b:1]", "1-2{a} 3-6{b}"},
		{Rules{FromZero: true}, "[a:b:5]", "1-6{a} 7-6{b}"}, // never
		{Rules{FromZero: true}, "[a|b|c]", "1-2{a} 3-3{b} 4-4{c} 5-5{a} 6-6{b} 7-6{c}"},
		{Rules{OldWhen: true}, "[a:b:0.5]", "1-3{a} 4-6{b}"},
		{Rules{OldWhen: true}, "[a:b:2.0]", "1-2{a} 3-6{b}"},
		{Rules{}, "[a:b:2.0]", "a"},
	} {
		if got := written(read(t, reader(c.rules), c.text, false, 6)); got != c.want {
			t.Errorf("%+v: %q is %q, want %q", c.rules, c.text, got, c.want)
		}
	}
}

func TestNegative(t *testing.T) {
	p := read(t, reader(Rules{}), "a AND [b:c:2] <lora:x:1>", true, 4)
	if got := written(p); !strings.HasPrefix(got, "1-2{a AND b <") || len(p.Tags) > 0 {
		t.Errorf("it is %q with tags %v", got, p.Tags)
	}
	if len(p.Problems) != 2 {
		t.Errorf("the problems are %v", p.Problems)
	}
}

func TestIdsAndWeights(t *testing.T) {
	r := reader(Rules{})
	c := read(t, r, "a (cat:2)", false, 1).Parts[0].Variants[0].Chunks[0]
	if got := c.Ids(r.Tokenizer, 6); !slices.Equal(got, []int{49406, 320, 2368, 49407, 49407, 49407}) {
		t.Errorf("ids are %v", got)
	}
	if got := c.Weights(6); !slices.Equal(got, []float64{1, 1, 2, 1, 1, 1}) {
		t.Errorf("weights are %v", got)
	}
	open, err := r.Tokenizer.PadWith("!")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Ids(open, 6); !slices.Equal(got, []int{49406, 320, 2368, 49407, 0, 0}) {
		t.Errorf("OpenCLIP's ids are %v", got)
	}
	if (Chunk{}).Weights(6) != nil {
		t.Error("an empty chunk has weights")
	}
}

func TestStrengths(t *testing.T) {
	for text, want := range map[string][2]float64{
		"<lora:a>":                      {1, 1},
		"<lora:a:0.5>":                  {0.5, 0.5},
		"<lora:a:0.5:-2>":               {0.5, -2},
		"<lora:a:te=0.5:unet=2>":        {0.5, 2},
		"<lora:a:0.5:unet=2:dyn=8>":     {0.5, 2},
		"<lora:a b.v1: 0.5 >":           {0.5, 0.5},
		"<hypernet:a:0.25>":             {0.25, 0.25},
		"<lora:a:unet=0.5>":             {1, 0.5},
		"<lora:a:0.5:2:lbw=1,0,0:more>": {0.5, 2},
	} {
		_, found := tags(Typed(text))
		if len(found) != 1 {
			t.Fatalf("%s: %v", text, found)
		}
		if x, y, err := found[0].Strengths(); err != nil || x != want[0] || y != want[1] {
			t.Errorf("%s: %g and %g (%v), want %v", text, x, y, err, want)
		}
	}
}

func TestTooMuch(t *testing.T) {
	for text, want := range map[string]string{
		strings.Repeat("a", MaxLength+1):        "65537 bytes long and 65536 is the limit",
		"(a:9999999)":                           `the weight of "a" is 9.999999e+06`,
		"[a|b]" + strings.Repeat("cat ", 15000): "over 1000 steps make 4 MB of text",
	} {
		if _, err := reader(Rules{}).Read(Verbatim(text), false, 1000); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
	}
}

func TestExpand(t *testing.T) {
	files := fstest.MapFS{
		"colour.txt":     {Data: []byte("\ufeffred\r\n\n# no\nblue\n")},
		"deep/thing.txt": {Data: []byte("{__colour__ cat|__colour__ dog}\n")},
		"circle.txt":     {Data: []byte("__circle__\n")},
		"empty.txt":      {Data: []byte("# nothing\n")},
	}
	for _, c := range []struct {
		text string
		want []string // one of these
	}{
		{"plain {prompt} (a:1.2) [b|c]", []string{"plain {prompt} (a:1.2) [b|c]"}},
		{"{a|b} x", []string{"a x", "b x"}},
		{"{a}", []string{"{a}"}},
		{`\{a|b\}`, []string{`\{a|b\}`}},
		{"{a|b", []string{"{a|b"}},
		{"{a|{b|c}}", []string{"a", "b", "c"}},
		{"{0::a|b}", []string{"b"}},
		{"{2$$a|b}", []string{"a, b", "b, a"}},
		{"{2$$ and $$a|b}", []string{"a and b", "b and a"}},
		{"{0-1$$a|b}", []string{"", "a", "b"}},
		{"{3$$a|b}", []string{"a, b", "b, a"}},
		{"{$$a|b}", []string{"$$a", "b"}},
		{"{|a}", []string{"", "a"}},
		{"__colour__ cat", []string{"red cat", "blue cat"}},
		{"__deep/thing__", []string{"red cat", "blue cat", "red dog", "blue dog"}},
		{"a__b", []string{"a__b"}},
		{"____", []string{"____"}},
	} {
		seen := map[string]bool{}
		for seed := range uint64(40) {
			s, err := Expansion{Seed: seed, Wildcards: files}.Expand(Verbatim(c.text))
			if err != nil {
				t.Fatal(err)
			}
			again, _ := Expansion{Seed: seed, Wildcards: files}.Expand(Verbatim(c.text))
			if again.Text.s != s.Text.s {
				t.Errorf("%q: a seed chooses %q and %q", c.text, s.Text.s, again.Text.s)
			}
			if !slices.Contains(c.want, s.Text.s) {
				t.Errorf("%q becomes %q, want one of %q", c.text, s.Text.s, c.want)
			}
			seen[s.Text.s] = true
		}
		if len(seen) != len(c.want) {
			t.Errorf("%q becomes only %v in 40 seeds", c.text, seen)
		}
	}
	for text, want := range map[string]string{
		"__none__":   "needs a file none.txt",
		"__circle__": "in a circle",
		"__../x__":   "not a name of a file",
		"__empty__":  "has no line",
		"__a/../b__": "not a name of a file",
	} {
		if _, err := (Expansion{Wildcards: files}).Expand(Verbatim(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	s, err := Expansion{}.Expand(Verbatim("a __colour__ b"))
	if err != nil || s.Text.s != "a __colour__ b" || len(s.Problems) != 1 {
		t.Errorf("without a folder: %+v, %v", s, err)
	}
	// what is chosen stands for what was typed
	s, err = Expansion{Wildcards: fstest.MapFS{"c.txt": {Data: []byte("blue sky")}}}.Expand(Verbatim("a __c__ {b|b} d"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := reader(Rules{}).Read(s, false, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := written(p); got != "a __c__ __c__ b d" || len(p.Choices) != 2 {
		t.Errorf("it is %q, chosen %v", got, p.Choices)
	}
}

func TestStyles(t *testing.T) {
	all, err := Styles(strings.NewReader("\ufeffname, prompt, negative_prompt\nink,\"drawing, {prompt}, ink\",blurry\nend,at the end,\n\nnothing,,\n"))
	if err != nil || len(all) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	old, err := Styles(strings.NewReader("name,text\na,b\n"))
	if err != nil || len(old) != 1 || old[0] != (Style{"a", "b", ""}) {
		t.Errorf("an old file is %v, %v", old, err)
	}
	for _, c := range []struct {
		names    []string
		negative bool
		want     string
	}{
		{nil, false, "a cat # no"},
		{[]string{"ink"}, false, "drawing, a cat, ink"},
		{[]string{"end"}, false, "a cat, at the end"},
		{[]string{"end", "ink", "nothing"}, false, "drawing, a cat, at the end, ink"},
		{[]string{"ink", "end"}, true, "a cat, blurry"},
	} {
		chosen, err := Choose(all, c.names)
		if err != nil {
			t.Fatal(err)
		}
		if got := Styled("a cat # no", chosen, c.negative).Text.s; got != c.want {
			t.Errorf("%q: %q, want %q", c.names, got, c.want)
		}
	}
	if _, err := Choose(all, []string{"oil"}); err == nil || !strings.Contains(err.Error(), `no style "oil"; there are: ink, end`) {
		t.Error(err)
	}
	for _, bad := range []string{"a,b\n", "name,\n"} {
		if _, err := Styles(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// FuzzRead makes sure that whatever is typed is read, that all spans lie in it
// and that no token gets lost on the way to the chunks.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"a (b:1.2) [c:d:3] AND e :0.5 BREAK <lora:x:1> # y", "((([[[", `\(\[\\`, "{2$$a|{b|c}}", "[a|b|]:", "&amp;(é\xff:2)", "a\u0301]:.5)",
	} {
		f.Add(s, uint8(7), uint8(0))
	}
	files := fstest.MapFS{"a.txt": {Data: []byte("b __a__ {c|d}\ne\n")}}
	f.Fuzz(func(t *testing.T, text string, steps, how uint8) {
		s, err := Expansion{Seed: uint64(how), Wildcards: files}.Expand(Verbatim(text))
		if err != nil {
			s = Verbatim(text)
		}
		r := Reader{Tokenizer: tokenizer.CLIP(), Window: 3 + int(how)%12, Rules: Rules{
			Emphasis: Emphasis(Emphases()[int(how)%len(Emphases())]), FromZero: how&64 != 0, OldWhen: how&128 != 0,
		}}
		p, err := r.Read(s, how&32 != 0, 1+int(steps)%50)
		if err != nil {
			return
		}
		in := func(what string, s Span) {
			if s.From < 0 || s.To < s.From || s.To > len(text) {
				t.Fatalf("%s is %v of %d bytes", what, s, len(text))
			}
		}
		for _, x := range p.Tags {
			in("tag", x.Span)
		}
		for _, x := range p.Choices {
			in("choice", x.Span)
		}
		for _, x := range p.Comments {
			in("comment", x)
		}
		for _, x := range p.Problems {
			in("problem", x.Span)
		}
		for _, part := range p.Parts {
			in("part", part.Span)
			first := 1
			for _, v := range part.Variants {
				if v.First != first || len(v.Chunks) == 0 {
					t.Fatalf("a variant begins at %d, want %d, with %d chunks", v.First, first, len(v.Chunks))
				}
				first = v.Last + 1
				if len(v.Text) > len(s.Text.s)+1 {
					t.Fatalf("%d bytes have become %d", len(s.Text.s), len(v.Text))
				}
				for _, c := range v.Chunks {
					if len(c.Tokens) > r.Window-2 {
						t.Fatalf("%d tokens in a window of %d", len(c.Tokens), r.Window)
					}
					for _, token := range c.Tokens {
						in("token", token.Span)
						if token.From == token.To {
							t.Fatalf("%q stands for nothing", token.Text)
						}
					}
				}
			}
			if first != 2+int(steps)%50 {
				t.Fatalf("the variants end before step %d", first)
			}
		}
	})
}
