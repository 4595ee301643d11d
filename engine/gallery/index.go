package gallery

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/ext/fts5"

	"darkroom/engine/recipe"
)

const indexName = ".index.db"

// indexVersion is the version of schema, in the database's user_version.
const indexVersion = 1

// schema keeps what is looked for apart from what is only shown, so that a look
// at every picture reads little. n is the number in the file's name; size (bytes)
// and changed (ns) are the file's when it was read.
const schema = `
CREATE TABLE picture (
	n INTEGER PRIMARY KEY, size INTEGER NOT NULL, changed INTEGER NOT NULL,
	kept INTEGER NOT NULL, -- ms since 1970
	favourite INTEGER NOT NULL, rating INTEGER NOT NULL,
	parent INTEGER NOT NULL, -- 0 for none
	width INTEGER NOT NULL, height INTEGER NOT NULL,
	seed INTEGER NOT NULL, -- its 64 bits
	steps INTEGER NOT NULL, guidance REAL NOT NULL,
	sampler TEXT NOT NULL, schedule TEXT NOT NULL, model TEXT NOT NULL
);
CREATE INDEX picture_rating ON picture (rating, n);
CREATE INDEX picture_favourite ON picture (n) WHERE favourite;
CREATE INDEX picture_parent ON picture (parent) WHERE parent;
CREATE TABLE detail (n INTEGER PRIMARY KEY, request TEXT NOT NULL, marks TEXT NOT NULL);
CREATE TABLE label (kind INTEGER NOT NULL, name TEXT NOT NULL COLLATE NOCASE, n INTEGER NOT NULL, PRIMARY KEY (kind, name, n)) WITHOUT ROWID;
CREATE INDEX label_picture ON label (n);
CREATE VIRTUAL TABLE words USING fts5 (prompt, negative, tags,
	content='', contentless_delete=1, prefix='1 2', tokenize='unicode61 remove_diacritics 2');
CREATE TABLE broken (n INTEGER PRIMARY KEY, size INTEGER NOT NULL, changed INTEGER NOT NULL, problem TEXT NOT NULL);
CREATE TABLE highest (one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL);
`

// Kinds of labels.
const (
	tagLabel = iota
	collectionLabel
)

// index is the database; without a path it is in memory, where the folder can't
// take it.
type index struct {
	db    *sql.DB
	path  string
	sound atomic.Bool // it was looked through for damage
}

var (
	errOther   = errors.New("the index is of another version")
	errUnsound = errors.New("the index is damaged")
)

// openIndex opens the index at path, and makes it anew if it can't be used; "" is one in memory.
func openIndex(path string) (*index, error) {
	x, err := tryIndex(path)
	if path != "" && (damaged(err) || errors.Is(err, errOther)) {
		if err := removeIndex(path); err != nil {
			return nil, err
		}
		x, err = tryIndex(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the gallery's index %s can't be opened: %w", path, err)
	}
	return x, nil
}

func removeIndex(path string) error {
	for _, end := range []string{"-wal", "-shm", ""} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func tryIndex(path string) (*index, error) {
	source, connections := ":memory:", 1
	if path != "" {
		path, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		if path = filepath.ToSlash(path); !strings.HasPrefix(path, "/") {
			path = "/" + path // C:/…
		}
		source, connections = (&url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(10000)&_pragma=trusted_schema(0)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_pragma=cache_size(-8192)"}).String(), 3
	}
	db, err := driver.Open(source, fts5.Register)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := prepare(db); err != nil {
		db.Close()
		return nil, err
	}
	return &index{db: db, path: path}, nil
}

// prepare makes the tables of an empty database.
func prepare(db *sql.DB) error {
	tx, err := db.Begin() // immediate: two programs may come at once
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var version, tables int
	if err := tx.QueryRow("SELECT user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_user_version").Scan(&version, &tables); err != nil {
		return err
	}
	switch {
	case version == indexVersion:
		if _, err := tx.Exec("SELECT 1 FROM picture, detail, label, words, broken, highest LIMIT 0"); err != nil {
			return err
		}
		return tx.Commit()
	case version != 0 || tables != 0:
		return errOther
	}
	if _, err := tx.Exec(schema); err != nil {
		return err
	}
	if _, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", indexVersion)); err != nil {
		return err
	}
	return tx.Commit()
}

// damaged says whether only a new database can help.
func damaged(err error) bool {
	return errors.Is(err, errUnsound) || errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) ||
		errors.Is(err, sqlite3.ERROR) && strings.Contains(err.Error(), "no such")
}

// unwritable says whether the file can't be used where it is.
func unwritable(err error) bool {
	for _, code := range []error{sqlite3.FULL, sqlite3.IOERR, sqlite3.READONLY, sqlite3.CANTOPEN, sqlite3.PERM} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// with does something with the index, and again with a new one if the old one
// was of no use: a damaged one, one on a full disk, and then one in memory.
func (g *Gallery) with(do func(*sql.DB) error) (err error) {
	for range 3 {
		x := g.index.Load()
		if err = do(x.db); err == nil || !g.heal(x, err) {
			return err
		}
	}
	return err
}

// heal replaces an index that an error shows to be of no use: a damaged one on
// the disk, one that can't be written there by one in memory. It says whether
// there is another one now, which is filled in the background.
func (g *Gallery) heal(x *index, err error) bool {
	g.healing.Lock()
	defer g.healing.Unlock()
	if g.ctx.Err() != nil {
		return false
	}
	if g.index.Load() != x {
		return true
	}
	path := x.path
	switch {
	case path == "":
		return false
	case damaged(err):
		if removeIndex(path) != nil {
			path = ""
		}
	case unwritable(err):
		path = ""
	default:
		return false
	}
	other, err := openIndex(path)
	if err != nil {
		if other, err = openIndex(""); err != nil {
			return false
		}
	}
	g.index.Store(other)
	x.db.Close()
	g.background()
	return true
}

// entry is a picture as the index has it, or why it can't be read.
type entry struct {
	Picture
	stamp
	problem error
}

// stamp tells whether a file is the one that was read.
type stamp struct{ size, changed int64 }

func (s stamp) String() string { return fmt.Sprintf("-%d-%d", s.size, s.changed) }

func stampOf(path string) (stamp, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{info.Size(), info.ModTime().UnixNano()}, nil
}

// note puts a picture that was just written into the index, as its file is now;
// mu is held. What can't be put there is found in the files next time.
func (g *Gallery) note(id string) {
	n, _ := number(id)
	e := g.entry(n)
	if errors.Is(e.problem, fs.ErrNotExist) {
		return
	}
	_ = g.with(func(db *sql.DB) error { return put(g.ctx, db, e) })
}

// forget takes a picture out of the index.
func (g *Gallery) forget(n int) {
	_ = g.with(func(db *sql.DB) error { return drop(g.ctx, db, n) })
	g.thumbs.drop(name(n))
}

// remember has the highest number outlive its picture.
func (g *Gallery) remember() {
	_ = g.with(func(db *sql.DB) error {
		_, err := db.ExecContext(g.ctx, "INSERT INTO highest VALUES (1, ?) ON CONFLICT DO UPDATE SET n = max(n, excluded.n)", g.last)
		return err
	})
}

// highest is the highest number ever used, as far as the index knows.
func (x *index) highest() (n int, err error) {
	err = x.db.QueryRow("SELECT max(ifnull((SELECT n FROM highest), 0), ifnull((SELECT max(n) FROM picture), 0), ifnull((SELECT max(parent) FROM picture), 0))").Scan(&n)
	return n, err
}

// statements of a transaction, prepared once.
type statements map[string]*sql.Stmt

func (s statements) exec(ctx context.Context, tx *sql.Tx, query string, args ...any) error {
	if s[query] == nil {
		var err error
		if s[query], err = tx.PrepareContext(ctx, query); err != nil {
			return err
		}
	}
	_, err := s[query].ExecContext(ctx, args...)
	return err
}

// put writes entries, wholly or not at all.
func put(ctx context.Context, db *sql.DB, entries ...entry) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	s := statements{}
	for _, e := range entries {
		n, _ := number(e.ID)
		if err := dropIn(ctx, tx, s, n); err != nil {
			return err
		}
		if err := putIn(ctx, tx, s, n, e); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func putIn(ctx context.Context, tx *sql.Tx, s statements, n int, e entry) error {
	if e.problem != nil {
		return s.exec(ctx, tx, "INSERT INTO broken VALUES (?, ?, ?, ?)", n, e.size, e.changed, e.problem.Error())
	}
	request, err := recipe.Marshal(e.Request)
	if err != nil {
		return err
	}
	marks, err := json.Marshal(e.Marks)
	if err != nil {
		return err
	}
	parent, _ := number(e.Parent)
	r := e.Request
	err = s.exec(ctx, tx, "INSERT INTO picture VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		n, e.size, e.changed, e.Kept.UnixMilli(), e.Favourite, e.Rating, parent,
		e.Width, e.Height, int64(r.Seed), r.Steps, r.Guidance, r.Sampler, r.Schedule, r.Model)
	if err != nil {
		return err
	}
	if err := s.exec(ctx, tx, "INSERT INTO detail VALUES (?, ?, ?)", n, request, string(marks)); err != nil {
		return err
	}
	for kind, names := range [][]string{tagLabel: e.Tags, collectionLabel: e.Collections} {
		for _, name := range names {
			if err := s.exec(ctx, tx, "INSERT OR IGNORE INTO label VALUES (?, ?, ?)", kind, name, n); err != nil {
				return err
			}
		}
	}
	return s.exec(ctx, tx, "INSERT INTO words (rowid, prompt, negative, tags) VALUES (?, ?, ?, ?)",
		n, r.Prompt, r.Negative, strings.Join(e.Tags, "\n"))
}

// drop takes pictures out.
func drop(ctx context.Context, db *sql.DB, numbers ...int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	s := statements{}
	for _, n := range numbers {
		if err := dropIn(ctx, tx, s, n); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func dropIn(ctx context.Context, tx *sql.Tx, s statements, n int) error {
	for _, query := range []string{
		"DELETE FROM words WHERE rowid = ?", "DELETE FROM label WHERE n = ?", "DELETE FROM detail WHERE n = ?",
		"DELETE FROM picture WHERE n = ?", "DELETE FROM broken WHERE n = ?",
	} {
		if err := s.exec(ctx, tx, query, n); err != nil {
			return err
		}
	}
	return nil
}

// dated gives a picture from before there were dates that of its file.
func (p *Picture) dated(path string) {
	if s, err := stampOf(path); err == nil && p.Kept.IsZero() {
		p.Kept = time.Unix(0, s.changed).UTC().Truncate(time.Millisecond)
	}
}
