package checkpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// model makes the files of a small folder model.
func model(t *testing.T) fstest.MapFS {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w")
	if err := Write(path, []Tensor{{"w", []int{2}, []float32{1, 2}}}, F32, nil); err != nil {
		t.Fatal(err)
	}
	weights, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	torch, err := os.ReadFile("testdata/legacy4.pt")
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{
		"model_index.json":                                         {Data: []byte(`{"_class_name":"StableDiffusionPipeline"}`)},
		"unet/config.json":                                         {Data: []byte(`{"cross_attention_dim":64}`)},
		"unet/diffusion_pytorch_model.safetensors":                 {Data: weights},
		"unet/diffusion_pytorch_model.fp16.safetensors":            {Data: []byte("not read")},
		"text_encoder/model.fp16.safetensors":                      {Data: weights},
		"scheduler/scheduler_config.json":                          {Data: []byte(`{"beta_start":0.5}`)},
		"tokenizer/merges.txt":                                     {Data: []byte("#version: 0.2\n")},
		"vae/diffusion_pytorch_model.bin":                          {Data: torch},
		"flax/diffusion_flax_model.msgpack":                        {Data: []byte("\x81")},
		"alone/diffusion_pytorch_model-00001-of-00002.safetensors": {Data: weights},
		"big/diffusion_pytorch_model.safetensors.index.json": {Data: []byte(
			`{"metadata":{"total_size":16},"weight_map":{"w":"diffusion_pytorch_model-00001-of-00002.safetensors","rows":"diffusion_pytorch_model-00002-of-00002.bin"}}`)},
		"big/diffusion_pytorch_model-00001-of-00002.safetensors": {Data: weights},
		"big/diffusion_pytorch_model-00002-of-00002.bin":         {Data: torch},
		"half/model.safetensors.index.fp16.json":                 {Data: []byte(`{"weight_map":{"w":"model.fp16-00001-of-00001.safetensors"}}`)},
		"half/model.fp16-00001-of-00001.safetensors":             {Data: weights},
		"lacks/model.safetensors.index.json":                     {Data: []byte(`{"weight_map":{"w":"a.safetensors","x":"model-00002-of-00002.safetensors"}}`)},
		"lacks/a.safetensors":                                    {Data: weights},
		"other/model.safetensors.index.json":                     {Data: []byte(`{"weight_map":{"w":"a.safetensors","x":"a.safetensors"}}`)},
		"other/a.safetensors":                                    {Data: weights},
		"twice/model.safetensors.index.json":                     {Data: []byte(`{"weight_map":{"w":"a.safetensors","x":"b.safetensors"}}`)},
		"twice/a.safetensors":                                    {Data: weights},
		"twice/b.safetensors":                                    {Data: weights},
		"outside/model.safetensors.index.json":                   {Data: []byte(`{"weight_map":{"w":"../other/a.safetensors"}}`)},
		"windows/model.safetensors.index.json":                   {Data: []byte(`{"weight_map":{"w":"..\\a.safetensors"}}`)},
		"empty/model.safetensors.index.json":                     {Data: []byte(`{"metadata":{}}`)},
		"list/model.safetensors.index.json":                      {Data: []byte(`[]`)},
		"damaged/config.json":                                    {Data: []byte(`{`)},
		"damaged/diffusion_pytorch_model.safetensors":            {Data: weights[:50]},
	}
}

func TestFolder(t *testing.T) {
	files := model(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	onDisk, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := OpenFS(files, "built-in")
	if err != nil {
		t.Fatal(err)
	}
	bare, err := OpenFS(withoutReadAt{files}, "bare")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*Folder{onDisk, embedded, bare} {
		var unet struct {
			Dim int `json:"cross_attention_dim"`
		}
		if err := f.Config("unet", &unet); err != nil || unet.Dim != 64 {
			t.Errorf("%s: unet %+v, %v", f.Name(), unet, err)
		}
		var scheduler struct {
			Beta float64 `json:"beta_start"`
		}
		if err := f.Config("scheduler", &scheduler); err != nil || scheduler.Beta != 0.5 {
			t.Errorf("%s: scheduler %+v, %v", f.Name(), scheduler, err)
		}
		for _, part := range []string{"unet", "text_encoder", "big", "half"} {
			w, err := f.Weights(part)
			if err != nil {
				t.Errorf("%s: %v", f.Name(), err)
				continue
			}
			if x, err := w.Float32("w"); err != nil || len(x) != 2 || x[1] != 2 {
				t.Errorf("%s: w = %v, %v", w.Name(), x, err)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		}
		for _, part := range []string{"vae", "big"} {
			w, err := f.Weights(part)
			if err != nil {
				t.Errorf("%s: %v", f.Name(), err)
				continue
			}
			if x, err := w.Reader("").Float32("rows", 2, 3); err != nil || len(x) != 6 {
				t.Errorf("%s: rows = %v, %v", w.Name(), x, err)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		}
		if b, err := f.ReadFile("tokenizer/merges.txt"); err != nil || len(b) == 0 {
			t.Errorf("%s: merges %q, %v", f.Name(), b, err)
		}

		_, missing := f.ReadFile("tokenizer/vocab.json")
		wantError(t, missing, "holds no tokenizer/vocab.json", fs.ErrNotExist)
		_, outside := f.ReadFile("../secret")
		wantError(t, outside, "../secret", nil)
		wantError(t, f.Config("damaged", &unet), "damaged/config.json is not the JSON", nil)
		wantError(t, f.Config("vae", &unet), "holds no vae/config.json", fs.ErrNotExist)
		for part, want := range map[string]string{
			"flax":      "only as diffusion_flax_model.msgpack, for another program",
			"alone":     "but not their index",
			"lacks":     "lacks lacks/model-00002-of-00002.safetensors, one of the files its weights are split into",
			"other":     `says that tensor "x" is in a.safetensors, where it is not`,
			"twice":     "two of its files hold the same tensor",
			"outside":   `names the file "../other/a.safetensors", which does not lie in its folder`,
			"windows":   "does not lie in its folder",
			"empty":     "names no files",
			"list":      "is not the JSON it should be",
			"tokenizer": "holds no weights",
			"nothing":   "has no part nothing",
			"damaged":   "download it again",
		} {
			_, err := f.Weights(part)
			wantError(t, err, want, nil)
		}
	}
}

func TestOpenFolderErrors(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "model"), model(t)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "bad"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bad", indexFile), []byte("<html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"none":                   "does not exist: choose a folder",
		".":                      "holds no model_index.json",
		"model/unet":             "is one part of a model: choose the folder it lies in",
		"model/model_index.json": "is a file: choose the folder",
		"bad":                    "model_index.json is not the JSON it should be",
	} {
		_, err := OpenFolder(filepath.Join(dir, filepath.FromSlash(path)))
		wantError(t, err, want, nil)
	}
	_, err := OpenFS(fstest.MapFS{}, "built-in")
	wantError(t, err, "built-in holds no model_index.json", fs.ErrNotExist)
}

func wantError(t *testing.T, err error, text string, is error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) || is != nil && !errors.Is(err, is) {
		t.Errorf("error %v, want one that says %q (and is %v)", err, text, is)
	}
}

// withoutReadAt is a file system whose files can only be read from the front.
type withoutReadAt struct{ fs.FS }

func (w withoutReadAt) Open(name string) (fs.File, error) {
	f, err := w.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if dir, ok := f.(fs.ReadDirFile); ok {
		return dir, nil
	}
	return struct{ fs.File }{f}, nil
}
