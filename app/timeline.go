//go:build cgo

package main

import (
	"log/slog"
	"path/filepath"
	"sync/atomic"

	"darkroom/engine"
	"darkroom/engine/timeline"
)

// timelineSize is how many bytes the steps of runs may take on the disk; those that
// were left and may go on take more where they need it.
const timelineSize = 2 << 30

// openTimeline opens the folder of steps, beside the pictures, and tidies it up
// meanwhile. Without one pictures are drawn all the same, and can't be paused.
func openTimeline() (*timeline.Store, *recorder, error) {
	store, err := timeline.Open(filepath.Join(picturesFolder(), ".timeline"))
	if err != nil {
		return nil, &recorder{}, err
	}
	go prune(store)
	return store, &recorder{to: &timeline.Recorder{Store: store}}, nil
}

// prune deletes the oldest runs that are too much.
func prune(store *timeline.Store) {
	if err := store.Prune(timelineSize, func(timeline.Run) bool { return false }); err != nil {
		slog.Warn("old steps can't be tidied up", "error", err)
	}
}

// often is after how many runs there is time to tidy up.
const often = 50

// recorder keeps the steps of runs, if there is where to. A run that is in work when
// the program ends is kept as a paused one, to be gone on with next time.
type recorder struct {
	to      *timeline.Recorder // nil for none
	ended   int                // runs
	leaving atomic.Bool
}

var _ engine.Recorder = (*recorder)(nil)

// leave says that what is cancelled from now on is cancelled because the program ends.
func (r *recorder) leave() { r.leaving.Store(true) }

func (r *recorder) Started(q engine.Request, from engine.Origin) (string, error) {
	if r.to == nil {
		return "", nil
	}
	return r.to.Started(q, from)
}

func (r *recorder) Step(p engine.Progress) error { return r.to.Step(p) }

func (r *recorder) Ended(k engine.Kind) error {
	switch {
	case r.to == nil:
		return nil
	case k == engine.Cancelled && r.leaving.Load():
		k = engine.Paused
	}
	if r.ended++; r.ended%often == 0 {
		go prune(r.to.Store)
	}
	return r.to.Ended(k)
}
