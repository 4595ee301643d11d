//go:build window && linux

package main

import (
	"bytes"
	"image"
	"path/filepath"
	"testing"
	"time"

	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/engine/timeline"
)

// TestWindowResumes kills the program while a picture is paused, and once more while
// it develops, goes on with it after each restart and compares it with the picture
// that the same seed makes uninterrupted. TestWindow says how to run it.
func TestWindowResumes(t *testing.T) {
	d, model := sit(t)
	d.remember(engine.Request{
		Prompt: "a red apple", Steps: 120, Guidance: 4, Sampler: "euler_a", Width: 64, Height: 64, Model: model,
	})
	d.start()
	d.press("ctrl+Return")
	d.until("some steps are kept", func() bool { return d.run().Steps > 20 })
	d.press("ctrl+p")
	d.until("it is paused", func() bool {
		before := d.run().Steps
		time.Sleep(300 * time.Millisecond)
		return d.run().Steps == before
	})
	d.kill()
	paused := d.run()
	if paused.End != nil || paused.Steps >= 120 {
		t.Fatalf("it was killed after step %d with end %v; pause it in the middle", paused.Steps, paused.End)
	}

	d.start()
	d.until("it goes on", func() bool {
		d.press("ctrl+p")
		return d.settled(func() bool { return d.run().Steps > paused.Steps+10 })
	})
	d.kill()
	killed := d.run()
	if killed.End != nil || killed.Steps >= 120 || killed.ID != paused.ID {
		t.Fatalf("it was killed after step %d with end %v; kill it in the middle", killed.Steps, killed.End)
	}

	d.start()
	d.until("it is finished", func() bool {
		if d.run().Steps == killed.Steps { // the offer may not have been there yet
			d.press("ctrl+p")
		}
		return d.settled(func() bool { return len(d.pictures()) == 1 })
	})
	d.press("ctrl+u")
	d.press("ctrl+Return")
	d.until("the same recipe is drawn uninterrupted", func() bool { return len(d.pictures()) > 1 })
	kept := d.pictures()
	if kept[0].Request != kept[1].Request {
		t.Errorf("drawn were %+v and %+v, want one recipe", kept[0].Request, kept[1].Request)
	}
	if !bytes.Equal(d.kept(kept[0]).Pix, d.kept(kept[1]).Pix) {
		t.Error("the picture that was paused and killed twice is another than the uninterrupted one")
	}
	t.Logf("paused after step %d, killed after step %d", paused.Steps, killed.Steps)
	d.quit()
}

// TestWindowBranches takes another turn at a step of a finished picture, with another
// prompt.
func TestWindowBranches(t *testing.T) {
	d, model := sit(t)
	d.remember(engine.Request{
		Prompt: "a red apple", Steps: 12, Guidance: 4, Sampler: "euler_a", Width: 32, Height: 32, Model: model,
	})
	d.start()
	d.press("ctrl+Return")
	d.until("the picture is kept", func() bool { return len(d.pictures()) == 1 })
	d.until("a branch is drawn", func() bool {
		d.click(600, firstHeight-110) // a frame of the strip
		d.press("ctrl+l")
		d.write(" in snow")
		d.press("ctrl+shift+b")
		return d.settled(func() bool { return len(d.pictures()) > 1 })
	})
	kept := d.pictures()
	branch, parent := kept[0], kept[1]
	if branch.Parent != parent.ID || branch.How != gallery.Branch || branch.Step < 1 || branch.Step >= 12 {
		t.Errorf("the branch is kept as %+v", branch.Lineage)
	}
	if branch.Request.Prompt == parent.Request.Prompt || branch.Request.Seed != parent.Request.Seed {
		t.Errorf("the branch was drawn of %+v", branch.Request)
	}
	if bytes.Equal(d.kept(branch).Pix, d.kept(parent).Pix) {
		t.Error("with another prompt the same picture came out")
	}
	if first := d.run(); first.Steps != 12 || first.End == nil {
		t.Errorf("the parent's run has %d steps and end %v: the branch should leave it alone", first.Steps, first.End)
	}
	d.quit()
}

// run is the first run of the timeline, with no steps while there is none.
func (d *desk) run() timeline.Run {
	d.t.Helper()
	s, err := timeline.Open(filepath.Join(d.home, "Pictures", appName, ".timeline"))
	if err != nil {
		d.t.Fatal(err)
	}
	runs, err := s.List()
	if err != nil {
		d.t.Fatal(err)
	}
	if len(runs) == 0 {
		return timeline.Run{}
	}
	return runs[len(runs)-1]
}

// kept is a kept picture.
func (d *desk) kept(p gallery.Picture) *image.RGBA {
	d.t.Helper()
	g, err := gallery.Open(filepath.Join(d.home, "Pictures", appName))
	if err != nil {
		d.t.Fatal(err)
	}
	defer g.Close()
	m, err := g.Image(p.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

// kill ends the program as a crash does.
func (d *desk) kill() {
	d.t.Helper()
	if err := d.program.Process.Kill(); err != nil {
		d.t.Fatal(err)
	}
	d.program.Wait()
}
