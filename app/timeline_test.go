//go:build cgo

package main

import (
	"testing"

	"darkroom/engine"
	"darkroom/engine/timeline"
)

func TestWhatIsInWorkWhenTheProgramEndsCanBeGoneOnWith(t *testing.T) {
	for name, leaving := range map[string]bool{"cancelled": false, "left": true} {
		store, err := timeline.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		r := &recorder{to: &timeline.Recorder{Store: store}}
		id, err := r.Started(engine.Request{Steps: 3}, engine.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		if leaving {
			r.leave()
		}
		if err := r.Ended(engine.Cancelled); err != nil {
			t.Fatal(err)
		}
		if run, err := store.Get(id); err != nil || (run.End == nil) != leaving {
			t.Errorf("a run that was %s has the end %v, %v", name, run.End, err)
		}
	}
}

func TestNothingIsRecordedWithoutAFolder(t *testing.T) {
	r := &recorder{}
	if run, err := r.Started(engine.Request{}, engine.Origin{}); run != "" || err != nil {
		t.Errorf("started %q, %v", run, err)
	}
	if err := r.Ended(engine.Finished); err != nil {
		t.Error(err)
	}
}
