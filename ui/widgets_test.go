package ui

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"darkroom/engine"
)

// TestTextIsReadable holds the palette to the contrast of 4.5:1 that WCAG 2.1
// asks for (1.4.3).
func TestTextIsReadable(t *testing.T) {
	surfaces := map[fyne.ThemeColorName][]fyne.ThemeColorName{
		theme.ColorNameForeground: {
			theme.ColorNameBackground, colorPanel, colorNotice, theme.ColorNameButton,
			theme.ColorNameInputBackground, theme.ColorNameMenuBackground, theme.ColorNameOverlayBackground,
		},
		colorQuiet:                         {theme.ColorNameBackground, colorPanel, theme.ColorNameOverlayBackground},
		theme.ColorNamePlaceHolder:         {theme.ColorNameInputBackground},
		theme.ColorNameForegroundOnPrimary: {theme.ColorNamePrimary},
		theme.ColorNamePrimary:             {theme.ColorNameOverlayBackground, colorPanel},
	}
	for text, on := range surfaces {
		for _, surface := range on {
			if c := contrast(shade(text), shade(surface)); c < 4.5 {
				t.Errorf("%s on %s has a contrast of %.2f, want at least 4.5", text, surface, c)
			}
		}
	}
}

// contrast is WCAG's contrast ratio of two opaque colours.
func contrast(a, b color.Color) float64 {
	luminance := func(c color.Color) float64 {
		r, g, b, _ := c.RGBA()
		linear := func(v uint32) float64 {
			s := float64(v) / 0xffff
			if s <= 0.04045 {
				return s / 12.92
			}
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
	}
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func TestSmallestWindow(t *testing.T) {
	r := newRoom(t, nil, t.TempDir())
	if min := r.window.Content().MinSize(); min.Width > leastWidth || min.Height > leastHeight {
		t.Errorf("the window needs %v, want no more than %d × %d", min, leastWidth, leastHeight)
	}
}

func TestFilmstripReusesItsObjects(t *testing.T) {
	test.NewTempApp(t)
	f := newFilmstrip(nil)
	w := test.NewTempWindow(t, f)
	w.Resize(fyne.NewSize(500, 120))
	var thumbs []*image.RGBA
	for range 900 {
		thumbs = append(thumbs, image.NewRGBA(image.Rect(0, 0, 4, 4)))
	}
	f.SetSteps(thumbs, 1000)
	f.Select(899)
	if n := len(f.cells); n > 12 {
		t.Errorf("500 units of a strip are made of %d frames", n)
	}
	shown := 0
	for _, c := range f.cells {
		if !c.assigned {
			continue
		}
		shown++
		if x := c.border.Position().X; x != float32(c.index*framePitch) {
			t.Errorf("frame %d is at %v", c.index, x)
		}
		if c.index < len(thumbs) && c.thumb != thumbs[c.index] {
			t.Errorf("frame %d shows another step", c.index)
		}
		if c.chosen != (c.index == 899) {
			t.Errorf("frame %d is marked: %t", c.index, c.chosen)
		}
		if c.view.Visible() != (c.index < 900) {
			t.Errorf("frame %d shows a picture: %t", c.index, c.view.Visible())
		}
	}
	if shown < 500/framePitch {
		t.Errorf("only %d frames are in sight", shown)
	}
	left := float32(899*framePitch) - f.scroll.Offset.X
	if left < 0 || left+frameSide > f.scroll.Size().Width {
		t.Errorf("the chosen frame is out of sight, at %v", left)
	}
}

func TestScalerShowsTheLatest(t *testing.T) {
	queue := make(chan func(), 100)
	s := &scaler{do: func(f func()) { queue <- f }}
	var got []uint8
	plate := func(n uint8) *image.RGBA {
		m := image.NewRGBA(image.Rect(0, 0, 2, 2))
		for i := range m.Pix {
			m.Pix[i] = n
		}
		return m
	}
	for n := range uint8(50) {
		s.scale(plate(n), 8, 6, func(m *image.RGBA) {
			if m.Bounds() != image.Rect(0, 0, 8, 6) || m.Stride != 8*4 {
				t.Errorf("picture %d has bounds %v and stride %d", n, m.Bounds(), m.Stride)
			}
			got = append(got, n)
		})
	}
	deadline := time.After(5 * time.Second)
	for len(got) == 0 || got[len(got)-1] != 49 {
		select {
		case f := <-queue:
			f()
		case <-deadline:
			t.Fatalf("the last picture never came; got %v", got)
		}
	}
	if len(got) > 3 { // at most the first, one in between, and the last
		t.Errorf("%v were sized, want the overtaken ones left out", got)
	}
}

func TestPictureKeepsItsProportions(t *testing.T) {
	test.NewTempApp(t)
	queue := make(chan func(), 100)
	p := newPicture(func(f func()) { queue <- f })
	w := test.NewTempWindow(t, p)
	w.SetPadded(false)
	tests := []struct {
		window        fyne.Size
		width, height int
		want          fyne.Size
	}{
		{fyne.NewSize(636, 536), 64, 64, fyne.NewSize(500, 500)},
		{fyne.NewSize(636, 536), 96, 64, fyne.NewSize(600, 400)},
		{fyne.NewSize(336, 536), 512, 512, fyne.NewSize(300, 300)},
		{fyne.NewSize(336, 536), 8, 800, fyne.NewSize(5, 500)},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.window, tt.width, tt.height), func(t *testing.T) {
			w.Resize(tt.window)
			p.Display(image.NewRGBA(image.Rect(0, 0, tt.width, tt.height)), false)
			for p.view.Image == nil || p.view.Size() != tt.want || p.view.Image.Bounds().Dx() != int(tt.want.Width) {
				select {
				case f := <-queue:
					f()
				case <-time.After(5 * time.Second):
					t.Fatalf("the picture is %v large, want %v at its own pixels", p.view.Size(), tt.want)
				}
			}
			if got := p.view.Position(); got.X != float32(int((tt.window.Width-tt.want.Width)/2)) {
				t.Errorf("the picture is at %v, want it centred", got)
			}
		})
	}
}

func TestNumberSlidesAndTypes(t *testing.T) {
	test.NewTempApp(t)
	n := newNumber("Steps", 1, 50, engine.MaxSteps, 1, nil)
	changes := 0
	n.OnChanged = func() { changes++ }
	n.Set(20)
	if changes != 0 {
		t.Error("Set reports a change")
	}
	n.slider.SetValue(30)
	if v, err := n.Value(); v != 30 || err != nil || n.entry.Text != "30" {
		t.Errorf("sliding to 30 gives %v (%v) and shows %q", v, err, n.entry.Text)
	}
	n.entry.SetText("400")
	if v, err := n.Value(); v != 400 || err != nil || n.slider.Value != 50 {
		t.Errorf("typing 400 gives %v (%v) and slides to %v", v, err, n.slider.Value)
	}
	if n.entry.Text != "400" {
		t.Errorf("the slider changed what was typed to %q", n.entry.Text)
	}
	if changes != 2 {
		t.Errorf("%d changes were reported, want 2", changes)
	}
}

func TestPromptPanelTakesAnyRecipe(t *testing.T) {
	test.NewTempApp(t)
	p := newPromptPanel(nil)
	r := engine.Request{
		Prompt: "two\nlines", Seed: math.MaxUint64, Steps: 1000, Guidance: 0.125,
		Sampler: "euler_ancestral", Width: 1024, Height: 8 * 77, Model: "/a/model",
	}
	if err := p.SetRequest(r); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Request(); err != nil || got != r {
		t.Errorf("the panel made %+v (%v) of %+v", got, err, r)
	}
	if p.model.Selected != "model" {
		t.Errorf("the model is listed as %q", p.model.Selected)
	}
	for _, name := range []string{engine.BFloat16, engine.Float32, ""} {
		r.Precision = name
		if err := p.SetRequest(r); err != nil {
			t.Fatal(err)
		}
		want := name
		if r.Exact() {
			want = "" // as in recipes
		}
		if got, err := p.Request(); err != nil || got.Precision != want {
			t.Errorf("precision %q is asked for as %q (%v), shown as %q", name, got.Precision, err, p.precision.Selected)
		}
	}
	p.SetModel("/another/model")
	if p.model.Selected != "/another/model" {
		t.Errorf("a second model of that name is listed as %q", p.model.Selected)
	}
	r.Sampler, r.Schedule = "heun", "align_your_steps"
	if err := p.SetRequest(r); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Request(); err != nil || got != r || p.schedule.Selected != "Align Your Steps" {
		t.Errorf("the panel made %+v (%v) of %+v and shows the schedule %q", got, err, r, p.schedule.Selected)
	}
	r.Sampler, r.Schedule = "DPM++ 2M Karras", ""
	if err := p.SetRequest(r); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Request(); err != nil || got.Sampler != "dpmpp_2m" || got.Schedule != "karras" {
		t.Errorf("the panel made %q with %q (%v) of %q", got.Sampler, got.Schedule, err, r.Sampler)
	}
	r.Sampler = "leap"
	if err := p.SetRequest(r); err == nil {
		t.Error("a sampler that isn't there was taken without a word")
	}
	r.Sampler, r.Schedule = "euler", "steep"
	if err := p.SetRequest(r); err == nil {
		t.Error("a schedule that isn't there was taken without a word")
	}
	chosen := false
	p.OnChooseModel = func() { chosen = true }
	p.model.SetSelected(chooseModel)
	if !chosen || p.model.Selected == chooseModel {
		t.Errorf("choosing a folder: asked %t, and the list shows %q", chosen, p.model.Selected)
	}
}

func TestRecipeNamesWhatIsUnusual(t *testing.T) {
	r := engine.Request{Seed: 7, Guidance: 4, Sampler: "euler", Model: engine.DefaultModel}
	for precision, want := range map[string]string{
		"":              "seed 7 · Euler · guidance 4",
		engine.Float32:  "seed 7 · Euler · guidance 4",
		engine.BFloat16: "seed 7 · Euler · guidance 4 · bfloat16",
	} {
		r.Precision = precision
		if got := (&take{request: r}).recipe(); got != want {
			t.Errorf("in precision %q the recipe is %q, want %q", precision, got, want)
		}
	}
	r.Precision, r.Schedule = "", "karras"
	if got, want := (&take{request: r}).recipe(), "seed 7 · Euler · Karras · guidance 4"; got != want {
		t.Errorf("with a schedule the recipe is %q, want %q", got, want)
	}
	for _, name := range engine.Precisions() {
		if !strings.Contains(precisionLabels[name], name) {
			t.Errorf("%s is offered as %q", name, precisionLabels[name])
		}
	}
}

func TestTwoLines(t *testing.T) {
	test.NewTempApp(t)
	width := func(s string) float32 { return fyne.MeasureText(s, plain("").TextSize, fyne.TextStyle{}).Width }
	tests := []struct {
		text          string
		width         float32
		first, second string
	}{
		{"", 100, "(no prompt)", ""},
		{"a red apple", width("a red apple"), "a red apple", ""},
		{"a  red\napple", width("apple"), "a red", "apple"},
		{"one two three four", width("one two"), "one two", "three…"},
		{"extraordinarily", width("extra…"), "extra…", ""},
	}
	for _, tt := range tests {
		if first, second := twoLines(tt.text, tt.width); first != tt.first || second != tt.second {
			t.Errorf("%q in lines of %v: %q and %q, want %q and %q", tt.text, tt.width, first, second, tt.first, tt.second)
		}
	}
}

func TestDuration(t *testing.T) {
	tests := map[time.Duration]string{
		600 * time.Millisecond:               "0.6 s",
		9*time.Second + 940*time.Millisecond: "9.9 s",
		42 * time.Second:                     "42 s",
		200 * time.Second:                    "3 min 20 s",
	}
	for d, want := range tests {
		if got := duration(d); got != want {
			t.Errorf("%v is said as %q, want %q", time.Duration(d), got, want)
		}
	}
	if got := seconds(0.012); got != "12 ms" {
		t.Errorf("0.012 s is said as %q", got)
	}
}

// BenchmarkFit is what one live frame costs off Fyne's goroutine.
func BenchmarkFit(b *testing.B) {
	for _, side := range []int{64, 512} {
		m := image.NewRGBA(image.Rect(0, 0, side, side))
		b.Run(fmt.Sprintf("%dto320", side), func(b *testing.B) {
			for b.Loop() {
				fit(m, 320, 320)
			}
		})
	}
}
