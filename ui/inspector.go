package ui

import (
	"fmt"
	"image/color"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"darkroom/engine"
	"darkroom/engine/prompt"
)

// inspector shows how a prompt is read: its tokens with their weights, chunk by chunk,
// what was chosen in it, and what was not understood.
type inspector struct {
	object fyne.CanvasObject

	content *fyne.Container
	where   *canvas.Text // of what the cursor is in
	tokens  []token
	typed   string // what was read
	meant   []*chip

	// OnWildcards asks for a folder of wildcards.
	OnWildcards func()
}

// token is one on show.
type token struct {
	prompt.Token
	chip         *chip
	index, chunk int // from 1
}

func newInspector() *inspector {
	i := &inspector{content: column(6), where: caption("")}
	ground := canvas.NewRectangle(shade(theme.ColorNameOverlayBackground))
	ground.CornerRadius = sizes[theme.SizeNameInputRadius]
	ground.StrokeColor, ground.StrokeWidth = shade(theme.ColorNameInputBorder), 1
	i.object = container.NewStack(ground, inset(9, 8, i.content))
	i.object.Hide()
	return i
}

// Show shows how a request's prompts are read.
func (i *inspector) Show(r engine.Request, o Outlook, err error) {
	i.content.RemoveAll()
	i.tokens, i.meant, i.typed = nil, nil, ""
	if err != nil {
		i.say(theme.ColorNameWarning, sentence(err.Error()))
	}
	if o.Words == nil {
		return
	}
	i.typed = o.Words.Typed
	i.read(o.Words, r.Seed)
	i.content.Add(i.where)
	if n := o.Negative; n != nil && strings.TrimSpace(n.Typed) != "" {
		i.content.Add(hairline())
		i.add(caption("Without"))
		mine := i.tokens
		i.read(n, r.Seed)
		i.tokens = mine // the cursor is in the other
	}
	i.content.Refresh()
}

// read shows one prompt.
func (i *inspector) read(p *prompt.Prompt, seed uint64) {
	for _, c := range p.Choices {
		i.say(colorQuiet, fmt.Sprintf("%s → %s, by seed %d", c.Of, c.Got, seed))
	}
	for n, part := range p.Parts {
		if len(p.Parts) > 1 || part.Weight != 1 {
			i.add(caption(fmt.Sprintf("Part %d of %d, weight %g", n+1, len(p.Parts), part.Weight)))
		}
		for _, v := range distinct(part.Variants) {
			if v.when != "" {
				i.add(caption("Steps " + v.when))
			}
			for k, chunk := range v.Chunks {
				if len(v.Chunks) > 1 {
					i.add(caption(fmt.Sprintf("Chunk %d, %d of %d tokens", k+1, len(chunk.Tokens), p.Window-2)))
				}
				i.chunk(chunk, k+1)
			}
		}
	}
	for _, tag := range p.Tags {
		i.say(colorQuiet, fmt.Sprintf("%s %s", tag.Kind, strings.Join(tag.Args, " ")))
	}
	for _, c := range p.Comments {
		i.say(colorQuiet, "Left out: "+p.Typed[c.From:c.To])
	}
	for _, problem := range p.Problems {
		i.say(theme.ColorNameWarning, remark(p, problem))
		if strings.HasPrefix(p.Typed[problem.From:problem.To], "__") {
			i.add(container.NewHBox(newLink("Choose the folder of wildcards…", func() { call(i.OnWildcards) })))
		}
	}
}

// chunk shows the tokens that the text encoder reads at once.
func (i *inspector) chunk(c prompt.Chunk, number int) {
	f := &flow{}
	for n, t := range c.Tokens {
		joined := n > 0 && c.Tokens[n-1].To == t.From && t.From < t.To
		chip := newChip(t.Text, weightShade(t.Weight), joined)
		f.chips = append(f.chips, chip)
		i.tokens = append(i.tokens, token{t, chip, n + 1, number})
		if t.Weight != 1 && (n+1 == len(c.Tokens) || c.Tokens[n+1].Weight != t.Weight) {
			number := newChip(strconv.FormatFloat(t.Weight, 'g', 3, 64), color.Transparent, true)
			number.text.TextSize, number.text.Color = sizes[theme.SizeNameCaptionText], shade(colorQuiet)
			f.chips = append(f.chips, number)
		}
	}
	if len(f.chips) > 0 {
		i.add(container.New(f, f.objects()...))
	}
}

// At shows which token the cursor is in, at a byte of the text.
func (i *inspector) At(text string, at int) {
	for _, c := range i.meant {
		c.mark(false)
	}
	i.meant = nil
	i.where.Hide()
	if text != i.typed {
		return
	}
	in := func(t token) bool { return t.From <= at && at < t.To }
	if !slices.ContainsFunc(i.tokens, in) {
		in = func(t token) bool { return t.From < t.To && at == t.To } // just behind it
	}
	for _, t := range i.tokens {
		if in(t) {
			t.chip.mark(true)
			i.meant = append(i.meant, t.chip)
			say(i.where, inPanel(fmt.Sprintf("“%s”: token %d of chunk %d, number %d", t.Text, t.index, t.chunk, t.ID), 20))
			i.where.Show()
		}
	}
}

func (i *inspector) add(o fyne.CanvasObject) { i.content.Add(o) }

// say adds a line of words.
func (i *inspector) say(name fyne.ThemeColorName, words string) {
	i.add(wrapped(name, words))
}

// weightShade is the ground of a word with a weight: the warmer the stronger, the cooler
// the weaker.
func weightShade(weight float64) color.Color {
	switch {
	case weight > 1:
		return rgba(0xf0683a, uint8(min(40+160*(weight-1), 120)))
	case weight < 1:
		return rgba(0x5f8fb0, uint8(min(40+120*(1-weight), 120)))
	}
	return shade(theme.ColorNameButton)
}

// wordsInSteps is a text of a part with all the steps it is for, "" for all there are.
type wordsInSteps struct {
	prompt.Variant
	when string
}

// distinct is each text of a part once.
func distinct(variants []prompt.Variant) []wordsInSteps {
	var all []wordsInSteps
	known := map[string]int{}
	for _, v := range variants {
		if v.First > v.Last {
			continue
		}
		when := strconv.Itoa(v.First)
		if v.Last > v.First {
			when = fmt.Sprintf("%d–%d", v.First, v.Last)
		}
		if k, ok := known[v.Text]; ok {
			all[k].when += ", " + when
			continue
		}
		known[v.Text] = len(all)
		all = append(all, wordsInSteps{v, when})
	}
	if len(all) == 1 {
		all[0].when = ""
	}
	return all
}
