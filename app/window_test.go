//go:build window && linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"darkroom/engine"
	"darkroom/engine/gallery"
)

// TestWindow starts the program on a real display and uses it as a person does,
// with keys and mouse, over two restarts. Run it with
//
//	xvfb-run -a -s "-screen 0 1440x900x24" go test -tags "window migrated_fynedo" ./app
//
// It needs xdotool and ImageMagick's import.
func TestWindow(t *testing.T) {
	d, model := sit(t)
	// A picture of a thousand steps leaves time to type, and to cancel.
	d.remember(engine.Request{Steps: engine.MaxSteps, Guidance: 4, Sampler: "euler", Width: 64, Height: 64, Model: model})
	d.start()
	empty := d.screenshot()
	d.write("a red apple")
	d.press("ctrl+Return")
	d.until("noise is on the screen", func() bool { return d.colourful(d.screenshot()) })
	d.write(" on a table")
	d.until("what was typed meanwhile is remembered", func() bool { return d.remembered().Prompt == "a red apple on a table" })
	if kept := d.pictures(); len(kept) > 0 {
		t.Errorf("%d pictures are finished already: typing did not happen while one developed", len(kept))
	}
	d.press("Escape")
	d.quit()

	r := d.remembered()
	r.Steps, r.Width, r.Height = 3, 32, 32
	d.remember(r)
	d.start()
	d.press("ctrl+Return")
	d.until("the picture is kept", func() bool { return len(d.pictures()) == 1 })
	d.until("the picture is starred", func() bool { // it may not be on show at once
		d.press("ctrl+d")
		return d.settled(func() bool { return d.pictures()[0].Favourite })
	})
	first := d.pictures()[0]
	if want := "a red apple on a table"; first.Request.Prompt != want || first.Request.Steps != 3 {
		t.Errorf("the picture was made of %+v, want 3 steps of %q", first.Request, want)
	}
	d.quit()

	d.start()
	d.until("the window shows more than when it was empty", func() bool { return !bytes.Equal(d.screenshot().Pix, empty.Pix) })
	d.until("the favourite is drawn anew", func() bool {
		// "Re-seed" of the first line of the shelf on the right.
		d.click(firstWidth-240+30, 145)
		return d.settled(func() bool { return len(d.pictures()) == 2 })
	})
	again := d.pictures()[0].Request
	if again.Seed == first.Request.Seed {
		t.Error("re-seed kept the seed")
	}
	if again.Seed = first.Request.Seed; again != first.Request {
		t.Errorf("re-seed drew %+v, want the favourite's %+v", again, first.Request)
	}
	d.quit()
}

// sit puts a person at a desk with the program built, and names the smallest model
// there is: random weights, but a whole Stable Diffusion.
func sit(t *testing.T) (*desk, string) {
	t.Helper()
	if os.Getenv("DISPLAY") == "" {
		t.Fatal("there is no display: run this test under xvfb-run")
	}
	for _, tool := range []string{"xdotool", "import"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is missing: install xdotool and imagemagick", tool)
		}
	}
	d := &desk{t: t, home: t.TempDir(), binary: filepath.Join(t.TempDir(), "darkroom")}
	build := exec.Command("go", "build", "-buildvcs=false", "-tags", "migrated_fynedo", "-o", d.binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the program can't be built: %v\n%s", err, out)
	}
	model, err := filepath.Abs("../engine/pipeline/testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	return d, model
}

// firstWidth and firstHeight are the size of a window that has not been sized yet.
const firstWidth, firstHeight = 1280, 800

// desk is a person at a desk: a home folder, the program, its window.
type desk struct {
	t            *testing.T
	home, binary string
	program      *exec.Cmd
	log          bytes.Buffer
	window       string
}

// start starts the program and waits for its window.
func (d *desk) start() {
	d.t.Helper()
	d.log.Reset()
	d.program = exec.Command(d.binary)
	d.program.Env = append(os.Environ(), "HOME="+d.home, "XDG_CONFIG_HOME="+filepath.Join(d.home, ".config"), "LANG=en_US.UTF-8", "FYNE_SCALE=1")
	d.program.Stdout, d.program.Stderr = &d.log, &d.log
	begin := time.Now()
	if err := d.program.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { d.program.Process.Kill() })
	d.until("the window opens", func() bool {
		out, err := exec.Command("xdotool", "search", "--onlyvisible", "--pid", strconv.Itoa(d.program.Process.Pid)).Output()
		d.window, _, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
		return err == nil && d.window != ""
	})
	d.t.Logf("the window was open after %d ms", time.Since(begin).Milliseconds())
	d.tool("windowfocus", "--sync", d.window)
	d.until("the window is drawn", func() bool { return d.drawn(d.screenshot()) })
}

// quit ends the program with its own shortcut.
func (d *desk) quit() {
	d.t.Helper()
	d.press("ctrl+q")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { d.program.Process.Signal(syscall.SIGQUIT) })
	defer stop()
	if err := d.program.Wait(); err != nil {
		d.t.Fatalf("the program did not end well: %v\n%s", err, d.log.String())
	}
}

func (d *desk) write(text string) { d.tool("type", "--delay", "10", text) }
func (d *desk) press(key string)  { d.tool("key", key) }
func (d *desk) click(x, y int) {
	d.tool("mousemove", "--window", d.window, strconv.Itoa(x), strconv.Itoa(y), "click", "1")
}

func (d *desk) tool(args ...string) {
	d.t.Helper()
	if out, err := exec.Command("xdotool", args...).CombinedOutput(); err != nil {
		d.t.Fatalf("xdotool %v: %v\n%s", args, err, out)
	}
}

// until waits until something is true.
func (d *desk) until(what string, holds func() bool) {
	d.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.photograph()
			d.t.Fatalf("waited in vain until %s; the program said: %s", what, d.log.String())
		}
	}
}

// settled gives the program a second to make something true.
func (d *desk) settled(holds func() bool) bool {
	for range 20 {
		if holds() {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// screenshot is what the window shows.
func (d *desk) screenshot() *image.RGBA {
	d.t.Helper()
	out, err := exec.Command("import", "-window", d.window, "-depth", "8", "png:-").Output()
	if err != nil {
		d.t.Fatalf("no screenshot: %v", err)
	}
	img, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		d.t.Fatal(err)
	}
	m := image.NewRGBA(img.Bounds())
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			m.Set(x, y, img.At(x, y))
		}
	}
	return m
}

// drawn tells whether anything is in the window: it is black at first.
func (d *desk) drawn(m *image.RGBA) bool {
	return bytes.ContainsFunc(m.Pix, func(r rune) bool { return r > 0x20 && r < 0x7f })
}

// colourful tells whether the middle of the window shows a picture. All else
// there is near black.
func (d *desk) colourful(m *image.RGBA) bool {
	c := m.RGBAAt(m.Rect.Dx()/2, m.Rect.Dy()*2/5)
	return max(c.R, c.G, c.B) > 0x30
}

// pictures is what the gallery keeps, newest first.
func (d *desk) pictures() []gallery.Picture {
	d.t.Helper()
	g, err := gallery.Open(filepath.Join(d.home, "Pictures", appName))
	if err != nil {
		d.t.Fatal(err)
	}
	defer g.Close()
	kept, err := g.List()
	if err != nil {
		d.t.Fatal(err)
	}
	return kept
}

// settings is where Fyne keeps the preferences of this program.
func (d *desk) settings() string {
	return filepath.Join(d.home, ".config", "fyne", appID, "preferences.json")
}

// remember makes a request the one the program begins with.
func (d *desk) remember(r engine.Request) {
	d.t.Helper()
	recipe, err := json.Marshal(r)
	if err != nil {
		d.t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{"request": string(recipe)})
	if err != nil {
		d.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(d.settings()), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(d.settings(), text, 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// remembered is the request the program remembers now.
func (d *desk) remembered() (r engine.Request) {
	text, err := os.ReadFile(d.settings())
	if err != nil {
		d.t.Fatal(err)
	}
	var values map[string]any
	if json.Unmarshal(text, &values) != nil {
		return r // just being written
	}
	recipe, _ := values["request"].(string)
	if json.Unmarshal([]byte(recipe), &r) != nil {
		return engine.Request{}
	}
	return r
}

// photograph leaves a screenshot for someone to look at, in the folder that
// go test -artifacts keeps.
func (d *desk) photograph() {
	if d.window == "" {
		return
	}
	path := filepath.Join(d.t.ArtifactDir(), "window.png")
	if exec.Command("import", "-window", d.window, path).Run() == nil {
		d.t.Logf("the window at this moment is %s", path)
	}
}
