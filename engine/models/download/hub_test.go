package download

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// repo makes a repository's listing of files, of ten bytes each unless a size is
// behind the name.
func repo(names ...string) []sibling {
	var list []sibling
	for _, name := range names {
		s := sibling{Name: name, Size: 10}
		if name, size, ok := strings.Cut(name, "="); ok {
			s.Name = name
			fmt.Sscan(size, &s.Size)
		}
		list = append(list, s)
	}
	return list
}

func TestChoose(t *testing.T) {
	parts := func(files ...string) []string {
		return append([]string{
			"model_index.json", "README.md", ".gitattributes", "scheduler/scheduler_config.json", "tokenizer/vocab.json", "tokenizer/merges.txt",
			"unet/config.json", "safety_checker/model.safetensors", "feature_extractor/preprocessor_config.json", "v1-5-pruned.safetensors",
		}, files...)
	}
	const common = "model_index.json scheduler/scheduler_config.json tokenizer/vocab.json tokenizer/merges.txt unet/config.json "
	for _, test := range []struct {
		name   string
		files  []string
		file   string
		want   string
		folder bool
		err    string
	}{
		{name: "one file", files: []string{"README.md", "m.safetensors"}, want: "m.safetensors"},
		{name: "safetensors before ckpt", files: []string{"m.ckpt", "m.safetensors"}, want: "m.safetensors"},
		{name: "float16 before float32", files: []string{"m.safetensors", "m.fp16.safetensors", "m-fp16.ckpt"}, want: "m.fp16.safetensors"},
		{name: "a pickle if there is nothing else", files: []string{"m.ckpt", "m.onnx", "m.msgpack"}, want: "m.ckpt"},
		{
			name: "pruned ones are the same model", files: []string{"v1-5-pruned.safetensors=7700", "v1-5-pruned-emaonly.safetensors=4200", "v1-5-pruned-emaonly.ckpt=4200"},
			want: "v1-5-pruned-emaonly.safetensors",
		},
		{name: "several models", files: []string{"a.safetensors", "b.safetensors=2000000"}, err: "it has several models; name one behind the repository's name: :a.safetensors (10 bytes), :b.safetensors (2 MB)"},
		{name: "the one that is named", files: []string{"a.safetensors", "sub/b.safetensors"}, file: "sub/b.safetensors", want: "sub/b.safetensors"},
		{name: "named, but not there", files: []string{"a.safetensors"}, file: "b.safetensors", err: "it has no file b.safetensors; name one behind the repository's name: :a.safetensors"},
		{name: "no weights", files: []string{"README.md", "flax_model.msgpack"}, err: "nor any other file with weights"},
		{name: "other programs' weights", files: []string{"flax_model.msgpack", "tf_model.h5", "model.onnx", "openvino_model.bin"}, err: "no weights"},
		{
			name: "a folder, float16", folder: true,
			files: parts("unet/diffusion_pytorch_model.bin", "unet/diffusion_pytorch_model.fp16.bin", "unet/diffusion_pytorch_model.fp16.safetensors",
				"unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.non_ema.safetensors", "unet/diffusion_flax_model.msgpack"),
			want: common + "unet/diffusion_pytorch_model.fp16.safetensors",
		},
		{
			name: "a folder, each part what it has", folder: true,
			files: parts("unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.fp16.bin", "vae/diffusion_pytorch_model.bin", "vae/config.json", "text_encoder/model.onnx"),
			want:  common + "vae/config.json unet/diffusion_pytorch_model.safetensors vae/diffusion_pytorch_model.bin",
		},
		{
			name: "a folder in several files", folder: true,
			files: parts("unet/diffusion_pytorch_model-00001-of-00002.safetensors", "unet/diffusion_pytorch_model-00002-of-00002.safetensors", "unet/diffusion_pytorch_model.safetensors.index.json",
				"unet/diffusion_pytorch_model-00001-of-00001.bin"),
			want: common + "unet/diffusion_pytorch_model-00001-of-00002.safetensors unet/diffusion_pytorch_model-00002-of-00002.safetensors unet/diffusion_pytorch_model.safetensors.index.json",
		},
		{
			name: "a variant in several files", folder: true,
			files: parts("unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.fp16-00001-of-00001.safetensors", "unet/diffusion_pytorch_model.safetensors.index.fp16.json"),
			want:  common + "unet/diffusion_pytorch_model.fp16-00001-of-00001.safetensors unet/diffusion_pytorch_model.safetensors.index.fp16.json",
		},
		{name: "a folder without weights", files: parts("unet/diffusion_flax_model.msgpack"), folder: true, err: "unet has no weights"},
	} {
		chosen, folder, err := choose(repo(test.files...), test.file)
		var names []string
		for _, s := range chosen {
			names = append(names, s.Name)
		}
		switch {
		case test.err != "":
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: the error is %v, want one that says %q", test.name, err, test.err)
			}
		case err != nil || strings.Join(names, " ") != test.want || folder != test.folder:
			t.Errorf("%s: %q, folder %v (%v); want %q", test.name, names, folder, err, test.want)
		}
	}
}

// hub is a hub with one repository, whose large files lie on another host: one that
// net/http takes for the hub's own, as it does subdomains.
type hub struct {
	*httptest.Server
	store  *httptest.Server
	tokens []string // that the hub and the store have seen
}

func newHub(t *testing.T, files map[string][]byte, more map[string]any) *hub {
	h := &hub{}
	seen := func(where string, r *http.Request) {
		if token := r.Header.Get("Authorization"); token != "" {
			h.tokens = append(h.tokens, where+" "+token)
		}
	}
	h.store = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen("store", r)
		file(files[strings.TrimPrefix(r.URL.Path, "/")], `"store"`)(w, r)
	}))
	t.Cleanup(h.store.Close)
	mux := http.NewServeMux()
	h.Server = httptest.NewServer(mux)
	t.Cleanup(h.Close)
	mux.HandleFunc("/api/models/somebody/something/revision/main", func(w http.ResponseWriter, r *http.Request) {
		seen("hub", r)
		answer := map[string]any{"id": "somebody/something", "sha": "c0ffee", "gated": false}
		var siblings []map[string]any
		for name, b := range files {
			s := map[string]any{"rfilename": name, "size": len(b)}
			if strings.HasSuffix(name, ".safetensors") && r.URL.Query().Get("blobs") == "true" {
				s["lfs"] = map[string]any{"sha256": sum(b), "size": len(b), "pointerSize": 134}
			}
			siblings = append(siblings, s)
		}
		answer["siblings"] = siblings
		for k, v := range more {
			answer[k] = v
		}
		_ = json.NewEncoder(w).Encode(answer)
	})
	mux.HandleFunc("/somebody/something/resolve/c0ffee/", func(w http.ResponseWriter, r *http.Request) {
		seen("hub", r)
		name := strings.TrimPrefix(r.URL.Path, "/somebody/something/resolve/c0ffee/")
		b, ok := files[name]
		switch {
		case !ok:
			http.NotFound(w, r)
		case strings.HasSuffix(name, ".safetensors"):
			w.Header().Set("X-Linked-Etag", `"`+sum(b)+`"`)
			w.Header().Set("X-Linked-Size", fmt.Sprint(len(b)))
			http.Redirect(w, r, h.store.URL+"/"+name, http.StatusFound)
		default:
			_, _ = w.Write(b)
		}
	})
	return h
}

// TestRepository fetches a model folder, from what the hub lists to the files.
func TestRepository(t *testing.T) {
	files := map[string][]byte{
		"model_index.json": []byte("{}"), "unet/config.json": []byte("{}"), "LICENSE.md": []byte("Do no harm."), "scheduler/scheduler_config.json": []byte("{}"),
		"unet/diffusion_pytorch_model.safetensors":      weightsOf(t, 1, 20_000),
		"unet/diffusion_pytorch_model.fp16.safetensors": weightsOf(t, 2, 10_000),
	}
	h := newHub(t, files, map[string]any{"cardData": map[string]any{"license": "creativeml-openrail-m"}, "gated": "auto"})
	c, dir := &Client{Hub: h.URL + "/", Token: "secret"}, t.TempDir()
	o, err := c.Look(context.Background(), "somebody/something")
	if err != nil {
		t.Fatal(err)
	}
	if o.Name != "somebody--something" || !o.Folder || len(o.Files) != 4 || o.Size() != int64(6+len(files["unet/diffusion_pytorch_model.fp16.safetensors"])) {
		t.Errorf("the offer is %+v", o)
	}
	if want := (Licence{Name: "creativeml-openrail-m", URL: h.URL + "/somebody/something/resolve/c0ffee/LICENSE.md", Text: "Do no harm.", Gated: true}); o.Licence != want {
		t.Errorf("the licence is %+v, want %+v", o.Licence, want)
	}
	if err := c.Fetch(context.Background(), dir, o.Files, nil); err != nil {
		t.Fatal(err)
	}
	for _, f := range o.Files {
		if b, err := os.ReadFile(filepath.Join(dir, f.Name)); err != nil || !bytes.Equal(b, files[f.Name]) {
			t.Errorf("%s has %d bytes (%v)", f.Name, len(b), err)
		}
	}
	for _, token := range h.tokens {
		if token != "hub Bearer secret" {
			t.Errorf("a token was sent to %s", token)
		}
	}
	if len(h.tokens) < 5 {
		t.Errorf("the hub has seen the token %d times", len(h.tokens))
	}
}

// TestListingWithoutSizes reads the listing of a mirror that doesn't tell them.
func TestListingWithoutSizes(t *testing.T) {
	var l listing
	if err := json.Unmarshal([]byte(`{"siblings": [{"rfilename": "a.safetensors"}, {"rfilename": "b.safetensors", "size": 5}]}`), &l); err != nil {
		t.Fatal(err)
	}
	if got := offered(l.Siblings); !strings.HasSuffix(got, ": :a.safetensors, :b.safetensors (5 bytes)") {
		t.Errorf("offered%s", got)
	}
}

func TestLook(t *testing.T) {
	weights := weightsOf(t, 1, 10_000)
	h := newHub(t, map[string][]byte{"a b.safetensors": weights, "c.safetensors": weights[:100]}, map[string]any{"tags": []string{"x", "license:mit"}})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/named":
			w.Header().Set("Content-Disposition", `attachment; filename="../up/My: Model.safetensors"`)
		case "/page":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(weights))
	})
	for _, test := range []struct{ source, name, hash, licence, err string }{
		{source: "somebody/something:a b.safetensors", name: "a b.safetensors", hash: sum(weights), licence: "mit"},
		{source: h.URL + "/somebody/something/blob/main/a%20b.safetensors", name: "a b.safetensors", hash: sum(weights), licence: "mit"},
		{source: h.URL + "/somebody/something", err: "several models"},
		{source: "somebody/something@main", err: "several models"},
		{source: "somebody/something@other", err: "has nothing there"},
		{source: "nobody/nothing", err: "the repository nobody/nothing at main"},
		{source: s.URL + "/m.safetensors?x=y", name: "m.safetensors"},
		{source: s.URL + "/named", name: "My_ Model.safetensors"},
		{source: s.URL + "/m.txt", err: "no model's"},
		{source: s.URL + "/page", err: "web page"},
		{source: "ftp://host/m.safetensors", err: "only addresses"},
		{source: "just words", err: "neither an address"},
		{source: "http://127.0.0.1:1/m.safetensors", err: "can't be reached"},
	} {
		c := &Client{Hub: h.URL}
		o, err := c.Look(context.Background(), test.source)
		switch {
		case test.err != "":
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: the error is %v, want one that says %q", test.source, err, test.err)
			}
		case err != nil:
			t.Errorf("%s: %v", test.source, err)
		case o.Name != test.name || o.Folder || len(o.Files) != 1 || o.Files[0].SHA256 != test.hash || o.Files[0].Size != int64(len(weights)) || o.Licence.Name != test.licence:
			t.Errorf("%s: the offer is %+v", test.source, o)
		}
	}
}

// TestLookEnds gives up a server that accepts the question and says nothing, or no
// more than the beginning of an answer.
func TestLookEnds(t *testing.T) {
	for _, a := range []answer{hang, stalls(weightsOf(t, 1, 10_000), 100)} {
		s := serve(t, a)
		for _, source := range []string{s.URL + "/m.safetensors", "somebody/something"} {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			_, err := (&Client{Hub: s.URL, Stall: 50 * time.Millisecond}).Look(ctx, source)
			if !errors.Is(err, errStalled) {
				t.Errorf("%s: %v", source, err)
			}
			cancel()
		}
	}
}

// TestLinkedHash takes the checksum from the way to the file where the listing had
// none.
func TestLinkedHash(t *testing.T) {
	weights := weightsOf(t, 1, 10_000)
	h := newHub(t, map[string][]byte{"m.safetensors": weights}, nil)
	wrong := httptest.NewServer(http.HandlerFunc(file(weightsOf(t, 2, 10_000), "")))
	defer wrong.Close()
	for _, test := range []struct{ at, err string }{{h.URL, ""}, {wrong.URL, "was promised"}} {
		c := &Client{Hub: h.URL}
		f := File{URL: h.URL + "/somebody/something/resolve/c0ffee/m.safetensors", Name: "m.safetensors", Size: -1}
		if test.err != "" { // a store that has another file than the hub says
			h.store.Config.Handler = wrong.Config.Handler
		}
		err := c.Fetch(context.Background(), t.TempDir(), []File{f}, nil)
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v, want %q", test.at, err, test.err)
		}
	}
}
