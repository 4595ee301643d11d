//go:build unix

package gallery

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childKey is the environment variable that makes the test program a child: what
// it does, and where.
const childKey = "DARKROOM_GALLERY_CHILD"

func TestMain(m *testing.M) {
	kind, dir, child := strings.Cut(os.Getenv(childKey), " ")
	if !child {
		os.Exit(m.Run())
	}
	var err error
	switch kind {
	case "busy":
		err = busy(dir)
	case "full":
		err = full(dir)
	case "read-only":
		err = readOnly(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func child(program, kind, dir string) *exec.Cmd {
	c := exec.Command(program)
	c.Env = append(os.Environ(), childKey+"="+kind+" "+dir)
	c.Stderr = &bytes.Buffer{}
	return c
}

// busy keeps, marks, removes and restores pictures until it is killed, and says
// before and after what it does.
func busy(dir string) error {
	g, err := Open(dir)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(uint64(g.last), 1))
	var here, trashed []string
	for k := 0; ; k++ {
		switch i := random.IntN(10); {
		case i < 4 || len(here) == 0:
			r := request
			r.Seed = random.Uint64()
			p, err := g.Keep(picture(k), r, Marks{Tags: []string{"tag"}})
			if err != nil {
				return err
			}
			here = append(here, p.ID)
			fmt.Println("kept", p.ID, r.Seed)
		case i < 8:
			id, rating := here[random.IntN(len(here))], random.IntN(MaxRating+1)
			fmt.Println("rates", id, rating)
			if _, err := g.Mark(id, func(m *Marks) { m.Rating = rating }); err != nil {
				return err
			}
			fmt.Println("rated", id, rating)
		case i == 8:
			id := here[len(here)-1]
			if err := g.Remove(id); err != nil {
				return err
			}
			here, trashed = here[:len(here)-1], append(trashed, id)
		case len(trashed) > 0:
			id := trashed[len(trashed)-1]
			if _, err := g.Restore(id); err != nil {
				return err
			}
			trashed, here = trashed[:len(trashed)-1], append(here, id)
		}
	}
}

// Killed at any moment, a gallery has lost nothing that it said it had kept, holds
// nothing half-written, and its index says what the files do.
func TestKilled(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 3
	}
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(3, 4))
	seeds, ratings, tried := map[string]uint64{}, map[string]int{}, map[string]int{}
	for kill := range kills {
		c := child(os.Args[0], "busy", dir)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		clear(tried)
		var deadline *time.Timer
		for {
			line, err := lines.ReadString('\n')
			if err == io.EOF {
				break // half a line was not said
			}
			if err != nil {
				t.Fatal(err)
			}
			if deadline == nil {
				deadline = time.AfterFunc(time.Duration(random.IntN(150_000))*time.Microsecond, func() { c.Process.Kill() })
			}
			var what, id string
			var value uint64
			if _, err := fmt.Sscan(line, &what, &id, &value); err != nil {
				t.Fatal(line, err)
			}
			switch what {
			case "kept":
				seeds[id] = value
			case "rates":
				tried[id] = int(value)
			case "rated":
				ratings[id] = int(value)
				delete(tried, id)
			}
		}
		var exit *exec.ExitError
		if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() >= 0 {
			t.Fatalf("the child ended by itself: %v %s", err, c.Stderr)
		}

		g, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		healed := snapshot(t, g)
		if g.index.Load().path == "" {
			t.Error("the index is not on the disk")
		}
		known := map[string]Picture{}
		for _, p := range listed(t, g) {
			known[p.ID] = p
		}
		trashed, err := g.Trash()
		if err != nil {
			t.Error(err)
		}
		for _, p := range trashed {
			known[p.ID] = p
		}
		for id, seed := range seeds {
			p, ok := known[id]
			if !ok || p.Request.Seed != seed {
				t.Errorf("kill %d: %s is lost", kill, id)
				continue
			}
			if attempt, ok := tried[id]; p.Rating != ratings[id] && !(ok && p.Rating == attempt) {
				t.Errorf("kill %d: %s is rated %d, not %d", kill, id, p.Rating, ratings[id])
			}
			ratings[id] = p.Rating
		}
		for id, p := range known { // also those whose keeping wasn't told any more
			if img, err := decode(p.Path); err != nil || img.Rect.Dx() != 32 {
				t.Errorf("kill %d: %s is damaged: %v", kill, id, err)
			}
		}
		g.Close()
		if kill%5 == 4 || kill == kills-1 {
			if rebuilt := fresh(t, dir); healed != rebuilt {
				t.Fatalf("kill %d: the index says\n%s\nthe files\n%s", kill, healed, rebuilt)
			}
		}
		if kill%5 == 1 { // the next child makes the index again
			if err := removeIndex(filepath.Join(dir, indexName)); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d pictures were kept through %d kills", len(seeds), kills)
}

// full is a gallery on a disk that has no room any more.
func full(dir string) error {
	g, err := Open(dir)
	if err != nil {
		return err
	}
	defer g.Close()
	before, err := g.List()
	if err != nil || len(before) != 3 {
		return fmt.Errorf("%d pictures, %w", len(before), err)
	}
	files, err := os.ReadFile(before[0].Path)
	if err != nil {
		return err
	}
	// No file may grow: every write fails, as on a full disk.
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	room := limit.Cur
	limit.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if _, err := g.Keep(picture(9), request, Marks{}); err == nil || !strings.Contains(err.Error(), "can't be saved") {
		return fmt.Errorf("kept on a full disk: %w", err)
	}
	if err := g.Favourite(before[0].ID, true); err == nil || !strings.Contains(err.Error(), before[0].ID) {
		return fmt.Errorf("marked on a full disk: %w", err)
	}
	if after, err := os.ReadFile(before[0].Path); err != nil || !bytes.Equal(after, files) {
		return fmt.Errorf("the picture has changed: %w", err)
	}
	// Moving files takes no room; the index can't follow on the disk, but in memory.
	if err := g.Remove(before[2].ID); err != nil && !strings.Contains(err.Error(), ".trash") {
		return err
	}
	after, err := g.List()
	if err != nil || !reflect.DeepEqual(after, before[:2]) {
		return fmt.Errorf("listed %d pictures: %w", len(after), err)
	}
	if page, err := g.Search(g.ctx, Query{Text: "appl"}); err != nil || len(page.Pictures) != 2 {
		return fmt.Errorf("found %d pictures: %w", len(page.Pictures), err)
	}
	if _, err := g.Thumbnail(before[0].ID, 8); err != nil {
		return err
	}
	limit.Cur = room
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	p, err := g.Keep(picture(9), request, Marks{})
	if err != nil {
		return err
	}
	if n, err := g.Count(g.ctx, Query{}); err != nil || n != 3 {
		return fmt.Errorf("%d pictures: %w", n, err)
	}
	return os.Remove(p.Path)
}

func TestFullDisk(t *testing.T) {
	g := openGallery(t, t.TempDir())
	for k := range 3 {
		keep(t, g, k, false)
	}
	g.Close()
	if c := child(os.Args[0], "full", g.dir); c.Run() != nil {
		t.Error(c.Stderr)
	}
	if err := os.Rename(filepath.Join(g.dir, ".trash", "00001.png"), filepath.Join(g.dir, "00001.png")); err != nil {
		t.Error(err)
	}
	if got, want := snapshot(t, openGallery(t, g.dir)), fresh(t, g.dir); got != want {
		t.Errorf("the index says\n%s\nthe files\n%s", got, want)
	}
}

// readOnly is a gallery that nothing can be written to.
func readOnly(dir string) error {
	g, err := Open(dir)
	if g == nil || !errors.Is(err, ErrNotWritable) || !strings.Contains(err.Error(), "choose another folder") {
		return fmt.Errorf("opened %v: %w", g != nil, err)
	}
	defer g.Close()
	all, err := g.List()
	if err != nil || len(all) != 3 {
		return fmt.Errorf("%d pictures, %w", len(all), err)
	}
	if page, err := g.Search(g.ctx, Query{Text: "appl", Favourite: true}); err != nil || len(page.Pictures) != 1 {
		return fmt.Errorf("found %d pictures: %w", len(page.Pictures), err)
	}
	if _, err := g.Thumbnail(all[0].ID, 8); err != nil {
		return err
	}
	if _, err := g.Keep(picture(1), request, Marks{}); !errors.Is(err, ErrNotWritable) {
		return fmt.Errorf("kept: %w", err)
	}
	for what, err := range map[string]error{"marked": g.Favourite(all[0].ID, true), "removed": g.Remove(all[0].ID)} {
		if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), all[0].ID) {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

func TestReadOnlyFolder(t *testing.T) {
	for _, indexed := range []bool{true, false} {
		g := openGallery(t, filepath.Join(t.TempDir(), "gallery"))
		for k := range 3 {
			keep(t, g, k, k == 0)
		}
		g.Close()
		if !indexed {
			if err := removeIndex(filepath.Join(g.dir, indexName)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(g.dir, 0o555); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(g.dir, 0o755) })
		program := filepath.Join(filepath.Dir(g.dir), "child.test")
		c := child(program, "read-only", g.dir)
		if os.Getuid() == 0 { // whom nothing is refused
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			for _, dir := range []string{filepath.Dir(g.dir), filepath.Dir(filepath.Dir(g.dir))} {
				if err := os.Chmod(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
		}
		b, err := os.ReadFile(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(program, b, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := c.Run(); err != nil {
			t.Errorf("with an index %v: %v %s", indexed, err, c.Stderr)
		}
	}
}
