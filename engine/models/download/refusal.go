package download

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"time"

	"darkroom/engine/models"
	"darkroom/engine/system"
)

// refusal says in words why an answer is not the file; nil if it may be.
func refusal(resp *http.Response) error {
	at := resp.Request.URL.Host
	switch code := resp.StatusCode; code {
	case http.StatusOK, http.StatusPartialContent, http.StatusRequestedRangeNotSatisfiable:
		return webPage(resp)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%s refuses (%s): the model may be given only to people who have signed in and accepted its terms; "+
			"do that in a browser, then set HF_TOKEN to an access token of yours", at, resp.Status)
	case http.StatusNotFound, http.StatusGone:
		return fmt.Errorf("%s has nothing there (%s): check the name, the revision and the file", at, resp.Status)
	case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusTooEarly:
		return &temporary{fmt.Errorf("%s is asked too often (%s)", at, resp.Status), retryAfter(resp)}
	default:
		err := fmt.Errorf("%s answers with %s", at, resp.Status)
		if code >= 500 {
			return &temporary{err, retryAfter(resp)}
		}
		return err
	}
}

// webPage refuses a page where a file was asked for.
func webPage(resp *http.Response) error {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind == "text/html" || kind == "application/xhtml+xml" {
		return errPage
	}
	return nil
}

var errPage = errors.New("the server answers with a web page instead of a file, perhaps one that asks to sign in or to accept something: " +
	"open the address in a browser, and copy the address of the file itself")

// sniff looks at the beginning of a file of that name.
func sniff(head []byte, name string) error {
	text := bytes.ToLower(bytes.TrimLeft(head[:min(len(head), 512)], "\ufeff \t\r\n"))
	switch {
	case bytes.HasPrefix(text, []byte("<!doctype html")) || bytes.HasPrefix(text, []byte("<html")):
		return errPage
	case models.WeightFile(name) && bytes.HasPrefix(text, []byte("version https://git-lfs")):
		return errors.New("the server has a Git LFS pointer there, which only names the real file: use the address that its page has for downloading")
	}
	return nil
}

// retryAfter is how long a server asks to wait: seconds, or until a time.
func retryAfter(resp *http.Response) time.Duration {
	h := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(h); err == nil && seconds > 0 && seconds < 1<<20 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(h); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// Describe is a file's name and size for people.
func (f File) Describe() string {
	if f.Size < 0 {
		return f.Name
	}
	return f.Name + " (" + system.Bytes(f.Size) + ")"
}
