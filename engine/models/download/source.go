package download

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"darkroom/engine/models"
)

// DefaultHub is where the Hugging Face hub is. HF_ENDPOINT names another, such as a
// mirror, as for the hub's own programs.
const DefaultHub = "https://huggingface.co"

// Offer is what a source has, before anything is fetched.
type Offer struct {
	Source  string
	Name    string // of the file, or of the folder to make
	Folder  bool   // the files make a model folder
	Files   []File
	Licence Licence
}

// Size is the bytes of all files; -1 if not known.
func (o *Offer) Size() (n int64) {
	for _, f := range o.Files {
		if f.Size < 0 {
			return -1
		}
		n += f.Size
	}
	return n
}

// Licence is on what terms a model is given. What the server doesn't say is "".
type Licence struct {
	Name string // as in "creativeml-openrail-m"
	URL  string // where it can be read
	Text string // of the repository's LICENSE file
	// Gated says that the hub gives the model only to people who have accepted its
	// terms there.
	Gated bool
}

// repository is owner/name[@revision][:file].
var repository = regexp.MustCompile(`^([\w.-]+/[\w.-]+)(?:@([^:]+))?(?::(.+))?$`)

// Look finds out what a source has: an address, or a repository of the hub as
// owner/name, owner/name@revision or owner/name:file.
func (c *Client) Look(ctx context.Context, source string) (*Offer, error) {
	source = strings.TrimSpace(source)
	var (
		o   *Offer
		err error
	)
	switch {
	case strings.Contains(source, "://"):
		o, err = c.address(ctx, source)
	case repository.MatchString(source):
		part := repository.FindStringSubmatch(source)
		o, err = c.repository(ctx, part[1], cmp.Or(part[2], "main"), part[3])
	default:
		err = fmt.Errorf("%q is neither an address (https://…) nor a repository of the hub (owner/name, owner/name@revision, owner/name:file)", source)
	}
	if err != nil {
		return nil, err
	}
	o.Source = source
	return o, nil
}

// hub is the hub's address, without a slash at its end.
func (c *Client) hub() string { return strings.TrimRight(cmp.Or(c.Hub, DefaultHub), "/") }

// onHub tells the hub's own addresses, the only ones that are sent the token.
func (c *Client) onHub(u *url.URL) bool {
	hub, err := url.Parse(c.hub())
	return err == nil && u.Scheme == hub.Scheme && u.Host == hub.Host
}

// hubPage is a page of the hub that shows a repository, or a file of one.
var hubPage = regexp.MustCompile(`^/([\w.-]+/[\w.-]+)(?:/(?:tree|blob|resolve)/([^/]+)(?:/(.+))?)?/?$`)

// address looks at what an address has.
func (c *Client) address(ctx context.Context, source string) (*Offer, error) {
	u, err := url.Parse(source)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s is no address: %w", source, err)
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, fmt.Errorf("%s: only addresses that begin with https:// or http:// can be fetched", source)
	}
	if page := hubPage.FindStringSubmatch(u.Path); page != nil && c.onHub(u) {
		return c.repository(ctx, page[1], cmp.Or(page[2], "main"), page[3])
	}
	f, err := c.probe(ctx, source)
	if err != nil {
		return nil, err
	}
	return &Offer{Name: f.Name, Files: []File{f}}, nil
}

// probe asks for the beginning of a file, which tells its name, its size and whether
// it is one.
func (c *Client) probe(ctx context.Context, address string) (File, error) {
	req, err := c.request(ctx, address)
	if err != nil {
		return File{}, err
	}
	req.Header.Set("Range", "bytes=0-511")
	resp, linked, err := c.do(req)
	if err != nil {
		return File{}, fmt.Errorf("%s can't be reached: %w", address, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		return File{}, fmt.Errorf("%s: the file there is empty", address)
	}
	if err := refusal(resp); err != nil {
		return File{}, err
	}
	head, err := io.ReadAll(io.LimitReader(resp.Body, 512))
	if err != nil {
		return File{}, fmt.Errorf("%s can't be read: %w", address, err)
	}
	f := File{URL: address, Name: fileName(resp), Size: resp.ContentLength, SHA256: linked}
	if resp.StatusCode == http.StatusPartialContent {
		f.Size = -1
		_, total, _ := strings.Cut(resp.Header.Get("Content-Range"), "/")
		fmt.Sscan(total, &f.Size)
	}
	if err := sniff(head, f.Name); err != nil {
		return File{}, err
	}
	if !models.WeightFile(f.Name) {
		return File{}, fmt.Errorf("%s gives a file called %q, which is no model's: their names end in .safetensors, .ckpt or .gguf", address, f.Name)
	}
	return f, nil
}

// unsafe is what names of files had better not hold on any system.
var unsafe = regexp.MustCompile(`[^\w.,()+= -]+|^\.+`)

// fileName is what a server calls its file, or how the address ends, made harmless.
func fileName(resp *http.Response) string {
	name := path.Base(resp.Request.URL.Path)
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		name = params["filename"]
	}
	return harmless(name)
}

func harmless(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	return strings.TrimSpace(unsafe.ReplaceAllString(name, "_"))
}

// text fetches a short text.
func (c *Client) text(ctx context.Context, address string) ([]byte, error) {
	req, err := c.request(ctx, address)
	if err != nil {
		return nil, err
	}
	resp, _, err := c.do(req)
	if err != nil {
		return nil, fmt.Errorf("%s can't be reached: %w", address, err)
	}
	defer resp.Body.Close()
	if err := refusal(resp); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, mostText+1))
	if err == nil && len(b) > mostText {
		err = errors.New("it is longer than such a text can be")
	}
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", address, err)
	}
	return b, nil
}

// mostText is how long an answer of the hub may be.
const mostText = 16 << 20
