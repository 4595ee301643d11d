package ui

import (
	"strings"
	"testing"
)

// The texts mark what is selected with ⟦ ⟧, and the cursor with ‸.
func TestWeigh(t *testing.T) {
	const up, down = weightStep, -weightStep
	tests := []struct {
		text string
		by   float64
		want string
	}{
		{"a red ca‸t", up, "a red (⟦cat⟧:1.05)"},
		{"a ‸red cat", up, "a (⟦red⟧:1.05) cat"},
		{"‸a red cat", down, "(⟦a⟧:0.95) red cat"},
		{"a red cat‸", up, "a red (⟦cat⟧:1.05)"},
		{"a (ca‸t:1.05)", up, "a (⟦cat⟧:1.1)"},
		{"a (cat:1.0‸5)", down, "a ⟦cat⟧"},
		{"a (cat:0.95‸)", up, "a ⟦cat⟧"},
		{"a (⟦cat⟧:1.05)", down, "a ⟦cat⟧"},
		{"a ⟦(cat:1.3)⟧", up, "a (⟦cat⟧:1.35)"},
		{"a⟦ red cat ⟧sits", up, "a (⟦red cat⟧:1.05) sits"},
		{"a (ca‸t)", up, "a (⟦cat⟧:1.15)"},
		{"a (ca‸t)", down, "a (⟦cat⟧:1.05)"},
		{"a ((ca‸t))", up, "a ((⟦cat⟧:1.15))"},
		{"a ((cat:1.05‸))", down, "a (⟦cat⟧)"},
		{"(a (red‸:1.2) cat:1.5)", up, "(a (⟦red⟧:1.25) cat:1.5)"},
		{"(a (red:1.2) c‸at:1.5)", up, "(⟦a (red:1.2) cat⟧:1.55)"},
		{"(a ⟦red⟧ cat:1.5)", up, "(a (⟦red⟧:1.05) cat:1.5)"},
		{"⟦a (red⟧:1.2) cat", up, "(⟦a (red:1.2)⟧:1.05) cat"},
		{"a (red ⟦cat) sits⟧", up, "a (⟦(red cat) sits⟧:1.05)"},
		{"⟦a (red⟧ cat", up, "⟦⟧a (red cat"},
		{"[ca‸t]", up, "[(⟦cat⟧:1.05)]"},
		{"[ca‸t:dog:0.5]", up, "[(⟦cat⟧:1.05):dog:0.5]"},
		{"⟦[cat:dog:0.5]⟧", up, "(⟦[cat:dog:0.5]⟧:1.05)"},
		{"{ca‸t|dog}", up, "{(⟦cat⟧:1.05)|dog}"},
		{`a cat \(ani‸mal\)`, up, `a cat (⟦\(animal\)⟧:1.05)`},
		{`a \(cat‸`, up, `a (⟦\(cat⟧:1.05)`},
		{"cat‸, dog", up, "(⟦cat⟧:1.05), dog"},
		{"cat, ‸, dog", up, "cat, ⟦⟧, dog"},
		{"a well-kn‸own cat.", up, "a (⟦well-known⟧:1.05) cat."},
		{"a cat‸.", up, "a (⟦cat⟧:1.05)."},
		{"a cat.‸", up, "a (⟦cat⟧:1.05)."},
		{"the artist's‸ cat", up, "the (⟦artist's⟧:1.05) cat"},
		{"<lora:pa‸int:0.8>", up, "<lora:pa⟦⟧int:0.85>"},
		{"<lora:pa‸int>", down, "<lora:pa⟦⟧int:0.95>"},
		{"<lora:paint:0.95:0.‸5>", up, "<lora:paint:1:0.5⟦⟧>"},
		{"<lora:paint:te=0.5‸>", up, "<lora:paint:1.05:t⟦⟧e=0.5>"},
		{"(cat:0.03‸)", down, "(⟦cat⟧:0)"},
		{"(cat: 1.2 ‸)", up, "(⟦cat⟧:1.25)"},
		{"(cat:1.333‸)", up, "(⟦cat⟧:1.38)"},
		{"(ca‸t:1.2.3)", up, "(⟦cat:1.2.3⟧:1.15)"},
		{"eine süße Kat‸ze", up, "eine süße (⟦Katze⟧:1.05)"},
		{"eine sü‸ße Katze", up, "eine (⟦süße⟧:1.05) Katze"},
		{"猫‸ 犬", up, "(⟦猫⟧:1.05) 犬"},
		{"(cat‸", up, "((⟦cat⟧:1.05)"},
		{"a (cat:1.05)‸", down, "a ⟦cat⟧"},
		{"a ‸(cat:1.05), dog", up, "a (⟦cat⟧:1.1), dog"},
		{"a (cat:1.05)‸dog", up, "a (cat:1.05)(⟦dog⟧:1.05)"},
		{"a (cat:1.05) ‸", up, "a (cat:1.05) ⟦⟧"},
		{"cat)‸", up, "cat)⟦⟧"},
		{"‸", up, "⟦⟧"},
		{`\‸`, up, `(⟦\⟧:1.05)`},
	}
	for _, tt := range tests {
		text, from, to := unmarked(tt.text)
		got, from, to := weigh(text, from, to, tt.by)
		if marked := got[:from] + "⟦" + got[from:to] + "⟧" + got[to:]; marked != tt.want {
			t.Errorf("%s by %g becomes %s, want %s", tt.text, tt.by, marked, tt.want)
		}
	}
}

func unmarked(s string) (text string, from, to int) {
	if before, after, ok := strings.Cut(s, "‸"); ok {
		return before + after, len(before), len(before)
	}
	before, rest, _ := strings.Cut(s, "⟦")
	inner, after, _ := strings.Cut(rest, "⟧")
	return before + inner + after, len(before), len(before) + len(inner)
}

// Up and down again gives back what there was.
func TestWeighingIsUndoneByItsOpposite(t *testing.T) {
	for _, s := range []string{"a red ca‸t", "a ⟦red cat⟧ sits", "(a ⟦red⟧ cat:1.5)", "⟦[cat:dog:0.5]⟧", "(c‸at:0.8)"} {
		text, from, to := unmarked(s)
		up, from, to := weigh(text, from, to, weightStep)
		if down, _, _ := weigh(up, from, to, -weightStep); down != text {
			t.Errorf("%s became %s and then %s", s, up, down)
		}
	}
}

func FuzzWeigh(f *testing.F) {
	f.Add("a (red:1.2) [cat|dog] <lora:x:1> \\(", 3, 9, true)
	f.Fuzz(func(t *testing.T, text string, from, to int, more bool) {
		if from < 0 || to < from || to > len(text) {
			return
		}
		by := weightStep
		if !more {
			by = -by
		}
		got, from, to := weigh(text, from, to, by)
		if from < 0 || to < from || to > len(got) {
			t.Errorf("%q becomes %q with %d to %d selected", text, got, from, to)
		}
	})
}
