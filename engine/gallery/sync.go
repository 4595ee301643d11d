package gallery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"time"
)

// batch is how many pictures go into the index at once; a change that somebody
// makes waits for them.
const batch = 256

// stale is how long a file that a crash left half-written may be one that is
// still being written.
const stale = time.Hour

// temporary is the names of files on their way to a name.
var temporary = regexp.MustCompile(`^\.(\d+\.png|darkroom)\..*\.tmp$`)

// background brings the index up to date without anybody waiting.
func (g *Gallery) background() {
	if g.ctx.Err() != nil {
		return
	}
	g.total.CompareAndSwap(0, 1) // it is behind, by how many is not known yet
	g.tasks.Go(func() { _ = g.Sync(g.ctx) })
}

// Progress is how many of the files the index is behind with have been read; both
// are 0 when it isn't behind.
func (g *Gallery) Progress() (done, total int) {
	done, total = int(g.done.Load()), int(g.total.Load())
	return min(done, total), total
}

// Sync brings the index in line with the files: what another program, or a
// person, has added, changed or taken away. Open and a repair do so in the
// background; Sync waits for them. The error names the pictures that can't be
// read; the others are there all the same.
func (g *Gallery) Sync(ctx context.Context) error {
	g.syncing.Lock()
	defer g.syncing.Unlock()
	defer func() { g.done.Store(0); g.total.Store(0) }()
	var problems []error
	err := g.with(func(db *sql.DB) (err error) {
		if err := g.sync(ctx, db); err != nil {
			return err
		}
		problems, err = g.problems(ctx, db)
		return err
	})
	if err != nil {
		return err
	}
	return errors.Join(problems...)
}

// Rebuild makes the index again from nothing but the files.
func (g *Gallery) Rebuild(ctx context.Context) error {
	err := g.with(func(db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		for _, table := range []string{"picture", "detail", "label", "words", "broken"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		return tx.Commit()
	})
	if err != nil {
		return err
	}
	return g.Sync(ctx)
}

func (g *Gallery) sync(ctx context.Context, db *sql.DB) error {
	if x := g.index.Load(); x.db == db && !x.sound.Load() {
		if err := sound(ctx, db); err != nil {
			return err
		}
		x.sound.Store(true)
	}
	// The index before the folder: what is in neither then was there in between.
	known, err := stamps(ctx, db)
	if err != nil {
		return err
	}
	files, err := g.files()
	if err != nil {
		return err
	}
	g.mu.Lock()
	for n := range known {
		g.last = max(g.last, n)
	}
	g.remember()
	g.mu.Unlock()

	var gone, todo []int
	for n := range known {
		if _, ok := files[n]; !ok {
			gone = append(gone, n)
		}
	}
	for n, s := range files {
		if known[n] != s {
			todo = append(todo, n)
		}
	}
	slices.SortFunc(todo, func(a, b int) int { return b - a }) // the newest are asked for first
	g.total.Store(int64(len(todo)))
	for some := range slices.Chunk(gone, batch) {
		if err := g.dropGone(ctx, db, some); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(todo, batch) {
		slices.Sort(some) // FTS5 writes out all it has when a number is lower than the last
		entries := g.entries(some)
		if err := g.putCurrent(ctx, db, entries); err != nil {
			return err
		}
		g.done.Add(int64(len(some)))
	}
	return nil
}

// sound finds damage that would show only later.
func sound(ctx context.Context, db *sql.DB) error {
	var said string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return fmt.Errorf("%w: %s", errUnsound, said)
	}
	return nil
}

// stamps is which files the index knows.
func stamps(ctx context.Context, db *sql.DB) (map[int]stamp, error) {
	rows, err := db.QueryContext(ctx, "SELECT n, size, changed FROM picture UNION ALL SELECT n, size, changed FROM broken")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[int]stamp{}
	for rows.Next() {
		var n int
		var s stamp
		if err := rows.Scan(&n, &s.size, &s.changed); err != nil {
			return nil, err
		}
		known[n] = s
	}
	return known, rows.Err()
}

// files is which pictures the folder holds. It clears away what a crash left:
// names that were reserved and files that did not get theirs.
func (g *Gallery) files() (map[int]stamp, error) {
	list, err := os.ReadDir(g.dir)
	if err != nil {
		return nil, fmt.Errorf("the gallery folder %s can't be read: %w", g.dir, err)
	}
	files := make(map[int]stamp, len(list))
	for _, f := range list {
		n, ok := number(f.Name())
		left := temporary.MatchString(f.Name())
		if !ok && !left || !f.Type().IsRegular() {
			continue
		}
		info, err := f.Info()
		if err != nil {
			continue // just removed
		}
		if left || info.Size() == 0 { // being written, or left behind
			if time.Since(info.ModTime()) > stale {
				os.Remove(filepath.Join(g.dir, f.Name()))
			}
			continue
		}
		files[n] = stamp{info.Size(), info.ModTime().UnixNano()}
	}
	return files, nil
}

// entries reads pictures from their files.
func (g *Gallery) entries(numbers []int) []entry {
	entries := make([]entry, len(numbers))
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(numbers); i += workers {
				entries[i] = g.entry(numbers[i])
			}
		})
	}
	wg.Wait()
	return entries
}

func (g *Gallery) entry(n int) (e entry) {
	path := filepath.Join(g.dir, name(n))
	if e.stamp, e.problem = stampOf(path); e.problem == nil {
		if e.Picture, e.problem = readPicture(path); e.problem != nil {
			e.problem = fmt.Errorf("%s: %w", path, e.problem)
		}
	}
	e.ID, e.Path = name(n), path
	e.dated(path)
	return e
}

// putCurrent writes what was read from files, unless they have changed since.
func (g *Gallery) putCurrent(ctx context.Context, db *sql.DB, entries []entry) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	entries = slices.DeleteFunc(entries, func(e entry) bool {
		s, err := stampOf(e.Path)
		return err != nil || s != e.stamp
	})
	for _, e := range entries {
		parent, _ := number(e.Parent)
		n, _ := number(e.ID)
		g.last = max(g.last, parent, n)
		g.thumbs.drop(e.ID)
	}
	return put(ctx, db, entries...)
}

// dropGone takes out the pictures whose files are gone.
func (g *Gallery) dropGone(ctx context.Context, db *sql.DB, numbers []int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	numbers = slices.DeleteFunc(numbers, func(n int) bool {
		_, err := os.Lstat(filepath.Join(g.dir, name(n)))
		return !errors.Is(err, fs.ErrNotExist)
	})
	for _, n := range numbers {
		g.thumbs.drop(name(n))
	}
	return drop(ctx, db, numbers...)
}

// problems is why pictures can't be read, by their names.
func (g *Gallery) problems(ctx context.Context, db *sql.DB) ([]error, error) {
	rows, err := db.QueryContext(ctx, "SELECT n, problem FROM broken")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	problems := map[int]error{}
	for rows.Next() {
		var n int
		var problem string
		if err := rows.Scan(&n, &problem); err != nil {
			return nil, err
		}
		problems[n] = errors.New(problem)
	}
	var list []error
	for _, n := range slices.Sorted(maps.Keys(problems)) {
		list = append(list, problems[n])
	}
	return list, rows.Err()
}
