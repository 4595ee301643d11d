package ui

import (
	"fmt"
	"image"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"

	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/engine/sampler"
	"darkroom/engine/schedule"
)

// take is one try at a picture: the request, every step seen so far and, in
// the end, the picture. One taken from the gallery may have only its picture.
type take struct {
	job     *engine.Job   // the last that drew it; nil when none did since the program began
	from    engine.Origin // what that job went on from
	once    bool          // that job makes one step only
	request engine.Request
	kind    engine.Kind // how far it is
	run     string      // its name in the timeline, "" while it has none

	done     int           // steps, as the engine counts them: a sampler may need several looks for one
	total    int           // steps there will be, 0 before that is known
	previews []*image.RGBA // by look
	thumbs   []*image.RGBA // the same, small; the last is the picture's in the end
	marks    []mark        // by look, whose and which step it is
	picture  *image.RGBA   // when it is finished
	seen     bool          // it was put on show
	pausing  bool          // it was asked to pause
	going    bool          // it is about to go on
	warned   bool          // a person knows what went wrong beside it

	// A branch begins with looks of its parent's.
	inherited int
	parent    *take  // nil when it is not at hand
	parentRun string // "" for none
	// The kept picture that it is another try at; none for a branch.
	lineage gallery.Lineage

	left, elapsed time.Duration
	stages        engine.Stages
	kept          gallery.Picture // without an ID while the gallery doesn't have it
	wanted        bool            // it is to be a favourite as soon as it is kept
}

// mark says where in the timeline a look is.
type mark struct {
	run  string
	step int // of the run, from 1
}

// advance takes over what an event tells.
func (t *take) advance(ev engine.Event) {
	t.kind = ev.Kind
	switch ev.Kind {
	case engine.Started:
		t.request, t.run = ev.Request, ev.Run
	case engine.Step:
		t.previews = append(t.previews, ev.Preview)
		t.marks = append(t.marks, mark{t.run, ev.Step})
		t.done, t.total = ev.Step, ev.Steps
		t.left = ev.Left
	case engine.Finished:
		t.picture = ev.Picture
		t.stages = ev.Stages
		t.done = len(t.previews)
	}
	if ev.Kind.Final() {
		t.pausing = false
	}
	t.elapsed = ev.Elapsed
}

// take takes over what the follower brings.
func (t *take) take(n news) {
	for _, ev := range n.events {
		t.advance(ev)
	}
	t.thumbs = append(t.thumbs, n.thumbs...)
	if n.final != nil {
		t.thumbs = append(t.thumbs[:max(0, len(t.thumbs)-1)], n.final)
	}
	if n.kept.ID != "" {
		t.kept = n.kept
	}
}

// cut drops the looks after a step of its own run, from where it goes on.
func (t *take) cut(step int) {
	n := t.inherited
	for n < len(t.marks) && (n == t.inherited || t.marks[n-1].step < step) && t.marks[n].step <= step {
		n++
	}
	t.previews, t.thumbs, t.marks = t.previews[:n:n], t.thumbs[:n:n], t.marks[:n:n]
	t.done = step
}

// still reports whether there is the picture alone, without its steps.
func (t *take) still() bool { return t.job == nil && len(t.previews) == 0 }

// resumable reports whether it ended before its picture was done.
func (t *take) resumable() bool {
	return (t.kind == engine.Paused || t.kind == engine.Cancelled || t.kind == engine.Failed) && !t.going
}

// over reports whether no picture comes of it any more, or it is there.
func (t *take) over() bool { return t.kind.Final() && t.kind != engine.Paused }

// planned is how many steps there will be, or were in the end: samplers that
// choose their steps themselves and some tools' ways make another number than is
// asked for. A picture from the gallery has none to look at.
func (t *take) planned() int {
	switch {
	case t.still():
		return 0
	case t.kind == engine.Finished:
		return len(t.previews)
	case t.total > 0:
		return t.total
	}
	return max(t.request.Steps, t.done)
}

// steps is how many steps there are to see: the last one shows the picture
// itself once it is finished.
func (t *take) steps() int {
	if t.picture != nil && len(t.previews) == 0 {
		return 1
	}
	return len(t.previews)
}

// at is what step shows, counted from 0; nil when there is nothing yet.
func (t *take) at(step int) *image.RGBA {
	switch {
	case t.picture != nil && step >= t.steps()-1:
		return t.picture
	case step < 0 || len(t.previews) == 0:
		return nil
	}
	return t.previews[min(step, len(t.previews)-1)]
}

// recipe names what made the picture in a few words.
func (t *take) recipe() string {
	words := []string{fmt.Sprintf("seed %d", t.request.Seed)}
	if t.request.Width > 0 && t.request.Height > 0 {
		words = append(words, fmt.Sprintf("%d × %d", t.request.Width, t.request.Height))
	}
	words = append(words, sampler.Label(t.request.Sampler))
	if t.request.Schedule != "" {
		words = append(words, schedule.Label(t.request.Schedule))
	}
	words = append(words, "guidance "+strconv.FormatFloat(t.request.Guidance, 'f', -1, 64))
	if t.request.Model != "" && t.request.Model != engine.DefaultModel {
		words = append(words, filepath.Base(t.request.Model))
	}
	if !t.request.Exact() {
		words = append(words, t.request.Precision)
	}
	return strings.Join(words, " · ")
}

// filename suggests a file for what step shows: prompt, seed and, when it is
// not the finished picture, the step.
func (t *take) filename(step int) string {
	slug := strings.Join(strings.FieldsFunc(strings.ToLower(t.request.Prompt), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), "-")
	const longest = 60
	if r := []rune(slug); len(r) > longest {
		slug = strings.TrimRight(string(r[:longest]), "-")
	}
	if slug == "" {
		slug = "picture"
	}
	name := fmt.Sprintf("%s-%d", slug, t.request.Seed)
	if t.at(step) != t.picture || t.picture == nil {
		name += fmt.Sprintf("-step-%03d", step+1)
	}
	return name + ".png"
}

// stateWords is what the engine does with the take.
func (t *take) stateWords() string {
	switch {
	case t.pausing:
		return fmt.Sprintf("Pausing after step %d of %d", min(t.done+1, t.planned()), t.planned())
	case t.kind == engine.Started || t.kind == engine.Step && t.done < t.planned():
		return fmt.Sprintf("Developing step %d of %d", t.done+1, t.planned())
	case t.kind == engine.Step:
		return "Decoding the picture"
	}
	return "Loading the model"
}

// progressWords is how far the take is, or how it ended.
func (t *take) progressWords() string {
	if t.still() {
		return fmt.Sprintf("developed in %d steps", t.request.Steps)
	}
	switch t.kind {
	case engine.Queued, engine.Started:
		if t.done > 0 {
			return fmt.Sprintf("going on after step %d of %d", t.done, t.planned())
		}
	case engine.Paused:
		return fmt.Sprintf("paused after step %d of %d", t.done, t.planned())
	case engine.Step:
		return stepWords(t.done, t.planned(), t.left)
	case engine.Finished:
		switch last := t.done - t.from.Step; {
		case t.job == nil:
			return fmt.Sprintf("developed in %d steps", t.done)
		case t.from.Step > 0:
			return fmt.Sprintf("%d steps, the last %d in %s", t.done, last, duration(t.elapsed))
		}
		return fmt.Sprintf("%d steps in %s", t.done, duration(t.elapsed))
	case engine.Cancelled:
		return fmt.Sprintf("cancelled after step %d of %d", t.done, t.planned())
	case engine.Failed:
		return fmt.Sprintf("stopped after step %d of %d", t.done, t.planned())
	}
	return ""
}

// timingWords is where the time of a finished take went.
func (t *take) timingWords() string {
	if t.job == nil || t.kind != engine.Finished {
		return ""
	}
	words := []string{}
	if t.stages.Load > 0 {
		words = append(words, "load "+seconds(t.stages.Load))
	}
	words = append(words, "text "+seconds(t.stages.Text), "denoise "+seconds(t.stages.Denoise),
		"decode "+seconds(t.stages.Decode), "total "+seconds(t.stages.Total))
	return strings.Join(words, "   ·   ")
}
