package timeline

import (
	"fmt"
	"time"

	"darkroom/engine"
)

// Recorder keeps what an engine draws in a store.
type Recorder struct {
	Store *Store

	run  *Writer
	step int // the last one kept
}

var _ engine.Recorder = (*Recorder)(nil)

// Started implements engine.Recorder.
func (r *Recorder) Started(q engine.Request, from engine.Origin) (string, error) {
	r.run, r.step = nil, from.Step
	var err error
	if from.Run != "" && !from.Branch {
		r.run, _, err = r.Store.Resume(from.Run, from.Step)
	} else {
		r.run, err = r.Store.Begin(Info{Request: q, Begun: time.Now(), Parent: from.Run, ParentStep: from.Step})
	}
	if err != nil {
		return "", fmt.Errorf("this picture's steps can't be gone back to later: %w", err)
	}
	return r.run.ID, nil
}

// Step implements engine.Recorder.
func (r *Recorder) Step(p engine.Progress) error {
	if r.run == nil || p.Step == r.step { // some samplers take several tries at a step
		return nil
	}
	state, err := p.Moment()
	if err == nil {
		err = r.run.Add(Moment{Step: p.Step, Level: p.Level, State: state, Preview: p.Preview})
	}
	if err != nil {
		// a gap could not be told from what came before it
		r.run.Close()
		r.run = nil
		return fmt.Errorf("this picture's steps can't be gone back to from step %d on: %w", p.Step, err)
	}
	r.step = p.Step
	return nil
}

// Ended implements engine.Recorder.
func (r *Recorder) Ended(k engine.Kind) error {
	run := r.run
	r.run = nil
	switch {
	case run == nil:
		return nil
	case k == engine.Paused:
		return run.Close()
	}
	return run.Finish(End{k})
}
