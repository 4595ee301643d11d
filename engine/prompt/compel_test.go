package prompt

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"darkroom/engine/tokenizer"
)

// TestCompelGolden compares with what compel itself makes of the same prompts
// (engine/golden/invokeai_prompts.py).
func TestCompelGolden(t *testing.T) {
	var cases []struct {
		Text    string
		Members [][2]json.RawMessage // weight, blend
		Loras   [][2]any
	}
	unzip(t, "testdata/compel.json.gz", &cases)
	if len(cases) < 900 {
		t.Fatalf("%d cases", len(cases))
	}
	wrong, refused := 0, 0
	for _, c := range cases {
		got := compel(Typed(c.Text))
		if c.Members == nil {
			refused++
			continue
		}
		var want conjunction
		if len(c.Members) == 0 { // nothing at all
			want.members = []blend{{1, []blended{{1, nil}}}}
		}
		for _, m := range c.Members {
			var b blend
			var prompts [][2]json.RawMessage
			decode(t, m[0], &b.weight)
			decode(t, m[1], &prompts)
			for _, p := range prompts {
				var one blended
				var fragments [][2]any
				decode(t, p[0], &one.weight)
				decode(t, p[1], &fragments)
				for _, f := range fragments {
					one.fragments = append(one.fragments, fragment{text: Typed(f[0].(string)), weight: f[1].(float64)})
				}
				b.prompts = append(b.prompts, one)
			}
			want.members = append(want.members, b)
		}
		g, w := described(got), described(want)
		for i, tag := range got.tags {
			if i >= len(c.Loras) || tag.Name() != c.Loras[i][0] {
				w += "; other LoRAs"
			}
		}
		if len(got.tags) != len(c.Loras) {
			w += "; as many LoRAs"
		}
		if g != w {
			if wrong++; wrong <= 30 {
				t.Errorf("%q\n got %s\nwant %s", c.Text, g, w)
			}
		}
	}
	t.Logf("%d cases, of which compel refuses %d; %d differ", len(cases), refused, wrong)
}

func decode(t *testing.T, data json.RawMessage, to any) {
	t.Helper()
	if err := json.Unmarshal(data, to); err != nil {
		t.Fatal(err)
	}
}

// described is a conjunction in a line; white space doesn't matter.
func described(c conjunction) string {
	var b strings.Builder
	for _, m := range c.members {
		fmt.Fprintf(&b, "%.6g×", m.weight)
		for _, p := range m.prompts {
			fmt.Fprintf(&b, "[%.6g", p.weight)
			for _, f := range p.fragments {
				if text := strings.Join(strings.Fields(f.text.s), " "); text != "" {
					fmt.Fprintf(&b, " %q*%.9g", text, f.weight)
				}
			}
			b.WriteString("]")
		}
	}
	return b.String()
}

// TestBlends says what chunks are mixed of.
func TestBlends(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a cat", "1{a cat}"},
		{"a cat+", "1{a cat*1.1}"},
		{"a (cat)0.5 b", "0.5{a cat*0.5 b} 0.5{a _ b}"}, // tan(π/4) is 1
		{`("a", "b c").blend(1, 3)`, "0.25{a} 0.75{b c}"},
		{`("a", "b").blend(2, 3, no_normalize)`, "2{a} 3{b}"},
		{`("a", "b").blend(0.5)`, "0.5{a} 0.5{b}"},
		{`("a", "b").and(0.5, 2)`, "0.5{a} 0.5{} / 2{b} -1{}"},
		{`("a", "(b)0.5").blend()`, "0.5{a} 0.25{b*0.5} 0.25{_}"},
		{"a b c d e f g h (i)0.5", "1{a b c d e f g h} / 0.5{i*0.5} 0.5{_}"},
		{`("a", "a b c d e f g h i").blend(1, 1)`, "0.5{a} 0.5{a b c d e f g h} / 0.5{} 0.5{i}"},
	} {
		p := read(t, reader(Rules{Emphasis: Compel}), c.text, false, 6)
		var chunks []string
		for _, chunk := range p.Parts[0].Variants[0].Chunks {
			var shares []string
			for _, s := range chunk.Shares() {
				var words []string
				for _, token := range s.Tokens {
					w := p.Typed[token.From:token.To]
					if token.Hidden {
						w = "_"
					} else if token.Weight != 1 {
						w += fmt.Sprintf("*%.4g", token.Weight)
					}
					words = append(words, w)
				}
				shares = append(shares, fmt.Sprintf("%.4g{%s}", s.Weight, strings.Join(words, " ")))
			}
			chunks = append(chunks, strings.Join(shares, " "))
		}
		if got := strings.Join(chunks, " / "); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
	p := read(t, reader(Rules{Emphasis: Compel}), "a withLora(ink, 0.5) cat", false, 6)
	if len(p.Tags) != 1 || p.Tags[0].Name() != "ink" || p.Typed[p.Tags[0].From:p.Tags[0].To] != "withLora(ink, 0.5)" {
		t.Errorf("the LoRAs are %+v", p.Tags)
	}
	if _, err := reader(Rules{Emphasis: Compel}).Read(Verbatim("(a)9999999999999"), false, 6); err == nil {
		t.Error("a weight without bounds is drawn")
	}
}

// Brackets in brackets are read in no time, though most of them fit nowhere.
func TestCompelIsQuick(t *testing.T) {
	for _, text := range []string{strings.Repeat("(", 30_000), strings.Repeat("(a", 16_000) + strings.Repeat(")+", 16_000), strings.Repeat(`"`, 30_000), strings.Repeat("a- b ", 10_000), strings.Repeat("(a).swap(", 5000)} {
		begin := time.Now()
		// whether its weights can be borne or not
		_, _ = Reader{Tokenizer: tokenizer.CLIP(), Window: 77, Rules: Rules{Emphasis: Compel}}.Read(Verbatim(text), false, 6)
		if d := time.Since(begin); d > 10*time.Second {
			t.Errorf("%.20q… took %v", text, d)
		}
	}
}
