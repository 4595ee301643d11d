// Package download fetches models over HTTP: from an address, or from a repository
// of the Hugging Face hub. A download that was cut goes on where it was, also in
// another run, and a file gets its name only when it is whole and can be opened.
package download

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"darkroom/engine/checkpoint"
	"darkroom/engine/models"
	"darkroom/engine/system"
)

// Client fetches. The zero Client is ready.
type Client struct {
	HTTP  *http.Client // nil is http.DefaultClient
	Token string       // for the hub, which some models are only given to people who have signed in
	Hub   string       // where the hub is; "" is DefaultHub
	// Pause is how long to wait before the first repetition; each waits twice as long
	// as the one before. 0 is a second.
	Pause time.Duration
	// Stall is how long a server may send nothing; 0 is a minute.
	Stall time.Duration

	freeDisk func(folder string) int64 // nil is system.FreeDisk
}

// File is one file to fetch.
type File struct {
	URL    string
	Name   string // where it belongs in the destination, with forward slashes
	Size   int64  // bytes; -1 if not known
	SHA256 string // "" if not known
}

// Progress is how far a download is.
type Progress struct {
	File        string
	Done, Total int64 // bytes of all files; Total is 0 if not known
	// Waiting says why nothing is fetched at the moment, "" while something is.
	Waiting string
}

// Limits of patience: repetitions that bring nothing new, the longest pause between
// two, and the longest that a server may ask to wait.
const (
	mostFailures = 6
	longestPause = 30 * time.Second
	longestWait  = 10 * time.Minute
)

// spareDisk is what is left free on the disk.
const spareDisk = 64 << 20

// Fetch fetches files into folder, which is made. Those that are there already, of
// the right size and hash, are left alone.
func (c *Client) Fetch(ctx context.Context, folder string, files []File, told func(Progress)) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("the folder for the download can't be made: %w; choose another", err)
	}
	p := Progress{}
	for _, f := range files {
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) {
			return fmt.Errorf("the server names a file %q, which would lie outside of %s: nothing was fetched", f.Name, folder)
		}
	}
	for _, f := range files {
		if f.Size < 0 {
			p.Total = 0
			break
		}
		p.Total += f.Size
	}
	if err := c.room(folder, folder, files); err != nil {
		return err
	}
	for _, f := range files {
		t := &transfer{Client: c, File: f, path: filepath.Join(folder, filepath.FromSlash(f.Name)), all: p, told: told}
		if err := os.MkdirAll(filepath.Dir(t.path), 0o755); err != nil {
			return err
		}
		if err := t.run(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("fetching %s: %w", f.Name, err)
		}
		p.Done += t.have
	}
	return nil
}

// room makes sure that the disk has room for what is missing of the files.
func (c *Client) room(folder, at string, files []File) error {
	var need int64
	for _, f := range files {
		path := filepath.Join(folder, filepath.FromSlash(f.Name))
		need += max(0, f.Size-max(size(path), size(path+partSuffix)))
	}
	free := system.FreeDisk
	if c.freeDisk != nil {
		free = c.freeDisk
	}
	if left := free(at); need > 0 && need > left-spareDisk {
		return fmt.Errorf("the disk of %s has %s free, and %s are needed: make room, or choose a folder on another disk with --to", at, system.Bytes(left), system.Bytes(need))
	}
	return nil
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// A download in the making lies beside its place, with a note of what it is of.
const (
	partSuffix = ".part"
	noteSuffix = ".part.json"
)

// note is what a resumed download has to agree with.
type note struct {
	URL    string `json:"url"`
	ETag   string `json:"etag,omitempty"` // a strong one, or the time of the last change
	SHA256 string `json:"sha256,omitempty"`
}

// transfer is one file on its way.
type transfer struct {
	*Client
	File
	path string
	all  Progress // before this file
	told func(Progress)

	note    note
	have    int64 // bytes in the part file
	total   int64 // as the server says; -1 if it doesn't
	resumed bool  // bytes of an earlier answer are in the file
}

func (t *transfer) tell(waiting string) {
	if t.told == nil {
		return
	}
	p := t.all
	p.File, p.Done, p.Waiting = t.Name, p.Done+t.have, waiting
	if p.Total == 0 && t.total > 0 && p.Done == t.have {
		p.Total = t.total
	}
	t.told(p)
}

// run fetches the file, and once more from its beginning if what was put together
// of several answers is not what was promised.
func (t *transfer) run(ctx context.Context) error {
	if done, err := t.there(ctx); done || err != nil {
		return err
	}
	t.total = -1
	t.recall()
	for {
		err := t.gather(ctx)
		if err == nil {
			err = t.check(ctx)
		}
		var wrong *wrongBytes
		switch {
		case err == nil:
			return t.finish()
		case errors.As(err, &wrong):
			t.discard()
			if t.resumed {
				t.resumed = false
				t.tell("what was put together is damaged; it is fetched again")
				continue
			}
		case t.have == 0:
			t.discard()
		}
		return err
	}
}

// there tells whether the file is in its place already.
func (t *transfer) there(ctx context.Context) (bool, error) {
	info, err := os.Stat(t.path)
	if err != nil {
		return false, nil
	}
	t.have = info.Size()
	switch {
	case t.SHA256 != "":
		sum, err := models.SHA256(ctx, t.path, nil)
		if err != nil {
			return false, err
		}
		if sum == strings.ToLower(t.SHA256) {
			return true, nil
		}
	case t.Size == t.have:
		return true, nil
	}
	return false, fmt.Errorf("%s is there already and is another file: move it away, or choose another folder with --to", t.path)
}

// recall takes up what an earlier run has left.
func (t *transfer) recall() {
	t.have = 0
	b, err := os.ReadFile(t.path + noteSuffix)
	if err == nil {
		err = json.Unmarshal(b, &t.note)
	}
	if err != nil || t.note.URL != t.URL || t.note.SHA256 != t.SHA256 {
		t.discard()
		return
	}
	t.have = size(t.path + partSuffix)
	t.resumed = t.have > 0
}

// discard forgets what was fetched.
func (t *transfer) discard() {
	os.Remove(t.path + partSuffix)
	os.Remove(t.path + noteSuffix)
	t.have, t.note = 0, note{URL: t.URL, SHA256: t.SHA256}
}

// temporary is an error after which the same may go well. after is how long the
// server asks to wait.
type temporary struct {
	err   error
	after time.Duration
}

func (e *temporary) Error() string { return e.err.Error() }
func (e *temporary) Unwrap() error { return e.err }

// wrongBytes is an error about what was fetched.
type wrongBytes struct{ err error }

func (e *wrongBytes) Error() string { return e.err.Error() }
func (e *wrongBytes) Unwrap() error { return e.err }

// gather asks until the whole file is there.
func (t *transfer) gather(ctx context.Context) error {
	failures := 0
	for {
		before := t.have
		err := t.ask(ctx)
		if err == nil {
			return nil
		}
		var again *temporary
		if ctx.Err() != nil || !errors.As(err, &again) {
			return cmp.Or(ctx.Err(), err)
		}
		if t.have > before {
			failures = 0
		}
		if failures++; failures >= mostFailures {
			return fmt.Errorf("%w; it was tried %d times, and what was fetched is kept: try again later", err, failures)
		}
		pause := min(longestPause, cmp.Or(t.Pause, time.Second)<<(failures-1))
		if again.after > longestWait {
			return fmt.Errorf("%w; the server asks to wait %v: try again then", err, again.after.Round(time.Second))
		}
		pause = max(pause, again.after)
		t.tell(fmt.Sprintf("%v; trying again in %v", err, pause.Round(time.Second)))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// check makes sure that what was fetched is what was promised, and can be opened.
func (t *transfer) check(ctx context.Context) error {
	part := t.path + partSuffix
	if t.Size >= 0 && t.have != t.Size {
		return &wrongBytes{fmt.Errorf("the server sent %d bytes and %d were promised: it has another file there now, or a damaged one; nothing was kept", t.have, t.Size)}
	}
	if t.SHA256 != "" {
		sum, err := models.SHA256(ctx, part, nil)
		if err != nil {
			return err
		}
		if sum != strings.ToLower(t.SHA256) {
			return &wrongBytes{fmt.Errorf("what the server sent has the SHA-256 %s and %s was promised: the file is damaged or another one; nothing was kept", sum, t.SHA256)}
		}
	}
	if !models.WeightFile(t.Name) {
		return nil
	}
	f, err := checkpoint.Open(part)
	if err != nil {
		return &wrongBytes{fmt.Errorf("what the server sent can't be opened (%w); nothing was kept", err)}
	}
	return f.Close()
}

// finish gives the file its name.
func (t *transfer) finish() error {
	if err := os.Rename(t.path+partSuffix, t.path); err != nil {
		return err
	}
	os.Remove(t.path + noteSuffix)
	system.SyncDir(filepath.Dir(t.path))
	t.tell("")
	return nil
}

// ask asks once, for what is missing.
func (t *transfer) ask(ctx context.Context) error {
	if t.Size > 0 && t.have >= t.Size { // all of it was fetched before it could be checked
		return nil
	}
	req, err := t.request(ctx, t.URL)
	if err != nil {
		return err
	}
	if t.have > 0 && t.note.ETag != "" {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", t.have))
		req.Header.Set("If-Range", t.note.ETag)
	} else if t.have > 0 {
		t.discard() // there is nothing by which to tell whether the server's file is still the same
	}
	resp, linked, err := t.do(req)
	if err != nil {
		return cut(ctx, fmt.Errorf("the server can't be reached: %w", err))
	}
	defer resp.Body.Close()
	if t.SHA256 == "" {
		t.SHA256 = linked
		t.note.SHA256 = linked
	}
	if err := t.accept(resp); err != nil {
		return err
	}
	return t.copy(ctx, resp)
}

// cut is the error of an answer that was cut: one to try again, unless it is the
// person who has ended it.
func cut(ctx context.Context, err error) error {
	return cmp.Or(ctx.Err(), error(&temporary{err: err}))
}

// accept looks at an answer's head and puts the part file into the state that its
// body continues.
func (t *transfer) accept(resp *http.Response) error {
	if err := refusal(resp); err != nil {
		return err
	}
	from := int64(0)
	switch resp.StatusCode {
	case http.StatusPartialContent:
		var to int64
		if n, _ := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &to, &t.total); n != 3 || from != t.have || to+1 != t.total {
			t.discard()
			return &temporary{err: fmt.Errorf("the server was asked for the bytes from %d on and answered with others (%s)", t.have, resp.Header.Get("Content-Range"))}
		}
		t.resumed = t.resumed || from > 0
	case http.StatusRequestedRangeNotSatisfiable: // what is here is as long as what is there, or longer
		t.discard()
		return &temporary{err: errors.New("the file on the server is shorter than what was fetched of it")}
	default: // the whole file: another one than before, or from a server that can't send parts
		t.discard()
		t.resumed = false
		t.total = resp.ContentLength
	}
	if t.Size >= 0 && t.total >= 0 && t.total != t.Size {
		return fmt.Errorf("the server announces %d bytes, but the file should have %d: it has another file there now; look for the model again", t.total, t.Size)
	}
	if t.Size < 0 && t.total > 0 {
		if err := t.room(filepath.Dir(t.path), filepath.Dir(t.path), []File{{Name: filepath.Base(t.path), Size: t.total}}); err != nil {
			return err
		}
	}
	t.note.ETag = validator(resp)
	b, err := json.Marshal(t.note)
	if err != nil {
		return err
	}
	return os.WriteFile(t.path+noteSuffix, b, 0o644)
}

// validator is what tells one state of a server's file from another: a strong ETag,
// or else the time of its last change (RFC 9110, section 13.1.5).
func validator(resp *http.Response) string {
	if tag := resp.Header.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return resp.Header.Get("Last-Modified")
}

// copy writes an answer's body into the part file.
func (t *transfer) copy(ctx context.Context, resp *http.Response) (err error) {
	f, err := os.OpenFile(t.path+partSuffix, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, f.Sync(), f.Close()) }()
	if _, err := f.Seek(t.have, io.SeekStart); err != nil {
		return err
	}
	piece := make([]byte, 1<<18)
	for {
		n, err := resp.Body.Read(piece)
		if n > 0 {
			if t.have == 0 {
				if err := sniff(piece[:n], t.Name); err != nil {
					return err
				}
			}
			if most := max(t.total, t.Size); most >= 0 && t.have+int64(n) > most {
				return &wrongBytes{fmt.Errorf("the server sends more than the %d bytes that it announced", most)}
			}
			if _, err := f.Write(piece[:n]); err != nil {
				return fmt.Errorf("it can't be written (%w); what was fetched is kept, to go on from there", err)
			}
			t.have += int64(n)
			t.tell("")
		}
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF && t.have < t.total:
			return cut(ctx, fmt.Errorf("the server ended after %d of %d bytes", t.have, t.total))
		case err == io.EOF:
			return nil
		case err != nil:
			return cut(ctx, fmt.Errorf("the connection was cut after %s: %w", system.Bytes(t.have), err))
		}
	}
}
