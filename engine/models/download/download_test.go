package download

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"darkroom/engine/checkpoint"
)

// weightsOf is a safetensors file that opens, of about size bytes.
func weightsOf(t *testing.T, seed uint64, size int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.safetensors")
	rng := rand.New(rand.NewPCG(seed, 0))
	data := make([]float32, size/4)
	for i := range data {
		data[i] = rng.Float32()
	}
	if err := checkpoint.Write(path, []checkpoint.Tensor{{Name: "x", Shape: []int{len(data)}, Data: data}}, checkpoint.F32, nil); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// server has one file and answers each request in the next of several ways, the last
// of which goes on.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	answers  []answer
	requests []*http.Request
}

type answer func(w http.ResponseWriter, r *http.Request)

func serve(t *testing.T, answers ...answer) *server {
	t.Helper()
	s := &server{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r)
		a := s.answers[0]
		if len(s.answers) > 1 {
			s.answers = s.answers[1:]
		}
		s.mu.Unlock()
		a(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// file serves a file as Go's own server does, with ranges.
func file(b []byte, etag string) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		if etag != "" {
			w.Header().Set("ETag", etag)
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	}
}

// cutAfter is another answer, cut after n bytes of its body.
func cutAfter(n int, a answer) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				panic(http.ErrAbortHandler)
			}
		}()
		a(&cutter{ResponseWriter: w, left: n}, r)
	}
}

type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(b []byte) (int, error) {
	if len(b) > c.left {
		_, _ = c.ResponseWriter.Write(b[:c.left])
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic("cut")
	}
	c.left -= len(b)
	return c.ResponseWriter.Write(b)
}

// status is an answer without a file.
func status(code int, header ...string) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		fmt.Fprint(w, "some words")
	}
}

// body is an answer with headers as they are and a body of another length.
func body(b []byte, header string) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%s\r\nConnection: close\r\n\r\n", header)
		_, _ = conn.Write(b)
		conn.Close()
	}
}

func hang(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// stalls sends n bytes and then nothing.
func stalls(b []byte, n int) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(b)))
		_, _ = w.Write(b[:n])
		hang(w, r)
	}
}

// TestFetch has servers that do what servers do.
func TestFetch(t *testing.T) {
	good, other := weightsOf(t, 1, 1<<20), weightsOf(t, 2, 1<<20)
	const tag, newTag = `"1"`, `"2"`
	page := []byte("<!DOCTYPE html><html><body>Please sign in.</body></html>")
	for _, test := range []struct {
		name    string
		answers []answer
		size    int64 // 0 is not known
		hash    string
		want    []byte // nil for an error
		err     string
		asked   int    // requests; 0 is any number
		ranges  string // of the requests after the first
		kept    bool   // the part that was fetched, after an error
	}{
		{name: "as it should be", answers: []answer{file(good, tag)}, size: int64(len(good)), hash: sum(good), want: good, asked: 1},
		{name: "size and hash not known", answers: []answer{file(good, tag)}, want: good, asked: 1},
		{
			name: "cut three times", answers: []answer{cutAfter(300_000, file(good, tag)), cutAfter(300_000, file(good, tag)), cutAfter(10, file(good, tag)), file(good, tag)},
			size: int64(len(good)), hash: sum(good), want: good, asked: 4, ranges: "bytes=300000- bytes=600000- bytes=600010-",
		},
		{
			name: "cut at once, always", answers: []answer{cutAfter(0, file(good, tag))}, err: "tried 6 times", asked: 6,
		},
		{
			name: "cut more often than patience lasts, but always further", hash: sum(good),
			answers: append(slices.Repeat([]answer{cutAfter(100_000, file(good, tag))}, 9), file(good, tag)), want: good,
		},
		{
			name: "ignores the range", answers: []answer{cutAfter(300_000, file(good, tag)), func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del("Range")
				file(good, tag)(w, r)
			}}, hash: sum(good), want: good, asked: 2,
		},
		{
			name: "another file meanwhile", answers: []answer{cutAfter(300_000, file(good, tag)), file(other, newTag)},
			want: other, asked: 2, ranges: "bytes=300000-",
		},
		{
			name: "another file meanwhile than promised", answers: []answer{cutAfter(300_000, file(good, tag)), file(other, newTag)},
			hash: sum(good), err: "was promised", asked: 2,
		},
		{
			name: "another file meanwhile, and says it is the same", hash: sum(other),
			answers: []answer{cutAfter(300_000, file(good, tag)), file(other, tag)}, want: other, asked: 3, ranges: "bytes=300000- ",
		},
		{
			name: "nothing to tell its states apart", answers: []answer{cutAfter(300_000, file(good, "")), file(good, "")}, want: good, asked: 2, ranges: "",
		},
		{
			name: "a weak tag", answers: []answer{cutAfter(300_000, file(good, `W/"1"`)), file(good, `W/"1"`)}, want: good, asked: 2, ranges: "",
		},
		{
			name: "answers with another part", answers: []answer{cutAfter(300_000, file(good, tag)), func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Range", fmt.Sprintf("bytes 5-%d/%d", len(good)-1, len(good)))
				w.WriteHeader(http.StatusPartialContent)
				_, _ = w.Write(good[5:])
			}, file(good, tag)}, hash: sum(good), want: good, asked: 3,
		},
		{
			name: "shorter meanwhile", answers: []answer{cutAfter(300_000, file(good, tag)), status(http.StatusRequestedRangeNotSatisfiable), file(good, tag)},
			hash: sum(good), want: good, asked: 3,
		},
		{name: "announces more than it has", answers: []answer{body(good, fmt.Sprintf("Content-Length: %d", len(good)+100))}, err: "the server ended after", asked: 6, kept: true},
		{name: "announces less than it has", answers: []answer{body(good, fmt.Sprintf("Content-Length: %d", len(good)-100))}, err: "can't be opened"},
		{name: "announces less than promised", size: int64(len(good)), answers: []answer{body(good, fmt.Sprintf("Content-Length: %d", len(good)-100))}, err: "announces"},
		{name: "announces nothing", answers: []answer{body(good, "X: y")}, want: good},
		{name: "announces nothing and has more than promised", size: 1000, answers: []answer{body(good, "X: y")}, err: "more than the 1000 bytes"},
		{name: "announces nothing and ends early", size: int64(len(good)), answers: []answer{body(good[:500_000], "X: y")}, err: "were promised"},
		{name: "wrong bytes", size: int64(len(good)), hash: sum(good), answers: []answer{file(other, tag)}, err: "the file is damaged or another one", asked: 1},
		{name: "no weights", answers: []answer{file([]byte("hello, these are no weights at all"), tag)}, err: "can't be opened"},
		{name: "a page", answers: []answer{func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) }}, err: "web page", asked: 1},
		{name: "a page that says it is a file", answers: []answer{file(page, tag)}, err: "web page", asked: 1},
		{name: "a pointer", answers: []answer{file([]byte("version https://git-lfs.github.com/spec/v1\noid sha256:00"), tag)}, err: "Git LFS pointer", asked: 1},
		{name: "401", answers: []answer{status(401)}, err: "HF_TOKEN", asked: 1},
		{name: "403", answers: []answer{status(403)}, err: "accepted its terms", asked: 1},
		{name: "404", answers: []answer{status(404)}, err: "check the name", asked: 1},
		{name: "400", answers: []answer{status(400)}, err: "400 Bad Request", asked: 1},
		{name: "403 after half of it", answers: []answer{cutAfter(300_000, file(good, tag)), status(403)}, err: "HF_TOKEN", asked: 2, kept: true},
		{name: "429, then well", answers: []answer{status(429, "Retry-After", "1"), file(good, tag)}, want: good, asked: 2},
		{name: "429 for a day", answers: []answer{status(429, "Retry-After", "86400")}, err: "24h0m0s", asked: 1},
		{name: "500, then well", answers: []answer{status(500), status(502), status(503), file(good, tag)}, want: good, asked: 4},
		{name: "503 always, after half of it", answers: []answer{cutAfter(300_000, file(good, tag)), status(503)}, err: "tried 6 times", kept: true},
		{name: "stalls", answers: []answer{stalls(good, 300_000), file(good, tag)}, hash: sum(good), want: good, asked: 2, ranges: "bytes=300000-"},
		{name: "never answers", answers: []answer{hang}, err: "sent nothing", asked: 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, dir := serve(t, test.answers...), t.TempDir()
			c := &Client{Pause: time.Microsecond, Stall: 250 * time.Millisecond}
			begin := time.Now()
			err := c.Fetch(context.Background(), dir, []File{{URL: s.URL + "/m.safetensors", Name: "m.safetensors", Size: cmp.Or(test.size, -1), SHA256: test.hash}}, nil)
			got, _ := os.ReadFile(filepath.Join(dir, "m.safetensors"))
			switch {
			case test.want != nil && (err != nil || !bytes.Equal(got, test.want)):
				t.Errorf("%d bytes came (%v)", len(got), err)
			case test.want == nil && (err == nil || !strings.Contains(err.Error(), test.err)):
				t.Errorf("the error is %v, want one that says %q", err, test.err)
			case test.want == nil && got != nil:
				t.Error("the file has got its name")
			}
			if _, err := os.Stat(filepath.Join(dir, "m.safetensors.part")); (err == nil) != test.kept {
				t.Errorf("a part is kept: %v, want %v", err == nil, test.kept)
			}
			if n := len(s.requests); test.asked > 0 && n != test.asked {
				t.Errorf("%d requests, want %d", n, test.asked)
			}
			if strings.HasPrefix(test.name, "429, then") && time.Since(begin) < time.Second {
				t.Error("it did not wait for as long as the server asked")
			}
			var ranges []string
			for _, r := range s.requests[min(1, len(s.requests)):] {
				ranges = append(ranges, r.Header.Get("Range"))
				if r.Header.Get("Range") != "" && r.Header.Get("If-Range") != tag {
					t.Errorf("a range was asked for if %q", r.Header.Get("If-Range"))
				}
			}
			if got := strings.Join(ranges, " "); test.ranges != "" && got != test.ranges {
				t.Errorf("it asked for %q, want %q", got, test.ranges)
			}
		})
	}
}

// TestGoesOn stops a download and takes it up in another run.
func TestGoesOn(t *testing.T) {
	good := weightsOf(t, 1, 1<<20)
	s, dir := serve(t, stalls(good, 400_000), file(good, `"1"`)), t.TempDir()
	files := []File{{URL: s.URL + "/m", Name: "m.safetensors", Size: int64(len(good)), SHA256: sum(good)}}
	ctx, cancel := context.WithCancel(context.Background())
	err := (&Client{}).Fetch(ctx, dir, files, func(p Progress) {
		if p.Total != int64(len(good)) {
			t.Errorf("the total is %d", p.Total)
		}
		if p.Done == 400_000 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	var first int64
	err = (&Client{}).Fetch(context.Background(), dir, files, func(p Progress) {
		if first == 0 {
			first = p.Done
		}
	})
	if err != nil || first <= 400_000 || s.requests[1].Header.Get("Range") != "bytes=400000-" {
		t.Errorf("it went on at %d (%v)", first, err)
	}
	left, _ := os.ReadDir(dir)
	if len(left) != 1 {
		t.Errorf("%d files are left, want 1", len(left))
	}
	// again: the file is there, and nothing is asked for
	if err := (&Client{}).Fetch(context.Background(), dir, files, nil); err != nil || len(s.requests) != 2 {
		t.Errorf("the file that was there was fetched again (%v)", err)
	}
	// another file of that name is a person's own
	files[0].SHA256 = sum([]byte("another"))
	if err := (&Client{}).Fetch(context.Background(), dir, files, nil); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("a file was to be written over: %v", err)
	}
}

// TestDamagedPart makes sure that a part that went bad on the disk costs a second
// download and not the file.
func TestDamagedPart(t *testing.T) {
	good := weightsOf(t, 1, 1<<20)
	s, dir := serve(t, cutAfter(400_000, file(good, `"1"`)), status(403), file(good, `"1"`)), t.TempDir()
	files := []File{{URL: s.URL, Name: "m.safetensors", Size: -1, SHA256: sum(good)}}
	c := &Client{Pause: time.Microsecond}
	if err := c.Fetch(context.Background(), dir, files, nil); err == nil {
		t.Fatal("a 403 is no error")
	}
	part := filepath.Join(dir, "m.safetensors.part")
	b, err := os.ReadFile(part)
	if err != nil || len(b) != 400_000 {
		t.Fatalf("the part has %d bytes (%v)", len(b), err)
	}
	b[1000] ^= 1
	if err := os.WriteFile(part, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Fetch(context.Background(), dir, files, nil); err != nil || len(s.requests) != 4 {
		t.Errorf("%d requests (%v)", len(s.requests), err)
	}
}

// TestEmptyFile fetches a file that is known to be empty, once.
func TestEmptyFile(t *testing.T) {
	s, dir := serve(t, file(nil, "")), t.TempDir()
	for range 2 {
		if err := (&Client{}).Fetch(context.Background(), dir, []File{{URL: s.URL, Name: "added_tokens.txt"}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "added_tokens.txt")); err != nil || info.Size() != 0 || len(s.requests) != 1 {
		t.Errorf("%d requests (%v)", len(s.requests), err)
	}
}

func TestRefusesBeforeItBegins(t *testing.T) {
	good := weightsOf(t, 1, 1000)
	s := serve(t, file(good, ""))
	for _, name := range []string{"../m.safetensors", "/etc/m.safetensors", "a/../../m.safetensors", ""} {
		files := []File{{URL: s.URL, Name: "m.safetensors", Size: -1}, {URL: s.URL, Name: name, Size: -1}}
		err := (&Client{}).Fetch(context.Background(), t.TempDir(), files, nil)
		if err == nil || !strings.Contains(err.Error(), "outside") {
			t.Errorf("a file called %q: %v", name, err)
		}
	}
	full := &Client{freeDisk: func(string) int64 { return 100 << 20 }}
	err := full.Fetch(context.Background(), t.TempDir(), []File{{URL: s.URL, Name: "m.safetensors", Size: 2e9}}, nil)
	if err == nil || !strings.Contains(err.Error(), "has 105 MB free, and 2.00 GB are needed") {
		t.Errorf("a full disk: %v", err)
	}
	if len(s.requests) > 0 {
		t.Error("something was fetched")
	}
	full.freeDisk = func(string) int64 { return 64<<20 + 500 } // when the size shows only in the answer
	err = full.Fetch(context.Background(), t.TempDir(), []File{{URL: s.URL, Name: "m.safetensors", Size: -1}}, nil)
	if err == nil || !strings.Contains(err.Error(), "are needed") {
		t.Errorf("a full disk: %v", err)
	}
}

func TestRedirectsStayEncrypted(t *testing.T) {
	plain := serve(t, file(weightsOf(t, 1, 1000), ""))
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer secure.Close()
	c := &Client{HTTP: secure.Client(), Pause: time.Microsecond}
	err := c.Fetch(context.Background(), t.TempDir(), []File{{URL: secure.URL, Name: "m.safetensors", Size: -1}}, nil)
	if err == nil || !strings.Contains(err.Error(), "not encrypted") || len(plain.requests) > 0 {
		t.Errorf("a redirect without encryption: %v", err)
	}
}
