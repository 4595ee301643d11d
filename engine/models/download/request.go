package download

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"darkroom/engine"
)

// request makes a request that no cache or proxy may compress.
func (c *Client) request(ctx context.Context, url string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("%s is no address: %w", url, err)
	}
	req.Header.Set("User-Agent", "Darkroom/"+engine.Version)
	req.Header.Set("Accept-Encoding", "identity")
	if c.Token != "" && c.onHub(req.URL) {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	return req, nil
}

// do sends a request. It and what reads the answer end with errStalled when the
// server sends nothing for too long. linked is the SHA-256 that the hub promises on
// the way to where the file is.
func (c *Client) do(req *http.Request) (resp *http.Response, linked string, err error) {
	client := *cmp.Or(c.HTTP, http.DefaultClient)
	note := func(h http.Header) {
		if tag := strings.ToLower(strings.Trim(h.Get("X-Linked-Etag"), `"`)); len(tag) == 64 && strings.Trim(tag, "0123456789abcdef") == "" {
			linked = tag
		}
	}
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if len(via) >= 10 {
			return errors.New("it redirects ten times and more")
		}
		if next.Response != nil && c.onHub(via[0].URL) {
			note(next.Response.Header)
		}
		if via[0].URL.Scheme == "https" && next.URL.Scheme != "https" {
			return fmt.Errorf("it redirects to %s, which is not encrypted", next.URL)
		}
		if !c.onHub(next.URL) { // net/http would send it to other ports and subdomains of the hub
			next.Header.Del("Authorization")
		}
		return nil
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	patience := cmp.Or(c.Stall, time.Minute)
	stall := time.AfterFunc(patience, func() { cancel(errStalled) })
	resp, err = client.Do(req.WithContext(ctx))
	stall.Stop()
	if err != nil {
		err = stalled(ctx, err)
		cancel(nil)
		return nil, linked, err
	}
	if c.onHub(req.URL) {
		note(resp.Header)
	}
	resp.Body = &patientBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, stall: stall, patience: patience}
	return resp, linked, nil
}

var errStalled = errors.New("the server has sent nothing for too long")

// stalled is errStalled if that is what ended ctx, or else err.
func stalled(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errStalled) {
		return errStalled
	}
	return err
}

// patientBody is an answer's body that waits for each piece only as long as patience lasts.
type patientBody struct {
	io.ReadCloser
	ctx      context.Context
	cancel   context.CancelCauseFunc
	stall    *time.Timer
	patience time.Duration
}

func (b *patientBody) Read(p []byte) (int, error) {
	b.stall.Reset(b.patience)
	n, err := b.ReadCloser.Read(p)
	b.stall.Stop()
	if err != nil && err != io.EOF {
		err = stalled(b.ctx, err)
	}
	return n, err
}

func (b *patientBody) Close() error {
	b.cancel(nil)
	return b.ReadCloser.Close()
}
