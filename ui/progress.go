package ui

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
)

// progress is a thin bar with words under it: how far the picture is and how
// long it will take.
type progress struct {
	object fyne.CanvasObject

	bar           *fyne.Container
	done          *canvas.Rectangle
	share         float32
	state, recipe *canvas.Text
}

func newProgress() *progress {
	p := &progress{
		done:   canvas.NewRectangle(shade(theme.ColorNamePrimary)),
		state:  plain(""),
		recipe: caption(""),
	}
	track := canvas.NewRectangle(shade(theme.ColorNameSeparator))
	p.bar = container.New(barLayout{p}, track, p.done)
	p.object = column(6, p.bar, between(p.state, p.recipe))
	return p
}

// Set shows how many of the steps are done; without steps the bar is empty.
func (p *progress) Set(done, steps int, state string) {
	p.share = 0
	if steps > 0 {
		p.share = float32(done) / float32(steps)
	}
	p.bar.Refresh()
	say(p.state, state)
}

// SetRecipe names the picture at hand: seed, size, sampler.
func (p *progress) SetRecipe(text string) { say(p.recipe, text) }

// barLayout draws the done part of the bar over its track.
type barLayout struct{ p *progress }

func (barLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(40, 3) }
func (b barLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size)
	objects[1].Resize(fyne.NewSize(size.Width*b.p.share, size.Height))
}

// stepWords is "step 7 of 20 · 0.6 s left".
func stepWords(step, steps int, left time.Duration) string {
	words := fmt.Sprintf("step %d of %d", step, steps)
	if left > 0 && step < steps {
		words += " · " + duration(left) + " left"
	}
	return words
}

// duration is a time as a person says it: "0.6 s", "12 s", "3 min 20 s".
func duration(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	d = d.Round(time.Second)
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

// seconds is a number of seconds as a duration says it, down to milliseconds.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return duration(d)
}
